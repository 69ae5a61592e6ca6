"""A chain of our own in the raw table of iptables (iptables(8)), which sees packets before connection tracking."""

from collections.abc import Sequence
from dataclasses import dataclass

from apiwatch.blocklist.appliers.common import done
from apiwatch.blocklist.applying.run import Run

__all__ = ["Chain", "Saved"]

_PROGRAMS = {4: "iptables", 6: "ip6tables"}
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Saved:
    """The chain as it was."""

    rules: tuple[str, ...]
    """`[packets:bytes] -A CHAIN ...`, one per rule."""
    hooked: bool
    """Packets come by: PREROUTING jumps here."""


class Chain:
    """One chain of one family."""

    def __init__(self, run: Run, version: int, name: str) -> None:
        self._run = run
        self._program = _PROGRAMS[version]
        self._name = name
        self.version = version

    def saved(self) -> Saved | None:
        """Its rules with their counters; None when there is no such chain."""
        lines = done(self._run, [f"{self._program}-save", "-c", "-t", "raw"], timeout=_PATIENCE_S).splitlines()
        if not any(line.startswith(f":{self._name} ") for line in lines):
            return None
        rules = tuple(line for line in lines if f"] -A {self._name} " in line)
        return Saved(rules, any(line.endswith(f"] -A PREROUTING -j {self._name}") for line in lines))

    def load(self, script: bytes) -> None:
        """Load a script that declares the chain, which empties and fills it in one transaction, and hook it in.

        Other rules of the table stay: that is what --noflush is for.
        """
        done(self._run, [f"{self._program}-restore", "-w", "5", "-c", "--noflush"], stdin=script, timeout=_PATIENCE_S)
        saved = self.saved()
        if saved is None or not saved.hooked:
            self._call("-I", "PREROUTING", "1", "-j", self._name)

    def put(self, rules: Sequence[str]) -> None:
        """Fill it with rules as `saved` has them."""
        self.load("\n".join(["*raw", f":{self._name} - [0:0]", *rules, "COMMIT", ""]).encode())

    def restore(self, saved: Saved | None) -> None:
        """Bring back what was saved."""
        if saved is None:
            self.remove()
            return
        self.put(saved.rules)
        if not saved.hooked:
            self._call("-D", "PREROUTING", "-j", self._name)

    def remove(self) -> None:
        """Unhook, empty and delete it, as far as it is there."""
        saved = self.saved()
        if saved is None:
            return
        if saved.hooked:
            self._call("-D", "PREROUTING", "-j", self._name)
        self._call("-F", self._name)
        self._call("-X", self._name)

    def _call(self, *words: str) -> None:
        done(self._run, [self._program, "-w", "5", "-t", "raw", *words], timeout=_PATIENCE_S)
