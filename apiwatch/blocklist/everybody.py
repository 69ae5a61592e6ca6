"""Blocks of everybody who sends certain requests: a condition without a network.

Such an entry is one of `0.0.0.0/0` or `::/0` under a condition that names a path or a user agent. Its rows leave out
what no typing overrides (this machine, its operators, proxies, `block.allow`) and private networks, where monitors and
health checks live: these may send the same user agent.
"""

from collections.abc import Iterator
from dataclasses import replace

from apiwatch.blocklist.guard import Guard, is_everybody
from apiwatch.blocklist.networks import Network, collapsed, order, parse_network, without
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.special import SIX_TO_FOUR
from apiwatch.model.condition import parse_condition

__all__ = ["EVERYBODY", "spare"]

EVERYBODY = ("0.0.0.0/0", "::/0")
"""The networks of which a block of everybody is made."""


def spare(plan: Plan, guard: Guard) -> Plan:
    """The plan, with rows of everybody's entries that touch no protected network; twice is as good as once."""
    wide = {
        entry.id for entry in plan.entries if is_everybody(parse_network(entry.net), parse_condition(entry.condition))
    }
    if not wide:
        return plan
    spared = {version: collapsed(_spared(guard), version) for version in (4, 6)}
    rows: list[Row] = []
    for row in plan.rows:
        if wide.isdisjoint(row.ids):
            rows.append(row)
        else:
            rows += (replace(row, network=piece) for piece in _pieces(row.network, spared[row.network.version]))
    rows.sort(key=lambda row: (order(row.network), str(row.condition)))
    return replace(plan, rows=tuple(rows))


def _spared(guard: Guard) -> Iterator[Network]:
    yield SIX_TO_FOUR  # in it lies every IPv4 network that is protected
    yield from (rule.network for rule in guard.rules if not rule.overridable or rule.code == "H3")


def _pieces(network: Network, spared: list[Network]) -> Iterator[Network]:
    first, last = int(network.network_address), int(network.broadcast_address)
    touched = [net for net in spared if first <= int(net.broadcast_address) and int(net.network_address) <= last]
    if not any(int(net.network_address) <= first and last <= int(net.broadcast_address) for net in touched):
        yield from without(network, touched)
