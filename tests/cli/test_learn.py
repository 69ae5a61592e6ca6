"""`apiwatch learn`: old logs teach, then the same state file goes on."""

from pathlib import Path

from tests.cli.logs import START, benign, line, text_of, walk
from tests.cli.program import json_lines, refused, run


def test_learned_state_goes_on_with_the_log_and_counts_no_line_twice(home: Path) -> None:
    log, db = home / "access.log", home / "state.db"
    old = [text for _, text in sorted([*benign(600), *walk(60, start=START + 100)])]
    log.write_text(text_of(old))
    done = run(home, "learn", f"--db={db}", "--json", str(log))
    (found,) = json_lines(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (found["type"], found["lines"], found["requests"]) == ("learned", len(old), len(old))
    assert found["routes"] >= 4
    assert run(home, "alerts", "--all", f"--db={db}").stdout == "no alerts\n"
    more = [line(START + 90_000 + step, "203.0.113.5", f"/api/users/{70_000 + step}", size=800) for step in range(20)]
    log.write_text(text_of([*old, *more]))
    *alerts, summary = json_lines(run(home, "replay", f"--db={db}", "--json", str(log)).stdout)
    assert summary["lines"] == len(more)
    assert (alerts[-1]["detector"], alerts[-1]["severity"]) == ("enumeration.sequential", "high")
    assert {alert["client"] for alert in alerts} == {"203.0.113.5"}
    again = run(home, "learn", f"--db={db}", str(log))
    assert again.returncode == 0


def test_summary_is_plain_and_what_cannot_be_learned_is_said(home: Path) -> None:
    log = home / "access.log"
    log.write_text(text_of([text for _, text in benign(60)]))
    done = run(home, "learn", f"--db={home / 'a.db'}", str(log))
    assert done.stdout.splitlines()[0].startswith("learned from 240 lines: 240 requests, 0 unparsed")
    assert "routes" in done.stdout.splitlines()[1]
    log.write_text("this is no log\n" * 9)
    assert "no line that is an access-log record" in run(home, "learn", f"--db={home / 'b.db'}", str(log)).stderr
    assert "none.log" in refused(home, 3, "learn", f"--db={home / 'c.db'}", str(home / "none.log"))
