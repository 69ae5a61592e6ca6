"""Networks with a meaning of their own, by the IANA registries of special-purpose addresses (RFC 6890).

The flags of `ipaddress` do not fit: `is_private` is true for documentation ranges and false for 100.64.0.0/10.
Documentation ranges are ordinary here; examples and tests block them.
"""

import ipaddress
from collections.abc import Iterator

from apiwatch.blocklist.networks import Network, parse_network

__all__ = ["NEVER", "PRIVATE", "SHARED", "SIX_TO_FOUR", "carried"]


def _table(*rows: tuple[str, str]) -> tuple[tuple[Network, str], ...]:
    return tuple((parse_network(text), reason) for text, reason in rows)


NEVER: tuple[tuple[Network, str], ...] = (
    *_table(
        ("0.0.0.0/8", "unspecified address and `this` network"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local, with the metadata service of clouds"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved, with the broadcast address"),
        ("::/96", "unspecified address, loopback and IPv4-compatible addresses"),
        ("::ffff:0:0:0/96", "translated IPv4 addresses"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    ),
    (ipaddress.IPv6Network("::ffff:0:0/96"), "IPv4 addresses in IPv6 clothes"),
)
"""Never a client on the Internet: (network, what it is)."""

PRIVATE: tuple[tuple[Network, str], ...] = _table(
    ("10.0.0.0/8", "a private network"),
    ("172.16.0.0/12", "a private network"),
    ("192.168.0.0/16", "a private network"),
    ("100.64.0.0/10", "carrier-grade NAT, shared by a provider's customers"),
    ("fc00::/7", "a private network"),
    ("fec0::/10", "a private network"),
)
"""Usually a proxy, a VPN, a neighbour server or a provider's whole district: (network, what it is)."""

SHARED: tuple[tuple[Network, str], ...] = _table(
    ("64:ff9b::/96", "NAT64, where one /64 holds every IPv4 client"),
    ("2001::/32", "Teredo, where one /64 holds all clients of a relay"),
)
"""One /64 is many hosts here: (network, what it is)."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
"""Carries an IPv4 network in each /48 (RFC 3056)."""


def carried(network: Network) -> Iterator[Network]:
    """IPv4 networks that an IPv6 network carries inside: NAT64 (RFC 6052) and 6to4 (RFC 3056).

    >>> [str(net) for net in carried(parse_network("2002:cb00:7107::/48"))]
    ['203.0.113.7/32']
    """
    if not isinstance(network, ipaddress.IPv6Network):
        return
    first = int(network.network_address)
    if network.subnet_of(_NAT64):
        yield ipaddress.IPv4Network((first & 0xFFFF_FFFF, network.prefixlen - 96))
    elif network.subnet_of(SIX_TO_FOUR):
        yield ipaddress.IPv4Network((first >> 80 & 0xFFFF_FFFF, min(network.prefixlen - 16, 32)))
