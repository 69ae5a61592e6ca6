"""Each detector of accounts, identities and amounts finds its attack and explains it, and can be switched off."""

import pytest
from msgspec.structs import fields, replace

from apiwatch.config import Settings
from apiwatch.config.settings import Detectors
from apiwatch.formats.credentials import redact_line
from tests.detect import account_attacks, amount_attacks, inventory_attacks
from tests.detect.explaining import assert_complete
from tests.engine.lines import alerts_of

ATTACKS = {**account_attacks.ATTACKS, **amount_attacks.ATTACKS, **inventory_attacks.ATTACKS}
SECTIONS = {"recovery.missing-token-step": "identity.missing-predecessor"}
"""Detectors whose settings have the name of another."""


@pytest.mark.parametrize("detector", ATTACKS)
def test_attack_is_found_and_explained(detector: str) -> None:
    lines, subject = ATTACKS[detector]
    (alert,) = [alert for alert in alerts_of(lines) if alert.detector == detector]
    assert alert.principal == subject or (subject == "token:" and alert.principal.startswith(subject))
    assert_complete(alert, min(5, len(alert.explanation.samples)))
    assert set(alert.explanation.samples) <= {redact_line(raw.decode()) for raw in lines}


@pytest.mark.parametrize("detector", ATTACKS)
def test_switched_off_it_says_nothing(detector: str) -> None:
    section = SECTIONS.get(detector, detector)
    (name,) = [info.name for info in fields(Detectors) if info.encode_name == section]
    defaults = Detectors()
    off = replace(defaults, **{name: replace(getattr(defaults, name), enabled=False)})
    assert detector not in {alert.detector for alert in alerts_of(ATTACKS[detector][0], Settings(detectors=off))}
