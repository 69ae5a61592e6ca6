"""How long an element lives in a packet filter, while a list waits to be kept."""

import pytest

from apiwatch.blocklist import plan
from apiwatch.blocklist.appliers.common import lifetimes
from apiwatch.blocklist.applying.applier import Held
from tests.blocklist.kit import NOW, entry

HELD = {
    net: Held(net, left) for net, left in (("203.0.113.0/24", 500.0), ("192.0.2.1/32", 20.0), ("2001:db8::/48", None))
}


@pytest.mark.parametrize(
    ("net", "lifetime", "longest", "expected"),
    [
        ("198.51.100.7", 3600.0, None, 3500),
        ("198.51.100.7", 100.5, None, 1),
        ("198.51.100.7", None, None, None),
        ("198.51.100.7", 3600.0, 60.0, 60),
        ("198.51.100.7", None, 60.0, 60),
        ("198.51.100.7", 130.0, 60.0, 30),
        ("203.0.113.0/24", 3600.0, 60.0, 3500),
        ("203.0.113.64/26", 3600.0, 60.0, 3500),
        ("203.0.112.0/23", 3600.0, 60.0, 60),
        ("192.0.2.1", 3600.0, 60.0, 60),
        ("2001:db8:0:1::/64", None, 60.0, None),
        ("2001:db8::/47", None, 60.0, 60),
    ],
)
def test_only_what_is_blocked_already_outlives_the_trial(
    net: str, lifetime: float | None, longest: float | None, expected: int | None
) -> None:
    made = plan([entry(net, lifetime)], NOW)
    assert list(lifetimes(made, HELD, NOW + 100, longest).values()) == [expected]
