"""ufw, live: deny rules whose comment begins with our name, which ufw keeps over a reboot."""

import json
import re
from collections.abc import Mapping, Sequence

from apiwatch.blocklist.appliers.common import done, or_back, reject_unknown
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.comments import comment
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError

__all__ = ["COMMENT", "UfwApplier"]

COMMENT = 100
"""Longest comment of ours, in characters, without our name."""
_ADDED = re.compile(r"ufw deny from (\S+) comment '(apiwatch(?: [^']*)?)'")
_RULE = re.compile(r"\[(\d+):\d+\] -A ufw6?-user-input -s (\S+) -j DROP")
_CHAINS = {"iptables-save": "ufw-user-input", "ip6tables-save": "ufw6-user-input"}
_PATIENCE_S = 60.0


class UfwApplier:
    """ufw reloads with each rule, which sets its counters back; nothing expires."""

    counts = True
    expires = False

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        reject_unknown("ufw", options)
        self._run = run

    def read(self) -> dict[str, Held]:
        """Our rules as far as they stand in the kernel's chain, too: while ufw is off they block nobody."""
        ours = self._ours()
        held: dict[str, Held] = {}
        for program in _CHAINS if ours else ():
            for rule in done(self._run, [program, "-c", "-t", "filter"], timeout=_PATIENCE_S).splitlines():
                found = _RULE.fullmatch(rule)
                if found and (net := canonical(found[2])) in ours:
                    held[net] = Held(net, None, int(found[1]))
        return held

    def snapshot(self) -> bytes:
        """Our rules with their comments, as JSON."""
        return json.dumps(self._ours()).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Add what is missing, one command each, then delete what is not planned."""
        if "Status: active" not in done(self._run, ["ufw", "status"], timeout=_PATIENCE_S).splitlines():
            raise ApplyError("ufw is not active, so its rules block nobody; allow SSH and enable it first")
        with or_back(self):
            self._become({row.net: f"apiwatch {comment(row, COMMENT)}".rstrip() for row in plan.rows})

    def restore(self, snapshot: bytes) -> None:
        """Our rules as they were."""
        self._become(json.loads(snapshot))

    def remove(self) -> None:
        """Delete all rules of ours."""
        self._become({})

    def _ours(self) -> dict[str, str]:
        lines = done(self._run, ["ufw", "show", "added"], timeout=_PATIENCE_S).splitlines()
        return {canonical(rule[1]): rule[2] for rule in map(_ADDED.fullmatch, lines) if rule}

    def _become(self, wanted: Mapping[str, str]) -> None:
        ours = self._ours()
        for net, text in wanted.items():
            if net not in ours:
                self._ufw("prepend", "deny", "from", net, "comment", text)
        for net in ours:
            if net not in wanted:
                self._ufw("delete", "deny", "from", net)

    def _ufw(self, *words: str) -> None:
        done(self._run, ["ufw", *words], timeout=_PATIENCE_S)
