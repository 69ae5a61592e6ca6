"""What is said about a list for a target, by what the store and the target know."""

from typing import Any

import pytest
from msgspec.structs import replace

from apiwatch.blocklist import TARGETS, Finding, plan
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.review import require_review, review, tor_exits_in
from apiwatch.blocklist.tor import usable_exits
from apiwatch.config.settings import Block
from apiwatch.errors import GuardError
from apiwatch.store.views import BlockEntry, ImpactView
from tests.blocklist.kit import NOW, entry


def view(*, at_most: bool = False, **changes: Any) -> ImpactView:
    """One client of an attacker, alone, in an hour of 1 000 answered requests."""
    values: dict[str, Any] = {
        "window_minutes": 60, "held_minutes": 60, "clients": 1, "requests": 900, "ok": 800, "all_requests": 1200,
        "all_ok": 1000, "users": 0, "agents": 1, "tokens": 0, "without_alert": 0, "without_alert_requests": 0,
        "without_alert_ok": 0, "recent": 1, "forwarded": 0,
    }  # fmt: skip
    return ImpactView(at=NOW, examples=(), at_least=False, at_most=at_most, **{**values, **changes})


def said(target: str, *entries: BlockEntry, seen: ImpactView | None = None, crawler: str = "") -> list[Finding]:
    made = plan(entries, NOW)
    impacts = {} if seen is None else {each.key: seen for each in made.entries}
    confirm = (lambda _: crawler) if crawler else None
    return review(TARGETS[target], made, Block(), whole=seen, impacts=impacts, confirm=confirm)


def codes(*arguments: object, **named: object) -> list[str]:
    return [finding.code for finding in said(*arguments, **named)]  # type: ignore[arg-type]  # as `said` takes them


def test_an_attacker_alone_is_blocked_without_a_word() -> None:
    assert said("nftables", entry("203.0.113.7"), seen=view()) == []
    assert said("nftables", entry("203.0.113.7")) == []


def test_a_flood_is_not_refused_for_being_nearly_everything() -> None:
    assert codes("nftables", entry("203.0.113.7"), seen=view(requests=1190, ok=990)) == []


def test_a_list_that_cuts_off_too_many_others_is_refused() -> None:
    seen = view(clients=40, without_alert=39, without_alert_ok=101)
    found = said("nftables", entry("203.0.113.0/24"), seen=seen)
    assert [(finding.code, finding.hard) for finding in found] == [("H5", True), ("S2", False)]
    with pytest.raises(GuardError, match=r"10 % .*39 clients.*most_collateral.*rail H5"):
        require_review(found)
    assert codes("nftables", entry("203.0.113.0/24"), seen=view(clients=40, without_alert=39, without_alert_ok=99)) == [
        "S2"
    ]


@pytest.mark.parametrize(("target", "refused"), [("nftables", True), ("ipset", True), ("nginx", False), ("csv", False)])
def test_packet_filters_do_not_see_who_came_through_a_proxy(target: str, refused: bool) -> None:
    found = said(target, entry("203.0.113.7"), seen=view(forwarded=1))
    assert ("H4b" in [finding.code for finding in found]) is refused
    if refused:
        with pytest.raises(GuardError, match=r"^203\.0\.113\.7/32 .*proxy.*rail H4b"):
            require_review(found)
    assert "H4b" not in codes(target, entry("203.0.113.0/24"), seen=view(clients=2, forwarded=1))


def test_a_store_that_cannot_tell_refuses_nothing_and_warns_of_nothing() -> None:
    seen = view(held_minutes=0, all_ok=0, clients=0)
    assert codes("nftables", entry("203.0.113.7"), entry("2001:db8::/64"), seen=seen) == []


def test_shared_addresses_and_networks_with_innocents_are_named() -> None:
    (finding,) = said("nftables", entry("203.0.113.7"), seen=view(users=7, agents=5))
    assert (finding.code, finding.net) == ("S2", "203.0.113.7/32")
    assert "7 users" in finding.text
    assert codes("nftables", entry("203.0.113.7"), seen=view(users=2)) == []


def test_a_part_of_the_requests_is_offered_and_counted_by_what_fits() -> None:
    seen = view(users=7, clients=40, without_alert=39, without_alert_ok=101)
    (shared,) = [finding for finding in said("nginx", entry("203.0.113.7"), seen=seen) if finding.code == "S2"]
    assert "`apiwatch block add 203.0.113.7/32 --path PREFIX`" in shared.text
    some = replace(entry("203.0.113.0/24"), condition="path=/users")
    quiet, loud = view(clients=4), view(clients=4, without_alert=2, without_alert_ok=7, at_most=True)
    assert codes("nginx", some, seen=quiet) == ["S7"]
    (also,) = [finding for finding in said("nginx", some, seen=loud) if finding.code == "S2"]
    assert also.text == "also cuts 2 clients that no alert names (at most 7 answered)"
    assert codes("nginx", some, seen=replace(loud, without_alert_ok=200))[0] == "H5"


@pytest.mark.parametrize(
    ("source", "seen", "refused"),
    [
        ("forwarded", None, True),
        ("forwarded", view(held_minutes=0), True),
        ("forwarded", view(forwarded=0), False),
        ("peer", None, False),
        ("", None, False),
        ("peer", view(forwarded=1), True),
    ],
)
def test_where_clients_came_from_is_known_from_the_entry_when_they_are_forgotten(
    source: str, seen: ImpactView | None, refused: bool
) -> None:
    made = replace(entry("203.0.113.7"), addr_source=source)
    assert codes("nftables", made, seen=seen) == (["H4b"] if refused else [])
    assert "H4b" not in codes("nginx", made, seen=seen)


def test_a_host_of_ipv6_owns_a_64() -> None:
    assert codes("nftables", entry("2001:db8::1/128")) == ["S4"]
    assert codes("nftables", entry("2001:db8::/64"), seen=view(clients=3)) == ["S4"]
    assert codes("nftables", entry("2001:db8::/64"), seen=view()) == []


def test_permanent_blocks_are_said() -> None:
    assert codes("nftables", entry("203.0.113.7", None)) == ["S5"]


def test_targets_without_expiry_say_what_they_need_once() -> None:
    assert codes("nginx", entry("203.0.113.7"), entry("203.0.113.8")) == ["S7"]
    assert codes("nginx") == []


def test_crawlers_count_when_published_or_confirmed_and_never_by_what_they_say() -> None:
    (finding,) = said("nftables", entry("66.249.64.5"))
    assert finding.code == "S1"
    assert "google" in finding.text
    assert codes("nftables", entry("203.0.113.7"), crawler="googlebot.com") == ["S1"]
    assert codes("nftables", entry("203.0.113.0/30"), crawler="googlebot.com") == []
    assert require_review([finding]) == [finding]


EXITS = usable_exits([parse_network("203.0.113.7"), parse_network("203.0.113.9")], NOW - 3600, "torproject", None)


@pytest.mark.parametrize(
    ("net", "lasts", "days", "words"),
    [
        ("203.0.113.7", 7200.0, 0, "is a Tor exit (list of 2026-11-24)"),
        ("203.0.113.7", None, 0, "is a Tor exit"),
        ("203.0.113.7", 3600.0, 0, ""),
        ("203.0.113.8", 7200.0, 0, ""),
        ("203.0.113.0/24", 7200.0, 0, "holds 2 Tor exits"),
        (
            "203.0.113.7",
            7200.0,
            10,
            "was a Tor exit (list of 2026-11-24, 10 days old: `apiwatch block ranges",
        ),
        ("203.0.113.0/24", 7200.0, 3, "held 2 Tor exits"),
        ("203.0.113.7", 7200.0, 31, ""),
    ],
)
def test_whom_tor_lets_out_is_not_blocked_for_long_in_silence(
    net: str, lasts: float | None, days: int, words: str
) -> None:
    found = tor_exits_in(net, lasts, EXITS, NOW + days * 86_400)
    assert [finding.code for finding in found] == (["S3"] if words else [])
    assert words in "".join(finding.text for finding in found)
    assert tor_exits_in(net, lasts, None, NOW) == []


def test_a_list_with_tor_exits_is_warned_of() -> None:
    made = plan([entry("203.0.113.7", 7200), entry("203.0.113.9", 60)], NOW)
    found = review(TARGETS["nftables"], made, Block(), whole=None, impacts={}, exits=EXITS)
    assert [(finding.code, finding.net, finding.hard) for finding in found] == [("S3", "203.0.113.7/32", False)]


@pytest.mark.parametrize(
    ("net", "lasts", "named"),
    [
        ("198.51.100.7/32", 7200, "198.51.100.0/24"),
        ("198.51.0.0/16", 7200, "198.51.100.0/24"),
        ("2001:db8:9::/64", 7200, "2001:db8:9::/48"),
        ("198.51.100.7/32", 3600, ""),
        ("198.51.101.7/32", 7200, ""),
        ("2001:db8:a::/64", 7200, ""),
    ],
)
def test_a_vpn_of_the_settings_that_stays_blocked_is_named(net: str, lasts: float, named: str) -> None:
    settings = Block(vpn=("198.51.100.0/24", "203.0.113.128/25", "2001:db8:9::/48"))
    made = plan([entry(net, lasts)], NOW)
    found = [each for each in review(TARGETS["nginx"], made, settings, whole=None, impacts={}) if each.code == "S3"]
    assert [f"overlaps {named}, a VPN" in each.text for each in found] == ([True] if named else [])
