"""`apiwatch report`: the file that is handed over."""

import json
import stat
from pathlib import Path

from tests.cli.logs import WALKER
from tests.cli.program import refused, run


def test_a_report_is_one_private_file_that_replaces_nothing_unasked(home: Path, incident_log: Path) -> None:
    db, out = home / "state.db", home / "incident.md"
    assert run(home, "replay", f"--db={db}", str(incident_log)).returncode == 0
    done = run(home, "report", f"--db={db}", "--since=2h", "-o", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"wrote {out}; alerts: 2, clients: 1;" in done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    text = out.read_text()
    assert text.startswith("# Incident: everything\n")
    assert f"apiwatch show {WALKER}" in text
    assert "--force" in refused(home, 2, "report", f"--db={db}", "-o", str(out))
    assert out.read_text() == text
    out.chmod(0o644)
    done = run(home, "report", f"--db={db}", f"--client={WALKER}", "--json", "--force", "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600, "what the file was before does not make it readable"
    fields = json.loads(out.read_text())
    assert (fields["kind"], fields["names"], len(fields["alerts"])) == ("client", [WALKER], 2)
    first = fields["alerts"][0]["alert"]["id"]
    offered = run(
        home,
        _APIWATCH_COMPLETE="bash_complete",
        COMP_WORDS=f"apiwatch report --db {db} --alert {first[:3]}",
        COMP_CWORD="5",
    )
    assert offered.stdout.split() == [f"plain,{first}"]
    assert [path.name for path in home.iterdir() if path.name.startswith(".apiwatch")] == []
