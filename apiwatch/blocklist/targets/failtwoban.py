"""fail2ban (fail2ban-client(1)): bans in a jail named apiwatch, for single addresses.

A network would be listed as banned while its action fails, so there are none here. A jail has one ban time for all its
bans, old and new. `docs/blocking.md` shows how to make one.
"""

import re
from collections.abc import Iterator, Sequence

from apiwatch.blocklist.appliers.failtwoban import JAIL, Fail2banApplier
from apiwatch.blocklist.networks import Network, bare
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines

__all__ = ["Fail2ban"]


class Fail2ban(Lines):
    """Commands of fail2ban-client: the ban time of what lasts longest, then a ban a line."""

    name = "fail2ban"
    title = "fail2ban bans, single addresses"
    suffix = "fail2ban"
    caps = Caps(cidr=False, max_entries=5000, layer="packet")
    applier = Fail2banApplier
    row = re.compile(rf"set {JAIL} banip {NET}")
    fixed = re.compile(rf"set {JAIL} bantime -?[0-9]+")

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        if plan.rows:
            lifetimes = [plan.remaining(row) for row in plan.rows]
            longest = -1 if None in lifetimes else max(filter(None, lifetimes))
            yield f"set {JAIL} bantime {longest}"
        for row in plan.rows:
            yield f"set {JAIL} banip {bare(row.network)}"

    def commands(self, paths: Sequence[str]) -> Commands:
        """A jail has one ban time for all: what ends earlier has to be lifted."""
        return Commands(
            apply=(f"grep -v '^#' {quoted_path(paths)} | xargs -r -L 1 fail2ban-client",),
            verify=(
                f"fail2ban-client get {JAIL} banip --with-time",
                f"nft list set inet f2b-table addr-set-{JAIL}",
            ),
            undo=(f"fail2ban-client get {JAIL} banip | xargs -r fail2ban-client set {JAIL} unbanip",),
        )
