"""From queue entries to rows without overlaps, each with its own expiry.

Firewalls refuse overlapping elements, or merge them and lose an expiry. So overlaps are resolved here, and never at the
cost of cover: at every moment the rows block exactly what the entries that are live then block. Neighbours are never
merged, and no row is wider than the entry it comes from. Rows of different conditions may overlap: a request is blocked
when one of them is meant for it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from apiwatch.blocklist.networks import Network, order, parse_network, without
from apiwatch.errors import GuardError
from apiwatch.model.condition import ALWAYS, Condition, parse_condition
from apiwatch.store.views import BlockEntry
from apiwatch.text import one_line

__all__ = ["Plan", "Row", "key_of", "plan"]


@dataclass(frozen=True, slots=True)
class Row:
    """One network of a list."""

    network: Network
    expires: float | None
    """Seconds since the epoch; None: permanent."""
    ids: tuple[str, ...]
    """Entries that it comes from."""
    reason: str
    """Reason of the first of them: untrusted text."""
    condition: Condition = ALWAYS
    """Which requests of the network are blocked."""

    @property
    def net(self) -> str:
        """Canonical text, with prefix length."""
        return str(self.network)

    @property
    def key(self) -> str:
        """What tells it from other rows, as `BlockEntry.key` does."""
        return key_of(self.network, self.condition)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list shall hold at one moment; the same plan gives the same bytes."""

    at: float
    """Seconds since the epoch; remaining times count from here."""
    revision: int
    rows: tuple[Row, ...]
    """Sorted by family, address and condition; those of one condition do not overlap."""
    entries: tuple[BlockEntry, ...]
    """The live entries behind them, sorted likewise, with canonical networks."""

    def family(self, version: int) -> tuple[Row, ...]:
        """Rows of IPv4 (4) or IPv6 (6)."""
        return tuple(row for row in self.rows if row.network.version == version)

    def under(self, condition: Condition) -> tuple[Row, ...]:
        """Rows of a condition."""
        return tuple(row for row in self.rows if row.condition == condition)

    def conditions(self) -> tuple[Condition, ...]:
        """All that are not `ALWAYS`, sorted by their text."""
        return tuple(sorted({row.condition for row in self.rows if row.condition}, key=str))

    def without_conditions(self) -> "Plan":
        """The part of it that is about all requests."""
        rows = tuple(row for row in self.rows if not row.condition)
        return replace(self, rows=rows, entries=tuple(entry for entry in self.entries if not entry.condition))

    def remaining(self, row: Row) -> int | None:
        """Whole seconds until the row expires, rounded up and at least 1; None: permanent."""
        return None if row.expires is None else max(1, math.ceil(row.expires - self.at))


def key_of(network: Network, condition: Condition) -> str:
    """The network, and the condition behind it if there is one: the text by which lists are compared.

    >>> key_of(parse_network("203.0.113.7"), parse_condition("path=/users"))
    '203.0.113.7/32 path=/users'
    """
    return f"{network} {condition}" if condition else str(network)


def plan(entries: Iterable[BlockEntry], at: float, revision: int | None = None) -> Plan:
    """The plan of the entries that are queued and not expired at the time `at`; revision defaults to whole seconds.

    An entry inside another is left out when the wider one lasts at least as long; otherwise the wider one is split
    around it. The same network twice lasts until the later expiry. Entries of different conditions are left apart, but
    one that another covers in network, requests and time is left out. Raises GuardError when an entry holds no network
    or no condition.
    """
    live = [_canonical(entry) for entry in entries if entry.state == "queued" and _ends(entry.expires) > at]
    live.sort(key=lambda pair: (order(pair[0]), pair[1].condition, pair[1].id))
    merged: dict[tuple[int, str], list[Row]] = {}
    for (network, condition), same in _grouped(live).items():
        merged.setdefault((network.version, condition), []).append(_merged(network, condition, same))
    rows = _needed([row for group in merged.values() for row in _laid_out(group)])
    rows.sort(key=lambda row: (order(row.network), str(row.condition)))
    return Plan(at, int(at) if revision is None else revision, tuple(rows), tuple(entry for _, entry in live))


def _canonical(entry: BlockEntry) -> tuple[Network, BlockEntry]:
    try:
        network = parse_network(entry.net)
        parse_condition(entry.condition)
    except GuardError as error:
        raise GuardError(f"entry {one_line(entry.id, 40)} of the block queue: {error}") from None
    net = str(network)
    return network, entry if entry.net == net else structs.replace(entry, net=net)


def _ends(expires: float | None) -> float:
    return math.inf if expires is None else expires


def _grouped(live: Sequence[tuple[Network, BlockEntry]]) -> dict[tuple[Network, str], list[BlockEntry]]:
    groups: dict[tuple[Network, str], list[BlockEntry]] = {}
    for network, entry in live:
        groups.setdefault((network, entry.condition), []).append(entry)
    return groups


def _merged(network: Network, condition: str, same: Sequence[BlockEntry]) -> Row:
    """One row for entries of one network and condition; the entry that lasts longest gives the reason."""
    by_end = sorted(same, key=lambda entry: -_ends(entry.expires))
    ids = tuple(entry.id for entry in by_end)
    return Row(network, by_end[0].expires, ids, by_end[0].reason, parse_condition(condition))


def _needed(rows: Sequence[Row]) -> list[Row]:
    """The rows without those that a row of another condition covers for at least as long."""
    known: dict[Condition, dict[Network, float]] = {}
    for row in rows:
        known.setdefault(row.condition, {})[row.network] = _ends(row.expires)
    return [row for row in rows if not (row.condition and _is_covered(row, known))]


def _is_covered(row: Row, known: Mapping[Condition, Mapping[Network, float]]) -> bool:
    wider = [row.network, *(row.network.supernet(new_prefix=bits) for bits in range(row.network.prefixlen))]
    return any(
        ends.get(network, -math.inf) >= _ends(row.expires)
        for condition, ends in known.items()
        if condition != row.condition and condition.covers(row.condition)
        for network in wider
    )


def _laid_out(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows of one family, sorted by address and wide before narrow, without their overlaps."""
    at = 0
    while at < len(rows):
        wide = rows[at]
        after = at + 1
        last = int(wide.network.broadcast_address)
        while after < len(rows) and int(rows[after].network.network_address) <= last:
            after += 1
        inside = [row for row in rows[at + 1 : after] if _ends(row.expires) > _ends(wide.expires)]
        if inside:
            yield from (replace(wide, network=network) for network in without(wide.network, _outermost(inside)))
            yield from _laid_out(inside)
        else:
            yield wide
        at = after


def _outermost(rows: Sequence[Row]) -> list[Network]:
    found: list[Network] = []
    for row in rows:
        if not found or int(row.network.network_address) > int(found[-1].broadcast_address):
            found.append(row.network)
    return found
