"""Writing a list: rails again, atomically, never an empty list by mistake."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwatch.blocklist import TARGETS, Guard, Protected, Target, export, gather_protected, plan
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.protected import Rule
from apiwatch.blocklist.writing import replace_file
from apiwatch.config.settings import Block
from apiwatch.errors import GuardError, UsageError
from tests.blocklist.kit import NOW, entry, fake_root, fitting, guard_of, plan_of

ALL = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
PLAIN = TARGETS["plain"]


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@ALL
def test_file_is_written_and_named_like_the_destination(target: Target, tmp_path: Path, umask: None) -> None:
    path = tmp_path / "list.out"
    (artifact,) = export(target, plan_of("203.0.113.7"), guard_of(), path, withdraw_all=False)
    assert (artifact.name, path.read_bytes()) == ("list.out", artifact.content)
    assert mode_of(path) == artifact.mode
    assert list(tmp_path.iterdir()) == [path]


@ALL
def test_without_a_destination_nothing_is_written(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (artifact,) = export(target, plan_of("203.0.113.7"), guard_of(), None, withdraw_all=False)
    assert b"203.0.113.7" in artifact.content
    assert list(tmp_path.iterdir()) == []
    assert export(target, plan([], NOW), guard_of(), None, withdraw_all=False)


@ALL
def test_an_empty_list_replaces_a_list_only_on_demand(target: Target, tmp_path: Path) -> None:
    path = tmp_path / "list"
    export(target, plan_of("203.0.113.7"), guard_of(), path, withdraw_all=False)
    before = path.read_bytes()
    with pytest.raises(GuardError, match="rail H6"):
        export(target, plan([], NOW), guard_of(), path, withdraw_all=False)
    assert path.read_bytes() == before
    export(target, plan([], NOW), guard_of(), path, withdraw_all=True)
    assert target.parse(path.read_bytes()) == frozenset()
    export(target, plan([], NOW), guard_of(), path, withdraw_all=False)


@ALL
@pytest.mark.parametrize("content", [b"something else\n", b"\xff\xfe\x00", b'{"a": 1}\n'])
def test_a_list_does_not_replace_what_is_none(target: Target, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)
    for entries in ([], [entry("203.0.113.7")]):
        with pytest.raises(GuardError, match=r"exists and is no .* list of apiwatch"):
            export(target, plan(entries, NOW), guard_of(), path, withdraw_all=True)
        assert path.read_bytes() == content


@ALL
def test_rails_are_passed_again_when_the_list_is_written(target: Target, tmp_path: Path) -> None:
    """Queued while it was a stranger's address; the operator has logged in from there since."""
    path = tmp_path / "list"
    path.write_bytes(b"old")
    peers = gather_protected((), (), root=fake_root(tmp_path / "root"), environ={})
    net = "203.0.113.200" if target.name == "cloudflare-access" else "203.0.113.200/29"
    made = plan(fitting(target, [entry(net, name="01JDX"), entry("192.0.2.1")]), NOW)
    export(target, made, guard_of(), None, withdraw_all=False)
    with pytest.raises(GuardError, match=r"entry 01JDX: 203\.0\.113\.200/\d+ .*SSH peer.*rail H1.*withdraw it"):
        export(target, made, guard_of(protected=peers), path, withdraw_all=False)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("net", "settings"),
    [
        ("127.0.0.1/32", Block()),
        ("203.0.0.0/15", Block()),
        ("2001:db8::/31", Block()),
        ("203.0.113.9/32", Block(allow=("203.0.113.0/24",))),
    ],
)
def test_what_no_override_lets_through_is_never_exported(net: str, settings: Block) -> None:
    guard = Guard(settings, gather_protected((), settings.allow, root=Path("/nonexistent"), environ={}))
    with pytest.raises(GuardError, match="rail H"):
        export(PLAIN, plan_of(net, "192.0.2.1"), guard, None, withdraw_all=False)


def test_a_too_wide_entry_does_not_slip_through_in_pieces() -> None:
    made = plan([entry("203.0.0.0/15", 50, name="wide"), entry("203.0.0.0/16", 100, name="longer")], NOW)
    assert {row.network.prefixlen for row in made.rows} == {16}
    with pytest.raises(GuardError, match="entry wide: "):
        export(PLAIN, made, guard_of(), None, withdraw_all=False)


def test_what_was_typed_twice_when_it_was_queued_is_exported() -> None:
    guard = guard_of()
    for net in ("203.0.0.0/20", "10.0.0.1/32"):
        guard.require(net, override=net)
    (artifact,) = export(PLAIN, plan_of("203.0.0.0/20", "10.0.0.1"), guard, None, withdraw_all=False)
    assert artifact.content == b"10.0.0.1\n203.0.0.0/20\n"


def test_a_list_that_covers_too_much_in_sum_is_refused() -> None:
    nets = [f"203.{at}.0.0/16" for at in range(17)]
    export(PLAIN, plan_of(*nets[:16]), guard_of(), None, withdraw_all=False)
    with pytest.raises(GuardError, match=r"more IPv4 addresses than a /12"):
        export(PLAIN, plan_of(*nets), guard_of(), None, withdraw_all=False)


def test_many_refused_entries_are_counted() -> None:
    guard = guard_of(protected=Protected((Rule(parse_network("203.0.113.0/24"), "H1", "needed"),)))
    with pytest.raises(GuardError, match="and 2 more entries are refused"):
        export(PLAIN, plan_of("203.0.113.1", "203.0.113.2", "203.0.113.3"), guard, None, withdraw_all=False)


def test_a_file_that_does_not_say_what_was_planned_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(PLAIN), "_text", lambda _self, _plan, _allow: "203.0.113.0/24\n")
    with pytest.raises(GuardError, match="rail H7"):
        export(PLAIN, plan_of("203.0.113.7"), guard_of(), tmp_path / "list", withdraw_all=False)
    assert list(tmp_path.iterdir()) == []


def test_permissions_of_an_old_file_stay_but_nobody_else_may_write(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.touch()
    path.chmod(0o604)
    export(PLAIN, plan_of("203.0.113.7"), guard_of(), path, withdraw_all=False)
    assert mode_of(path) == 0o604
    path.chmod(0o666)
    export(PLAIN, plan_of("203.0.113.7"), guard_of(), path, withdraw_all=False)
    assert mode_of(path) == 0o644


def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real" / "list.txt")
    (artifact,) = export(PLAIN, plan_of("203.0.113.7"), guard_of(), link, withdraw_all=False)
    assert link.is_symlink()
    assert artifact.name == "link.txt"
    assert (tmp_path / "real" / "list.txt").read_bytes() == b"203.0.113.7\n"


def test_directories_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, word in ((tmp_path, "directory"), (Path("/dev/null"), "no regular file"), (pipe, "no regular file")):
        with pytest.raises(UsageError, match=word):
            export(PLAIN, plan_of("203.0.113.7"), guard_of(), path, withdraw_all=False)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_missing_directory_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        export(PLAIN, plan_of("203.0.113.7"), guard_of(), tmp_path / "no" / "list", withdraw_all=False)


def child(script: str, path: Path, *, stdout: int | None = None) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", script, str(path)], text=True, cwd=root, stdout=stdout)


FULL = """
import resource, signal, sys
from pathlib import Path
from apiwatch.blocklist.writing import replace_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    replace_file(Path(sys.argv[1]), b"x" * 20_000, 0o640)
except OSError:
    sys.exit(7)
"""

STUCK = """
import os, signal, sys
from pathlib import Path
from apiwatch.blocklist.writing import replace_file
def stuck(handle):
    print("written, not renamed", flush=True)
    signal.pause()
os.fsync = stuck
replace_file(Path(sys.argv[1]), b"new", 0o640)
"""


def test_no_room_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"old")
    assert child(FULL, path).wait(timeout=30) == 7
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_killed_in_the_middle_the_old_file_is_still_there(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"old")
    process = child(STUCK, path, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "written, not renamed\n"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    assert path.read_bytes() == b"old"
    replace_file(path, b"new", 0o640)
    assert path.read_bytes() == b"new"
