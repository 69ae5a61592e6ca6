import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.blocklist import canonical, network_for, parse_ttl
from apiwatch.blocklist.networks import bare, parse_network
from apiwatch.errors import GuardError, UsageError


@pytest.mark.parametrize(
    ("text", "net"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("203.0.113.64/26", "203.0.113.64/26"),
        ("2001:DB8:0:ABCD::/64", "2001:db8:0:abcd::/64"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::FFFF:cb00:7100/120", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_networks_have_one_text(text: str, net: str) -> None:
    assert canonical(text) == net


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "localhost",
        "203.0.113.7 ",
        " 203.0.113.7",
        "203.0.113.7\n",
        "010.0.0.1",
        "203.0.113",
        "1.2.3",
        "3405803783",
        "0x7f.1",
        "203.0.113.7-203.0.113.9",
        "203.0.113.7/24",
        "203.0.113.0/255.255.255.0",
        "203.0.113.0/0.0.0.255",
        "203.0.113.0/024",
        "203.0.113.0/+24",
        "203.0.113.0/33",
        "203.0.113.0/",
        "/24",
        "fe80::1%eth0",
        "2001:db8::1/64",
        "2001:db8::/129",
        "::ffff:203.0.113.7/120",
        "\uff12\uff10\uff13.0.113.7",
        "203.0.113.\u0667",
        "[2001:db8::1]",
        "203.0.113.7:80",
        "203.0.113.7\x00",
        "9" * 10_000,
        "\ud800",
    ],
)
def test_anything_else_is_refused_in_one_printable_sentence(text: str) -> None:
    with pytest.raises(GuardError) as caught:
        canonical(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200
    with pytest.raises(GuardError):
        network_for(text)


def test_host_bits_name_the_network_that_may_be_meant() -> None:
    with pytest.raises(GuardError, match=r"203\.0\.113\.0/24"):
        canonical("203.0.113.7/24")


@pytest.mark.parametrize(
    ("address", "net"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
    ],
)
def test_one_address_stands_for_its_host(address: str, net: str) -> None:
    assert network_for(address) == net


def test_a_network_is_no_address() -> None:
    with pytest.raises(GuardError, match="is a network"):
        network_for("203.0.113.0/24")


@given(st.ip_addresses(), st.integers(0, 128))
def test_canonical_text_stays_and_means_the_same(address: ipaddress.IPv4Address, prefix: int) -> None:
    network = ipaddress.ip_network((address, min(prefix, address.max_prefixlen)), strict=False)
    text = canonical(str(network))
    assert canonical(text) == text
    assert "/" in text
    assert canonical(bare(parse_network(text))) == text
    if not text.startswith("::") and ":" in text:
        assert ipaddress.ip_network(text) == network


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3600), ("7d", 604_800), ("1h30m", 5400)]
)
def test_lifetimes(text: str, seconds: float) -> None:
    assert parse_ttl(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "10ms", "-1h", "forever", "1y", "inf", "nan", "1h;reboot"])
def test_wrong_lifetimes_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_ttl(text)
