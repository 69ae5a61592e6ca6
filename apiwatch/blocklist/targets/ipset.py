"""ipset (ipset(8)) with iptables: one set per family, filled beside the old one and swapped in.

`ipset restore` is not atomic over its lines, a swap is. The parameters of a set are the same in every export: `-exist`
accepts an existing set only if they are equal.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.ipset import LONGEST_S, IpsetApplier
from apiwatch.blocklist.comments import comment, heading
from apiwatch.blocklist.networks import bare, canonical, collapsed, parse_network
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.running import find, first_able, isolated, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected
from apiwatch.errors import GuardError

__all__ = ["Ipset"]

_LARGEST = 262_144
_COMMENT = 200
"""ipset takes 255 bytes."""

_FAMILIES = {4: "inet", 6: "inet6"}
_HALVES = {4: ("0.0.0.0/1", "128.0.0.0/1"), 6: ("::/1", "8000::/1")}
"""hash:net takes no /0."""

_SET = r"apiwatch_(?:allow|block)[46]"
_FRAME = re.compile(
    rf"# apiwatch rev .*|create {_SET}(?:_new)? hash:net .*|flush {_SET}_new|swap {_SET} {_SET}_new|destroy {_SET}_new"
)
_ADD = re.compile(r'add apiwatch_(allow|block)[46]_new (\S+)(?: timeout [0-9]+)?(?: comment "[^"]{1,200}")?')
_PROBE = "create apiwatch_probe hash:net family inet timeout 60 comment counters\n"


class Ipset(Target):
    """A file for `ipset restore`; the rule that uses the sets stands in the commands."""

    name = "ipset"
    title = "ipset restore file, for iptables"
    suffix = "ipset"
    caps = Caps(ttl=True, comment=_COMMENT, max_entries=_LARGEST, layer="packet")
    applier = IpsetApplier

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        lines = [f"# {heading(plan)}"]
        allowed = [parse_network(text) for text in allow]
        for version in (4, 6):
            rows = plan.family(version)
            if len(rows) > _LARGEST:
                raise GuardError(f"{len(rows)} networks do not fit into an ipset of {_LARGEST}; export for nftables")
            own = collapsed(allowed, version)
            nets = [
                text for network in own for text in (_HALVES[version] if not network.prefixlen else [bare(network)])
            ]
            lines += _swapped(f"apiwatch_allow{version}", version, nets)
            lines += _swapped(f"apiwatch_block{version}", version, [_element(plan, row) for row in rows])
        return "\n".join([*lines, ""])

    def _parsed(self, text: str) -> Sequence[str]:
        found: list[str] = []
        for line in text.splitlines():
            if added := _ADD.fullmatch(line):
                network = canonical(added[2])
                if added[1] == "block":
                    found.append(network)
            elif not _FRAME.fullmatch(line):
                raise unexpected(line)
        return found

    def _validated(self, content: bytes) -> CheckResult:
        """Load it for real, in a namespace that ends with the command: ipset has no check mode."""
        ipset = find("ipset")
        if ipset is None:
            return CheckResult(False, False, "ipset", "ipset is not installed here")
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            directory = Path(name)
            (directory / "probe.ipset").write_text(_PROBE)
            (directory / "apiwatch.ipset").write_bytes(content)
            ways = isolated([ipset, "-exist", "restore", "-f"])
            command, reason = first_able(ways, "probe.ipset", directory)
            if command is None:
                return CheckResult(False, False, "ipset", f"ipset cannot check here: {reason}")
            outcome = run([*command, "apiwatch.ipset"], directory)
        return CheckResult(outcome.code is not None, outcome.ok, "ipset", outcome.output)

    def commands(self, paths: Sequence[str]) -> Commands:
        """The sets first, then a chain of our own in the raw table of both families."""
        apply = [f"ipset -exist restore -f {quoted_path(paths)}"]
        verify: list[str] = []
        undo: list[str] = []
        for version, program in ((4, "iptables"), (6, "ip6tables")):
            call = f"{program} -w 5 -t raw"
            rules = (
                rf"*raw\n:APIWATCH - [0:0]\n-A APIWATCH -m set --match-set apiwatch_allow{version} src -j RETURN\n"
                rf"-A APIWATCH -m set --match-set apiwatch_block{version} src -j DROP\nCOMMIT\n"
            )
            apply.append(f"printf '{rules}' | {program}-restore -w 5 --noflush")
            apply.append(f"{call} -C PREROUTING -j APIWATCH || {call} -I PREROUTING 1 -j APIWATCH")
            verify += [f"ipset list apiwatch_block{version}", f"{call} -nvL APIWATCH"]
            undo.append(
                f"if {call} -nL APIWATCH >/dev/null 2>&1; then {call} -D PREROUTING -j APIWATCH; "
                f"{call} -F APIWATCH && {call} -X APIWATCH; fi"
            )
            undo += [_destroy(f"apiwatch_{kind}{version}") for kind in ("block", "allow")]
        return Commands(tuple(apply), tuple(verify), tuple(undo))


def _destroy(name: str) -> str:
    return f"if ipset list -n {name} >/dev/null 2>&1; then ipset destroy {name}; fi"


def _swapped(name: str, version: int, elements: Sequence[str]) -> Iterator[str]:
    shape = f"hash:net family {_FAMILIES[version]} timeout 3600 comment counters maxelem {_LARGEST}"
    permanent = name.startswith("apiwatch_allow")
    yield f"create {name} {shape}"
    yield f"create {name}_new {shape}"
    yield f"flush {name}_new"
    for element in elements:
        yield f"add {name}_new {element}{' timeout 0' if permanent else ''}"
    yield f"swap {name} {name}_new"
    yield f"destroy {name}_new"


def _element(plan: Plan, row: Row) -> str:
    remaining = plan.remaining(row)
    timeout = 0 if remaining is None else min(remaining, LONGEST_S)
    text = comment(row, _COMMENT)
    return f"{bare(row.network)} timeout {timeout}" + (f' comment "{text}"' if text else "")
