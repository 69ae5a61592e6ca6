"""Juniper Junos: prefix lists as `set` commands; a commit changes them at once.

Each list also holds an address that is never a source, for a filter term whose lists are empty matches every packet.
"""

import re
from collections.abc import Iterator, Sequence

from apiwatch.blocklist.networks import Network, collapsed
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines

__all__ = ["Junos"]

_NOBODY = {4: "0.0.0.0/32", 6: "::/128"}
_SET = "policy-options prefix-list"


class Junos(Lines):
    """Lists apiwatch4, apiwatch6, and apiwatch-allow4, apiwatch-allow6 for a filter to except."""

    name = "junos"
    title = "Junos prefix lists"
    suffix = "set"
    caps = Caps(layer="packet")
    row = re.compile(rf"set {_SET} apiwatch[46] (?!0\.0\.0\.0/32|::/128){NET}")
    fixed = re.compile(
        rf"set {_SET} apiwatch[46] (?:0\.0\.0\.0/32|::/128)|delete {_SET} apiwatch(?:-allow)?[46]"
        rf"|set {_SET} apiwatch-allow[46] \S+"
    )

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        for version, nobody in _NOBODY.items():
            lists = {
                f"apiwatch-allow{version}": [str(network) for network in collapsed(allowed, version)],
                f"apiwatch{version}": [row.net for row in plan.family(version)],
            }
            for name, nets in lists.items():
                yield f"delete {_SET} {name}"
                yield from (f"set {_SET} {name} {net}" for net in (nobody, *nets))

    def commands(self, paths: Sequence[str]) -> Commands:
        """Typed at the router; the commit takes itself back unless it is confirmed."""
        once = "# once: set firewall family"
        filters = [
            f"{once} {family} filter apiwatch term block from source-prefix-list {name}"
            for family, version in (("inet", 4), ("inet6", 6))
            for name in (f"apiwatch{version}", f"apiwatch-allow{version} except")
        ]
        return Commands(
            apply=(
                *filters,
                f"{once} inet filter apiwatch term block then discard (inet6 likewise), term rest then accept",
                f"# copy {quoted_path(paths)} to the router, then: load set apiwatch-junos.set",
                "# commit confirmed 5, and within five minutes: commit",
            ),
            verify=("# show configuration policy-options | match apiwatch | count",),
            undo=(
                f"# delete {_SET} apiwatch4; set {_SET} apiwatch4 0.0.0.0/32; apiwatch6 likewise with ::/128; commit",
            ),
        )
