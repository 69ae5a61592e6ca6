"""One file that is followed by its name: through rename, truncation, deletion, re-creation and restart.

What cannot be had: lines that a copytruncate rotation copies after our last read and before the truncation are found in
the copy; lines that were written between the copy and the truncation are in no file any more. A file that is created
and rotated into another directory between two looks is not found there.
"""

import errno
import os
import stat
import time
from collections import deque
from enum import Enum
from pathlib import Path

from apiwatch.model import Batch
from apiwatch.sources.content import NotRegular, Opened, PlainContent, open_content
from apiwatch.sources.offsets import Segment, decode, encode, matches, told
from apiwatch.sources.options import Reading, SourceStatus, State
from apiwatch.sources.packed import Damaged
from apiwatch.sources.piece import Piece, Truncated
from apiwatch.sources.seek import Since, find_place, first_after, first_time, last_time
from apiwatch.sources.siblings import Found, Registry, find_again, successors

__all__ = ["LINGER_SECONDS", "FileSource", "Peek"]

LINGER_SECONDS = 600.0
"""So long a rotated file is watched for more after its last growth: servers go on writing to it until they reopen."""
_GRACE_POLLS = 4
_TRAILING = 8
_CROWD = 32  # above it no grace is given: offsets name every open file
_SKIPPED_BLOCKS = 64
_FIRST_LINES = 250


class Peek(Enum):
    """What `FileSource.peek` found."""

    READY = 1
    """Lines are pending."""
    BUSY = 2
    """It has read and found none yet: ask again."""
    EMPTY = 3
    """Nothing to deliver now."""


class FileSource:
    """A file by its absolute path. Every method is synchronous and meant for one worker thread, except `status`."""

    def __init__(self, name: str, reading: Reading, registry: Registry, *, rotated: bool = False) -> None:
        self.name = name
        self.rotated = rotated
        """It was rotated away before the feed was opened: read to its end, its name is not followed."""
        self.unwatched: str | None = ""
        """None: whoever looks at it is told when something happens to it; else why not."""
        self._left: deque[tuple[Segment, bytes]] = deque(maxlen=16)
        self._left_told = ""
        self._reading = reading
        self._registry = registry
        self._pieces: list[Piece] = []
        self._state: State = "waiting"
        self._problem: str = ""
        self._message = ""
        self._skip_until: float | None = None
        self._cut = 0
        self._closed_bytes = 0
        self._finished = False
        self._next_poll = 0.0
        self._most = _FIRST_LINES
        """Lines of the next batch."""

    # -- opening ---------------------------------------------------------------------------------------------------

    def start(self, opened: Opened, since: Since, *, first_time_seen: bool = True) -> None:
        """Begin with a file that has no offset: at the place of `since`, or at its start."""
        position = 0
        if first_time_seen and since.time is not None:
            if opened.content.packed:
                self._skip_until = since.time
                self._message = "no time found in its lines: not read; --since start reads them"
            else:
                place = find_place(opened.content, since, self._reading.time_of)
                position, self._message = place
        self._add(opened, position=position, ended=self.rotated)

    def start_at(self, opened: Opened, position: int) -> None:
        """Go on in a file at a known position."""
        self._add(opened, position=position, ended=self.rotated)

    def resume(self, offset: str) -> bool:
        """Go on from an offset; False when it is not one. Files that were rotated meanwhile are finished first."""
        known = decode(offset)
        if known is None:
            return False
        segments = known.segments
        for segment in known.left:
            self._leave(segment, b"")
        own = self._open_own()
        last: Found | None = None
        for number, segment in enumerate(segments):
            if own is not None and self._same(own, segment):
                self._add(own, position=segment.position)
                return True
            found = find_again(self.name, segment)
            if found is not None:
                self._add(found.opened, position=segment.position, ended=True)
                last = found
            elif number == len(segments) - 1:
                self._message = "the file it had been reading is gone: unread lines of it may be lost"
        if last is not None:
            self._add_all(successors(self.name, last.name, self._registry))
        if own is not None:
            self._add(own)
        return True

    def _open_own(self) -> Opened | None:
        try:
            return open_content(self.name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, NotRegular) as error:
            self._fail(error)
            return None

    @staticmethod
    def _same(opened: Opened, segment: Segment) -> bool:
        try:
            return matches(opened.content, segment)
        except (OSError, Damaged):
            return False

    def _add(self, opened: Opened, *, position: int = 0, ended: bool = False, static: bool = False) -> None:
        self._registry.claim(opened.identity, opened.raw_head)
        try:
            piece = Piece(
                opened.content,
                opened.identity,
                line_bytes=self._reading.line_bytes,
                position=position,
                ended=ended,
                static=static,
            )
        except (OSError, Damaged) as error:
            opened.content.close()
            self._fail(error)
            return
        self._pieces.append(piece)
        self._state = "reading"
        self._problem = ""

    def _add_all(self, found: list[Found]) -> None:
        """Rotated files, oldest first, each from where it was left behind."""
        for one in found:
            places = (segment.position for segment, _ in self._left if self._same(one.opened, segment))
            self._add(one.opened, position=max(places, default=0), ended=True)

    # -- following the name ----------------------------------------------------------------------------------------

    @property
    def _live(self) -> Piece | None:
        return self._pieces[-1] if self._pieces and not self._pieces[-1].ended else None

    @property
    def follows(self) -> bool:
        """Whether more may come under its name."""
        return self._reading.follow and not self.rotated and not self._finished

    def poll(self) -> None:
        """Look at the name: is it still the file that is open?"""
        if not self.follows:
            return
        try:
            status = Path(self.name).stat()
            live = self._live
            if live is not None and (status.st_dev, status.st_ino) == live.identity:
                if self._state not in ("reading", "following"):
                    self._state = "reading"
                    self._problem = ""
                return
            self._replaced(live)
        except (FileNotFoundError, NotADirectoryError):
            self._away()
        except (OSError, NotRegular) as error:
            self._fail(error)

    def look_at_name(self) -> None:
        """Look at the name with the next `peek`, however soon that is."""
        self._next_poll = 0.0

    def _away(self) -> None:
        live = self._live
        self._problem = ""
        if live is None:
            self._state = "gone" if self._pieces or self._left else "waiting"
        elif live.content.status().st_nlink:
            self._state = "rotated"
        else:
            self._state = "gone"
            if time.monotonic() - live.quiet_since >= LINGER_SECONDS:
                live.ended = True  # an open file of no name keeps its disk space

    def _replaced(self, live: Piece | None) -> None:
        opened = open_content(self.name)
        if live is None:
            if opened.content.packed and self._registry.knows(opened.identity, opened.raw_head):
                opened.content.close()
            else:
                self._add(opened)
            return
        if opened.identity == live.identity:
            opened.content.close()
            return
        if live.position and self._same(opened, live.segment):
            self._retire(live)
            self._add(opened, position=live.position)
            return
        live.ended = True
        live.quiet_since = time.monotonic()
        # Files that came and went between two looks stand beside its new name, or beside its compressed copy.
        former = find_again(self.name, live.segment, other_inode=not live.content.status().st_nlink)
        if former is not None:
            former.opened.content.close()
            self._add_all(successors(self.name, former.name, self._registry))
        self._add(opened)

    def _truncated(self, piece: Piece) -> None:
        """The same inode with other content: finish what a copy of the old content still holds, then start anew."""
        index = self._pieces.index(piece)
        segment = piece.segment
        self._leave(segment, piece.head)
        self._closed_bytes += piece.read_bytes
        copy = find_again(self.name, segment) if segment.head_length else None
        if piece.ended:
            piece.close()
            del self._pieces[index]
        else:
            self._registry.claim(piece.identity, b"")
            self._pieces[index] = Piece(piece.content, piece.identity, line_bytes=self._reading.line_bytes)
            self._message = "was truncated: read again from its start"
        if copy is not None:
            last = self._pieces
            self._pieces = []
            self._add(copy.opened, position=segment.position, ended=True, static=True)
            self._add_all(successors(self.name, copy.name, self._registry))
            self._pieces = last[:index] + self._pieces + last[index:]

    def _retire(self, piece: Piece) -> None:
        self._leave(piece.segment, piece.head)
        self._closed_bytes += piece.read_bytes
        self._pieces.remove(piece)
        piece.close()

    def _leave(self, segment: Segment, head: bytes) -> None:
        """Remember a file that nothing more is expected from; `head` is empty when only its digest is known."""
        for number, (known, _) in enumerate(self._left):
            if known[2:] == segment[2:]:  # the same content; a copy has another device and inode
                del self._left[number]
                break
        self._left.append((segment, head))
        self._left_told = told(segment for segment, _ in self._left)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, PermissionError):
            self._state, self._problem = "denied", "no permission to read it: tried again"
        elif isinstance(error, NotRegular):
            what = "a directory" if stat.S_ISDIR(error.mode) else "no regular file"
            self._state, self._problem = "error", f"is {what} now"
        elif isinstance(error, OSError):
            reason = os.strerror(error.errno) if error.errno else str(error)
            self._state, self._problem = "error", f"cannot be read: {reason}"
        else:
            self._state, self._problem = "error", str(error)

    # -- reading ---------------------------------------------------------------------------------------------------

    def _grace_over(self, piece: Piece) -> bool:
        return time.monotonic() - piece.quiet_since >= _GRACE_POLLS * self._reading.poll_interval

    def _is_final(self, piece: Piece) -> bool:
        """Whether a last line without line end will not be completed any more."""
        if not self._reading.follow or piece.static:
            return True
        return piece.ended and (self._grace_over(piece) or sum(one.ended for one in self._pieces) > _CROWD)

    def _load(self, piece: Piece, *, final: bool) -> bool:
        """Let the piece have pending lines. False: it has none, or it has been replaced or removed."""
        try:
            return piece.load(final=final)
        except Truncated:
            self._truncated(piece)
        except Damaged as error:
            self._retire(piece)
            self._fail(error)
            self._message = str(error)
        except OSError as error:
            self._fail(error)
            piece.at_end = True
            if error.errno == errno.ESTALE:
                self._retire(piece)
        return False

    def peek(self) -> Peek:
        """Read until lines are pending; bounded work."""
        if self._pieces_ready():
            return Peek.READY
        if any(not piece.at_end for piece in self._pieces):
            return Peek.BUSY
        now = time.monotonic()
        if now < self._next_poll:
            return self._empty()
        self._next_poll = now + 0.5 * self._reading.poll_interval
        before = list(self._pieces)
        self.poll()
        if self._pieces != before:
            return Peek.READY if self._pieces_ready() else Peek.BUSY
        return self._empty()

    def _pieces_ready(self) -> bool:
        for piece in tuple(self._pieces):
            # Asked once: a grace that ran out between reading and letting go would lose an unfinished last line.
            final = self._is_final(piece)
            if self._load(piece, final=final) and self._wanted(piece, final=final):
                return True
            if piece not in self._pieces or not piece.at_end:
                return False
            if final:
                self._let_go(piece)
        return False

    def _wanted(self, piece: Piece, *, final: bool) -> bool:
        """Drop pending lines that are older than `since` (only where seeking was not possible)."""
        if self._skip_until is None:
            return True
        time_of = self._reading.time_of
        for _ in range(_SKIPPED_BLOCKS):
            lines = piece.pending
            newest = last_time(lines, time_of)
            if newest is not None:
                self._message = ""
                if newest >= self._skip_until:
                    piece.drop(first_after(lines, self._skip_until, time_of))
                    self._skip_until = None
                    return True
            piece.drop(len(lines))
            if not self._load(piece, final=final):
                return False
        return False

    def _let_go(self, piece: Piece) -> None:
        """Close a file that nothing more will come from; its last line was final."""
        if not self._reading.follow or piece.static:
            self._retire(piece)
        else:
            quiet = time.monotonic() - piece.quiet_since
            trailing = sum(one.ended for one in self._pieces)
            if quiet >= LINGER_SECONDS or trailing > _TRAILING or not piece.content.status().st_nlink:
                self._retire(piece)

    def _empty(self) -> Peek:
        if not self._pieces and not self.follows:
            self._finished = True
            if self._state != "error":
                self._state = "ended"
        elif self._state == "reading":
            self._state = "following" if self.follows else "ended"
        return Peek.EMPTY

    def head_time(self) -> float | None:
        """Event time of the next line to deliver; after `peek` was READY."""
        lines = next(piece.pending for piece in self._pieces if piece.pending)
        return first_time(lines, self._reading.time_of)

    def next_batch(self, span: float | None) -> Batch:
        """The pending lines, at most `batch_lines`, not more than `span` seconds of event time; after READY.

        The first batch is short, so that what is in it shows soon.
        """
        piece = next(piece for piece in self._pieces if piece.pending)
        first = self._offset()
        count = min(self._reading.batch_lines, self._most)
        self._most = self._reading.batch_lines
        if span is not None:
            lines = piece.pending[:count]
            begin = first_time(lines, self._reading.time_of)
            end = last_time(lines, self._reading.time_of)
            if begin is not None and end is not None and end - begin > span:
                count = max(1, first_after(lines, begin + span, self._reading.time_of))
        lines, cut = piece.take(count)
        self._cut += cut
        return Batch(self.name, 0, first, self._offset(), lines, self._reading.clock(), cut)

    def rests(self) -> bool:
        """Whether its last batch has brought it to the end of the only file that it reads, which may grow.

        Otherwise `peek` tells.
        """
        rests = self.follows and len(self._pieces) == 1 and self._live is not None and self._pieces[0].drained
        if rests:
            self._empty()
        return rests

    def _offset(self) -> str:
        return encode((one.segment for one in self._pieces), self._left_told)

    # -- telling ---------------------------------------------------------------------------------------------------

    @property
    def segments(self) -> list[tuple[Segment, bytes]]:
        """Position and first bytes of the files that it reads, and of the last 16 that it has left behind.

        First bytes that are not known are empty.
        """
        return [*((piece.segment, piece.head) for piece in self._pieces), *self._left]

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return self._finished

    @property
    def open_files(self) -> dict[tuple[int, int], int]:
        """Descriptors of the files that may grow, by device and inode."""
        contents = ((piece.identity, piece.content) for piece in self._pieces)
        return {identity: one.descriptor for identity, one in contents if isinstance(one, PlainContent)}

    @property
    def restless(self) -> bool:
        """Whether another look may find something although nothing happens to its files: a grace ends."""
        grace = 2 * _GRACE_POLLS * self._reading.poll_interval
        return self._state in ("denied", "error") or any(
            piece.ended and time.monotonic() - piece.quiet_since < grace for piece in self._pieces
        )

    @property
    def is_idle(self) -> bool:
        """Whether no file is open."""
        return not self._pieces

    def finish(self, message: str, state: State = "ended") -> None:
        """Do not read it at all."""
        self._finished, self._state, self._message = True, state, message

    @property
    def _slowness(self) -> str:
        return f"looked at every {self._reading.poll_interval:g} s: {self.unwatched}" if self.unwatched else ""

    def status(self) -> SourceStatus:
        """Safe to call from another thread."""
        pieces = tuple(self._pieces)
        return SourceStatus(
            name=self.name,
            kind="file",
            state=self._state,
            message=self._problem or self._message or (self._slowness if self.follows else ""),
            backlog_bytes=sum(piece.backlog for piece in pieces),
            read_bytes=self._closed_bytes + sum(piece.read_bytes for piece in pieces),
            dropped=0,
            cut=self._cut,
        )

    def close(self) -> None:
        """Close all files."""
        for piece in self._pieces:
            piece.close()
        self._pieces = []
