"""Text to networks: the gate through which every address passes before it can reach a rule or a file."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from apiwatch.config import parse_duration
from apiwatch.errors import GuardError, UsageError
from apiwatch.text import one_line

__all__ = [
    "Network",
    "bare",
    "canonical",
    "collapsed",
    "network_for",
    "order",
    "parse_network",
    "parse_ttl",
    "united",
    "without",
]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SHAPE = re.compile(r"([0-9A-Fa-f:.]{2,45})(?:/(0|[1-9][0-9]{0,2}))?", re.ASCII)
_MAPPED_BITS = 96


def parse_network(text: str) -> Network:
    """The network that the text names; an address alone is a network of one address.

    IPv4 in IPv6 clothes (`::ffff:192.0.2.1`) becomes IPv4: as IPv6 no firewall would ever match it. Raises GuardError
    (rail H7) for host names, zone ids, netmasks, leading zeros, blanks, other digits, and bits behind the prefix.
    """
    if not _SHAPE.fullmatch(text):
        raise _garbage(text)
    try:
        return _unmapped(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        wide = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise _garbage(text) from None
    shown = one_line(text, 60)
    raise GuardError(f"`{shown}` has bits set behind its prefix; type {wide} if you mean the whole network")


def canonical(text: str) -> str:
    """Canonical text of a network, always with its prefix length; GuardError as `parse_network`.

    >>> canonical("2001:DB8:0::/48"), canonical("203.0.113.7"), canonical("::ffff:203.0.113.0/120")
    ('2001:db8::/48', '203.0.113.7/32', '203.0.113.0/24')
    """
    return str(parse_network(text))


def network_for(address: str) -> str:
    """What stands for one address: the address itself for IPv4, its /64 for IPv6, since one host owns a /64.

    Raises GuardError when the text is no single address.

    >>> network_for("203.0.113.7"), network_for("2001:db8:1:2::5")
    ('203.0.113.7/32', '2001:db8:1:2::/64')
    """
    if "/" in address:
        raise GuardError(f"`{one_line(address, 60)}` is a network where one address is needed")
    network = parse_network(address)
    return str(network.supernet(new_prefix=64) if network.version == 6 else network)


def parse_ttl(text: str) -> float:
    """Lifetime of a block in seconds: `90s`, `15m`, `1h`, `7d`; UsageError for anything else and below one second.

    >>> parse_ttl("15m")
    900.0
    """
    seconds = parse_duration(text)
    if seconds < 1.0:
        raise UsageError(f"`{one_line(text, 60)}` is shorter than a second; write for example 15m, 1h or 7d")
    return seconds


def bare(network: Network) -> str:
    """Text for a list: an address where the network is one, else the network.

    >>> bare(parse_network("203.0.113.7/32")), bare(parse_network("203.0.113.64/26"))
    ('203.0.113.7', '203.0.113.64/26')
    """
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def collapsed(networks: Iterable[Network], version: int) -> list[Network]:
    """The fewest networks that cover exactly those of one family (4 or 6), sorted."""
    known = list(networks)
    if version == 4:
        return list(ipaddress.collapse_addresses(net for net in known if isinstance(net, ipaddress.IPv4Network)))
    return list(ipaddress.collapse_addresses(net for net in known if isinstance(net, ipaddress.IPv6Network)))


def united(networks: Iterable[Network]) -> list[Network]:
    """The fewest networks that cover exactly those of both families: IPv4 first, sorted."""
    known = list(networks)
    return [*collapsed(known, 4), *collapsed(known, 6)]


def without(network: Network, holes: Sequence[Network]) -> Iterator[Network]:
    """The fewest networks that cover `network` but not the holes: disjoint, sorted, and inside it."""
    if not holes:
        yield network
    elif holes[0] != network:
        for half in network.subnets():
            first, last = int(half.network_address), int(half.broadcast_address)
            yield from without(half, [hole for hole in holes if first <= int(hole.network_address) <= last])


def order(network: Network) -> tuple[int, int, int]:
    """Sort key: family, first address, wide before narrow."""
    return network.version, int(network.network_address), network.prefixlen


def _unmapped(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        address = network.network_address.ipv4_mapped
        if address is not None:
            return ipaddress.IPv4Network((address, network.prefixlen - _MAPPED_BITS))
    return network


def _garbage(text: str) -> GuardError:
    return GuardError(
        f"`{one_line(text, 60)}` is not an IP address or network; type for example 203.0.113.7 or 203.0.113.64/26"
    )
