"""`replay`: the contract that scripts depend on."""

import gzip
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.logs import START, WALKER, incident, text_of
from tests.cli.program import json_lines, run

ALERT_FIELDS = {
    "type", "id", "time", "first_seen", "detector", "family", "severity", "score", "host", "route", "principal",
    "client", "clients", "clients_total", "title", "explanation", "evidence", "owasp", "attack", "update", "trigger",
}  # fmt: skip
SUMMARY_FIELDS = {
    "type", "lines", "requests", "unparsed", "skipped", "clients", "principals", "routes", "alerts", "first_time",
    "last_time", "elapsed_s", "lines_per_s", "peak_rss_mb",
}  # fmt: skip


def instant(text: str) -> float:
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None
    return moment.timestamp()


@pytest.fixture(scope="module")
def records(incident_log: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    done = run(tmp_path_factory.mktemp("home"), "replay", "--json", str(incident_log))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json_lines(done.stdout)


def test_alerts_have_every_field(records: list[dict[str, Any]]) -> None:
    alerts = records[:-1]
    assert alerts
    for alert in alerts:
        assert alert["type"] == "alert"
        assert set(alert) >= ALERT_FIELDS
        assert alert["severity"] in {"info", "low", "medium", "high", "critical"}
        assert 0 <= alert["score"] <= 100
        assert instant(alert["first_seen"]) <= instant(alert["time"])
        assert alert["evidence"]
        assert alert["explanation"]["why"]
        assert isinstance(alert["owasp"], list)
        assert isinstance(alert["attack"], list)
        assert 1 <= len(alert["clients"]) <= 1000
        assert alert["clients_total"] >= len(alert["clients"])
        assert alert["client"] in alert["clients"]


def test_walk_is_found_and_nobody_else(records: list[dict[str, Any]]) -> None:
    assert {alert["client"] for alert in records[:-1]} == {WALKER}
    assert "enumeration" in {alert["family"] for alert in records[:-1]}


def test_trigger_is_the_line_that_made_it_fire(records: list[dict[str, Any]], incident_log: Path) -> None:
    lines = incident_log.read_text().splitlines()
    for alert in records[:-1]:
        trigger = alert["trigger"]
        assert trigger["source"] == str(incident_log)
        fired = lines[trigger["line"] - 1]
        assert fired.startswith(WALKER)
        stamp = datetime.strptime(fired.split("[")[1].split("]")[0], "%d/%b/%Y:%H:%M:%S %z")
        assert stamp.timestamp() == instant(alert["time"])


def test_evidence_are_lines_of_the_log(records: list[dict[str, Any]], incident_log: Path) -> None:
    lines = set(incident_log.read_text().splitlines())
    for alert in records[:-1]:
        assert set(alert["evidence"]) <= lines


def test_updates_of_an_alert_count_up(records: list[dict[str, Any]]) -> None:
    by_id: dict[str, list[int]] = {}
    for alert in records[:-1]:
        by_id.setdefault(alert["id"], []).append(alert["update"])
    for updates in by_id.values():
        assert updates == list(range(len(updates)))


def test_summary_is_last_and_adds_up(records: list[dict[str, Any]], incident_log: Path) -> None:
    summary = records[-1]
    assert summary["type"] == "summary"
    assert set(summary) >= SUMMARY_FIELDS
    lines = incident_log.read_text().splitlines()
    assert summary["lines"] == len(lines)
    assert summary["requests"] + summary["unparsed"] + summary["skipped"] == summary["lines"]
    assert summary["requests"] == len(lines)
    assert summary["clients"] == len({line.split()[0] for line in lines})
    assert summary["alerts"] == len({alert["id"] for alert in records[:-1]})
    assert instant(summary["first_time"]) == START
    assert instant(summary["last_time"]) > START
    assert summary["lines_per_s"] > 0
    assert summary["peak_rss_mb"] > 1


def test_same_input_gives_the_same_alerts_from_a_pipe_or_compressed(
    home: Path, incident_log: Path, records: list[dict[str, Any]]
) -> None:
    packed = home / "access.log.2.gz"
    packed.write_bytes(gzip.compress(incident_log.read_bytes()))
    for arguments, stdin in ((("-",), incident_log.read_bytes()), ((str(packed),), b"")):
        found = json_lines(run(home, "replay", "--json", *arguments, stdin=stdin).stdout)
        assert [without_source(alert) for alert in found[:-1]] == [without_source(alert) for alert in records[:-1]]


def without_source(alert: dict[str, Any]) -> dict[str, Any]:
    return {**alert, "trigger": alert["trigger"]["line"]}


@pytest.mark.parametrize(("severity", "code"), [("info", 1), ("critical", 0)])
def test_fail_on_compares_severities(home: Path, incident_log: Path, severity: str, code: int) -> None:
    assert run(home, "replay", f"--fail-on={severity}", str(incident_log)).returncode == code


def test_text_output_explains_and_sums_up(home: Path, incident_log: Path) -> None:
    done = run(home, "replay", str(incident_log))
    assert done.returncode == 0
    assert WALKER in done.stdout
    assert "  why      " in done.stdout
    assert f"{len(incident())} lines" in done.stdout


def test_temporary_state_is_removed_and_a_named_one_kept(home: Path, incident_log: Path) -> None:
    own = home / "tmp"
    own.mkdir()
    assert run(home, "replay", str(incident_log), TMPDIR=str(own)).returncode == 0
    assert list(own.iterdir()) == []
    assert Path(tempfile.gettempdir()) != own
    db = home / "kept.db"
    assert run(home, "replay", f"--db={db}", str(incident_log)).returncode == 0
    assert WALKER in run(home, "alerts", f"--db={db}").stdout


def test_second_replay_into_the_same_state_counts_nothing_twice(home: Path, incident_log: Path) -> None:
    db = home / "kept.db"
    run(home, "replay", f"--db={db}", str(incident_log))
    done = run(home, "replay", "--json", f"--db={db}", str(incident_log))
    assert done.returncode == 0
    assert json_lines(done.stdout)[-1]["lines"] == 0


def test_since_leaves_out_what_is_older(home: Path, incident_log: Path) -> None:
    done = run(home, "replay", "--json", "--since=2024-06-01T10:10:00Z", str(incident_log))
    summary = json_lines(done.stdout)[-1]
    assert 0 < summary["lines"] < len(incident())
    assert instant(summary["first_time"]) >= START + 540


def test_hostile_text_comes_out_spelled(home: Path) -> None:
    path = home / "access.log"
    hostile = (
        text_of(incident(300, 60))
        .encode()
        .replace(b"python-requests/2.31", b"evil\x1b]52;c;AAAA\x07\xc2\x9b2J\xe2\x80\xae")
    )
    path.write_bytes(hostile)
    done = run(home, "replay", str(path), "--since=start")
    done_json = run(home, "replay", "--json", str(path))
    for text in (done.stdout, done_json.stdout):
        assert not set(text) & set("\x1b\x07\x9b\u202e")


def test_a_log_and_its_copy_count_once(tmp_path: Path, incident_log: Path) -> None:
    copy = tmp_path / "copy.log"
    copy.write_bytes(incident_log.read_bytes())
    once = json_lines(run(tmp_path, "replay", "--json", str(incident_log)).stdout)
    twice = json_lines(run(tmp_path, "replay", "--json", str(incident_log), str(copy)).stdout)
    assert [record["id"] for record in twice[:-1]] == [record["id"] for record in once[:-1]]
    assert twice[-1]["requests"] == once[-1]["requests"] == twice[-1]["skipped"]
    text = run(tmp_path, "replay", str(incident_log), str(copy)).stdout
    assert f"({once[-1]['requests']} copies of lines in another log)" in text


def proxied(path: Path, *, forwarded: str = "") -> Path:
    """A log of a server behind a load balancer, with 300 requests."""
    tail = f' "{forwarded}"' if forwarded else ""
    text = (
        f'10.0.0.5 - - [24/Nov/2026:03:{second // 60:02}:{second % 60:02} +0000] "GET /{path.stem}" 200 9 "-" "-"'
        for second in range(300)
    )
    path.write_text("".join(f"{line}{tail}\n" for line in text))
    return path


@pytest.mark.parametrize("command", ["replay", "parse"])
def test_a_log_that_shows_the_proxy_is_named_once_with_the_option_that_helps(command: str, tmp_path: Path) -> None:
    logs = [proxied(tmp_path / name, forwarded="203.0.113.7") for name in ("a.log", "b.log")]
    done = run(tmp_path, command, *map(str, logs))
    assert done.returncode == 0
    assert done.stderr.count("the log shows the proxy") == 1
    assert done.stderr.startswith(f"apiwatch: {logs[0]} and 1 more: every request comes from 10.0.0.5: ")
    assert "--trusted-proxy 10.0.0.5 (sources.trusted_proxy)" in done.stderr
    helped = run(tmp_path, command, "--trusted-proxy=10.0.0.5", *map(str, logs))
    assert helped.returncode == 0
    assert helped.stderr == ""
    assert "the log shows the proxy" not in done.stdout + helped.stdout
