"""nftables (nft(8)): one table of our own, replaced in one transaction, whose elements time out in the kernel.

The sets have no `auto-merge`: with timeouts it merges neighbours and gives the range one of their timeouts. The plan
has no overlaps, so it is not needed. The chain hangs before connection tracking: open connections stop, too, and
forwarded traffic of containers is seen.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.nftables import NftablesApplier, span
from apiwatch.blocklist.comments import comment, heading
from apiwatch.blocklist.networks import bare, canonical, collapsed, parse_network
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.running import find, first_able, isolated, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected

__all__ = ["Nftables"]

_COMMENT = 120
"""nft takes 128 bytes."""

_REPLACE = ["add table inet apiwatch", "delete table inet apiwatch"]
_CHAIN = [
    "\tchain preraw {",
    "\t\ttype filter hook prerouting priority raw; policy accept;",
    "\t\tip saddr @allow4 accept",
    "\t\tip6 saddr @allow6 accept",
    "\t\tip saddr @block4 counter drop",
    "\t\tip6 saddr @block6 counter drop",
    "\t}",
]
_PROBE = """add table inet apiwatch
delete table inet apiwatch
table inet apiwatch {
\tset block4 {
\t\ttype ipv4_addr
\t\tflags interval, timeout
\t\telements = { 192.0.2.1 timeout 60s }
\t}
}
"""
_TOO_LONG = "netlink: Error: Could not process rule: Message too long"
"""What nft says when one transaction exceeds net.core.wmem_max, which only root may."""

_SET = re.compile(r"\tset (allow|block)([46]) \{")
_ELEMENT = re.compile(r'\t\t\t(\S+)(?: timeout (?:[1-9][0-9]*d)?[0-9]+s)?(?: comment "[^"]{1,120}")?,')
_FIXED = re.compile(
    r'(table inet apiwatch \{|\tcomment "[^"]+"|\t\ttype ipv[46]_addr|\t\tflags interval(, timeout)?'
    r"|\t\tcounter|\t\telements = \{|\t\t\}|\t\}|\})"
)


class Nftables(Target):
    """A script for `nft -f`."""

    name = "nftables"
    title = "nftables script"
    suffix = "nft"
    caps = Caps(ttl=True, comment=_COMMENT, layer="packet")
    applier = NftablesApplier

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        lines = [*_REPLACE, "table inet apiwatch {", f'\tcomment "{heading(plan)}"']
        allowed = [parse_network(text) for text in allow]
        for version in (4, 6):
            own = collapsed(allowed, version)
            lines += _set(f"allow{version}", version, "interval", [f"{bare(network)}," for network in own])
        for version in (4, 6):
            elements = [_element(plan, row) for row in plan.family(version)]
            lines += _set(f"block{version}", version, "interval, timeout", elements, counter=True)
        return "\n".join([*lines, *_CHAIN, "}", ""])

    def _parsed(self, text: str) -> Sequence[str]:
        lines = text.splitlines()
        if lines[:2] != _REPLACE or lines[-len(_CHAIN) - 1 :] != [*_CHAIN, "}"]:
            raise unexpected(lines[0] if lines else "")
        return list(_blocked(lines[2 : -len(_CHAIN) - 1]))

    def _validated(self, content: bytes) -> CheckResult:
        nft = find("nft")
        if nft is None:
            return CheckResult(False, False, "nft", "nft is not installed here")
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            directory = Path(name)
            (directory / "probe.nft").write_text(_PROBE)
            (directory / "apiwatch.nft").write_bytes(content)
            check = [nft, "-c", "-f"]
            command, reason = first_able([*isolated(check), check], "probe.nft", directory)
            if command is None:
                return CheckResult(False, False, "nft", f"nft cannot check here: {reason}")
            outcome = run([*command, "apiwatch.nft"], directory)
        if outcome.output == _TOO_LONG:
            return CheckResult(False, False, "nft", "nft cannot check so long a list here unless it is run by root")
        return CheckResult(outcome.code is not None, outcome.ok, "nft", outcome.output)

    def commands(self, paths: Sequence[str]) -> Commands:
        """One transaction in, one command out."""
        return Commands(
            apply=(f"nft -f {quoted_path(paths)}",),
            verify=("nft list set inet apiwatch block4", "nft list set inet apiwatch block6"),
            undo=("nft add table inet apiwatch", "nft delete table inet apiwatch"),
        )


def _set(name: str, version: int, flags: str, elements: Sequence[str], *, counter: bool = False) -> Iterator[str]:
    yield f"\tset {name} {{"
    yield f"\t\ttype ipv{version}_addr"
    yield f"\t\tflags {flags}"
    if counter:
        yield "\t\tcounter"
    if elements:
        yield "\t\telements = {"
        yield from (f"\t\t\t{element}" for element in elements)
        yield "\t\t}"
    yield "\t}"


def _element(plan: Plan, row: Row) -> str:
    remaining = plan.remaining(row)
    timeout = "" if remaining is None else f" timeout {span(remaining)}"
    text = comment(row, _COMMENT)
    return bare(row.network) + timeout + (f' comment "{text}"' if text else "") + ","


def _blocked(lines: Sequence[str]) -> Iterator[str]:
    kind = ""
    for line in lines:
        if opened := _SET.fullmatch(line):
            kind = opened[1]
        elif element := _ELEMENT.fullmatch(line):
            network: str = canonical(element[1])
            if kind == "block":
                yield network
        elif not _FIXED.fullmatch(line):
            raise unexpected(line)
