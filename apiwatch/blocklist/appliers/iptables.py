"""Plain iptables, live: one chain per family, replaced in one transaction each."""

import json
import re
from collections.abc import Mapping, Sequence

from apiwatch.blocklist.appliers.chain import Chain, Saved
from apiwatch.blocklist.appliers.common import or_back, reject_unknown
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact

__all__ = ["CHAIN", "IptablesApplier", "chains_from", "chains_to"]

CHAIN = "APIWATCH-LIST"
_RULE = re.compile(r"\[(\d+):\d+\] -A \S+ -s (\S+) (?:.* )?-j DROP")


class IptablesApplier:
    """Rules do not expire; each counts what it drops."""

    counts = True
    expires = False

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        reject_unknown("iptables", options)
        self._chains = [Chain(run, version, CHAIN) for version in (4, 6)]

    def read(self) -> dict[str, Held]:
        """Networks that the chains drop, as far as packets come by them."""
        held: dict[str, Held] = {}
        for chain in self._chains:
            saved = chain.saved()
            if saved is not None and saved.hooked:
                for rule in filter(None, map(_RULE.fullmatch, saved.rules)):
                    net = canonical(rule[2])
                    held[net] = Held(net, None, int(rule[1]))
        return held

    def snapshot(self) -> bytes:
        """The rules of both chains, as JSON."""
        return json.dumps(chains_to(self._chains)).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Load the file for both families; each of the two programs skips what is for the other one."""
        with or_back(self):
            for chain in self._chains:
                chain.load(artifacts[0].content)

    def restore(self, snapshot: bytes) -> None:
        """Both chains as they were, with their counters."""
        chains_from(self._chains, json.loads(snapshot))

    def remove(self) -> None:
        """Take away both chains."""
        for chain in self._chains:
            chain.remove()


def chains_to(chains: Sequence[Chain]) -> list[tuple[Sequence[str], bool] | None]:
    """The chains for JSON; None for one that is not there."""
    saved = [chain.saved() for chain in chains]
    return [None if each is None else (each.rules, each.hooked) for each in saved]


def chains_from(chains: Sequence[Chain], saved: Sequence[tuple[Sequence[str], bool] | None]) -> None:
    """What `chains_to` gave, put back."""
    for chain, each in zip(chains, saved, strict=True):
        chain.restore(None if each is None else Saved(tuple(each[0]), each[1]))
