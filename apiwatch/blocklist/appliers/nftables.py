"""nftables, live: our table is replaced in one transaction, read and saved with counters and remaining times."""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apiwatch.blocklist.appliers.common import done, lifetimes, reject_unknown
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError

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
        objects = self._list(["list", "table", "inet", "apiwatch"])
        dropping = {name for item in objects for name in _dropped_sets(item.get("rule", {}))}
        held: dict[str, Held] = {}
        for item in objects:
            found = item.get("set", {})
            if found.get("name") in dropping:
                held |= {entry.net: entry for element in found.get("elem", ()) for entry in _held(element)}
        return held

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
        wanted = ("inet", "apiwatch")
        return any(
            (table.get("family"), table.get("name")) == wanted
            for table in (item.get("table", {}) for item in self._list(["list", "tables"]))
        )

    def _list(self, words: Sequence[str]) -> list[dict[str, Any]]:
        text = self._nft(["-j", *words])
        try:
            found: list[dict[str, Any]] = json.loads(text)["nftables"]
        except (ValueError, KeyError, TypeError):
            raise ApplyError("nft answers with something else than JSON; is it built with JSON support?") from None
        return found

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
    net = canonical(element[2])
    if net not in times:
        return element[0]
    seconds = times[net]
    return element[1] + element[2] + ("" if seconds is None else f" timeout {span(seconds)}")


def _dropped_sets(rule: Mapping[str, Any]) -> Iterator[str]:
    """Names of the sets whose members a rule drops."""
    expressions = rule.get("expr", ())
    if rule.get("chain") == "preraw" and any("drop" in expression for expression in expressions):
        for expression in expressions:
            right = expression.get("match", {}).get("right")
            if isinstance(right, str) and right.startswith("@"):
                yield right[1:]


def _held(element: Any) -> Iterator[Held]:
    """An element is a value, or a value with what belongs to it; somebody's own edit can be a range."""
    left = dropped = None
    value = element
    if isinstance(element, dict) and "elem" in element:
        value = element["elem"]["val"]
        left = element["elem"].get("expires")
        dropped = element["elem"].get("counter", {}).get("packets")
    for net in _networks(value):
        yield Held(net, None if left is None else float(left), dropped)


def _networks(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield canonical(value)
    elif "prefix" in value:
        yield canonical(f"{value['prefix']['addr']}/{value['prefix']['len']}")
    elif "range" in value:
        first, last = (ipaddress.ip_address(text) for text in value["range"])
        yield from map(str, ipaddress.summarize_address_range(first, last))
