"""Blackhole routes, live: routes of a protocol number of our own."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from apiwatch.blocklist.appliers.common import done, or_back, reject_unknown
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError

__all__ = ["PROTO", "BlackholeApplier"]

PROTO: Final = 222
"""Routes carry the number of what made them (ip-route(8), `proto`); this one is nobody's."""
_PATIENCE_S = 120.0
_DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}


class BlackholeApplier:
    """Routes neither expire nor count. New ones come before old ones go, so nothing is let through in between."""

    counts = False
    expires = False

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        reject_unknown("blackhole", options)
        self._run = run

    def read(self) -> dict[str, Held]:
        """Blackhole routes of our protocol number in the main table."""
        held: dict[str, Held] = {}
        for version in (4, 6):
            words = ["ip", f"-{version}", "-j", "route", "show", "table", "main", "proto", str(PROTO)]
            text = done(self._run, [*words, "type", "blackhole"], timeout=_PATIENCE_S)
            try:
                found = [str(route["dst"]) for route in json.loads(text or "[]")]
            except (ValueError, KeyError, TypeError):
                raise ApplyError("ip answers with something else than routes as JSON; is iproute2 too old?") from None
            for dst in found:
                net = canonical(_DEFAULT[version] if dst == "default" else dst)
                held[net] = Held(net)
        return held

    def snapshot(self) -> bytes:
        """The networks, one a line."""
        return "".join(f"{net}\n" for net in sorted(self.read())).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Add what is missing, then delete what is not planned."""
        with or_back(self):
            self._become(row.net for row in plan.rows)

    def restore(self, snapshot: bytes) -> None:
        """The routes as they were."""
        self._become(snapshot.decode().split())

    def remove(self) -> None:
        """Delete all our routes."""
        self._become(())

    def _become(self, wanted: Iterable[str]) -> None:
        nets = frozenset(wanted)
        held = frozenset(self.read())
        lines = [f"route replace blackhole {net} proto {PROTO}" for net in sorted(nets - held)]
        lines += [f"route del blackhole {net} proto {PROTO}" for net in sorted(held - nets)]
        if lines:
            done(self._run, ["ip", "-batch", "-"], stdin="\n".join([*lines, ""]).encode(), timeout=_PATIENCE_S)
