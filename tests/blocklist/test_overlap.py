"""What the block queue and the allow-list hold already of a network."""

from dataclasses import dataclass

import pytest

from apiwatch.blocklist.overlap import allowed_too, already_blocked, queue_of, touching
from apiwatch.errors import GuardError
from apiwatch.model.condition import Condition
from apiwatch.store.views import AllowEntry, Application, BlockEntry

NOW = 1_700_000_000.0


def entry(
    net: str, *, state: str = "queued", condition: str = "", ends: float | None = NOW + 3600, held: bool = False
) -> BlockEntry:
    there = Application(f"id-{net}", "nftables", "gw1", 1, NOW, NOW, ends, None)
    return BlockEntry(
        id=f"id-{net}",
        net=net,
        reason="walks",
        alert_ids=(),
        actor="b\x1bob@gw1",
        created=NOW,
        expires=ends,
        state=state,
        condition=condition,
        applications=(there,) if held else (),
    )


@dataclass
class Said:
    net: str
    words: tuple[str, ...]


@pytest.mark.parametrize(
    "case",
    [
        Said("203.0.113.0/24", ("is queued already (entry id-203.0.113.0/24) by b\\x1bob@gw1 until 2023-11-14 23:13",)),
        Said("203.0.113.0/24", ("in force in nftables: adding it renews that",)),
        Said("203.0.113.7/32", ("as part of 203.0.113.0/24 (entry", "only what lasts longer is new")),
        Said("203.0.112.0/23", ("has queued within it 203.0.113.0/24, which stays queued",)),
        Said("192.0.2.0/24", ("192.0.2.1/32, 192.0.2.2/32, 192.0.2.3/32 and 2 more, which stay queued",)),
        Said("2001:db8::/64", ("until it is withdrawn, in force in no firewall yet",)),
        Said("2001:db8:1::/64", ()),
        Said("198.51.100.1/32", ()),
        Said("203.0.114.1/32", ()),
    ],
)  # fmt: skip
def test_what_is_queued_already_is_said(case: Said) -> None:
    queue = queue_of(
        [
            entry("203.0.114.0/24", state="withdrawn"),
            entry("203.0.113.0/24", held=True),
            entry("no network"),
            entry("2001:db8::/64", ends=None),
            entry("198.51.100.0/24", condition="path=/api"),
            *(entry(f"192.0.2.{number}/32") for number in range(1, 6)),
        ]
    )
    found = already_blocked(case.net, queue)
    assert [(finding.code, finding.hard) for finding in found] == ([("S6", False)] if case.words else [])
    for words in case.words:
        assert words in found[0].text


def test_the_very_entry_is_said_before_a_wider_one_and_beside_those_inside() -> None:
    queue = queue_of([entry("203.0.0.0/16"), entry("203.0.113.7/32"), entry("203.0.113.0/24")])
    same, inside = already_blocked("203.0.113.0/24", queue)
    assert same.text.startswith("is queued already (entry id-203.0.113.0/24)")
    assert inside.text == "has queued within it 203.0.113.7/32, which stays queued"


def test_what_is_blocked_under_a_condition_covers_as_much() -> None:
    queue = queue_of([entry("203.0.113.0/24", condition="path=/users")])
    assert already_blocked("203.0.113.7", queue) == []
    (finding,) = already_blocked("203.0.113.7", queue, Condition(path="/users/7", agent="curl"))
    assert "as part of 203.0.113.0/24 path=/users" in finding.text
    (finding,) = already_blocked("203.0.113.0/24", queue, Condition(path="/users"))
    assert "is queued already (" in finding.text
    (finding,) = already_blocked("203.0.112.0/23", queue)
    assert "has queued within it 203.0.113.0/24 path=/users" in finding.text


def test_only_networks_are_looked_up() -> None:
    queue = queue_of([entry("203.0.113.0/24"), entry("2001:db8::/64")])
    assert touching(["203.0.113.7", "a name", "203.0.113.8"], queue) == ["203.0.113.0/24"]
    assert touching(["2001:db8::1"], queue) == ["2001:db8::/64"]
    assert touching([], queue) == []
    with pytest.raises(GuardError):
        already_blocked("example.com", queue)


@pytest.mark.parametrize(
    ("target", "state", "said_too"),
    [
        ("network:203.0.113.7/32", "live", True),
        ("network:203.0.112.0/23", "live", True),
        ("network:203.0.113.7/32", "removed", False),
        ("network:203.0.114.0/24", "live", False),
        ("network:2001:db8::/64", "live", False),
        ("user:203.0.113.7", "live", False),
    ],
)
def test_what_the_allow_list_names_is_not_blocked_in_silence(target: str, state: str, said_too: bool) -> None:
    allowed = [AllowEntry("01JDA", target, "our\x1b monitor", "alice", NOW, None, state, 0, 0)]
    found = allowed_too("203.0.113.0/24", allowed)
    assert [(finding.code, finding.hard) for finding in found] == ([("S8", False)] if said_too else [])
    if said_too:
        assert target.partition(":")[2] in found[0].text
        assert "alice: our\\x1b monitor" in found[0].text
