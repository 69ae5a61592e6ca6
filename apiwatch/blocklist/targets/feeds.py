"""Feeds in the dialects of firewalls that fetch them: Palo Alto Networks, FortiGate, Check Point.

Serve the file over HTTPS; a box that finds an empty list unblocks everybody, so never replace it by a failed export.
"""

import csv
import io
import ipaddress
from collections.abc import Mapping, Sequence

from apiwatch.blocklist.applying.listfile import ListFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.comments import comment, heading
from apiwatch.blocklist.networks import Network, bare, canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.errors import GuardError

__all__ = ["CheckPoint", "FortiGate", "PaloAlto"]

_COMMENT = 100


class _Feed(Target):
    mode = 0o644

    def applier(self, options: Mapping[str, str], run: Run, /) -> ListFile:
        """Replaces the file that the firewall fetches; option `path`."""
        return ListFile(self.name, self.parse, options)

    def commands(self, paths: Sequence[str]) -> Commands:
        """The firewall fetches the file itself."""
        path = quoted_path(paths)
        return Commands(
            apply=(f"# publish {path} where the firewall fetches it; nothing in it expires by itself",),
            verify=(f"wc -l {path}",),
            undo=(f"# publish an empty list on purpose: apiwatch block export --target {self.name} --withdraw-all",),
        )


class PaloAlto(_Feed):
    """External dynamic list of PAN-OS, type IP: an address or network, a blank, a comment."""

    name = "edl-paloalto"
    title = "Palo Alto external dynamic list"
    suffix = "txt"
    caps = Caps(comment=_COMMENT, max_entries=50_000, layer="feed", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        self._require_room(plan, "withdraw some")
        return "".join(f"{bare(row.network)} #{comment(row, _COMMENT)}\n" for row in plan.rows)

    def _parsed(self, text: str) -> Sequence[str]:
        found: list[str] = []
        for line in text.splitlines():
            net, mark, _ = line.partition(" #")
            if not mark:
                raise unexpected(line)
            found.append(canonical(net))
        return found


class FortiGate(_Feed):
    """External block list of FortiOS: comments only on lines of their own."""

    name = "edl-fortigate"
    title = "FortiGate threat feed"
    suffix = "txt"
    caps = Caps(max_entries=131_072, layer="feed", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        self._require_room(plan, "withdraw some")
        return f"# {heading(plan)}\n" + "".join(f"{bare(row.network)}\n" for row in plan.rows)

    def _parsed(self, text: str) -> Sequence[str]:
        first, _, rest = text.partition("\n")
        if not first.startswith("# apiwatch "):
            raise unexpected(first)
        return [canonical(line) for line in rest.splitlines()]


class CheckPoint(_Feed):
    """Indicator file of Check Point in its CSV format: IPv4 only, and networks as ranges (sk132193)."""

    name = "edl-checkpoint"
    title = "Check Point indicator file"
    suffix = "csv"
    caps = Caps(v6=False, comment=_COMMENT, max_entries=2_000_000, layer="feed", sees="peer")

    _HEAD = ("#! DESCRIPTION = apiwatch", "# UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        self._require_room(plan, "withdraw some")
        if plan.family(6):
            raise GuardError(
                f"indicator files of Check Point take no IPv6, and the list has {len(plan.family(6))} such networks; "
                "give the gateway a feed of another kind, or withdraw them"
            )
        out = io.StringIO()
        out.writelines(f"{line}\n" for line in self._HEAD)
        writer = csv.writer(out, lineterminator="\n")
        for number, row in enumerate(plan.rows, start=1):
            writer.writerow(_indicator(number, row.network, comment(row, _COMMENT).replace(",", " ")))
        return out.getvalue()

    def _parsed(self, text: str) -> Sequence[str]:
        lines = text.splitlines()
        if tuple(lines[:2]) != self._HEAD:
            raise unexpected(text[:80])
        return [_network(number, line) for number, line in enumerate(lines[2:], start=1)]


def _indicator(number: int, network: Network, text: str) -> tuple[str, ...]:
    single = network.prefixlen == network.max_prefixlen
    value = bare(network) if single else f"{network.network_address}-{network.broadcast_address}"
    return (f"apiwatch-{number}", value, "IP" if single else "IP Range", "high", "high", "AB", text)


def _network(number: int, line: str) -> str:
    fields = line.split(",")
    try:
        first, _, last = fields[1].partition("-")
        start, end = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last or first)
        (network,) = ipaddress.summarize_address_range(start, end)
    except (IndexError, ValueError):
        raise unexpected(line) from None
    if tuple(fields) != _indicator(number, network, fields[-1]):
        raise unexpected(line)
    return str(network)
