"""What the block queue (S6) and the allow-list (S8) hold already of a network that is to be blocked."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from apiwatch.blocklist.guard import Finding
from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.errors import GuardError
from apiwatch.model.condition import ALWAYS, Condition, parse_condition
from apiwatch.store.views import AllowEntry, BlockEntry
from apiwatch.text import one_line
from apiwatch.times import stamp

__all__ = ["Queued", "allowed_too", "already_blocked", "queue_of", "touching"]

_NAMED = 3


class Queued(NamedTuple):
    """An entry that is queued, with what its texts say, which is costly to read."""

    entry: BlockEntry
    network: Network
    condition: Condition


def queue_of(entries: Iterable[BlockEntry]) -> list[Queued]:
    """What is queued of all entries; texts that are no network are left out."""
    found: list[Queued] = []
    for entry in entries:
        if entry.state == "queued":
            with suppress(GuardError):
                found.append(Queued(entry, parse_network(entry.net), parse_condition(entry.condition)))
    return found


def touching(addresses: Iterable[str], queue: Sequence[Queued]) -> list[str]:
    """Keys of entries that overlap any of the addresses or networks; texts that are none are left out."""
    wanted: list[Network] = []
    for address in addresses:
        with suppress(GuardError):
            wanted.append(parse_network(address))
    return [known.entry.key for known in queue if any(known.network.overlaps(each) for each in wanted)]


def already_blocked(net: str, queue: Sequence[Queued], condition: Condition = ALWAYS) -> list[Finding]:
    """S6: the entry that covers the requests of a network, and those that lie within it. GuardError for no network."""
    wanted = parse_network(net)
    near = [known for known in queue if known.network.overlaps(wanted)]
    around = [
        known for known in near if known.network.prefixlen <= wanted.prefixlen and known.condition.covers(condition)
    ]
    same = [known for known in around if (known.network, known.condition) == (wanted, condition)]
    inside = [
        known.entry.key
        for known in near
        if known.network.prefixlen >= wanted.prefixlen and condition.covers(known.condition) and known not in same
    ]
    texts: list[str] = []
    for known in (same or around)[:1]:
        which = "" if known in same else f" as part of {known.entry.key}"
        effect = "adding it renews that" if known in same else "only what lasts longer is new"
        texts.append(f"is queued already{which} {_about(known.entry)}: {effect}")
    if inside:
        more = f" and {len(inside) - _NAMED} more" if len(inside) > _NAMED else ""
        stay = "which stays" if len(inside) == 1 else "which stay"
        texts.append(f"has queued within it {', '.join(inside[:_NAMED])}{more}, {stay} queued")
    return [_warning("S6", wanted, text) for text in texts]


def allowed_too(net: str, allowed: Iterable[AllowEntry]) -> list[Finding]:
    """S8, when a live entry of the allow-list overlaps a network: the first. GuardError for no network."""
    wanted = parse_network(net)
    for entry in allowed:
        kind, _, value = entry.target.partition(":")
        if kind == "network" and entry.state == "live" and parse_network(value).overlaps(wanted):
            who = f"{one_line(entry.actor, 40)}: {one_line(entry.reason, 60)}"
            text = f"is on the allow-list ({value}, {who}), which ends alerts and no block: keep one of the two"
            return [_warning("S8", wanted, text)]
    return []


def _about(entry: BlockEntry) -> str:
    end = stamp(entry.expires) if entry.expires is not None else "it is withdrawn"
    where = ", ".join(entry.live_in) or "no firewall yet, as far as is known"
    return f"(entry {one_line(entry.id, 40)}) by {one_line(entry.actor, 40)} until {end}, in force in {where}"


def _warning(code: str, net: Network, text: str) -> Finding:
    return Finding(code, str(net), text, hard=False, overridable=False)
