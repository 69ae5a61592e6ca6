"""Lines instead of a screen: what is told, what is not told twice, and how the stream ends."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import msgspec
from msgspec.structs import replace

from apiwatch.cli.telling import News, States, Teller, alert_line
from apiwatch.model import SEVERITIES
from apiwatch.store import AlertView, live_owner
from tests.cli.logs import WALKER, incident, text_of
from tests.cli.program import DEADLINE_S, collector, command, environment, run
from tests.tui import fakes, hostile
from tests.tui.test_summary import ill, link

WALK = fakes.ALERTS[0]


def walk(severity: str, reopened: int = 0, state: str = "open") -> AlertView:
    alert = msgspec.structs.replace(WALK.alert, severity=SEVERITIES.index(severity), reopened=reopened)
    return replace(WALK, alert=alert, state=state)


def told(teller: Teller, *views: AlertView) -> list[str]:
    return [news.why or "new" for news in teller.news(views)]


def test_new_more_severe_and_reopened_alerts_are_told_once() -> None:
    teller = Teller()
    assert told(teller, walk("medium")) == ["new"]
    assert told(teller, walk("medium")) == []
    assert told(teller, walk("high")) == ["was MED"]
    assert told(teller, walk("medium")) == []
    assert told(teller, walk("high")) == []
    assert told(teller, walk("high", reopened=1)) == ["again"]
    assert told(teller) == []
    assert told(teller, walk("high", reopened=2)) == ["again"]


def test_muted_alerts_are_not_told() -> None:
    teller = Teller()
    assert told(teller, walk("medium", state="muted"), *fakes.ALERTS[1:2]) == ["new"]
    assert told(teller, walk("medium"), *fakes.ALERTS[1:2]) == []
    assert told(teller, walk("critical"), *fakes.ALERTS[1:2]) == ["was MED"]


def test_hostile_alert_is_one_line_of_text() -> None:
    for view in hostile.scenario().alerts:
        line = alert_line(News(view, ""))
        assert line.isprintable()
        assert len(line) < 1200


def test_every_word_of_a_line_keeps_its_place_whatever_an_alert_is_about() -> None:
    alert = fakes.ALERTS[1].alert
    about = msgspec.structs.replace(alert.explanation.subject, kind="route")
    told = msgspec.structs.replace(alert.explanation, subject=about)
    alert = msgspec.structs.replace(alert, client="", principal="POST /login", explanation=told)
    words = alert_line(News(replace(fakes.ALERTS[1], alert=alert), "")).split()
    assert words[3:8] == ["route+40", "auth.credential-stuffing", "api.example.com", "POST", "/login:"]


def test_states_are_told_when_they_last_and_sources_when_they_go() -> None:
    states = States()
    late = ill(lag_s=14.2, backlog_bytes=4_000_000)
    assert states.changes(link()) == ["LIVE"]
    assert states.changes(late) == []
    assert states.changes(link()) == []
    later = ill(lag_s=14.2, backlog_bytes=4_000_000, heartbeat=fakes.NOW + 8)
    assert states.changes(replace(later, now=fakes.NOW + 4)) == []
    assert states.changes(replace(later, now=fakes.NOW + 8)) == ["LAG 14s: 4.0MB of input are not read yet"]
    gone = link(fakes.Scenario(sources=(fakes.source("/var/log/a.log", "gone"),)))
    assert "/var/log/a.log is gone" in states.changes(gone)
    assert "/var/log/a.log is read again" in states.changes(link())


LINE = re.compile(r"^2024-06-01T10:1\S+Z (MED|HIGH) \d+ 198\.18\.0\.9 [a-z]+\.[a-z-]+ GET /api/\S+: .+ \([0-9a-f]+\)$")


def test_log_from_a_pipe_becomes_lines_and_ends_with_it(home: Path) -> None:
    log = text_of(incident()).encode()
    done = run(home, "--plain", f"--db={home / 'one.db'}", "-", stdin=log, LC_ALL="C", TERM="dumb")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines
    assert all(LINE.match(line) for line in lines), lines
    assert "ENDED: the input has ended" in done.stderr


def test_death_of_our_collector_is_told_and_ends_the_stream(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    with subprocess.Popen(
        command("--plain", "--since=start", f"--db={db}", str(incident_log)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
    ) as viewer:
        assert viewer.stdout is not None
        assert viewer.stderr is not None
        assert WALKER.encode() in viewer.stdout.readline()
        owner = re.search(r"pid (\d+)", live_owner(db) or "")
        assert owner is not None
        os.kill(int(owner[1]), signal.SIGKILL)
        assert viewer.wait(10) == 1
        assert b"STALE" in viewer.stderr.read()


def test_stream_of_a_running_collector_ends_in_order(home: Path, incident_log: Path) -> None:
    db = home / "one.db"
    with collector(home, db, "--since=start", str(incident_log)):
        for ending, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130), (None, -signal.SIGPIPE)):
            with subprocess.Popen(
                command("attach", "--json", f"--db={db}"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(home),
            ) as viewer:
                assert viewer.stdout is not None
                assert viewer.stderr is not None
                alert = json.loads(viewer.stdout.readline())
                assert (alert["type"], alert["client"], alert["state"]) == ("alert", WALKER, "open")
                if ending is None:
                    viewer.stdout.close()
                else:
                    os.kill(viewer.pid, ending)
                assert viewer.wait(DEADLINE_S) == code
                assert b"internal error" not in viewer.stderr.read()
