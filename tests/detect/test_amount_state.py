"""What the detectors of amounts remember survives a restart at any point, and does not depend on how lines arrive."""

import pytest

from apiwatch.config import Settings
from apiwatch.engine import Engine
from tests.detect.amount_attacks import ATTACKS
from tests.engine.test_determinism import assert_same


@pytest.mark.parametrize("detector", ATTACKS)
@pytest.mark.parametrize("action", ["restart", "snapshot"])
def test_restarts_before_and_during_an_attack_change_nothing(detector: str, action: str) -> None:
    lines, _ = ATTACKS[detector]
    feed = [("/var/log/a.log", raw) for raw in lines[-3_000:]]
    places = {len(feed) * part // 23 for part in range(1, 23)} | {len(feed) - number for number in range(1, 9)}
    assert_same(lambda: Engine(Settings(), salt=b"s"), feed, dict.fromkeys(sorted(places), action))
