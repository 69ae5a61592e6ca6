import ipaddress
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apiwatch.blocklist import Guard, Protected, guard
from apiwatch.blocklist.kernel import plain_address
from apiwatch.blocklist.machine import Machine
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.protected import Rule, protect
from apiwatch.blocklist.proxies import Provider
from apiwatch.blocklist.rails import RAILS
from apiwatch.config.settings import Block
from apiwatch.errors import GuardError
from tests.blocklist.kit import guard_of


def guarded(settings: Block | None = None, *, proxy: tuple[str, ...] = (), own: tuple[str, ...] = ()) -> Guard:
    settings = settings or Block()
    known = [(address, "an established SSH peer of this machine") for text in own if (address := plain_address(text))]
    machine = Machine(tuple(known), (parse_network("198.51.100.0/24"),), ())
    return Guard(settings, protect(machine, proxy, settings.allow))


def codes(guard: Guard, net: str) -> list[str]:
    return [finding.code for finding in guard.check(net) if finding.hard]


@pytest.mark.parametrize(
    "net", ["203.0.113.7/32", "203.0.113.0/24", "203.0.113.7", "2001:db8::/48", "2001:db8:1:2::/64", "192.0.2.1/32"]
)
def test_ordinary_networks_pass(net: str) -> None:
    assert guarded().check(net) == []
    assert guarded().require(net) == []


@pytest.mark.parametrize(
    "net",
    [
        "127.0.0.1/32",
        "127.0.0.0/24",
        "169.254.169.254/32",
        "169.254.0.0/16",
        "224.0.0.1/32",
        "239.255.255.250/32",
        "0.0.0.0/32",
        "0.0.0.0/24",
        "255.255.255.255/32",
        "240.0.0.0/24",
        "::1/128",
        "::/128",
        "::/64",
        "fe80::/64",
        "ff02::1/128",
        "ff02::/48",
        "2002:7f00:1::/64",
        "64:ff9b::7f00:1/128",
    ],
)
def test_what_is_never_a_client_is_refused_for_good(net: str) -> None:
    findings = guarded(Block(allow_private=True)).check(net)
    assert findings[0].code == "H2"
    assert not findings[0].overridable
    with pytest.raises(GuardError, match=r"rail H2"):
        guarded().require(net, override=net)


@pytest.mark.parametrize(
    "net",
    [
        "10.1.2.3/32",
        "172.16.0.0/24",
        "172.31.255.255/32",
        "192.168.1.0/24",
        "100.64.0.1/32",
        "100.127.255.0/24",
        "fd00::/64",
        "fc00::/48",
        "198.51.100.7/32",
        "64:ff9b::/64",
        "64:ff9b::a01:203/128",
        "2001:0:1:2::/64",
        "2002:a01:203::/64",
    ],
)
def test_private_shared_and_own_networks_need_a_second_word(net: str) -> None:
    guard = guarded()
    assert codes(guard, net) == ["H3"]
    with pytest.raises(GuardError, match=r"rail H3"):
        guard.require(net)
    assert [finding.code for finding in guard.require(net, override=net)] == ["H3"]
    assert codes(guarded(Block(allow_private=True)), net) == []


@pytest.mark.parametrize(
    "net", ["100.63.255.0/24", "100.128.0.0/24", "172.32.0.0/24", "172.15.255.0/24", "11.0.0.0/24"]
)
def test_neighbours_of_private_networks_pass(net: str) -> None:
    assert guarded().check(net) == []


@pytest.mark.parametrize("net", ["203.0.113.200/32", "203.0.113.128/25", "203.0.113.0/24", "203.0.0.0/16"])
def test_a_network_that_contains_a_protected_address_is_refused_for_good(net: str) -> None:
    guard = guarded(own=("203.0.113.200",))
    assert "H1" in codes(guard, net)
    with pytest.raises(GuardError, match=r"SSH peer.*rail H1"):
        guard.require(net, override=net)
    assert codes(guard, "203.0.113.7/32") == []


def test_ipv6_clothes_of_a_protected_address_are_seen_through() -> None:
    guard = guarded(own=("203.0.113.200",))
    for net in ("::ffff:203.0.113.200", "2002:cb00:71c8::/64", "64:ff9b::203.0.113.200"):
        assert "H1" in codes(guard, net), net


def test_peer_inside_a_64_refuses_the_64() -> None:
    guard = guarded(own=("2001:db8:9:1::77",))
    assert codes(guard, "2001:db8:9:1::/64") == ["H1"]
    assert codes(guard, "2001:db8:9:2::/64") == []


@pytest.mark.parametrize("net", ["203.0.113.0/24", "203.0.113.64/26", "203.0.113.70/32"])
def test_trusted_proxy_and_allow_list_refuse_what_contains_or_lies_inside(net: str) -> None:
    assert codes(guarded(proxy=("203.0.113.64/26",)), net) == ["H4"]
    assert codes(guarded(Block(allow=("203.0.113.64/26",))), net) == ["H8"]
    with pytest.raises(GuardError, match=r"rail H4"):
        guarded(proxy=("203.0.113.64/26",)).require(net, override=net)
    with pytest.raises(GuardError, match=r"rail H8"):
        guarded(Block(allow=("203.0.113.64/26",))).require(net, override=net)


def test_networks_of_cdns_are_typed_twice_unless_they_are_our_own_proxy() -> None:
    providers = (Provider("edge", date(2026, 7, 2), "example.com", (parse_network("203.0.113.64/26"),)),)
    for proxy, final in (((), False), (("203.0.113.70/32",), True)):
        guard = Guard(Block(), protect(Machine((), (), ()), proxy, (), providers))
        (finding,) = [found for found in guard.check("203.0.113.70/32") if found.hard]
        assert (finding.code, finding.overridable) == ("H4", not final)
        assert "edge as of 2026-07-02" in finding.text or final
        with pytest.raises(GuardError, match=r"rail H4"):
            guard.require("203.0.113.70/32")
    guard = Guard(Block(), protect(Machine((), (), ()), (), (), providers))
    assert [found.code for found in guard.require("203.0.113.70/32", override="203.0.113.70")] == ["H4"]
    assert guard.check("203.0.113.7/32") == []


@pytest.mark.parametrize("net", ["203.0.0.0/23", "203.0.0.0/16", "2001:db8::/47", "2001:db8::/32"])
def test_wide_networks_are_typed_twice(net: str) -> None:
    guard = guarded()
    with pytest.raises(GuardError, match=rf"rail H5\); .*--override={net}"):
        guard.require(net)
    with pytest.raises(GuardError, match=r"`203.0.112.0/24` is not it"):
        guard.require(net, override="203.0.112.0/24")
    with pytest.raises(GuardError, match=r"rail H5"):
        guard.require(net, override="yes")
    assert [finding.code for finding in guard.require(net, override=net)] == ["H5"]


@pytest.mark.parametrize("net", ["203.0.0.0/15", "0.0.0.0/0", "2001:db8::/31", "::/0", "::ffff:0:0/96"])
def test_too_wide_networks_are_never_blocked(net: str) -> None:
    guard = guarded(Block(widest_v4=16, widest_v6=32, allow_private=True))
    assert codes(guard, net)[0] == "H5"
    with pytest.raises(GuardError, match=r"never blocked"):
        guard.require(net, override=net)


def test_widths_come_from_the_settings() -> None:
    assert codes(guarded(Block(widest_v4=32)), "203.0.113.0/31") == ["H5"]
    assert codes(guarded(Block(widest_v4=16)), "203.0.0.0/16") == []
    assert codes(guarded(Block(widest_v6=64)), "2001:db8::/63") == ["H5"]


@pytest.mark.parametrize("net", ["", "localhost", "203.0.113.7/24", "fe80::1%eth0", "\x1b[2J", "x" * 9999])
def test_what_is_no_network_is_a_finding_and_refused(net: str) -> None:
    (finding,) = guarded().check(net)
    assert (finding.code, finding.hard, finding.overridable) == ("H7", True, False)
    assert (finding.net + finding.text).isprintable()
    with pytest.raises(GuardError):
        guarded().require(net, override=net)


def test_refusals_without_override_come_first_and_each_rail_speaks_once() -> None:
    findings = guarded().check("0.0.0.0/0")
    assert [finding.code for finding in findings] == ["H5", "H2", "H3"]
    assert findings[1].text.endswith("(4 more like it)")


def test_every_sentence_is_one_printable_line() -> None:
    guard = guarded(Block(allow=("203.0.113.9/32",)), proxy=("192.0.2.0/24",), own=("203.0.113.200",))
    for net in ("0.0.0.0/0", "::/0", "10.0.0.0/24", "203.0.113.9", "192.0.2.1", "203.0.113.200", "203.0.0.0/20"):
        with pytest.raises(GuardError) as caught:
            guard.require(net)
        assert str(caught.value).isprintable()
        for finding in guard.check(net):
            assert finding.text.isprintable()
            assert finding.net == net


WITH_IPV4_INSIDE = ("::ffff:0:0/96", "2002::/16", "64:ff9b::/96")
NETWORKS = st.builds(
    lambda address, prefix: ipaddress.ip_network((address, max(0, address.max_prefixlen - prefix)), strict=False),
    st.one_of(
        st.ip_addresses(network="203.0.113.0/24"),
        st.ip_addresses(network="2001:db8::/112"),
        st.ip_addresses(),
    ),
    st.integers(0, 128),
)


@given(st.lists(NETWORKS, max_size=8), NETWORKS)
def test_a_network_is_refused_exactly_if_it_overlaps_a_protected_one(
    protected: list[ipaddress.IPv4Network | ipaddress.IPv6Network],
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> None:
    if isinstance(network, ipaddress.IPv6Network):
        assume(not any(network.subnet_of(ipaddress.IPv6Network(net)) for net in WITH_IPV4_INSIDE))
    guard = guard_of(protected=Protected(tuple(Rule(each, "H1", "needed") for each in protected)))
    expected = any(each.version == network.version and each.overlaps(network) for each in protected)
    found = {finding.code for finding in guard.check(str(network))}
    assert ("H1" in found) is expected


def test_every_code_that_can_be_said_is_explained() -> None:
    source = "".join(path.read_text() for path in Path(guard.__file__).parent.rglob("*.py"))
    used = set(re.findall(r'"([HS][0-9]b?)"', source)) | set(re.findall(r"rail ([HS][0-9]b?)\b", source))
    assert used == set(RAILS)
