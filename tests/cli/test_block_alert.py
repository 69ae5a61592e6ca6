"""A campaign in the commands: one row with its members, and all of them blocked at once."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.logs import START, line, text_of
from tests.cli.program import json_lines, refused, run

MEMBERS = [f"203.0.113.{number}" for number in range(1, 60)]
INSIDE = "10.20.30.40"


@pytest.fixture
def db(home: Path) -> Path:
    known = [
        line(START + 2 * number, f"198.18.0.{number}", "/login", 200, 300 + number, "POST") for number in range(1, 30)
    ]
    attack = [
        line(START + 100 + number, client, "/login", 401, 80, "POST", "python-requests/2.31")
        for number, client in enumerate([*MEMBERS, INSIDE] * 2)
    ]
    log = home / "access.log"
    log.write_text(text_of([*known, *attack]))
    path = home / "state.db"
    assert run(home, "replay", f"--db={path}", str(log)).returncode == 0
    return path


def alert_of(home: Path, db: Path) -> dict[str, Any]:
    (alert,) = json_lines(run(home, "alerts", "--json", f"--db={db}").stdout)
    return alert


def test_campaign_is_one_row_with_its_members(home: Path, db: Path) -> None:
    alert = alert_of(home, db)
    assert alert["detector"] == "population.login-failures"
    assert alert["explanation"]["subject"]["kind"] == "campaign"
    assert alert["clients_total"] == len(alert["clients"]) >= 54
    assert set(alert["clients"]) <= {*MEMBERS, INSIDE}
    (shown,) = json_lines(run(home, "show", MEMBERS[0], "--json", f"--db={db}").stdout)
    assert [row["id"] for row in shown["alert_rows"]] == [alert["id"]]
    assert 50 <= shown["score"] <= 60, "it fades"


def test_members_of_an_alert_are_blocked_as_a_set_and_protected_ones_are_left_out(home: Path, db: Path) -> None:
    alert = alert_of(home, db)
    done = run(home, "block", "add", f"--alert={alert['id']}", f"--db={db}")
    assert done.returncode == (4 if INSIDE in alert["clients"] else 0), done.stderr
    entries = json_lines(run(home, "block", "list", "--json", f"--db={db}").stdout)
    assert {entry["net"].removesuffix("/32") for entry in entries} == set(alert["clients"]) - {INSIDE}
    assert all(entry["alert_ids"] == [alert["id"]] for entry in entries)
    assert all("campaign of" in entry["reason"] for entry in entries)
    assert f"queued {len(entries)} networks" in done.stdout
    assert f"last hour: {len(entries)} clients" in done.stdout
    assert INSIDE in alert["clients"]
    assert INSIDE in done.stderr
    again = run(home, "block", "add", f"--alert={alert['id'][:8]}", "--reason=again", "--json", f"--db={db}")
    assert len(json_lines(again.stdout)) == len(entries)
    assert len(json_lines(run(home, "block", "list", "--json", f"--db={db}").stdout)) == len(entries)


def test_what_cannot_be_blocked_as_a_set_is_said(home: Path, db: Path) -> None:
    assert "alert" in refused(home, 2, "block", "add", f"--db={db}")
    assert "knows no alert" in refused(home, 3, "block", "add", "--alert=ffffffffffffffff", f"--db={db}")
    alert = alert_of(home, db)
    text = refused(home, 2, "block", "add", f"--alert={alert['id']}", "--override=203.0.113.1", f"--db={db}")
    assert "--override" in text
