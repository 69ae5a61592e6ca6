"""ufw (ufw(8)): a deny rule per network in front of the others; the comment says that it is ours.

An allow rule of ufw would open every port, so there are no exceptions. ufw accepts packets of connections that are
open before it comes to these rules, and sees nothing of the ports that Docker publishes.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.ufw import COMMENT, UfwApplier
from apiwatch.blocklist.networks import Network, bare
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.running import find, isolated, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines

__all__ = ["Ufw"]


class Ufw(Lines):
    """Arguments of ufw, one rule a line, for `xargs -L 1 ufw prepend`."""

    name = "ufw"
    title = "ufw rules, one a line"
    suffix = "ufw"
    caps = Caps(comment=COMMENT, max_entries=500, layer="packet")
    applier = UfwApplier
    row = re.compile(rf"deny from {NET} comment 'apiwatch(?: [^']{{1,{COMMENT}}})?'")
    fixed = re.compile(r"(?!)")

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        for row in plan.rows:
            yield f"deny from {bare(row.network)} comment 'apiwatch{self._comment(row, ' ')}'"

    def _validated(self, content: bytes) -> CheckResult:
        """`ufw --dry-run` takes one rule at a time and loads nothing: the first rule of each family is tried."""
        ufw = find("ufw")
        if ufw is None:
            return CheckResult(False, False, "ufw", "ufw is not installed here")
        rules = [rule for rule in map(self.row.fullmatch, content.decode().splitlines()) if rule]
        tried = [next((rule for rule in rules if (":" in rule["net"]) == v6), None) for v6 in (False, True)]
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            for rule in filter(None, tried):
                said = rule[0].partition(" comment ")[2].strip("'")
                words = ["--dry-run", "prepend", "deny", "from", rule["net"], "comment", said]
                outcome = run([*isolated([ufw])[0], *words] if isolated([ufw]) else [ufw, *words], Path(name))
                if not outcome.ok:
                    able = outcome.code is not None and "root" not in outcome.output
                    return CheckResult(able, False, "ufw", outcome.output)
        return CheckResult(True, True, "ufw", "ufw takes the first rule of each family")

    def commands(self, paths: Sequence[str]) -> Commands:
        """ufw reloads with each rule."""
        path = quoted_path(paths)
        return Commands(
            apply=(f"grep -v '^#' {path} | xargs -r -L 1 ufw prepend",),
            verify=('ufw show added | grep "comment \'apiwatch"',),
            undo=(
                'ufw show added | sed -n "s/^ufw \\(deny from [0-9a-fA-F:./]*\\) comment \'apiwatch.*/\\1/p" '
                "| xargs -r -L 1 ufw delete",
            ),
        )
