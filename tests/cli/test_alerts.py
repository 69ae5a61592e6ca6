"""What operators say on the command line, and what becomes of it: in the state file, and in a collector at work."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.logs import START, WALKER, incident, line, text_of
from tests.cli.program import collector, json_lines, refused, run, wait_for
from tests.collector.picture import lines_read


@pytest.fixture
def db(home: Path, incident_log: Path) -> Path:
    path = home / "state.db"
    assert run(home, "replay", f"--db={path}", str(incident_log)).returncode == 0
    return path


def alert_of(home: Path, db: Path) -> dict[str, Any]:
    """The walk through the users."""
    (alert,) = [
        alert
        for alert in json_lines(run(home, "alerts", "--json", "--all", f"--db={db}").stdout)
        if alert["family"] == "enumeration"
    ]
    return alert


def more(at: float, first: int) -> list[str]:
    """The walk goes on."""
    return [line(START + at + step, WALKER, f"/api/users/{first + step}", size=800) for step in range(40)]


def test_words_about_an_alert_stand_beside_it_with_who_said_them(home: Path, db: Path) -> None:
    which = alert_of(home, db)["id"]
    done = run(home, "alerts", "ack", which[:6], "--note", "mine", f"--db={db}", SUDO_USER="ann")
    assert (done.returncode, done.stdout[:28]) == (0, f"acknowledge {which}"[:28])
    found = alert_of(home, db)
    assert (found["state"], found["note"]) == ("acknowledged", "mine")
    assert found["acknowledged_by"].startswith("ann@")
    assert run(home, "alerts", "note", which, "asked the partner", f"--db={db}", SUDO_USER="ann").returncode == 0
    words = ("alerts", "mute", which, "--for=2h", "--note=calm down", "--json", f"--db={db}")
    (said,) = json_lines(run(home, *words, SUDO_USER="ann").stdout)
    assert (said["kind"], said["alert"], said["actor"][:4]) == ("mute", which, "ann@")
    found = alert_of(home, db)
    assert (found["state"], found["note"], found["muted_by"][:4]) == ("muted", "calm down", "ann@")
    text = run(home, "alerts", f"--db={db}").stdout
    assert "muted until " in text
    assert "note: calm down" in text
    assert run(home, "alerts", f"--db={db}", "unmute", which).returncode == 0
    benign = run(home, "alerts", "benign", which, "--for=7d", f"--db={db}", SUDO_USER="ann")
    assert "acknowledged by ann@" in benign.stdout, "the mute has ended"
    assert "benign until" in benign.stdout


def test_what_cannot_be_said_is_one_sentence(home: Path, db: Path) -> None:
    which = alert_of(home, db)["id"]
    assert "knows no alert" in refused(home, 3, "alerts", "ack", "ffff", f"--db={db}")
    assert "--for" in refused(home, 2, "alerts", "mute", which, "--for=soon", f"--db={db}")
    assert "empty" in refused(home, 2, "alerts", "note", which, " ", f"--db={db}")
    assert "network" in refused(home, 2, "allow", "add", "partner", "--reason=x", "--for=1h", f"--db={db}")
    assert "would fit everybody" in refused(home, 2, "allow", "add", "agent:*", "--reason=x", "--for=1h", f"--db={db}")
    assert "has no entry" in refused(home, 3, "allow", "remove", "10.0.0.1", f"--db={db}")


def test_allow_list_is_kept_renewed_and_emptied(home: Path, db: Path) -> None:
    added = run(home, "allow", "add", "198.18.0.0/24", "--reason=our lab", "--for=2h", "--json", f"--db={db}")
    (entry,) = json_lines(added.stdout)
    assert entry["target"] == "network:198.18.0.0/24"
    again = run(home, "allow", "add", "198.18.0.0/24", "--reason=still", "--for=ever", "--json", f"--db={db}")
    assert json_lines(again.stdout)[0]["id"] == entry["id"]
    assert run(home, "allow", "add", "GET /api/users/{int}", "--reason=x", "--for=1d", f"--db={db}").returncode == 0
    first, second = json_lines(run(home, "allow", "list", "--json", f"--db={db}").stdout)
    assert (first["reason"], first["expires"], first["state"]) == ("still", None, "live")
    assert (second["target"], second["alerts_suppressed"]) == ("route:GET /api/users/{int}", 0)
    assert "alerts suppressed" in run(home, "allow", "list", f"--db={db}").stdout
    (removed,) = json_lines(run(home, "allow", "remove", "198.18.0.0/24", "--json", f"--db={db}").stdout)
    assert (removed["id"], removed["state"]) == (entry["id"], "removed")
    assert run(home, "allow", "remove", second["id"][:4], f"--db={db}").returncode == 0
    assert run(home, "allow", "list", f"--db={db}").stdout == "nothing is allowed\n"
    ended = json_lines(run(home, "allow", "list", "--all", "--json", f"--db={db}").stdout)
    assert [one["state"] for one in ended] == ["removed", "removed"]
    assert not json_lines(run(home, "block", "list", "--all", "--json", f"--db={db}").stdout)


def test_collector_hears_operators_while_it_works_and_after_it_was_killed(home: Path) -> None:
    log, db = home / "access.log", home / "live.db"
    lines = incident(700, 60)
    log.write_text(text_of(lines))

    def suppressed() -> int:
        (entry,) = json_lines(run(home, "allow", "list", "--json", f"--db={db}").stdout)
        return int(entry["signals_suppressed"])

    with collector(home, db, "--since=start", str(log)) as process:
        wait_for(lambda: lines_read(db) == len(lines), "the whole log")
        which = alert_of(home, db)
        assert which["state"] == "open"
        said = time.monotonic()
        assert run(home, "allow", "add", WALKER, "--reason=ours", "--for=1h", f"--db={db}").returncode == 0
        wait_for(lambda: alert_of(home, db)["state"] == "closed", "the alert to close", 5.0)
        assert time.monotonic() - said < 5.0
        with log.open("a") as file:
            file.write(text_of(more(900, 30_000)))
        wait_for(lambda: lines_read(db) == len(lines) + 40, "the lines that follow")
        process.kill()
        process.wait()
    before = suppressed()
    with collector(home, db, "--since=start", str(log)):
        with log.open("a") as file:
            file.write(text_of(more(1_000, 31_000)))
        wait_for(lambda: lines_read(db) == len(lines) + 80, "the lines after the restart")
        wait_for(lambda: suppressed() > before, "the count of what is suppressed")
        assert alert_of(home, db)["state"] == "closed"
        assert run(home, "allow", "remove", WALKER, f"--db={db}").returncode == 0
        time.sleep(1.5)
        with log.open("a") as file:
            file.write(text_of(more(1_100, 32_000)))
        wait_for(lambda: alert_of(home, db)["state"] == "open", "the same alert again")
        assert alert_of(home, db)["id"] == which["id"]
        assert alert_of(home, db)["reopened"] == 1
