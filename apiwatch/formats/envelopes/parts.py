"""Lines that container runtimes log in parts, put together again within bounds."""

import msgspec

__all__ = ["LINE_BYTES", "MOST_SHORT_PARTS", "STREAMS", "WAITING_BYTES", "Parts"]

LINE_BYTES = 262_144
"""Bytes of one line that are kept; the rest of it is cut."""
WAITING_BYTES = 1_048_576
"""Bytes of all unfinished lines of one source: they are part of its saved state."""
STREAMS = 128
"""Unfinished lines of one source."""
MOST_SHORT_PARTS = 64
"""Parts that a line may have while they are shorter than SHORT_BYTES each on average."""
SHORT_BYTES = 2_048
"""Runtimes split at 8 KiB and more."""


class _Line(msgspec.Struct, array_like=True):
    text: bytearray
    parts: int = 0
    cut: bool = False


class _Saved(msgspec.Struct, array_like=True):
    waiting: list[tuple[str, _Line]]
    dropped: int
    cut: int
    endless: bool


class Parts:
    """Unfinished lines by stream. Beyond the bounds the one that has waited longest is thrown away."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Line] = {}
        self._bytes = 0
        self._endless = False
        """Whether the parts turned out to be lines: something has taken off the line ends that tell them apart."""
        self.dropped = 0
        """Unfinished lines that were thrown away."""
        self.cut = 0
        """Lines that were longer than LINE_BYTES."""

    def add(self, stream: str, text: str) -> str | None:
        """Keep a part until its line is finished: None; the text itself where parts have turned out to be lines."""
        if self._endless:
            return text
        line = self._waiting.pop(stream, None) or _Line(bytearray())
        self._append(line, text)
        self._waiting[stream] = line
        if line.parts > MOST_SHORT_PARTS and len(line.text) < line.parts * SHORT_BYTES:
            self._endless = True
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._bytes = 0
        while len(self._waiting) > STREAMS or self._bytes > WAITING_BYTES:
            self._bytes -= len(self._waiting.pop(next(iter(self._waiting))).text)
            self.dropped += 1
        return None

    def finish(self, stream: str, text: str) -> str:
        """The line that ends with `text`: all that was kept of the stream, and `text`.

        Characters whose bytes stood in two parts come out whole.
        """
        self._endless = False
        line = self._waiting.pop(stream, None)
        if line is None:
            return text
        self._append(line, text)
        self._bytes -= len(line.text)
        return line.text.decode("utf-8", "surrogateescape")

    def _append(self, line: _Line, text: str) -> None:
        if line.cut:
            return
        line.parts += 1
        data = _encoded(text)[: LINE_BYTES - len(line.text) + 1]
        if len(line.text) + len(data) > LINE_BYTES:
            line.cut = True
            self.cut += 1
            data = data[:-1]
        line.text += data
        self._bytes += len(data)

    def save(self) -> list[object]:
        """What waits and what was counted, of types that msgpack knows."""
        waiting = [[stream, [bytes(line.text), line.parts, line.cut]] for stream, line in self._waiting.items()]
        return [waiting, self.dropped, self.cut, self._endless]

    def load(self, saved: object) -> None:
        """Continue from what `save` gave; anything else is ignored."""
        try:
            known = msgspec.convert(saved, _Saved)
        except msgspec.ValidationError:
            return
        self._waiting = dict(known.waiting)
        self._bytes = sum(len(line.text) for line in self._waiting.values())
        self.dropped, self.cut, self._endless = known.dropped, known.cut, known.endless


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # A lone surrogate that a JSON escape made.
        return text.encode("utf-8", "surrogatepass")
