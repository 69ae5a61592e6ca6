"""Requests under other names: other addresses, other ids, another pace."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from apiwatch.simulate import Hit

_ID = re.compile(r"(?<=[/=,])[0-9]{4,9}(?=[/?&,.]|$)")


def other_address(address: str, mask: int) -> str:
    """A bijection of addresses that keeps who shares a network: 24 bits of the mask are used."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return str(IPv4Address(int(parsed) ^ (mask & 0xFFFFFF)))
    return str(IPv6Address(int(parsed) ^ (mask & 0xFFFFFF) << 64))


def other_ids(text: str, shift: int) -> str:
    """A bijection of the numbers from 1 000 on in a target or referer that keeps their order and their distances."""
    return _ID.sub(lambda found: str(int(found[0]) + shift), text)


def relabelled(hits: Iterable[Hit], mask: int, shift: int) -> list[Hit]:
    """The same behaviour of other clients on other objects."""
    return [
        hit._replace(
            client=other_address(hit.client, mask),
            target=other_ids(hit.target, shift),
            referer=None if hit.referer is None else other_ids(hit.referer, shift),
        )
        for hit in hits
    ]


def principal_of(principal: str, mask: int) -> str:
    """The name that a principal has after `relabelled`: users keep theirs."""
    head, blank, agent = principal.partition(" ")
    network, slash, length = head.partition("/")
    try:
        return f"{other_address(network, mask)}{slash}{length}{blank}{agent}"
    except ValueError:
        return principal


def slower(hits: Iterable[Hit], factor: float, start: float = 0.0) -> list[Hit]:
    """The same requests, each so many times later after `start`."""
    return [hit._replace(time=start + (hit.time - start) * factor) for hit in hits]
