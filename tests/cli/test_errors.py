"""Bad input: one clear sentence, the right exit code, nothing lost."""

import bz2
import gzip
import lzma
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from apiwatch.sources.packed import zstd
from tests.cli.logs import incident, text_of
from tests.cli.program import DEADLINE_S, collector, command, environment, refused, run, wait_for


def test_missing_file_is_named(home: Path) -> None:
    message = refused(home, 3, "replay", str(home / "nowhere.log"))
    assert "nowhere.log" in message


def test_glob_without_a_file_is_named(home: Path) -> None:
    assert "*.log" in refused(home, 3, "replay", str(home / "*.log"))


@pytest.mark.parametrize("name", ["watch", "collect", "replay", "parse"])
def test_directory_is_refused(home: Path, name: str) -> None:
    assert "is a directory" in refused(home, 3, name, str(home))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--syslog=tls://127.0.0.1:6514"], 2, "--syslog-certificate"),
        (["--syslog=tls://127.0.0.1:6514", "--syslog-certificate=/nowhere.pem"], 3, "/nowhere.pem"),
        (["--syslog=tls://127.0.0.1"], 2, "tls://HOST:PORT"),
        (["--journal=web server"], 2, "--journal: `web server` is not the name of a systemd unit"),
        (["--syslog=udp://127.0.0.1:5514", "--syslog-allow=web1"], 2, "--syslog-allow: `web1` is not an IP address"),
    ],
)
def test_syslog_options_that_cannot_be_used_are_named(home: Path, options: list[str], code: int, words: str) -> None:
    assert words in refused(home, code, "collect", *options)


@pytest.mark.parametrize("name", ["watch", "collect"])
def test_file_in_a_missing_directory_is_refused_when_followed(home: Path, name: str) -> None:
    assert "there is no directory" in refused(home, 3, name, str(home / "no" / "access.log"))


@pytest.mark.parametrize("name", ["watch", "collect", "replay", "parse"])
def test_binary_file_is_refused(home: Path, name: str) -> None:
    path = home / "program"
    path.write_bytes(b"\x7fELF\x02\x01\x01\x00" + bytes(range(32)) * 100)
    assert "binary file" in refused(home, 3, name, str(path))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_compressed_logs_are_no_binary_files(home: Path, pack: Callable[[bytes], bytes]) -> None:
    path = home / "access.log.packed"
    path.write_bytes(pack(text_of(incident(5, 1)).encode()))
    assert run(home, "parse", str(path)).returncode == 0
    assert f"{path}: combined, " in run(home, "doctor", str(path)).stdout


def test_hole_at_the_start_of_a_log_is_no_binary_file(home: Path) -> None:
    path = home / "access.log"
    path.write_bytes(b"\x00" * 8192 + text_of(incident(5, 1)).encode())
    assert run(home, "parse", str(path)).returncode == 0


def test_unreadable_file_is_refused(home: Path) -> None:
    path = home / "access.log"
    path.write_text(text_of(incident(5, 1)))
    path.chmod(0)
    done = subprocess.run(
        [*as_one_who_obeys_modes(), *command("replay", str(path))],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        env=environment(home),
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "access.log" in done.stderr
    assert "read" in done.stderr


def as_one_who_obeys_modes() -> list[str]:
    """What to put before a command so that root, too, may not read a file without permission."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root reads every file, and setpriv, which could change that, is not installed")
    return ["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"]


def test_file_without_a_record_ends_with_3(home: Path) -> None:
    path = home / "letter.txt"
    path.write_text("Dear Sir,\nthis is no access log.\n")
    done = run(home, "replay", "--json", str(path))
    assert done.returncode == 3
    assert "letter.txt" in done.stderr
    assert '"lines":2' in done.stdout
    assert '"unparsed":2' in done.stdout


def test_empty_file_ends_with_3(home: Path) -> None:
    path = home / "empty.log"
    path.touch()
    assert "holds no line" in refused(home, 3, "parse", str(path))


def test_port_in_use_is_named(home: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        message = refused(home, 3, "collect", "--syslog", address)
    assert address.removeprefix("tcp://") in message


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"this is a diary, not a database\n" * 100, "foreign text"),
        (b"SQLite format 3\x00" + b"\xff" * 4096, "corrupt"),
    ],
)
def test_foreign_or_corrupt_state_file_is_kept(home: Path, incident_log: Path, content: bytes, name: str) -> None:
    path = home / "mine.db"
    path.write_bytes(content)
    message = refused(home, 3, "collect", f"--db={path}", str(incident_log))
    assert "mine.db" in message, name
    assert path.read_bytes() == content
    refused(home, 3, "alerts", f"--db={path}")
    assert path.read_bytes() == content


def test_database_of_another_program_is_kept(home: Path, incident_log: Path) -> None:
    path = home / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.execute("INSERT INTO recipes VALUES ('soup')")
    other.close()
    before = path.read_bytes()
    assert "other.db" in refused(home, 3, "replay", f"--db={path}", str(incident_log))
    assert path.read_bytes() == before


def test_state_file_of_a_newer_version_is_refused(home: Path, incident_log: Path) -> None:
    path = home / "newer.db"
    assert run(home, "replay", f"--db={path}", str(incident_log)).returncode == 0
    with sqlite3.connect(path) as file:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        assert version > 0
        file.execute(f"PRAGMA user_version = {version + 1}")
    file.close()
    before = path.read_bytes()
    assert "newer.db" in refused(home, 3, "replay", f"--db={path}", str(incident_log))
    assert "newer.db" in refused(home, 3, "clients", f"--db={path}")
    assert path.read_bytes() == before


def test_unknown_setting_names_file_line_and_nearest_key(home: Path, incident_log: Path) -> None:
    path = home / "mine.yaml"
    path.write_text("limits:\n  clints: 500\n")
    message = refused(home, 2, "replay", f"--config={path}", str(incident_log))
    assert "mine.yaml, line 2" in message
    assert "clints" in message
    assert "clients" in message


def test_impossible_value_names_file_and_line(home: Path, incident_log: Path) -> None:
    path = home / "mine.yaml"
    path.write_text("limits:\n  clients: -5\n")
    message = refused(home, 2, "collect", f"--config={path}", str(incident_log))
    assert "mine.yaml, line 2" in message


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "--frobnicate", "x.log"),
        ("replay",),
        ("replay", "--since=yesterday", "x.log"),
        ("replay", "--format=combinde", "x.log"),
        ("replay", "--trusted-proxy=10.0.0.0/33", "x.log"),
        ("collect", "--syslog=http://127.0.0.1:1"),
        ("collect", "-", "-"),
        ("rplay", "x.log"),
        ("block", "export", "--target=iptabels"),
        ("simulate", "earthquake"),
    ],
)
def test_wrong_usage_ends_with_2(home: Path, arguments: tuple[str, ...]) -> None:
    (home / "x.log").write_text(text_of(incident(2, 1)))
    refused(home, 2, *arguments)


def test_misspelt_option_names_the_right_one(home: Path) -> None:
    assert "--trusted-proxy" in refused(home, 2, "collect", "--trusted-prox=10.0.0.0/8", "x.log")


def test_second_collector_is_refused_and_the_first_goes_on(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    with collector(home, db, str(incident_log)) as first:
        message = refused(home, 3, "collect", f"--db={db}", str(incident_log))
        assert str(first.pid) in message
        assert first.poll() is None


@pytest.mark.parametrize("name", ["attach", "alerts", "clients", "routes"])
def test_missing_state_file_says_how_to_start(home: Path, name: str) -> None:
    message = refused(home, 3, name)
    assert "apiwatch collect" in message


def test_unknown_client_is_an_error(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    run(home, "replay", f"--db={db}", str(incident_log))
    assert "192.0.2.250" in refused(home, 3, "show", f"--db={db}", "192.0.2.250")


def test_dashboard_without_a_terminal_names_the_other_ways(home: Path, incident_log: Path) -> None:
    message = refused(home, 2, str(incident_log))
    assert "apiwatch collect" in message
    assert "apiwatch replay" in message


def test_state_directory_that_cannot_be_made_is_named(home: Path, incident_log: Path) -> None:
    (home / "file").touch()
    message = refused(home, 3, "collect", f"--db={home / 'file' / 'state.db'}", str(incident_log))
    assert "state.db" in message


def test_full_output_is_said(home: Path, incident_log: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("parse", str(incident_log)),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DEADLINE_S,
            env=environment(home),
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["apiwatch: the output cannot be written: No space left on device"]


def test_internal_error_is_one_line_and_a_log_file(home: Path) -> None:
    code = (
        "import sys; from apiwatch.cli import output; output.put = None\n"
        "from apiwatch.cli import main; main(['completion', 'bash'])"
    )
    done = subprocess.run(
        [command()[0], "-c", code], capture_output=True, text=True, env=environment(home), check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    log = home / "state" / "apiwatch" / "crash.log"
    assert str(log) in done.stderr
    assert "Traceback" in log.read_text()


def test_file_that_is_not_there_yet_is_waited_for(home: Path) -> None:
    path, db = home / "later.log", home / "one.db"
    with collector(home, db, "--since=start", str(path)) as process:
        path.write_text(text_of(incident(20, 1)))
        wait_for(lambda: "10.0.0." in run(home, "clients", f"--db={db}").stdout, "the first clients")
        assert process.poll() is None


def test_compressed_standard_input_says_what_to_do(home: Path) -> None:
    packed = gzip.compress(text_of(incident(5, 1)).encode())
    for name in ("replay", "parse"):
        done = run(home, name, "-", stdin=packed)
        assert done.returncode == 3
        assert "zcat" in done.stderr


def test_log_format_that_cannot_be_read_is_refused_before_anything_starts(home: Path) -> None:
    log = home / "access.log"
    log.write_text(text_of(incident(5, 1)))
    for name in ("replay", "parse", "collect", "watch"):
        assert "--log-format" in refused(home, 2, name, "--log-format=words", str(log))
