"""Logs of attacks from CrowdSec's own tests: who is labelled raises an alert of the fitting family, others stay quiet.

Which of our families fits which of their scenarios is a table here. Scenarios that rest on error-log lines or on lines
of another kind of log cannot be seen in an access log; they are counted apart.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from apiwatch.model import Alert, Severity
from tests.engine.lines import alerts_of

LOGS = Path(os.environ.get("APIWATCH_CORPUS", Path(__file__).parents[3] / "shared" / "corpus")) / "attack"
CROWDSEC = LOGS / "crowdsec-tests"
LABELS = CROWDSEC / "labels.json"
BLOG = LOGS / "benign-blog.log"

AUTH = ("-bf", "generic-401")
VOLUME = ("bypass-cache", "req-limit", "http-versions", "random-uri")
NOT_IN_AN_ACCESS_LOG = {"litespeed-admin-bf.log", "nginx_req_limit_exceeded.log"}

HIDDEN = {
    "apiscp-bf.log": "seven attempts; the log-in test needs eight",
    "nginx-http-generic-bf.log": "too few attempts in its access-log lines; most stand in an error log",
    "http-dos-invalid-http-versions.log": "one bad request of each of six clients",
    "http-generic-test.log": "a path that only CrowdSec's users know",
}
"""Logs that raise nothing today, with the reason; one that does is to be taken out of the list."""


def families_of(scenario: str) -> set[str]:
    """Our families that fit a scenario."""
    if any(word in scenario for word in VOLUME):
        return {"volume", "recon", "scraping"}
    if any(word in scenario for word in AUTH):
        return {"auth"}
    return {"recon", "enumeration", "inventory", "scraping"}


def labels() -> list[dict[str, Any]]:
    return list(json.loads(LABELS.read_text(encoding="utf-8"))) if LABELS.is_file() else []


def raised(path: Path) -> list[Alert]:
    return alerts_of(path.read_bytes().splitlines())


needs_logs = pytest.mark.skipif(not LABELS.is_file(), reason="the CrowdSec logs are not on this machine")


@needs_logs
def test_labelled_logs_raise_an_alert_of_the_fitting_family(capsys: pytest.CaptureFixture[str]) -> None:
    table: list[str] = []
    found: set[str] = set()
    labelled = [label for label in labels() if label["expected_scenarios"]]
    for label in labelled:
        wanted = {family for scenario in label["expected_scenarios"] for family in families_of(scenario)}
        alerts = [alert for alert in raised(CROWDSEC / label["file"]) if alert.family in wanted]
        if alerts:
            found.add(label["file"])
        best = max(alerts, key=lambda alert: alert.severity, default=None)
        verdict = f"{best.severity.name.lower():8} {best.detector}" if best else HIDDEN.get(label["file"], "MISSED")
        table.append(f"{label['file']:42} {verdict}")
    visible = {label["file"] for label in labelled} - NOT_IN_AN_ACCESS_LOG
    table.append(f"{len(found)} of {len(labelled)} logs, {len(found & visible)} of {len(visible)} that are access logs")
    with capsys.disabled():
        if os.environ.get("APIWATCH_TABLES"):
            os.write(1, ("\n" + "\n".join(table) + "\n").encode())
    missing = visible - found
    assert missing <= HIDDEN.keys(), "\n".join(table)
    assert len(found) >= 0.84 * len(labelled)
    assert len(found & visible) >= 0.89 * len(visible)


@needs_logs
@pytest.mark.parametrize("file", [label["file"] for label in labels() if not label["expected_scenarios"]])
def test_logs_without_a_scenario_raise_nothing_above_medium(file: str) -> None:
    assert [alert.title for alert in raised(CROWDSEC / file) if alert.severity > Severity.MEDIUM] == []


@pytest.mark.skipif(not BLOG.is_file(), reason="the log of the blog is not on this machine")
def test_the_benign_blog_raises_nothing_above_medium_and_two_mediums_at_most() -> None:
    alerts = raised(BLOG)
    assert [alert.title for alert in alerts if alert.severity > Severity.MEDIUM] == []
    assert len([alert for alert in alerts if alert.severity == Severity.MEDIUM]) <= 2
