"""Addresses as they stand in logs, and which of them is the client (reference: formats, section 10)."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from apiwatch.formats.caches import Cache
from apiwatch.text import plain

__all__ = ["Addresses", "canonical", "is_name", "listed"]

Network = IPv4Network | IPv6Network

_KEPT = 50_000
_V4_IN_V6 = bytes(10)
"""Start of addresses that the C library writes with dots, and RFC 5952 without."""

_LONGEST = 255
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})?(?::\d{1,5})?|unix:\S{0,108}", re.ASCII)


def canonical(text: str) -> str | None:
    """The address in canonical form without port, brackets, quotes and zone; IPv4 in IPv6 is IPv4; None for other text.

    >>> canonical("[2001:DB8::7]:443"), canonical("::ffff:192.0.2.7"), canonical("192.0.2.7:80"), canonical("example")
    ('2001:db8::7', '192.0.2.7', '192.0.2.7', None)
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    text = text.partition("%")[0]
    if not text or text[0] not in "0123456789abcdefABCDEF:":
        return None
    if "." in text and ":" not in text:
        try:
            inet_pton(AF_INET, text)
        except (OSError, ValueError):
            return None
        return text
    try:
        packed = inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        return None
    if packed.startswith(_V4_IN_V6):
        return str(IPv6Address(packed).ipv4_mapped or IPv6Address(packed))
    return inet_ntop(AF_INET6, packed)


def is_name(text: str) -> bool:
    """Whether the text can be a host name, with or without a port, or the `unix:` of a local socket."""
    return _NAME.fullmatch(text) is not None


def listed(text: str) -> bool:
    """Whether the text is a comma-separated list of addresses, as in X-Forwarded-For."""
    return len(text) <= 2_048 and all(canonical(entry) is not None for entry in text.split(","))


class Addresses:
    """Canonical addresses, cached, and the choice of the client behind trusted proxies."""

    def __init__(self, trusted_proxy: Sequence[str] = ()) -> None:
        self._trusted: list[Network] = [ip_network(network, strict=False) for network in trusted_proxy]
        self.has_trusted = bool(self._trusted)
        """Whether any network is trusted: without one a forwarded list never matters."""
        self.clean: Cache[str] = Cache(_clean, _KEPT)
        """Text -> address in canonical form; any other text in lower case without its port, so that names stay names;
        '' for what is absent."""
        self._trust: Cache[bool] = Cache(self._look_up, _KEPT)

    def client(self, peer: str, forwarded: str | None) -> str:
        """The right-most hop that is not trusted; the peer itself unless the peer is a trusted proxy.

        `forwarded` is an X-Forwarded-For list or a Forwarded header (RFC 7239); an entry that is no address ends the
        walk at the last good hop, so that a forged left-most entry never wins.
        """
        if not forwarded or not self._trusted or not self._trust[peer]:
            return peer
        best = peer
        for entry in reversed(forwarded[-8_192:].split(",")):
            hop = canonical(_forwarded_for(entry))
            if hop is None:
                break
            best = hop
            if not self._trust[hop]:
                break
        return best

    def _look_up(self, address: str) -> bool:
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._trusted if network.version == ip.version)


def _clean(text: str) -> str:
    found = canonical(text)
    if found is not None:
        return found
    text = text.strip()
    if text in {"-", ""}:
        return ""
    name, separator, port = text.rpartition(":")
    if separator and port.isdigit() and name:
        text = name
    return plain(text.lower(), _LONGEST)


def _forwarded_for(entry: str) -> str:
    """The address of one list entry: `for="[2001:db8::7]:443";proto=https` or a bare address."""
    for part in entry.split(";"):
        name, separator, value = part.strip().partition("=")
        if separator and name.lower() == "for":
            return value
    return entry
