"""The systemd journal, read through `journalctl`: each message is a line, the cursor of its entry the offset."""

import asyncio
import contextlib
import dataclasses
import os
import shutil
import signal
from collections import deque
from typing import Any, NamedTuple

import msgspec

from apiwatch.errors import InputError
from apiwatch.model import Batch
from apiwatch.patterns import late
from apiwatch.sources.framing import LineSplitter
from apiwatch.sources.options import SourceStatus
from apiwatch.sources.seek import Since
from apiwatch.sources.stream import StreamBase, StreamContext
from apiwatch.text import plain

__all__ = ["ALL", "JournalStream", "journal_name"]

ALL = "all"
"""Stands for the messages of every unit."""

_MARK = "j"
_READ_BYTES = 1 << 16
_AHEAD_BYTES = 1 << 20
_BATCH_BYTES = 1 << 18
_SAME_TIME_SECONDS = 1.0
_ESCAPED = 6  # bytes of JSON for one byte of a message, at most: \u001b
_OVERHEAD_BYTES = 1 << 16
_START_SECONDS = 0.5
_COMPLAINT_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 30.0
_STDERR_BYTES = 4096

_CURSOR = late(rb'"__CURSOR"\s*:\s*"([^"\\]+)"')
_REALTIME = late(rb'"__REALTIME_TIMESTAMP"\s*:\s*"(\d+)"')
_TEXT = late(rb'"MESSAGE"\s*:\s*"((?:[^"\\]++|\\[^u]|\\u[0-9a-fA-F]{4})*+)')
_NUMBERS = late(rb'"MESSAGE"\s*:\s*\[((?:\s*\d+\s*,)*+)')


class _Fields(msgspec.Struct):
    """What is wanted of an entry: see the Journal JSON Format of systemd."""

    cursor: str = msgspec.field(name="__CURSOR")
    realtime: str = msgspec.field(name="__REALTIME_TIMESTAMP")
    message: Any = msgspec.field(name="MESSAGE", default=None)


class _Entry(NamedTuple):
    line: bytes
    received: float
    cursor: str


def journal_name(unit: str) -> str:
    """Name of the source that reads a unit."""
    return f"journal:{unit}"


class JournalStream(StreamBase):
    """Messages of one unit, oldest first; after a restart it goes on behind the last cursor."""

    def __init__(self, unit: str, context: StreamContext, since: Since, offset: str = "") -> None:
        super().__init__(journal_name(unit), "journal", context, "")
        self._unit = unit
        self._since = since
        self._told = self._cursor = offset.removeprefix(_MARK) if offset.startswith(_MARK) else ""
        """Cursor of the last entry that was taken, and of the last that was read."""
        self._entries: deque[_Entry] = deque()
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._complaint = b""
        self._decoder = msgspec.json.Decoder(_Fields)
        self._state = "waiting"
        self._message = "no message of this unit yet: `systemctl list-units` shows the names of units"
        if unit == ALL:
            self._message = "no message yet"

    async def open(self) -> None:
        """Start journalctl; raises InputError when it is not there or ends at once with an error."""
        program = shutil.which("journalctl")
        if program is None:
            raise InputError("--journal: journalctl is not installed; it comes with systemd.")
        process = await self._start(program)
        self._task = asyncio.create_task(self._run(program, process))
        if self._context.options.follow:
            await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=_START_SECONDS)
            if process.returncode:
                await asyncio.wait({self._task}, timeout=_COMPLAINT_SECONDS)
                raise InputError(f"--journal {self._unit}: journalctl says: {self._said() or 'nothing, and ends'}.")

    async def _start(self, program: str) -> asyncio.subprocess.Process:
        arguments = ["--output=json", "--output-fields=MESSAGE", "--all", "--no-pager", "--no-tail"]
        if self._unit != ALL:
            arguments.append(f"--unit={self._unit}")
        if self._cursor:
            arguments.append(f"--after-cursor={self._cursor}")
        elif self._since.time is not None:
            arguments.append(f"--since=@{self._since.time:.0f}")
        if self._context.options.follow:
            arguments.append("--follow")
        self._process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"},
            process_group=0,  # Ctrl-C is for us
        )
        return self._process

    async def _run(self, program: str, process: asyncio.subprocess.Process) -> None:
        """Read, and start journalctl again behind the last cursor when it ends although it should follow."""
        pause = 1.0
        while True:
            before = self._read_bytes
            await asyncio.gather(self._read(process), self._listen(process))
            code = await process.wait()
            if not self._context.options.follow:
                self._end("" if not code else self._said(), failed=bool(code))
                return
            pause = 1.0 if self._read_bytes > before else min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self._state = "error"
            self._message = f"journalctl has ended, it is started again: {self._said() or f'code {code}'}"
            await asyncio.sleep(pause)
            process = await self._start(program)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        splitter = LineSplitter(_ESCAPED * self._context.options.line_bytes + _OVERHEAD_BYTES)
        while data := await process.stdout.read(_READ_BYTES):
            self._read_bytes += len(data)
            self._put(splitter.feed(data))
            await self._room.wait()
        # What stands behind the last line end broke off: it comes again after the cursor.

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        self._complaint = b""
        while process.stderr is not None and (data := await process.stderr.read(_STDERR_BYTES)):
            self._complaint = (self._complaint + data)[-_STDERR_BYTES:]

    def _said(self) -> str:
        """The last line that journalctl has complained with."""
        lines = self._complaint.decode("utf-8", "replace").split("\n")
        return plain(next((line.strip().rstrip(".") for line in reversed(lines) if line.strip()), ""))

    def _put(self, records: list[bytes]) -> None:
        limit = self._context.options.line_bytes
        for record in records:
            try:
                fields = self._decoder.decode(record)
                lines = _lines(fields.message)
                when, cursor = float(fields.realtime) / 1e6, fields.cursor
            except (msgspec.DecodeError, ValueError):
                found = _salvaged(record)
                if found is None:
                    self._dropped += not record.startswith(b"--")  # a remark, such as of a reboot
                    continue
                lines, when, cursor = [found], _time_in(record, self._context.clock()), _cursor_in(record, self._cursor)
                self._cut += len(found) <= limit
            if not lines:
                self._dropped += 1
            for line in lines:
                self._cut += len(line) > limit
                self._entries.append(_Entry(line[:limit], when, cursor))
                self._bytes += min(len(line), limit)
            self._cursor = cursor
        if self._entries:
            self._state, self._message = "following", ""
            self._context.wake()
        if self._bytes >= _AHEAD_BYTES or len(self._entries) >= 2 * self._context.options.batch_lines:
            self._room.clear()

    @property
    def waits(self) -> bool:
        """As in Stream."""
        return bool(self._entries)

    def take(self) -> Batch | None:
        """As in Stream: messages within a second; `received` is the journal's time of the first."""
        if not self._entries:
            return None
        first, received = self._told, self._entries[0].received
        lines: list[bytes] = []
        size = 0
        while self._entries and len(lines) < self._context.options.batch_lines and size < _BATCH_BYTES:
            if abs(self._entries[0].received - received) >= _SAME_TIME_SECONDS:
                break
            line, _, self._told = self._entries.popleft()
            lines.append(line)
            size += len(line)
        self._bytes -= size
        if self._bytes < _AHEAD_BYTES >> 1 and len(self._entries) <= self._context.options.batch_lines:
            self._room.set()
        cut = self._cut - self._cut_told
        self._cut_told = self._cut
        return Batch(self.name, 0, _offset(first), _offset(self._told), lines, received, cut)

    def _end(self, message: str, *, failed: bool) -> None:
        self.ended = True
        self._state, self._message = "error" if failed else "ended", message
        self._context.wake()

    def status(self) -> SourceStatus:
        """As in Stream."""
        message = self._message
        if b"not seeing messages" in self._complaint and not message.startswith("journalctl"):
            message = "only messages of this user are seen: run as root or in the group systemd-journal"
        return dataclasses.replace(super().status(), backlog_bytes=self._bytes, message=message)

    async def close(self) -> None:
        """Stop journalctl; may be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
        self.ended = True
        if self._state != "error":
            self._state = "ended"


def _offset(cursor: str) -> str:
    return f"{_MARK}{cursor}" if cursor else ""


def _lines(message: Any) -> list[bytes]:
    """The values of MESSAGE: text, an array of bytes where it is no text, or an array of several of these."""
    if isinstance(message, str):
        return [message.encode("utf-8", "replace")]
    if not isinstance(message, list):
        return []
    if all(isinstance(one, int) for one in message):
        return [bytes(message)]
    return [line for one in message for line in _lines(one)]


def _salvaged(record: bytes) -> bytes | None:
    """The beginning of MESSAGE in a record that was too long to be kept as a whole."""
    if text := _TEXT.search(record):
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(b'"' + text[1] + b'"', type=str).encode("utf-8", "replace")
    if numbers := _NUMBERS.search(record):
        with contextlib.suppress(ValueError):
            return bytes(map(int, numbers[1].rstrip(b", ").split(b",")))
    return None


def _time_in(record: bytes, default: float) -> float:
    found = _REALTIME.search(record)
    return float(found[1]) / 1e6 if found else default


def _cursor_in(record: bytes, default: str) -> str:
    found = _CURSOR.search(record)
    return found[1].decode("ascii", "replace") if found else default
