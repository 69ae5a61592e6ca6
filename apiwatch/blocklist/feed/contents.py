"""What the feed serves: the queue as it stands, else the last good list, and never an empty one by accident.

A firewall that fetches an empty list unblocks everybody. So an entry leaves the list only when the state file says that
it was withdrawn, when its time is over, or when a rail protects its network now. Anything else that is missing (an
unreadable, new or foreign state file) is a failure: what was served before is served on, and a header says so.
"""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from apiwatch.blocklist.everybody import spare
from apiwatch.blocklist.exporting import pass_rails
from apiwatch.blocklist.guard import Guard, is_everybody
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.planning import Plan, plan
from apiwatch.blocklist.targets.records import JsonLines
from apiwatch.blocklist.targets.text import PlainList
from apiwatch.blocklist.writing import replace_file
from apiwatch.errors import ApiwatchError, GuardError
from apiwatch.model.condition import parse_condition
from apiwatch.store.views import BlockEntry
from apiwatch.text import plain

__all__ = ["PATHS", "Contents", "Served"]

PATHS = ("/plain", "/edl", "/json", "/v4", "/v6")
"""What can be asked for: all networks line by line (twice), records, and one family line by line.

Entries with a condition stand only in the records, with it: a network alone would block more than was meant.
"""

_FRESH_S = 5.0
"""A list that was made so recently is served as it is."""
_MODE = 0o600


class _Kept(msgspec.Struct, frozen=True):
    """The last good list, on disk."""

    modified: float
    entries: tuple[BlockEntry, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """One state of the feed."""

    bodies: dict[str, bytes]
    """Path -> body."""
    modified: float
    """When the list changed last, in seconds since the epoch."""
    entries: int
    problem: str
    """Why this is the last good list and not the queue as it stands; '' when it is the queue."""

    def etag(self, path: str) -> str:
        """A strong validator (RFC 9110, 8.8.3) of the body of a path."""
        return f'"{hashlib.sha256(self.bodies[path]).hexdigest()[:32]}"'


class Contents:
    """Makes the lists, at most one every few seconds, and remembers the last good one over restarts.

    `read` gives all entries of the queue, ended ones included; `guard` the rails of this moment; `kept` is the file of
    the last good list; `say` takes a sentence when the feed becomes stale or right again.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[list[BlockEntry]]],
        guard: Callable[[], Guard],
        kept: Path,
        clock: Callable[[], float],
        say: Callable[[str], object],
    ) -> None:
        self._read, self._guard, self._path, self._clock, self._say = read, guard, kept, clock, say
        self._kept = self._load()
        self._nets = _nets(self._last())
        self._modified = self._kept.modified if self._kept is not None else clock()
        self._served: Served | None = None
        self._problem = ""
        self._made_at = -math.inf
        self._basis: object = None
        self._until = -math.inf
        self._turn = asyncio.Lock()

    async def current(self) -> Served | None:
        """What to serve now; None while there is no list that can be vouched for, with the reason in `problem`."""
        async with self._turn:
            now = self._clock()
            if not 0 <= now - self._made_at < _FRESH_S:
                self._served = await self._make(now)
                self._made_at = self._clock()
            return self._served

    @property
    def problem(self) -> str:
        """Why the last list is not the queue as it stands; '' when it is."""
        return self._problem

    async def _make(self, now: float) -> Served | None:
        guard: Guard | None = None
        known: list[BlockEntry] = []
        failure = ""
        try:
            guard = await asyncio.to_thread(self._guard)
            known = await self._read()
        except (ApiwatchError, OSError) as error:
            failure = plain(str(error), 300)
        entries = [each for each in known if each.state == "queued"]
        problem = failure or self._doubt(known, now)
        basis = problem, guard.rules if guard is not None else None, entries
        if self._served is not None and self._basis == basis and now < self._until:
            return self._served
        # A long list takes seconds, in which others are to be answered.
        served = await asyncio.to_thread(self._judge, now, guard, entries, problem)
        self._basis = basis
        self._until = min((_ends(each) for each in (*entries, *self._last()) if _ends(each) > now), default=math.inf)
        return served

    def _judge(self, now: float, guard: Guard | None, entries: list[BlockEntry], problem: str) -> Served | None:
        """What is served of the queued entries or, with a problem, of the last good list."""
        made: Plan | None = None
        if problem:
            entries = [each for each in self._last() if _ends(each) > now]
        elif guard is not None:
            try:
                made = spare(plan(entries, now), guard)
                pass_rails(made, guard)
            except GuardError as error:
                served = {each.id for each in self._last()}
                problem, entries = plain(str(error), 300), [each for each in entries if each.id in served]
        self._note(problem)
        if problem or made is None:
            left = [each for each in entries if not (_is_final(guard, each) if guard else _is_everybody(each))]
            if self._kept is None or (entries and not left):
                return None
            made = plan(left, now)
            made = spare(made, guard) if guard is not None else made
        nets = _nets(made.entries)
        if nets != self._nets:
            self._nets, self._modified = nets, now
        if not problem:
            self._keep(made)
        lists = replace(made, at=self._modified, revision=int(self._modified))
        return Served(_bodies(lists), self._modified, len(made.entries), problem)

    def _doubt(self, known: list[BlockEntry], now: float) -> str:
        """Why the queue cannot be believed; ''."""
        if not known:
            return "the queue has never held an entry, so that an empty list could be a mistake"
        ids = {entry.id for entry in known}
        lost = [each for each in self._last() if each.id not in ids and _ends(each) > now]
        if lost:
            return f"the state file does not know {len(lost)} entries of the last list, such as {plain(lost[0].id, 40)}"
        return ""

    def _last(self) -> tuple[BlockEntry, ...]:
        return self._kept.entries if self._kept is not None else ()

    def _note(self, problem: str) -> None:
        if problem != self._problem:
            self._say(f"the last good list is served: {problem}" if problem else "the queue is served again")
        self._problem = problem

    def _keep(self, made: Plan) -> None:
        """Remember a good list, on the disk too; a full disk costs the memory over a restart, not the feed."""
        good = _Kept(self._modified, made.entries)
        if good == self._kept:
            return
        self._kept = good
        try:
            replace_file(self._path, msgspec.json.encode(good), _MODE, keep=False)
        except OSError as error:
            self._say(f"{plain(str(self._path))} cannot be written ({error.strerror}): a restart forgets the last list")

    def _load(self) -> _Kept | None:
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
            plan(kept.entries, 0.0)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, GuardError) as error:
            self._say(f"the last list in {plain(str(self._path))} cannot be read: {plain(str(error), 200)}")
            return None
        return kept


def _ends(entry: BlockEntry) -> float:
    return math.inf if entry.expires is None else entry.expires


def _is_final(guard: Guard, entry: BlockEntry) -> bool:
    return any(
        finding.hard and not finding.overridable for finding in guard.check(entry.net, parse_condition(entry.condition))
    )


def _is_everybody(entry: BlockEntry) -> bool:
    return is_everybody(parse_network(entry.net), parse_condition(entry.condition))


def _nets(entries: Iterable[BlockEntry]) -> set[tuple[str, float | None]]:
    return {(entry.key, entry.expires) for entry in entries}


def _bodies(made: Plan) -> dict[str, bytes]:
    lines, records = PlainList(), JsonLines()
    networks = made.without_conditions()
    everything = lines.render(networks, ())[0].content
    families = {
        f"/v{version}": lines.render(replace(networks, rows=networks.family(version)), ())[0].content
        for version in (4, 6)
    }
    return {"/plain": everything, "/edl": everything, "/json": records.render(made, ())[0].content, **families}
