"""ipset with iptables, live: sets are filled beside the old ones and swapped; a chain per family drops members."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from apiwatch.blocklist.appliers.chain import Chain
from apiwatch.blocklist.appliers.common import done, lifetimes, or_back, reject_unknown
from apiwatch.blocklist.appliers.iptables import chains_from, chains_to
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact

__all__ = ["CHAIN", "LONGEST_S", "IpsetApplier"]

CHAIN = "APIWATCH"
LONGEST_S = 2_147_483
"""Longest timeout that ipset takes: 24.8 days. A longer block ends then unless it is exported again."""
_PATIENCE_S = 120.0
_NAMES = ("apiwatch_allow4", "apiwatch_block4", "apiwatch_allow6", "apiwatch_block6")
_ADD = re.compile(r"^(add apiwatch_block[46]_new (\S+)) timeout \d+", re.MULTILINE)
_MEMBER = re.compile(r"add \S+ (\S+) timeout (\d+) packets (\d+) .*")
_OF_THIS_SET = re.compile(r" (?:hashsize|bucketsize|initval) \S+")


class IpsetApplier:
    """Four sets and the chain `APIWATCH`. The kernel expires members and counts what each of them drops."""

    counts = True
    expires = True

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        reject_unknown("ipset", options)
        self._run = run
        self._chains = [Chain(run, version, CHAIN) for version in (4, 6)]

    def read(self) -> dict[str, Held]:
        """Members of the block sets of which a rule drops the packets."""
        names = self._names()
        held: dict[str, Held] = {}
        for chain in self._chains:
            name = f"apiwatch_block{chain.version}"
            saved = chain.saved() if name in names else None
            if saved is None or not saved.hooked or not any(f" {name} src -j DROP" in rule for rule in saved.rules):
                continue
            for member in filter(None, map(_MEMBER.fullmatch, self._ipset("save", name).splitlines())):
                net = canonical(member[1])
                seconds = int(member[2])
                held[net] = Held(net, float(seconds) if seconds else None, int(member[3]))
        return held

    def snapshot(self) -> bytes:
        """The sets and the chains, as JSON."""
        names = self._names()
        sets = {name: self._ipset("save", name) for name in _NAMES if name in names}
        return json.dumps({"sets": sets, "chains": chains_to(self._chains)}).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Sets first, then the rules that use them. The timeouts are those of `at`, not of the plan."""
        times = lifetimes(plan, {} if longest is None else self.read(), at, longest)
        script = _ADD.sub(lambda line: f"{line[1]} timeout {_timeout(times[canonical(line[2])])}", _text(artifacts))
        with or_back(self):
            self._load(script)
            for chain in self._chains:
                chain.put(_rules(chain.version))

    def restore(self, snapshot: bytes) -> None:
        """Members have the time that was left when the snapshot was taken."""
        saved = json.loads(snapshot)
        self._load("".join(line for name, text in saved["sets"].items() for line in _swapped_in(name, text)))
        chains_from(self._chains, saved["chains"])
        self._destroy(name for name in _NAMES if name not in saved["sets"])

    def remove(self) -> None:
        """Take away chains and sets."""
        for chain in self._chains:
            chain.remove()
        self._destroy(_NAMES)

    def _names(self) -> frozenset[str]:
        return frozenset(self._ipset("list", "-n").split())

    def _destroy(self, names: Iterator[str] | Sequence[str]) -> None:
        there = self._names()
        for name in names:
            if name in there:
                self._ipset("destroy", name)

    def _load(self, script: str) -> None:
        done(self._run, ["ipset", "-exist", "restore"], stdin=script.encode(), timeout=_PATIENCE_S)

    def _ipset(self, *words: str) -> str:
        return done(self._run, ["ipset", *words], timeout=_PATIENCE_S)


def _text(artifacts: Sequence[Artifact]) -> str:
    return artifacts[0].content.decode()


def _timeout(seconds: int | None) -> int:
    return 0 if seconds is None else min(seconds, LONGEST_S)


def _rules(version: int) -> list[str]:
    match = f"[0:0] -A {CHAIN} -m set --match-set apiwatch"
    return [f"{match}_allow{version} src -j RETURN", f"{match}_block{version} src -j DROP"]


def _swapped_in(name: str, saved: str) -> Iterator[str]:
    """A saved set as a script that fills a new one and swaps it in."""
    for line in saved.splitlines():
        if line.startswith("create "):
            shape = _OF_THIS_SET.sub("", line.removeprefix(f"create {name} "))
            yield f"create {name} {shape}\ncreate {name}_new {shape}\nflush {name}_new\n"
        else:
            yield line.replace(f"add {name} ", f"add {name}_new ", 1) + "\n"
    yield f"swap {name} {name}_new\ndestroy {name}_new\n"
