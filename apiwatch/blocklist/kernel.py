"""The kernel's tables under /proc/net, as text, to addresses and networks (proc(5), proc_net_tcp.txt)."""

import ipaddress
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from apiwatch.blocklist.networks import Network

__all__ = [
    "ESTABLISHED",
    "LISTEN",
    "Address",
    "Socket",
    "gateways4",
    "gateways6",
    "local_addresses4",
    "local_networks4",
    "local_networks6",
    "plain_address",
    "remote_address",
    "sockets",
]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

ESTABLISHED, LISTEN = "01", "0A"
"""States of a TCP socket in /proc/net/tcp (include/net/tcp_states.h)."""

_LOCAL = re.compile(r"\|-- ([0-9.]+)\n(?:\s+/\d+ \S+ \S+\n)*?\s+/32 host LOCAL")
_ROUTE_UP, _ROUTE_GATEWAY = 0x1, 0x2


class Socket(NamedTuple):
    """One TCP socket."""

    local_port: int
    remote: str
    """Address and port as the kernel writes them; `plain_address` reads it."""
    state: str
    inode: str
    unsent: int = 0
    """Bytes that the other end has not confirmed."""
    retransmits: int = 0
    """How often the oldest of them was sent again in vain."""


def plain_address(text: str) -> Address | None:
    """An address without zone and without IPv6 clothes around IPv4; None when it is none.

    >>> plain_address("::ffff:203.0.113.200"), plain_address("fe80::1%eth0"), plain_address("-")
    (IPv4Address('203.0.113.200'), IPv6Address('fe80::1'), None)
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _from_hex(text: str) -> Address | None:
    """An address as the kernel prints it: 32-bit words in the byte order of the machine."""
    try:
        words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    except ValueError:
        return None
    raw = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    return plain_address(str(ipaddress.ip_address(raw))) if len(raw) in (4, 16) else None


def sockets(text: str) -> Iterator[Socket]:
    """Sockets of /proc/net/tcp or tcp6; lines of another shape are left out."""
    for line in text.splitlines()[1:]:
        fields = line.split(maxsplit=10)
        if len(fields) >= 10 and ":" in fields[1]:
            port = int(fields[1].rpartition(":")[2], 16)
            unsent = int(fields[4].partition(":")[0], 16)
            yield Socket(port, fields[2], fields[3], fields[9], unsent, int(fields[6], 16))


def remote_address(socket: Socket) -> Address | None:
    """The other end of a socket."""
    return _from_hex(socket.remote.rpartition(":")[0])


def local_addresses4(fib_trie: str) -> list[Address]:
    """IPv4 addresses of the machine, from /proc/net/fib_trie, each once."""
    found = (plain_address(text) for text in _LOCAL.findall(fib_trie))
    return list(dict.fromkeys(address for address in found if address is not None))


def local_networks6(if_inet6: str) -> list[tuple[Address, int, str]]:
    """(address, prefix length, interface) of the machine's IPv6 addresses, from /proc/net/if_inet6."""
    found: list[tuple[Address, int, str]] = []
    for line in if_inet6.splitlines():
        fields = line.split()
        if len(fields) == 6 and len(fields[0]) == 32:
            found.append((ipaddress.IPv6Address(int(fields[0], 16)), int(fields[2], 16), fields[5]))
    return found


def _routes4(route: str) -> Iterator[tuple[ipaddress.IPv4Network, Address, int]]:
    for line in route.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        destination, gateway, mask = (_from_hex(fields[at]) for at in (1, 2, 7))
        if destination is None or gateway is None or mask is None:
            continue
        prefix = int(mask).bit_count()
        network = ipaddress.IPv4Network((int(destination), prefix), strict=False)
        yield network, gateway, int(fields[3], 16)


def gateways4(route: str) -> list[Address]:
    """IPv4 gateways of /proc/net/route, each once."""
    found = (gateway for _, gateway, flags in _routes4(route) if flags & _ROUTE_UP and flags & _ROUTE_GATEWAY)
    return list(dict.fromkeys(found))


def local_networks4(route: str) -> list[Network]:
    """IPv4 networks that are reached without a gateway, from /proc/net/route, each once."""
    found = (net for net, _, flags in _routes4(route) if flags & _ROUTE_UP and not flags & _ROUTE_GATEWAY)
    return list(dict.fromkeys(found))


def gateways6(ipv6_route: str) -> list[Address]:
    """IPv6 gateways of /proc/net/ipv6_route, each once."""
    found: dict[Address, None] = {}
    for line in ipv6_route.splitlines():
        fields = line.split()
        if len(fields) == 10 and int(fields[8], 16) & _ROUTE_GATEWAY:
            found[ipaddress.IPv6Address(int(fields[4], 16))] = None
    return list(found)
