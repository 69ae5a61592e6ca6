"""nftables, live: our table is replaced in one transaction, read and saved with counters and remaining times."""

import re
from collections.abc import Mapping, Sequence

from apiwatch.blocklist.appliers.common import done, lifetimes, reject_unknown
from apiwatch.blocklist.appliers.nftlisting import Listed, belongs, decoded, held_by
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact

__all__ = ["NftablesApplier", "span"]

_REMOVE = b"add table inet apiwatch\ndelete table inet apiwatch\n"
_ELEMENT = re.compile(r"^(\t\t\t)([0-9A-Fa-f:./]+)(?: timeout \S+?)?(?=,| comment )", re.MULTILINE)
_PATIENCE_S = 120.0
_MOST_SECONDS = 100_000_000


class NftablesApplier:
    """Table `inet apiwatch`. The kernel expires elements and counts what each of them drops."""

    counts = True
    expires = True

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        reject_unknown("nftables", options)
        self._run = run

    def read(self) -> dict[str, Held]:
        """Elements of the sets `block4` and `block6`, if the chain that drops them hangs in its hook."""
        if not self._exists():
            return {}
        return held_by(self._list(["list", "table", "inet", "apiwatch"]), "preraw")

    def snapshot(self) -> bytes:
        """The table as a script; empty when there is none."""
        return self._nft(["list", "table", "inet", "apiwatch"]).encode() if self._exists() else b""

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """One transaction; the timeouts are those of `at`, not of the plan."""
        times = lifetimes(plan, {} if longest is None else self.read(), at, longest)
        text = artifacts[0].content.decode()
        self._load(_ELEMENT.sub(lambda element: _timed(element, times), text).encode())

    def restore(self, snapshot: bytes) -> None:
        """In one transaction, too; elements have the time that was left when the snapshot was taken."""
        self._load(_REMOVE + snapshot)

    def remove(self) -> None:
        """Take away the table."""
        self._load(_REMOVE)

    def _exists(self) -> bool:
        """By chains and sets: to list tables, nft fetches every element first."""
        return any(
            belongs(item, "inet", "apiwatch")
            for words in (["list", "chains", "inet"], ["-t", "list", "sets", "inet"])
            for item in self._list(words)
        )

    def _list(self, words: Sequence[str]) -> Sequence[Listed]:
        return decoded(self._nft(["-j", *words]))

    def _nft(self, words: Sequence[str]) -> str:
        return done(self._run, ["nft", *words], timeout=_PATIENCE_S)

    def _load(self, script: bytes) -> None:
        done(self._run, ["nft", "-f", "-"], stdin=script, timeout=_PATIENCE_S)


def span(seconds: int) -> str:
    """A timeout; nft reads at most eight digits of a unit.

    >>> span(3600), span(100_000_001)
    ('3600s', '1157d35201s')
    """
    if seconds < _MOST_SECONDS:
        return f"{seconds}s"
    days, rest = divmod(seconds, 86_400)
    return f"{days}d{rest}s"


def _timed(element: re.Match[str], times: Mapping[str, int | None]) -> str:
    if element[2] not in times:
        return element[0]
    seconds = times[element[2]]
    return element[1] + element[2] + ("" if seconds is None else f" timeout {span(seconds)}")
