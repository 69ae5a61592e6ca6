"""pf of OpenBSD and FreeBSD (pfctl(8)): a table file. Negated entries are exceptions; the longest prefix wins."""

import re
from collections.abc import Iterator, Sequence

from apiwatch.blocklist.networks import Network, bare, collapsed
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines

__all__ = ["Pf"]


class Pf(Lines):
    """Addresses for `pfctl -T replace`, which compares and changes the table at once; both families in one."""

    name = "pf"
    title = "pf table file"
    suffix = "pf"
    caps = Caps(comment=120, layer="packet")
    row = re.compile(rf"{NET}(?: # .*)?")
    fixed = re.compile(r"![0-9A-Fa-f:./]+ # allowed")

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        for version in (4, 6):
            yield from (f"!{bare(network)} # allowed" for network in collapsed(allowed, version))
        for row in plan.rows:
            yield f"{bare(row.network)}{self._comment(row, ' # ')}"

    def commands(self, paths: Sequence[str]) -> Commands:
        """The table and the rule stand in pf.conf once; open connections are ended with `pfctl -k`."""
        return Commands(
            apply=(
                "# once, in pf.conf: table <apiwatch> persist counters",
                "# once, in pf.conf, before the rules that pass: block drop in quick from <apiwatch>",
                f"pfctl -t apiwatch -T replace -f {quoted_path(paths)}",
                "# pfctl -k ADDRESS ends the connections that are open",
            ),
            verify=("pfctl -t apiwatch -T show -v",),
            undo=("pfctl -t apiwatch -T flush",),
        )
