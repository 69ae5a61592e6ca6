"""What every alert must say about itself."""

from datetime import datetime

import msgspec

from apiwatch.detect import DETECTORS
from apiwatch.model import Alert
from tests.engine.lines import START


def assert_complete(alert: Alert, samples: int = 5) -> None:
    """The explanation record lacks nothing; one-event detectors have as many samples as there were lines."""
    found = alert.explanation
    assert found.detector == alert.detector
    assert found.family == alert.family == alert.detector.partition(".")[0]
    assert found.subject.key == alert.principal
    assert found.score == alert.score > 0
    for number in found.numbers:
        assert all((number.name, number.value, number.baseline, number.threshold))
        assert number.now >= 0
    assert found.numbers[0].now > 0
    assert datetime.fromisoformat(found.since).timestamp() == int(alert.first_seen) >= START
    assert datetime.fromisoformat(found.last).timestamp() == int(alert.last_seen) >= alert.first_seen
    assert len(found.why) > 30
    assert len(found.samples) == samples
    assert found.counter_evidence
    assert all(found.counter_evidence)
    assert "allow-list" in found.clears_when
    assert found.actions == ("ack", "allow-list", "export")
    assert found.tags == DETECTORS[alert.detector].tags
    assert found.tags.owasp
    assert found.tags.attack
    assert msgspec.json.decode(msgspec.json.encode(alert), type=Alert) == alert
