"""Plain iptables (iptables-restore(8)): a chain of our own with a rule per network, in one file for both families.

Each of iptables-restore and ip6tables-restore skips the lines that are marked for the other one. Rules are tried one
after the other, so a long list costs every packet; ipset and nftables do not have this.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.iptables import CHAIN, IptablesApplier
from apiwatch.blocklist.networks import Network, collapsed
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.running import find, first_able, isolated, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines, quoted

__all__ = ["Iptables"]

_COMMENT = 200
"""The comment match takes 255 bytes."""
_DECLARED = ("*raw", f":{CHAIN} - [0:0]")
_PROBE = "*raw\n:APIWATCH-PROBE - [0:0]\nCOMMIT\n"


class Iptables(Lines):
    """A file for iptables-restore and ip6tables-restore, both with --noflush."""

    name = "iptables"
    title = "iptables-restore file, one rule a network"
    suffix = "rules"
    caps = Caps(comment=_COMMENT, max_entries=20_000, layer="packet")
    applier = IptablesApplier
    row = re.compile(rf"-[46] -A {CHAIN} -s {NET}(?: -m comment --comment {quoted(_COMMENT)})? -j DROP")
    fixed = re.compile(rf"\*raw|:{CHAIN} - \[0:0\]|-[46] -A {CHAIN} -s \S+ -j RETURN|COMMIT")

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        yield from _DECLARED
        for version in (4, 6):
            yield from (f"-{version} -A {CHAIN} -s {net} -j RETURN" for net in collapsed(allowed, version))
            for row in plan.family(version):
                text = self._comment(row, ' -m comment --comment "', '"')
                yield f"-{version} -A {CHAIN} -s {row.net}{text} -j DROP"
        yield "COMMIT"

    def _validated(self, content: bytes) -> CheckResult:
        """Load it for real, in a namespace that ends with the command: `--test` takes unknown jumps."""
        outcome = None
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            directory = Path(name)
            (directory / "probe.rules").write_text(_PROBE)
            (directory / "apiwatch.rules").write_bytes(content)
            for program in ("iptables-restore", "ip6tables-restore"):
                restore = find(program)
                if restore is None:
                    return CheckResult(False, False, "iptables-restore", f"{program} is not installed here")
                command, reason = first_able(isolated([restore, "--noflush"]), "probe.rules", directory)
                if command is None:
                    return CheckResult(False, False, "iptables-restore", f"iptables cannot check here: {reason}")
                outcome = run([*command, "apiwatch.rules"], directory)
                if not outcome.ok:
                    return CheckResult(outcome.code is not None, False, "iptables-restore", outcome.output)
        return CheckResult(True, True, "iptables-restore", outcome.output if outcome else "")

    def commands(self, paths: Sequence[str]) -> Commands:
        """Both families, then the jump to the chain, once."""
        apply: list[str] = []
        verify: list[str] = []
        undo: list[str] = []
        for program in ("iptables", "ip6tables"):
            call = f"{program} -w 5 -t raw"
            apply.append(f"{program}-restore -w 5 --noflush < {quoted_path(paths)}")
            apply.append(f"{call} -C PREROUTING -j {CHAIN} 2>/dev/null || {call} -I PREROUTING 1 -j {CHAIN}")
            verify.append(f"{call} -nvL {CHAIN}")
            undo.append(
                f"if {call} -nL {CHAIN} >/dev/null 2>&1; then {call} -D PREROUTING -j {CHAIN}; "
                f"{call} -F {CHAIN} && {call} -X {CHAIN}; fi"
            )
        return Commands(tuple(apply), tuple(verify), tuple(undo))
