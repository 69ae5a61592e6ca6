"""Where lines come from, in which format, and what they leave out."""

import re
import socket
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from apiwatch.detect import DETECTORS
from apiwatch.detect.needs import NEEDS, degraded
from apiwatch.model import Severity
from apiwatch.simulate import Hit
from tests.cli.program import collector, json_lines, run, wait_for
from tests.engine.lines import batch, engine_of, line, names, replayed
from tests.properties.attacks import addresses, guesses, hit, stuffing
from tests.properties.traffic import judged, ordered, traffic, written

ONSET = 660.0
Opened = dict[tuple[str, str], int]


@cache
def everything() -> tuple[Hit, ...]:
    incident = (one for one in traffic("incident", minutes=20.0) if 300.0 < one.time < ONSET + 60.0)
    crowds = guesses(addresses(40), ONSET, 2.0, 30), stuffing(addresses(30), ONSET, 3.0, 20)
    return tuple(ordered(incident, *crowds))


@cache
def plainly() -> Opened:
    return judged(written(everything())).opened(Severity.INFO)


@pytest.mark.parametrize("fmt", ["vhost_combined", "nginx_json", "caddy_json", "common"])
def test_other_formats_give_the_same_alerts(fmt: str) -> None:
    found, expected = judged(written(everything(), fmt=fmt)).opened(Severity.INFO), dict(plainly())
    if fmt == "common":
        expected = {key: at for key, at in expected.items() if key[0] != "recon.scanner-agent"}
    if fmt == "caddy_json":
        assert_only_users_are_unknown(found, expected)
    else:
        assert found == expected


def assert_only_users_are_unknown(found: Opened, expected: Opened) -> None:
    """Caddy names a user only after success: then stuffing looks like the guessing of one password."""
    key = ("auth.credential-stuffing", "192.0.2.66")
    assert found.pop(("auth.brute-force", key[1])) == expected.pop(key)
    assert found == expected


FEATURES: dict[str, tuple[Callable[[Hit], Hit], dict[str, str | None]]] = {
    "user": (
        lambda one: one._replace(user=None),
        {"auth.credential-stuffing": "auth.brute-force", "user:walk-account": "203.0.113.9",
         "user:slow-walk-account": "198.51.100.23"},
    ),
    "user_agent": (lambda one: one._replace(agent=None), {"recon.scanner-agent": None}),
    "referer": (lambda one: one._replace(referer=None), {}),
}  # fmt: skip
"""Field -> how it is cut, and what alerts turn into: another detector or principal, or nothing."""


@pytest.mark.parametrize("field", FEATURES)
def test_without_a_field_only_what_needs_it_is_lost(field: str) -> None:
    cut, becomes = FEATURES[field]
    found = set(judged(written(map(cut, everything()))).opened(Severity.INFO))
    expected = {(becomes.get(detector, detector), becomes.get(who, who)) for detector, who in plainly()}
    assert found == {key for key in expected if None not in key}


def test_without_sizes_only_status_codes_speak() -> None:
    refused = [hit(float(step), "192.0.2.9", "/session", 200, 512, method="POST") for step in range(12)]
    lines = written(refused)
    assert names(replayed(lines)[1].alerts) == ["auth.brute-force"]
    assert names(replayed([re.sub(rb"(\" \d{3}) \d+ ", rb"\1 - ", raw) for raw in lines])[1].alerts) == []
    without = [re.sub(rb"(\" \d{3}) \d+ ", rb"\1 - ", raw) for raw in written(everything())]
    assert judged(without).opened(Severity.INFO) == plainly()


def test_a_log_says_which_fields_it_lacks_however_it_is_cut() -> None:
    bare = [
        f'192.0.2.{step % 9} - - [01/Jan/2026:00:00:00 +0000] "GET /a HTTP/1.1" 200 -'.encode() for step in range(3_000)
    ]
    for size in (1, 100, 3_000):
        engine = engine_of()
        for at in range(0, 3_000, size):
            engine.feed(batch(bare[at : at + size], first=at))
        (source,) = engine.sources.values()
        assert source.fields.looked == 2_048 + 15
        assert source.fields.known_missing == list(NEEDS)
    few = engine_of()
    few.feed(batch(bare[:199]))
    assert next(iter(few.sources.values())).fields.known_missing == []
    late = engine_of()
    late.feed(batch([*bare, *(line(0, "192.0.2.1", "/a", user="u") for _ in range(64))]))
    assert next(iter(late.sources.values())).fields.known_missing == ["token", "host", "duration_s"]


def test_what_is_missing_is_put_in_words_about_detectors_that_exist() -> None:
    text = degraded(["user", "host"], DETECTORS)
    assert text.startswith("the log has no user")
    assert "auth.account-targeted" in text
    assert degraded(["host"], ["recon.scanner-agent"]) == degraded([], DETECTORS) == ""


def alerts_of_program(home: Path, *arguments: str, stdin: bytes = b"") -> list[Any]:
    done = run(home, "replay", "--json", *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return [tuple(record[key] for key in KEYS) for record in json_lines(done.stdout) if record["type"] == "alert"]


KEYS = ("time", "detector", "severity", "principal", "route", "title", "count", "reason")


def test_a_file_a_pipe_and_syslog_give_the_same_alerts(tmp_path: Path) -> None:
    lines = written(one for one in everything() if one.client in {"203.0.113.9", "192.0.2.66"} or one.time < 500.0)
    text = b"".join(raw + b"\n" for raw in lines)
    log = tmp_path / "access.log"
    log.write_bytes(text)
    expected = alerts_of_program(tmp_path, str(log))
    assert {detector for _, detector, *_ in expected} >= {"enumeration.sequential", "auth.credential-stuffing"}
    assert alerts_of_program(tmp_path, "-", stdin=text) == expected
    assert by_syslog(tmp_path, lines) == final(expected)


def by_syslog(home: Path, lines: list[bytes]) -> set[tuple[str, ...]]:
    """(detector, principal, route, severity) of what a collector makes of the lines as syslog messages over TCP."""
    db = home / "syslog.db"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with collector(home, db, f"--syslog=tcp://127.0.0.1:{port}"):
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"".join(b"<190>Jan  1 00:11:00 web nginx: " + raw + b"\n" for raw in lines))
        time.sleep(1.0)
        wait_for(lambda: requests_in(home, db) == len(lines), "all lines to be read")
        found = json_lines(run(home, "alerts", "--json", f"--db={db}").stdout)
    return {(one["detector"], one["principal"], one["route"], one["severity"]) for one in found}


def requests_in(home: Path, db: Path) -> int:
    records = json_lines(run(home, "doctor", "--json", f"--db={db}").stdout)
    return sum(record["requests"] for record in records if record["type"] == "source")


def final(told: list[Any]) -> set[tuple[str, ...]]:
    """The last state of each row of a replay."""
    rows = {(detector.partition(".")[0], principal): (detector, principal, route, severity)
            for _, detector, severity, principal, route, *_ in told}  # fmt: skip
    return set(rows.values())
