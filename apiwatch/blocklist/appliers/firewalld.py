"""firewalld, live: rich rules at run time, marked by a priority of their own.

A running timeout can neither be read nor renewed, so the whole list is added again under the other of two priorities
before the older generation is taken away: nothing is let through in between, and a failure leaves the older one.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from apiwatch.blocklist.appliers.common import done, lifetimes, option, reject_unknown
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError

__all__ = ["GENERATIONS", "FirewalldApplier", "rich_rule"]

GENERATIONS: Final = (-32_000, -31_999)
"""Priorities of our rules: before all others (firewalld.richlanguage(5))."""
_RULE = re.compile(r'rule priority="(-32000|-31999)" family="ipv[46]" source address="([0-9A-Fa-f:./]+)" drop')
_AT_ONCE = 200
_PATIENCE_S = 120.0


class FirewalldApplier:
    """Each rule has its timeout, but firewalld does not tell what is left of it, nor what a rule dropped."""

    counts = False
    expires = False

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        reject_unknown("firewalld", options, ("zone",))
        self._zone = f"--zone={option('firewalld', options, 'zone', 'public')}" if "zone" in options else ""
        self._run = run

    def read(self) -> dict[str, Held]:
        """Networks of our rules, of both generations."""
        return {net: Held(net) for nets in self._generations().values() for net in nets}

    def snapshot(self) -> bytes:
        """The networks, as JSON."""
        return json.dumps(sorted(self.read())).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Add the list as a new generation with the time left at `at`, then take away the older one."""
        self._become(lifetimes(plan, {} if longest is None else self.read(), at, longest))

    def restore(self, snapshot: bytes) -> None:
        """The networks as they were, without a timeout: what was left of theirs is not known."""
        self._become(dict.fromkeys(json.loads(snapshot)))

    def remove(self) -> None:
        """Take away all our rules."""
        for generation, nets in self._generations().items():
            self._change("--remove-rich-rule", generation, nets)

    def _generations(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {generation: [] for generation in GENERATIONS}
        for line in self._call("--list-rich-rules").splitlines():
            if rule := _RULE.fullmatch(line.strip()):
                found[int(rule[1])].append(canonical(rule[2]))
        return found

    def _become(self, wanted: Mapping[str, int | None]) -> None:
        known = self._generations()
        new, old = sorted(GENERATIONS, key=lambda generation: len(known[generation]))
        self._change("--remove-rich-rule", new, known[new])
        try:
            for seconds in dict.fromkeys(wanted.values()):
                nets = [net for net, lifetime in wanted.items() if lifetime == seconds]
                self._change("--add-rich-rule", new, nets, [f"--timeout={seconds}"] if seconds else [])
        except ApplyError:
            self._change("--remove-rich-rule", new, self._generations()[new])
            raise
        self._change("--remove-rich-rule", old, known[old])

    def _change(self, how: str, generation: int, nets: Iterable[str], timeout: Sequence[str] = ()) -> None:
        rules = [f"{how}={rich_rule(net, generation)}" for net in nets]
        for at in range(0, len(rules), _AT_ONCE):
            self._call(*timeout, *rules[at : at + _AT_ONCE])

    def _call(self, *words: str) -> str:
        zone = [self._zone] if self._zone else []
        return done(self._run, ["firewall-cmd", *zone, *words], timeout=_PATIENCE_S)


def rich_rule(net: str, priority: int = GENERATIONS[0]) -> str:
    """A rule that drops a network.

    >>> rich_rule("203.0.113.7/32")
    'rule priority="-32000" family="ipv4" source address="203.0.113.7/32" drop'
    """
    family = f"ipv{parse_network(net).version}"
    return f'rule priority="{priority}" family="{family}" source address="{net}" drop'
