"""Every family's settings can be tried on an old log: `replay --config` takes a file that changes one of them."""

from pathlib import Path

import pytest

from apiwatch.config import load
from apiwatch.detect import DETECTORS
from apiwatch.engine import Engine
from tests.cli.program import json_lines, run
from tests.detect import account_attacks, amount_attacks, inventory_attacks
from tests.detect.test_alerts import ATTACKS
from tests.engine.lines import batch, known_route, line

BENIGN = [line(step, f"198.18.{step % 100}.7", "/login", 302, method="POST") for step in range(300)]
STUFFING = [
    line(400 + step, f"198.51.{step % 200}.{step % 99}", "/login", 401, method="POST", user=f"u{step}")
    for step in range(200)
]
CAMPAIGN = [*known_route("/login", method="POST", status=401), *BENIGN, *STUFFING]
ALL = {
    **ATTACKS,
    **{
        name: lines
        for module in (account_attacks, amount_attacks, inventory_attacks)
        for name, (lines, _) in module.ATTACKS.items()
    },
    "population.login-failures": CAMPAIGN,
}

CHANGES = {
    "enumeration.sequential": "enumeration.sequential: {threshold: 1000}",
    "enumeration.miss": "enumeration.miss: {threshold: 1000}",
    "enumeration.foreign-object": "enumeration.foreign-object: {points: 100}",
    "scraping.distinct-objects": "scraping.distinct-objects: {distinct_share: 1}",
    "auth.brute-force": "auth.log-in: {min_failures: 1000}",
    "recovery.many-accounts": "recovery.many-accounts: {accounts: 64}",
    "identity.many-users": "identity.many-users: {users: 64}",
    "recon.endpoint-fuzzing": "recon.endpoint-fuzzing: {threshold: 1000}",
    "volume.principal-surge": "volume.principal-surge: {rise: 1000}",
    "exfiltration.principal-bytes": "exfiltration.principal-bytes: {threshold: 1000}",
    "inventory.shadow-endpoint": "inventory.shadow-endpoint: {learning: 365d}",
    "population.login-failures": "population.login-failures: {threshold: 1000}",
}
"""Detector -> the section of the settings under which its attack is no longer called by its name."""


def raised(lines: list[bytes], file: Path | None) -> set[str]:
    engine = Engine(load(file), salt=b"x")
    engine.feed(batch(lines))
    return {alert.detector for alert in engine.take().alerts}


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the user who runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_every_family_has_a_change_here() -> None:
    families = {detector.family for detector in DETECTORS.values()}
    assert families - {name.partition(".")[0] for name in CHANGES} == {"campaign"}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("detector", CHANGES)
def test_one_setting_of_each_family_changes_what_an_old_log_raises(tmp_path: Path, detector: str) -> None:
    file = tmp_path / "try.yaml"
    file.write_text(f"detectors:\n  {CHANGES[detector]}\n")
    assert detector in raised(ALL[detector], None)
    assert detector not in raised(ALL[detector], file)


def test_replay_takes_the_file_and_says_what_would_be_told(tmp_path: Path) -> None:
    log, file = tmp_path / "access.log", tmp_path / "try.yaml"
    log.write_bytes(b"".join(raw + b"\n" for name in ("enumeration.sequential", "recon.endpoint-fuzzing")
                             for raw in ALL[name]))  # fmt: skip
    *alerts, summary = json_lines(run(tmp_path, "replay", "--json", str(log)).stdout)
    assert {alert["detector"] for alert in alerts} >= {"enumeration.sequential", "recon.endpoint-fuzzing"}
    assert all(alert["notify"] for alert in alerts)
    assert (summary["notified"], summary["withheld"]) == (len(alerts), 0)
    file.write_text("alerts: {notifications_per_hour: 1}\ndetectors: {enumeration.sequential: {enabled: false}}\n")
    *alerts, summary = json_lines(run(tmp_path, "replay", "--json", f"--config={file}", str(log)).stdout)
    assert "enumeration.sequential" not in {alert["detector"] for alert in alerts}
    assert (summary["notified"], summary["withheld"]) == (1, len(alerts) - 1)
