"""What a target holds, told in entries of the block queue."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.networks import order, parse_network
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.store.views import Application

__all__ = ["in_force"]


def in_force(
    plan: Plan, held: Mapping[str, Held], target: str, host: str, at: float, before: Mapping[str, float]
) -> list[Application]:
    """One application for each entry of the plan whose networks are all held, by entry.

    `before` says since when entries are applied there. An entry that lies inside a wider one is in force with it.
    """
    own: defaultdict[str, list[Row]] = defaultdict(list)
    for row in plan.rows:
        for name in row.ids:
            own[name].append(row)
    keys = [order(row.network)[:2] for row in plan.rows]
    found: list[Application] = []
    for entry in plan.entries:
        rows = own.get(entry.id) or list(_around(plan.rows, keys, entry.net))
        holding = [held[row.net] for row in rows if row.net in held]
        if not rows or len(holding) < len(rows):
            continue
        ends = [at + each.left for each in holding if each.left is not None]
        counts = [each.dropped for each in holding if each.dropped is not None]
        found.append(
            Application(
                entry.id,
                target,
                host,
                plan.revision,
                before.get(entry.id, at),
                at,
                min(ends) if ends else entry.expires,
                sum(counts) if counts else None,
            )
        )
    return found


def _around(rows: Sequence[Row], keys: Sequence[tuple[int, int]], net: str) -> Iterator[Row]:
    """The row that a network lies in."""
    network = parse_network(net)
    at = bisect_right(keys, order(network)[:2]) - 1
    if at >= 0 and rows[at].network.version == network.version:
        row = rows[at]
        if int(row.network.broadcast_address) >= int(network.broadcast_address):
            yield row
