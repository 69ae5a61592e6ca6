"""What a target holds, told in entries of the block queue."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.guard import is_everybody
from apiwatch.blocklist.networks import order, parse_network
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.model.condition import ALWAYS, Condition, parse_condition
from apiwatch.store.views import Application, BlockEntry

__all__ = ["in_force"]


def in_force(
    plan: Plan, held: Mapping[str, Held], target: str, host: str, at: float, before: Mapping[str, float]
) -> list[Application]:
    """One application for each entry of the plan whose networks are all held, by entry.

    `before` says since when entries are applied there. An entry that lies inside a wider one is in force with it. One
    of everybody is in force when most addresses of its family are held: which were spared is not known any more.
    """
    own: defaultdict[str, list[Row]] = defaultdict(list)
    for row in plan.rows:
        for name in row.ids:
            own[name].append(row)
    groups = [_Group(condition, plan.under(condition)) for condition in (ALWAYS, *plan.conditions())]
    found: list[Application] = []
    for entry in plan.entries:
        if is_everybody(parse_network(entry.net), parse_condition(entry.condition)):
            holding = _held_of_everybody(entry, held)
            if not holding:
                continue
        else:
            rows = own.get(entry.id) or [row for group in groups for row in group.around(entry)][:1]
            holding = [held[row.key] for row in rows if row.key in held]
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


def _held_of_everybody(entry: BlockEntry, held: Mapping[str, Held]) -> list[Held]:
    """What is held under the condition of an entry of everybody, if that is most of its family; else nothing."""
    everybody = parse_network(entry.net)
    found = [each for key, each in held.items() if key.partition(" ")[2] == entry.condition]
    networks = [parse_network(each.net.partition(" ")[0]) for each in found]
    own = [at for at, network in enumerate(networks) if network.version == everybody.version]
    covered = sum(networks[at].num_addresses for at in own)
    return [found[at] for at in own] if 2 * covered > everybody.num_addresses else []


class _Group:
    """The rows of one condition, by network."""

    def __init__(self, condition: Condition, rows: Sequence[Row]) -> None:
        self._condition = condition
        self._rows = rows
        self._keys = [order(row.network)[:2] for row in rows]

    def around(self, entry: BlockEntry) -> Iterator[Row]:
        """The row that covers an entry as a whole, and for as long."""
        if not self._condition.covers(parse_condition(entry.condition)):
            return
        network = parse_network(entry.net)
        at = bisect_right(self._keys, order(network)[:2]) - 1
        if at >= 0 and self._rows[at].network.version == network.version:
            row = self._rows[at]
            lasts = row.expires is None or (entry.expires is not None and row.expires >= entry.expires)
            if lasts and int(row.network.broadcast_address) >= int(network.broadcast_address):
                yield row
