import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.config import Settings, load, problems
from apiwatch.config.document import LIMIT_BYTES, Mapping, Scalar, document, resolve
from apiwatch.errors import ConfigError
from tests.config.files import problem_of, written


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# nothing\n", "---\n", "---\n...\n", "null\n", "~", "{}", "\ufeff# bom\n"]
)
def test_a_file_without_settings_means_the_defaults(tmp_path: Path, text: str) -> None:
    assert load(written(tmp_path, text)) == Settings()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-5", -5),
        ("50_000", 50_000),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1:30", "1:30"),
        ("1_", "1_"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 100, "9" * 100),
        ("Yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("2026-08-01", "2026-08-01"),
        (".", "."),
        ("-", "-"),
    ],
)
def test_a_value_without_quotes_is_what_it_looks_like(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_a_value_in_quotes_is_a_text() -> None:
    found = document("a: '5'\nb: \"yes\"\nc: 5\n", "f")
    assert found == Mapping(
        1, (("a", 1, Scalar(1, "5", "5")), ("b", 2, Scalar(2, "yes", "yes")), ("c", 3, Scalar(3, 5, "5")))
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limits:\n  clients: 500\n  clients: 600\n", "line 3: `limits.clients` stands twice, first on line 2"),
        ("block: {}\nlimits: {}\nblock: {}\n", "line 3: `block` stands twice, first on line 1"),
        ("db: a\n\n---\ndb: b\n", "line 3: a second document starts here"),
        ("sources:\n\tpaths: []\n", "line 2: a tab cannot indent YAML; use spaces"),
        ("db: a\nsources: since: 15m\n", "line 2: the colon is not allowed here"),
        ("sources:\n  paths: [a, b\nlimits: {}\n", "line 3: this is not valid YAML"),
        ("db: 'a\n", "line 2: this is not valid YAML"),
        ("- a\n- b\n", "line 1: this is a list; settings are lines of the form `key: value`"),
        ("\n\nhello\n", "line 3: this is a single value"),
        ("? [a]\n: b\n", "line 1: a key must be a word"),
        ("db: a\nx: \x07\n", "line 2: the character U+0007 cannot stand in YAML"),
        ("db: a\nx: \0\n", "line 2: the character U+0000 cannot stand in YAML"),
        ("db: !!python/object/apply:os.system [id]\n", "line 1: tags (!) are not supported"),
        ("db: !secret x\n", "line 1: tags (!) are not supported"),
        ("a: &a {}\n", "line 1: anchors and aliases"),
        ("<<: {}\n", "line 1: `<<` is not a setting"),
        ("%YAML 3.0\n---\ndb: a\n", "line 1: this is not valid YAML"),
        ("[" * 5000, "line 1: this is nested too deeply"),
        ("- " * 5000, "line 1: this is nested too deeply"),
        ("{a: " * 5000, "line 1: this is nested too deeply"),
    ],
)
def test_broken_yaml_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    assert says in problem_of(tmp_path, text)


def test_a_yaml_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(
        f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, here in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert problem_of(tmp_path, bomb).startswith("line 1: anchors and aliases (& and *) are not supported")


def test_a_file_that_is_too_large_is_refused_and_one_at_the_limit_is_read(tmp_path: Path) -> None:
    comment = b"# " + b"x" * 61 + b"\n"
    whole = comment * (LIMIT_BYTES // len(comment))
    assert len(whole) == LIMIT_BYTES
    assert load(written(tmp_path, whole)) == Settings()
    assert problem_of(tmp_path, whole + b"\n") == (
        " is larger than 256 KiB, so it cannot be a settings file; check the path."
    )
    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        load(Path("/dev/zero"))


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    assert problem_of(tmp_path, b"db: a\n# caf\xe9\n") == "line 2: this is not UTF-8 text; save the file as UTF-8."
    assert "not UTF-8" in problem_of(tmp_path, "db: a\n".encode("utf-16"))


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory; name the settings file in it"):
        load(tmp_path)


def test_a_missing_file_is_an_error_when_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"nowhere\.yaml does not exist; `apiwatch config init` makes a settings file"
    ):
        load(tmp_path / "nowhere.yaml")
    assert len(problems(tmp_path / "nowhere.yaml")) == 1


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = written(tmp_path, "db: a\n")
    file.chmod(0)
    if os.access(file, os.R_OK):
        file.unlink()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(file))
            with pytest.raises(ConfigError, match="cannot be read: No such device or address"):
                load(file)
        return
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        load(file)


def test_a_pipe_and_dev_null_are_files_too(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("limits: {clients: 700}\n",))
    writer.start()
    assert load(pipe).limits.clients == 700
    writer.join()
    assert load(Path("/dev/null")) == Settings()


def test_a_hostile_file_name_is_shown_as_text(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2J\u202e.yaml"
    file.write_text("x: 1\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).isprintable()
    assert "\\x1b[2J" in str(caught.value)


@given(st.text(st.sampled_from("ab:-[]{},&*!|>'\"%#? \n\t5.\x85\u2028\x00~<") | st.characters(), max_size=120))
def test_any_text_is_a_document_or_a_config_error(text: str) -> None:
    message = ""
    try:
        document(text, "f")
    except ConfigError as error:
        message = str(error)
    assert message == "" or (message.startswith("f, line ") and message.isprintable())
