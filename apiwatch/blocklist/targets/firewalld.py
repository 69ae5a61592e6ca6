"""firewalld (firewall-cmd(1)): rich rules with a timeout, at run time.

They hold in one zone, until they time out or firewalld is reloaded. Packets of open connections are accepted before
firewalld comes to them. There are no exceptions: a rule that accepts would open every port.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.firewalld import FirewalldApplier, rich_rule
from apiwatch.blocklist.networks import Network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.running import find, isolated, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines

__all__ = ["Firewalld"]

_AT_ONCE = 200


class Firewalld(Lines):
    """Arguments of firewall-cmd, one rule a line, for `xargs -L 1`."""

    name = "firewalld"
    title = "firewalld rich rules with timeouts"
    suffix = "firewalld"
    caps = Caps(max_entries=2000, layer="packet")
    applier = FirewalldApplier
    row = re.compile(
        rf"""(?:--timeout=[0-9]+ )?'--add-rich-rule=(rule priority="-32000" family="ipv[46]" """
        rf"""source address="{NET}" drop)'"""
    )
    fixed = re.compile(r"(?!)")

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        for row in plan.rows:
            remaining = plan.remaining(row)
            timeout = "" if remaining is None else f"--timeout={remaining} "
            yield f"{timeout}'--add-rich-rule={rich_rule(row.net)}'"

    def _validated(self, content: bytes) -> CheckResult:
        """`firewall-offline-cmd` adds the rules to an empty configuration of its own."""
        offline = find("firewall-offline-cmd")
        if offline is None:
            return CheckResult(False, False, "firewall-offline-cmd", "firewalld is not installed here")
        rules = [f"--add-rich-rule={row[1]}" for row in map(self.row.fullmatch, content.decode().splitlines()) if row]
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            (Path(name) / "firewalld.conf").write_text("DefaultZone=public\n")
            words = [offline, f"--system-config={name}"]
            command = (isolated(words) or [words])[-1]
            for at in range(0, len(rules), _AT_ONCE):
                outcome = run([*command, *rules[at : at + _AT_ONCE]], Path(name))
                if not outcome.ok:
                    able = outcome.code is not None and "INVALID" in outcome.output
                    return CheckResult(able, False, "firewall-offline-cmd", outcome.output)
        return CheckResult(True, True, "firewall-offline-cmd", "")

    def commands(self, paths: Sequence[str]) -> Commands:
        """A rule that is there already keeps its older timeout."""
        return Commands(
            apply=(f"grep -v '^#' {quoted_path(paths)} | xargs -r -L 1 firewall-cmd",),
            verify=("firewall-cmd --list-rich-rules | grep 'priority=\"-3'",),
            undo=(
                "firewall-cmd --list-rich-rules | grep -E '^rule priority=\"-(32000|31999)\"' "
                "| sed \"s/.*/'--remove-rich-rule=&'/\" | xargs -r -L 1 firewall-cmd",
            ),
        )
