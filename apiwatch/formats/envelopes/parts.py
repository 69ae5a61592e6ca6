"""Lines that container runtimes log in parts, put together again within bounds."""

from typing import NamedTuple

import msgspec

__all__ = ["LINE_BYTES", "STREAMS", "WAITING_BYTES", "Parts"]

LINE_BYTES = 262_144
"""Bytes of one line that are kept; the rest of it is cut."""
WAITING_BYTES = 1_048_576
"""Bytes of all unfinished lines of one source: they are part of its saved state."""
STREAMS = 128
"""Unfinished lines of one source."""


class _Line(NamedTuple):
    text: bytes
    cut: bool


class _Saved(msgspec.Struct, array_like=True):
    waiting: list[tuple[str, bytes, bool]]
    dropped: int
    cut: int


class Parts:
    """Unfinished lines by stream. Beyond the bounds the one that has waited longest is thrown away."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Line] = {}
        self._bytes = 0
        self.dropped = 0
        """Unfinished lines that were thrown away."""
        self.cut = 0
        """Lines that were longer than LINE_BYTES."""

    def add(self, stream: str, text: str) -> None:
        """Keep a part until the line is finished."""
        line = self._longer(self._waiting.pop(stream, _Line(b"", False)), text)
        self._waiting[stream] = line
        while len(self._waiting) > STREAMS or self._bytes > WAITING_BYTES:
            self._bytes -= len(self._waiting.pop(next(iter(self._waiting))).text)
            self.dropped += 1

    def finish(self, stream: str, text: str) -> str:
        """The line that ends with `text`: all that was kept of the stream, and `text`.

        Characters whose bytes stood in two parts come out whole.
        """
        if stream not in self._waiting:
            return text
        line = self._longer(self._waiting.pop(stream), text)
        self._bytes -= len(line.text)
        return line.text.decode("utf-8", "surrogateescape")

    def _longer(self, line: _Line, text: str) -> _Line:
        if line.cut:
            return line
        data = _encoded(text)
        room = LINE_BYTES - len(line.text)
        self._bytes += min(len(data), room)
        if len(data) > room:
            self.cut += 1
            return _Line(line.text + data[:room], True)
        return _Line(line.text + data, False)

    def save(self) -> list[object]:
        """What waits and what was counted, of types that msgpack and JSON know (JSON: bytes as base64)."""
        return [[[stream, *line] for stream, line in self._waiting.items()], self.dropped, self.cut]

    def load(self, saved: object) -> None:
        """Continue from what `save` gave; anything else is ignored."""
        try:
            known = msgspec.convert(saved, _Saved)
        except msgspec.ValidationError:
            return
        self._waiting = {stream: _Line(text, cut) for stream, text, cut in known.waiting}
        self._bytes = sum(len(line.text) for line in self._waiting.values())
        self.dropped, self.cut = known.dropped, known.cut


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # A lone surrogate that a JSON escape made.
        return text.encode("utf-8", "surrogatepass")
