"""Blackhole routes (ip-route(8)): answers to a blocked network go nowhere.

Its packets still arrive and cost what they cost; only replies are dropped, which ends TCP but not a flood. Nothing
expires by itself, and there are no exceptions.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.blackhole import PROTO, BlackholeApplier
from apiwatch.blocklist.networks import Network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.running import find, first_able, isolated, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines

__all__ = ["Blackhole"]

_COMMENT = 120


class Blackhole(Lines):
    """A file for `ip -batch`; it adds, and the commands flush before."""

    name = "blackhole"
    title = "blackhole routes, for ip -batch"
    suffix = "routes"
    caps = Caps(comment=_COMMENT, layer="packet")
    applier = BlackholeApplier
    row = re.compile(rf"route replace blackhole {NET} proto {PROTO}(?: # .*)?")
    fixed = re.compile(r"(?!)")

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        for row in plan.rows:
            yield f"route replace blackhole {row.net} proto {PROTO}{self._comment(row, ' # ')}"

    def _validated(self, content: bytes) -> CheckResult:
        """Load it for real, in a namespace that ends with the command."""
        ip = find("ip")
        if ip is None:
            return CheckResult(False, False, "ip", "ip (iproute2) is not installed here")
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            directory = Path(name)
            (directory / "probe.routes").write_text(f"route replace blackhole 192.0.2.1/32 proto {PROTO}\n")
            (directory / "apiwatch.routes").write_bytes(content)
            command, reason = first_able(isolated([ip, "-batch"]), "probe.routes", directory)
            if command is None:
                return CheckResult(False, False, "ip", f"ip cannot check here: {reason}")
            outcome = run([*command, "apiwatch.routes"], directory)
        return CheckResult(outcome.code is not None, outcome.ok, "ip", outcome.output)

    def commands(self, paths: Sequence[str]) -> Commands:
        """Old routes go first: for a moment nothing is blocked."""
        flush = (f"ip route flush proto {PROTO}", f"ip -6 route flush proto {PROTO}")
        return Commands(
            apply=(*flush, f"ip -batch {quoted_path(paths)}"),
            verify=(f"ip route show proto {PROTO}", f"ip -6 route show proto {PROTO}"),
            undo=flush,
        )
