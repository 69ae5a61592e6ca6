"""MikroTik RouterOS: a script for `/import` that fills address lists, whose entries time out by themselves.

Import runs line by line, so the list is empty for a moment and stays short if a line fails.
"""

import re
from collections.abc import Iterator, Sequence

from apiwatch.blocklist.networks import Network, collapsed
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines, quoted

__all__ = ["MikroTik"]

_COMMENT = 120
_LISTS = {4: "/ip firewall address-list", 6: "/ipv6 firewall address-list"}
_ADD = r"/ip(?:v6)? firewall address-list add list="


class MikroTik(Lines):
    """Lists `apiwatch` and `apiwatch-allow` of both families."""

    name = "mikrotik"
    title = "MikroTik address lists"
    suffix = "rsc"
    caps = Caps(ttl=True, comment=_COMMENT, layer="packet")
    row = re.compile(rf"{_ADD}apiwatch address={NET}(?: timeout=[0-9]+s)?(?: comment={quoted(_COMMENT)})?")
    fixed = re.compile(
        rf"{_ADD}apiwatch-allow address=\S+|/ip(?:v6)? firewall address-list remove \[find list=apiwatch(?:-allow)?\]"
    )

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        for version, menu in _LISTS.items():
            yield from (f"{menu} remove [find list={name}]" for name in ("apiwatch-allow", "apiwatch"))
            yield from (f"{menu} add list=apiwatch-allow address={net}" for net in collapsed(allowed, version))
            for row in plan.family(version):
                remaining = plan.remaining(row)
                timeout = "" if remaining is None else f" timeout={remaining}s"
                text = self._comment(row, ' comment="', '"')
                yield f"{menu} add list=apiwatch address={row.net}{timeout}{text}"

    def commands(self, paths: Sequence[str]) -> Commands:
        """Typed at the router; the rules stand in the raw table, before connection tracking."""
        rules = [
            f"# once: {menu} firewall raw add chain=prerouting action={action} src-address-list={name} comment=apiwatch"
            for menu in ("/ip", "/ipv6")
            for action, name in (("accept", "apiwatch-allow"), ("drop", "apiwatch"))
        ]
        return Commands(
            apply=(*rules, f"# copy {quoted_path(paths)} to the router, then: /import file-name=apiwatch-mikrotik.rsc"),
            verify=tuple(f"# {menu} print count-only where list=apiwatch" for menu in _LISTS.values()),
            undo=tuple(f"# {menu} remove [find list=apiwatch]" for menu in _LISTS.values()),
        )
