"""All files of a feed: globs, rotated siblings in order, and files that appear later."""

import resource
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from apiwatch.errors import InputError
from apiwatch.model import Batch
from apiwatch.sources.attention import SAFETY_SECONDS, Attention
from apiwatch.sources.candidates import Candidate, Candidates, absolute, expand, is_rotated
from apiwatch.sources.content import NotRegular, Opened, binary_reason, open_content
from apiwatch.sources.merging import History
from apiwatch.sources.offsets import HEAD_BYTES, Segment, decode, matches
from apiwatch.sources.options import Reading, SourceStatus
from apiwatch.sources.packed import Damaged
from apiwatch.sources.rotation import LIVE, rotation
from apiwatch.sources.seek import Since
from apiwatch.sources.siblings import Registry, find_again
from apiwatch.sources.tail import LINGER_SECONDS, FileSource, Peek

__all__ = ["FileSet"]

_STEP_SECONDS = 0.03
_MANY_FILES = 200
_DISCOVERY_SHARE = 20.0
"""Looking for files may need one part in so many of the time."""
_DISCOVERY_SECONDS = 0.25
"""Shortest time from one look for files to the next."""


class FileSet:
    """Synchronous core of a feed's files; one thread at a time may call `open`, `step` and `close`."""

    def __init__(self, patterns: Sequence[str], reading: Reading, since: Since, offsets: Mapping[str, str]) -> None:
        self._patterns = patterns
        self._reading = reading
        self._since = since
        self._offsets = offsets
        self._registry = Registry()
        self._sources: dict[str, FileSource] = {}
        self._globs: list[str] = []
        self._named: set[str] = set()
        self._away: dict[str, float] = {}
        self._history = History([])
        self._checked: dict[str, tuple[int, int, int]] = {}
        self._next_discovery = 0.0
        self._next_full_discovery = 0.0
        self._next_judgement = 0.0
        self._undecided: set[str] = set()
        """Files that may be copies still being written."""
        self._attention = Attention(reading.poll_interval, watching=reading.follow)
        self.pipes: list[str] = []
        """Paths of named pipes and devices: to be read as streams."""

    # -- opening ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open all files; raises InputError when one that was named cannot be an input."""
        found = Candidates(self._patterns, follow=self._reading.follow)
        found.expand()
        self._named = {name for name, named in found.names.items() if named}
        self._globs, self.pipes = found.globs, found.pipes
        if len(found.names) > _MANY_FILES:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            if soft < hard:
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        candidates: dict[str, Candidate] = {}
        try:
            for name in found.names:
                candidate = found.open(name)
                if candidate is None:
                    continue
                if candidate.refused:
                    self._source(name, rotated=True).finish(candidate.refused, "error")
                else:
                    candidates[name] = candidate
            for name in self._renamed():
                candidates.setdefault(name, Candidate(name, None))
            self._start_all(list(candidates.values()))
        except BaseException:
            for candidate in candidates.values():
                candidate.close()
            self.close()
            raise

    def _renamed(self) -> list[str]:
        """Files that a glob matched in an earlier run, and that now have another name in the same directory only."""
        found = []
        patterns = [absolute(one) for one in self._globs]
        for name, offset in self._offsets.items():
            path = Path(name)
            if not name.startswith("/") or rotation(path.name).rank != LIVE or path.exists():
                continue
            known = decode(offset)
            if known is None or not known.segments or not any(path.match(one) for one in patterns):
                continue
            sibling = find_again(name, known.segments[-1])
            if sibling is not None:
                sibling.opened.content.close()
                found.append(name)
        return found

    def _source(self, name: str, *, rotated: bool) -> FileSource:
        source = FileSource(name, self._reading, self._registry, rotated=rotated)
        self._sources[name] = source
        self._attention.wake(name)
        return source

    def _start_all(self, candidates: list[Candidate]) -> None:
        families: dict[tuple[str, str], list[Candidate]] = {}
        for candidate in candidates:
            path = Path(candidate.name)
            base = rotation(path.name).base
            families.setdefault((str(path.parent), base), []).append(candidate)
        for candidate in candidates:
            if not candidate.rotated and candidate.name in self._offsets:
                self._resume(candidate)
        siblings = []
        for family in families.values():
            family.sort(key=lambda one: (one.rank, one.packed))
            self._start_family(family)
            siblings.append([one.source for one in family if one.source is not None])
        self._history = History(siblings)

    def _resume(self, candidate: Candidate) -> None:
        candidate.close()
        source = self._source(candidate.name, rotated=False)
        candidate.source = source
        if not source.resume(self._offsets[candidate.name]):
            raise InputError(f"{candidate.name}: its saved offset is damaged; start with another --db file.")

    def _start_family(self, family: list[Candidate]) -> None:
        seen = False
        previous: Opened | None = None
        forgotten = self._forgotten(family)
        for number, candidate in enumerate(family):
            if candidate.source is not None:
                seen = True
                continue
            opened = candidate.opened
            if opened is None:
                candidate.source = self._source(candidate.name, rotated=False)
                candidate.source.poll()
                continue
            if self._registry.knows(opened.identity, opened.raw_head) or _is_packed_twin(opened, previous):
                seen = True
                candidate.close()
                continue
            source = candidate.source = self._source(candidate.name, rotated=candidate.rotated)
            candidate.opened = None
            previous = opened
            if candidate.position is not None:
                seen = True
                source.start_at(opened, candidate.position)
            elif number < forgotten:
                self._pass_over(source, opened, "older than what was read before: not read")
            elif candidate.rotated and not seen and self._since.time is not None and opened.modified < self._since.time:
                self._pass_over(source, opened, f"older than --since {self._since.text}: not read")
            else:
                source.start(opened, self._since, first_time_seen=not seen)

    def _pass_over(self, source: FileSource, opened: Opened, message: str) -> None:
        self._registry.claim(opened.identity, opened.raw_head)
        opened.content.close()
        source.finish(message)

    def _forgotten(self, family: list[Candidate]) -> int:
        """Set what is known of each file; returns how many of the first are older than a rotated one that is known.

        Those were read or passed over by an earlier run: offsets remember a limited number of files.
        """
        forgotten = 0
        for number, candidate in enumerate(family):
            opened = candidate.opened
            if candidate.source is not None or opened is None:
                continue
            candidate.position = self._known_position(candidate.name, opened)
            known = candidate.position is not None or self._registry.knows(opened.identity, opened.raw_head)
            if known and candidate.rotated and not forgotten:
                forgotten = number
        return forgotten

    def _known_position(self, name: str, opened: Opened) -> int | None:
        """How far this content was read before, under whatever name in this directory."""
        best: int | None = None
        for segment in self._segments_read.get(str(Path(name).parent), ()):
            if (best is None or segment.position > best) and _holds(opened, segment):
                best = segment.position
        return best

    @cached_property
    def _segments_read(self) -> dict[str, list[Segment]]:
        """What earlier runs have read, by directory."""
        found: dict[str, list[Segment]] = {}
        for name, offset in self._offsets.items():
            known = decode(offset)
            if name.startswith("/") and known is not None:
                found.setdefault(str(Path(name).parent), []).extend((*known.segments, *known.left))
        return found

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def caught_up(self) -> bool:
        """Whether every history was read to its end once."""
        return self._history.ended

    @property
    def finished(self) -> bool:
        """Whether nothing more can come."""
        if not self._history.ended or (self._globs and self._reading.follow):
            return False
        return all(
            one.finished or (not one.follows and one.status().state == "ended") for one in self._sources.values()
        )

    def step(self) -> list[Batch]:
        """Read for some 30 ms or 1 MiB; an empty list when there is nothing now, or nothing yet (see `busy`)."""
        deadline = time.monotonic() + _STEP_SECONDS
        self.busy = not self._history.ended
        batches = self._history.step(deadline) if self.busy else []
        return batches or ([] if not self._history.ended else self._step_live(deadline))

    busy = False
    """Whether the last `step` broke off: call it again at once."""

    def _step_live(self, deadline: float) -> list[Batch]:
        turn = self._attention.turn(self._sources)
        self._look_for_files()
        batches: list[Batch] = []
        late = False
        for name in turn:
            source = self._sources.get(name)
            if source is None:
                continue
            if late:
                self._attention.wake(name)
                continue
            peek = source.peek()
            if peek is Peek.READY:
                batches.append(source.next_batch(None))
            if peek is Peek.EMPTY or (peek is Peek.READY and source.rests()):
                self._attention.looked(source)
            else:
                self._attention.wake(name)
            late = time.monotonic() > deadline
        self.busy = self._attention.busy
        return batches

    @property
    def fileno(self) -> int:
        """Readable when the next `step` would find something; -1 when that is not known."""
        return self._attention.fileno

    @property
    def patience(self) -> float:
        """Seconds after which `step` wants to be called although nothing has become readable."""
        now = time.monotonic()
        waits = [self._attention.patience]
        if self._globs:
            waits.append((self._next_discovery if self._attention.globs else self._next_full_discovery) - now)
        if self._undecided:
            waits.append(self._next_judgement - now)
        return max(0.0, min(waits))

    # -- files that appear later -----------------------------------------------------------------------------------

    def _look_for_files(self) -> None:
        begin = time.monotonic()
        if not self._reading.follow or begin < self._next_discovery:
            return
        interval = 2 * self._reading.poll_interval
        if self._globs and (self._attention.globs or begin >= self._next_full_discovery):
            watched = self._discover()
            now = time.monotonic()
            pause = _DISCOVERY_SHARE * (now - begin)
            self._next_discovery = now + max(pause, _DISCOVERY_SECONDS)
            self._next_full_discovery = now + (SAFETY_SECONDS if watched else max(pause, interval))
        elif begin >= self._next_judgement:
            for name in tuple(self._undecided):
                self._appeared(name)
        else:
            return
        self._next_judgement = time.monotonic() + interval

    def _discover(self) -> bool:
        """Look for files that match a glob now; whether it will be told when others may."""
        self._attention.globs = False
        watched = self._attention.watch_globs([absolute(pattern) for pattern in self._globs])
        names = [name for pattern in self._globs for name in expand(pattern)[0]]
        for name in names:
            source = self._sources.get(name)
            if source is None or source.rotated or source.finished:
                self._appeared(name)
        self._forget(set(names))
        return watched

    def _forget(self, names: set[str]) -> None:
        """Forget files that only a glob has named and that have been away for long: their number has no bound.

        Not at once: what was read of them tells that a compressed copy, which appears about now, need not be read.
        """
        now = time.monotonic()
        self._checked = {name: mark for name, mark in self._checked.items() if name in names}
        self._undecided &= names
        away = [name for name in self._sources if name not in names and name not in self._named]
        self._away = {name: self._away.get(name, now) for name in away}
        for name, since in tuple(self._away.items()):
            if now - since >= LINGER_SECONDS and self._sources[name].is_idle:
                del self._sources[name], self._away[name]
                self._attention.drop(name)

    def _appeared(self, name: str) -> None:
        self._undecided.discard(name)
        try:
            status = Path(name).stat()
            mark = (status.st_dev, status.st_ino, status.st_ctime_ns)
            if self._checked.get(name) == mark:
                return
            opened = open_content(name)
        except (OSError, NotRegular):
            return
        try:
            verdict = self._judge(name, opened)
        except (OSError, Damaged):
            verdict = "later"
        if verdict == "new":
            source = self._source(name, rotated=opened.content.packed or is_rotated(name))
            source.start(opened, self._since, first_time_seen=False)
            return
        opened.content.close()
        if verdict == "old":
            self._checked[name] = mark
        else:
            self._undecided.add(name)

    def _judge(self, name: str, opened: Opened) -> str:
        """'new', 'old' (its lines are taken care of), or 'later' (perhaps a copy that is still being written)."""
        if self._registry.knows(opened.identity, opened.raw_head):
            return "old"
        content = opened.content
        head = content.read_at(0, HEAD_BYTES)
        if not head:
            return "later" if is_rotated(name) else "new"
        if binary_reason(content) is not None:
            return "old"
        later = False
        for segment, known in self._segments_beside(name):
            if known and not (head.startswith(known) or known.startswith(head)):
                continue
            if (content.packed and head == known and len(head) == HEAD_BYTES) or matches(content, segment):
                self._registry.claim(opened.identity, opened.raw_head)
                return "old"
            later = later or (known != b"" and not content.reaches(segment.position))
        return "later" if later else "new"

    def _segments_beside(self, name: str) -> Iterable[tuple[Segment, bytes]]:
        directory = Path(name).parent
        for other, source in self._sources.items():
            if Path(other).parent == directory:
                yield from source.segments

    # -- telling ---------------------------------------------------------------------------------------------------

    def statuses(self) -> list[SourceStatus]:
        """Of every file, and of every glob that matches none."""
        found = [source.status() for source in tuple(self._sources.values())]
        if not found and self._reading.follow:
            found = [SourceStatus(one, "file", "waiting", "no file matches yet", 0, 0, 0, 0) for one in self._globs]
        return found

    def close(self) -> None:
        """Close all files."""
        for source in self._sources.values():
            source.close()
        self._attention.close()


def _holds(opened: Opened, segment: Segment) -> bool:
    try:
        return segment.position > 0 and matches(opened.content, segment)
    except (OSError, Damaged):
        return False


def _is_packed_twin(opened: Opened, other: Opened | None) -> bool:
    """Whether a compressed file lies beside its original, which is read already."""
    if other is None or not opened.content.packed or other.content.packed:
        return False
    try:
        head = opened.content.read_at(0, HEAD_BYTES)
        return bool(head) and other.content.read_at(0, HEAD_BYTES) == head
    except (OSError, Damaged):
        return True
