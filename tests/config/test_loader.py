import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from apiwatch.config import Settings, default_text, dump, load, settings_file, state_path
from apiwatch.config import loader as loader_module
from apiwatch.config.checks import leaves
from apiwatch.config.document import Mapping, Node, document
from apiwatch.errors import ConfigError, UsageError
from tests.config.files import written

ROOT = Path(__file__).parents[2]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory without settings; the machine's file is `system/apiwatch.yaml` in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(loader_module, "SYSTEM_FILE", tmp_path / "system" / "apiwatch.yaml")
    return tmp_path


def put(file: Path, clients: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"limits: {{clients: {clients}}}\n")
    return file


def test_without_any_file_the_defaults_are_used(places: Path) -> None:
    assert settings_file(None) is None
    assert load(None) == Settings()


def test_the_users_file_is_read_instead_of_the_machines(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = put(places / "system" / "apiwatch.yaml", 300)
    assert settings_file(None) == system
    assert load(None).limits.clients == 300
    home = put(places / ".config" / "apiwatch" / "apiwatch.yaml", 400)
    assert settings_file(None) == home
    assert load(None).limits.clients == 400
    xdg = put(places / "xdg" / "apiwatch" / "apiwatch.yaml", 500)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(places / "xdg"))
    assert settings_file(None) == xdg
    assert load(None).limits.clients == 500
    assert load(put(places / "mine.yaml", 600)).limits.clients == 600


def test_a_relative_base_directory_is_ignored(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(places / "xdg" / "apiwatch" / "apiwatch.yaml", 500)
    monkeypatch.chdir(places)
    monkeypatch.setenv("XDG_CONFIG_HOME", "xdg")
    assert load(None) == Settings()


def test_a_default_file_that_is_wrong_or_no_file_is_an_error(places: Path) -> None:
    home = places / ".config" / "apiwatch" / "apiwatch.yaml"
    home.mkdir(parents=True)
    with pytest.raises(ConfigError, match="is a directory"):
        load(None)
    home.rmdir()
    home.symlink_to(places / "gone.yaml")
    with pytest.raises(ConfigError, match="does not exist"):
        load(None)
    home.unlink()
    home.write_text("nonsense: 1\n")
    with pytest.raises(ConfigError, match="`nonsense` is not a setting"):
        load(None)


def test_a_tilde_in_a_typed_file_name_is_the_home_directory(places: Path) -> None:
    put(places / "mine.yaml", 600)
    assert load(Path("~/mine.yaml")).limits.clients == 600


def test_the_state_file_is_typed_or_set_or_below_the_state_directory(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    assert state_path(settings, None) == places / ".local" / "state" / "apiwatch" / "apiwatch.db"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_path(settings, None) == places / ".local" / "state" / "apiwatch" / "apiwatch.db"
    monkeypatch.setenv("XDG_STATE_HOME", "/var/lib")
    assert state_path(settings, None) == Path("/var/lib/apiwatch/apiwatch.db")
    assert state_path(replace(settings, db="~/a.db"), None) == places / "a.db"
    assert state_path(replace(settings, db="~/a.db"), "b.db") == Path("b.db")
    assert not (places / ".local").exists()


def test_an_impossible_state_file_is_refused(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("", "a\0b", "~nobody-has-this-name/a.db"):
        with pytest.raises(UsageError, match=r"^--db: ") as caught:
            state_path(Settings(), name)
        assert str(caught.value).isprintable()
    with pytest.raises(UsageError, match="`db` of the settings"):
        state_path(Settings(db="a\0b"), None)
    monkeypatch.setenv("HOME", "")
    with pytest.raises(UsageError, match="no home directory for the state file; name one with --db FILE"):
        state_path(Settings(), None)
    assert load(None) == Settings()


def test_the_annotated_file_says_exactly_the_defaults() -> None:
    file = ROOT / "config" / "apiwatch.yaml"
    assert load(file) == Settings()
    assert default_text() == file.read_text(encoding="utf-8")


def keys_of(node: Node, sections: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], int]]:
    """Every key of a document with its line, those of sections too, in the order of the file."""
    found: list[tuple[tuple[str, ...], int]] = []
    if isinstance(node, Mapping):
        for key, line, value in node.entries:
            found.append(((*sections, key), line))
            found += keys_of(value, (*sections, key))
    return found


def test_the_annotated_file_holds_every_setting_in_order_with_a_sentence_above_it() -> None:
    text = default_text()
    lines = text.splitlines()
    found = keys_of(document(text, "apiwatch.yaml"))
    sections = {path[:depth] for path, _ in leaves() for depth in range(1, len(path))}
    assert [path for path, _ in found if path not in sections] == [path for path, _ in leaves()]
    for path, line in found:
        comment = lines[line - 2].strip()
        if path in sections:
            assert comment.startswith("#"), f"{path}: a section needs a comment above it"
        else:
            assert comment.startswith("#"), f"{path}: a setting needs a sentence above it"
            assert comment.endswith("."), f"{path}: {comment}"
            assert not comment.startswith("# ---"), f"{path}: a setting needs a sentence of its own"
    assert max(map(len, lines)) <= 120


def test_the_annotated_file_names_the_range_of_every_number_that_has_one() -> None:
    text = default_text()
    for path, info in leaves():
        meta = info.type.__metadata__[0] if hasattr(info.type, "__metadata__") else None
        if meta is None or meta.ge is None or meta.le is None or (meta.ge, meta.le) == (0.0, 1.0):
            continue
        at = 0
        for depth, key in enumerate(path):
            at = text.index(f"\n{'  ' * depth}{key}:", at)
        above = " ".join(takewhile(lambda each: each.lstrip().startswith("#"), reversed(text[:at].split("\n"))))
        assert f"from {meta.ge:g} to {meta.le:.10g}" in above, ".".join(path)


def test_effective_settings_are_written_so_that_they_load_again(tmp_path: Path) -> None:
    text = dump(Settings())
    assert load(written(tmp_path, text)) == Settings()
    assert "ttl: 1h\n" in text
    assert "alerts: 30d\n" in text
    assert "enumeration.sequential:\n" in text


names = st.text(
    st.sampled_from("05eE.:~-_# '\"\n\tonyfalsru\u2028\x85\U0001f600é") | st.characters(exclude_characters="\0"),
    min_size=1,
    max_size=30,
).filter(lambda text: bool(text.strip()) and not any("\ud800" <= char <= "\udfff" for char in text))


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    db=st.none() | names,
    paths=st.lists(names, max_size=3),
    log_format=st.none() | names,
    ttl=st.floats(0.001, 604_800.0),
    share=st.floats(0.02, 0.5),
    enabled=st.booleans(),
)
def test_any_settings_survive_being_written(
    tmp_path: Path, db: str | None, paths: list[str], log_format: str | None, ttl: float, share: float, enabled: bool
) -> None:
    settings = Settings()
    detectors = settings.detectors
    changed = replace(
        settings,
        db=db,
        sources=replace(settings.sources, paths=tuple(paths), log_format=log_format),
        block=replace(settings.block, ttl=ttl, allow=("192.0.2.0/24", "2001:db8::/32")),
        detectors=replace(detectors, miss=replace(detectors.miss, p0_start=share, enabled=enabled)),
    )
    assert load(written(tmp_path, dump(changed))) == changed


def test_settings_are_importable_without_a_yaml_parser() -> None:
    code = "import sys, apiwatch.config; print('yaml' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_the_unit_file_starts_the_collector_on_its_own_state_directory() -> None:
    text = (ROOT / "config" / "apiwatch.service").read_text(encoding="utf-8")
    assert "ExecStart=/usr/bin/env apiwatch collect --db /var/lib/apiwatch/apiwatch.db\n" in text
    assert "StateDirectory=apiwatch\n" in text


def test_the_unit_file_of_the_feed_reads_the_same_state() -> None:
    text = (ROOT / "config" / "apiwatch-feed.service").read_text(encoding="utf-8")
    assert "ExecStart=/usr/bin/env apiwatch block serve --db /var/lib/apiwatch/apiwatch.db --token-file " in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", ["apiwatch.service", "apiwatch-feed.service"])
def test_systemd_accepts_the_unit_file(name: str) -> None:
    unit = ROOT / "config" / name
    run = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
