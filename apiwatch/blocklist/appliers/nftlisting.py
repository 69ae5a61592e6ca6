"""What `nft -j` lists, decoded into types of our own: a table of 100 000 elements is quickly read that way."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from apiwatch.blocklist.appliers.common import listed
from apiwatch.blocklist.applying.applier import Held
from apiwatch.errors import ApplyError

__all__ = ["Listed", "belongs", "decoded", "held_by"]


class _Prefix(msgspec.Struct, frozen=True, gc=False):
    addr: str
    len: int


class _Net(msgspec.Struct, frozen=True, gc=False):
    """What is no single address; somebody's own edit can be a range."""

    prefix: _Prefix | None = None
    range: tuple[str, str] | None = None


class _Counter(msgspec.Struct, frozen=True, gc=False):
    packets: int


class _Timed(msgspec.Struct, frozen=True, gc=False):
    """A value with what belongs to it."""

    val: str | _Net
    expires: float | None = None
    counter: _Counter | None = None


class _Element(msgspec.Struct, frozen=True, gc=False):
    """A network, alone or with what belongs to it."""

    elem: _Timed | None = None
    prefix: _Prefix | None = None
    range: tuple[str, str] | None = None


class _Set(msgspec.Struct, frozen=True, gc=False):
    name: str
    family: str
    table: str
    elem: tuple[str | _Element, ...] = ()


class _Rule(msgspec.Struct, frozen=True, gc=False):
    chain: str
    expr: tuple[dict[str, Any], ...] = ()


class _Chain(msgspec.Struct, frozen=True, gc=False):
    family: str
    table: str


class Listed(msgspec.Struct, frozen=True, gc=False):
    """One object of many kinds; those that are not asked for are not decoded."""

    set: _Set | None = None
    rule: _Rule | None = None
    chain: _Chain | None = None


class _Listing(msgspec.Struct, frozen=True, gc=False):
    nftables: tuple[Listed, ...]


_LISTING = msgspec.json.Decoder(_Listing)


def decoded(text: str) -> Sequence[Listed]:
    """The objects of a listing; ApplyError for something else."""
    try:
        return _LISTING.decode(text).nftables
    except msgspec.DecodeError:
        raise ApplyError("nft answers with something else than JSON; is it built with JSON support?") from None


def belongs(item: Listed, family: str, table: str) -> bool:
    """Whether it is a chain or a set of a table."""
    each = item.chain or item.set
    return each is not None and (each.family, each.table) == (family, table)


def held_by(objects: Sequence[Listed], chain: str) -> dict[str, Held]:
    """Elements of the sets whose members a chain drops, by network."""
    dropping = {name for item in objects if item.rule is not None for name in _dropped_sets(item.rule, chain)}
    return {
        held.net: held
        for item in objects
        if item.set is not None and item.set.name in dropping
        for element in item.set.elem
        for held in _held(element)
    }


def _dropped_sets(rule: _Rule, chain: str) -> Iterator[str]:
    """Names of the sets whose members a rule drops."""
    if rule.chain == chain and any("drop" in expression for expression in rule.expr):
        for expression in rule.expr:
            right = expression.get("match", {}).get("right")
            if isinstance(right, str) and right.startswith("@"):
                yield right[1:]


def _held(element: str | _Element) -> Iterator[Held]:
    if isinstance(element, str):
        yield Held(listed(element))
    elif element.elem is None:
        yield from map(Held, _networks(element))
    else:
        timed = element.elem
        dropped = None if timed.counter is None else timed.counter.packets
        if isinstance(timed.val, str):
            yield Held(listed(timed.val), timed.expires, dropped)
        else:
            for net in _networks(timed.val):
                yield Held(net, timed.expires, dropped)


def _networks(value: _Net | _Element) -> Iterator[str]:
    if value.prefix is not None:
        yield listed(f"{value.prefix.addr}/{value.prefix.len}")
    elif value.range is not None:
        first, last = (ipaddress.ip_address(text) for text in value.range)
        yield from map(str, ipaddress.summarize_address_range(first, last))
