"""A plan against what a target holds: what an apply would change, and whether it did."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.store.views import BlockEntry

__all__ = ["Difference", "compare", "unexplained", "wrong"]

_FEW = 10
"""Networks that may go at once although nobody has ended them."""

_SHOWN = 3

_TOLERANCE_S = 10.0
"""Between the moment of a list and its reading: rounding, loading, a busy machine."""

_LONGEST_S = 24 * 86_400.0
"""Every target that expires entries takes timeouts of so long; ipset's longest is 24.8 days."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Keys (`planning.Row.key`): networks, with their conditions; each sorted as text."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    renewed: tuple[str, ...]
    """Held, but for another time."""
    foreign: tuple[str, ...]
    """Removed, and never queued here: somebody wrote them by hand."""

    @property
    def empty(self) -> bool:
        """The target holds what is planned."""
        return not (self.added or self.removed or self.renewed)


def compare(
    planned: Collection[str], plan: Plan, held: Mapping[str, Held], known: Collection[str], at: float
) -> Difference:
    """What is to be done. `planned` are the target's keys of the plan, `known` all that were ever queued."""
    wanted = frozenset(planned)
    lasting = {row.key: row.expires for row in plan.rows}
    removed = held.keys() - wanted
    foreign = removed - set(known)
    renewed = [
        net for net in wanted & held.keys() if net in lasting and _another_time(lasting[net], held[net].left, at)
    ]
    return Difference(
        tuple(sorted(wanted - held.keys())),
        tuple(sorted(removed)),
        tuple(sorted(renewed)),
        tuple(sorted(_outside(foreign, known))) if foreign else (),
    )


def _outside(keys: Iterable[str], known: Iterable[str]) -> list[str]:
    """Keys that are not a part of a known network under the same condition: a row may be a piece of an entry."""
    networks: defaultdict[tuple[str, int, int], set[int]] = defaultdict(set)
    for key in known:
        network, condition = _split(key)
        networks[condition, network.version, network.prefixlen].add(int(network.network_address))
    found = []
    for key in keys:
        network, condition = _split(key)
        wider = (
            int(network.network_address) >> (network.max_prefixlen - bits) << (network.max_prefixlen - bits) in starts
            for (text, version, bits), starts in networks.items()
            if (text, version) == (condition, network.version) and bits <= network.prefixlen
        )
        if not any(wider):
            found.append(key)
    return found


def _split(key: str) -> tuple[Network, str]:
    net, _, condition = key.partition(" ")
    return parse_network(net), condition


def unexplained(
    name: str, plan: Plan, held: Mapping[str, Held], difference: Difference, entries: Iterable[BlockEntry]
) -> str:
    """Rail H6, as a sentence: much would go that nobody has ended; '' when all is well.

    A queue that is lost, or another one, must not open the gates. `entries` are all that were ever queued for the
    target `name`.
    """
    explained = {entry.key for entry in entries if entry.state != "queued"} | {row.key for row in plan.rows}
    lost = [net for net in difference.removed if net not in explained]
    lost = _outside(lost, explained) if lost else lost
    if lost and (not plan.rows or (len(lost) > _FEW and len(lost) * 2 > len(held))):
        some = ", ".join(lost[:_SHOWN]) + (", ..." if len(lost) > _SHOWN else "")
        return (
            f"{len(lost)} of the {len(held)} networks that {name} holds would be unblocked though nobody has withdrawn "
            f"them here ({some}); is it the right state file (--db)?"
        )
    return ""


def _another_time(expires: float | None, left: float | None, at: float) -> bool:
    """Only a target that expires entries says how long they are left."""
    if left is None:
        return False
    wanted = math.inf if expires is None else expires - at
    return abs(min(wanted, _LONGEST_S) - min(left, _LONGEST_S)) > _TOLERANCE_S


def wrong(
    planned: Collection[str],
    plan: Plan,
    held: Mapping[str, Held],
    at: float,
    *,
    expires: bool,
    trial: bool = False,
) -> str:
    """What a read-back at the moment `at` shows against the plan, as half a sentence; '' when all is well.

    `expires` says whether the target lets go of entries by itself; in a `trial` the times of what is
    new or renewed are short on purpose.
    """
    wanted = frozenset(planned)
    ends = {row.key: row.expires for row in plan.rows}
    for net in sorted(wanted - held.keys()):
        end = ends.get(net)
        if end is None or end - at > _TOLERANCE_S:
            return f"{net} is missing"
    for net in sorted(held.keys() - wanted):
        return f"{net} is there and was not planned"
    if not expires:
        return ""
    for net in sorted(wanted & held.keys() & ends.keys()):
        if text := _wrong_time(ends[net], held[net].left, at, trial=trial):
            return f"{net} {text}"
    return ""


def _wrong_time(expires: float | None, left: float | None, at: float, *, trial: bool) -> str:
    wanted = math.inf if expires is None else expires - at
    found = math.inf if left is None else left
    if found > wanted + _TOLERANCE_S:
        return "would stay longer than planned"
    too_short = found < min(wanted, _LONGEST_S) - _TOLERANCE_S
    return "would end earlier than planned" if too_short and not trial else ""
