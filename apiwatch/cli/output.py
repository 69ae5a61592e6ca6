"""Results on standard output: JSON lines and text tables. All text from a log passes `text.plain` here."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from apiwatch.text import one_line, plain
from apiwatch.times import rfc3339

if TYPE_CHECKING:
    from apiwatch.store import MinuteView, Mix

__all__ = ["age", "emit", "mix_fields", "put", "rfc3339", "say", "sparkline", "table", "write_lines"]

_RIGHT = frozenset("0123456789.,%+-")
_BARS = " .:-=+*#"


def emit(record: Any) -> None:
    """One JSON object as a line on standard output."""
    import msgspec

    write_lines([msgspec.json.encode(record)])


def write_lines(lines: Iterable[bytes]) -> None:
    """Encoded lines on standard output, in one piece."""
    sys.stdout.flush()
    sys.stdout.buffer.write(b"".join(line + b"\n" for line in lines))
    sys.stdout.buffer.flush()


def put(text: str = "") -> None:
    """A line of results; the caller has cleaned what came from a log."""
    print(text)


def say(text: str) -> None:
    """A message for the operator, on standard error."""
    print(f"apiwatch: {plain(text)}", file=sys.stderr, flush=True)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, widest: int = 60) -> None:
    """An aligned text table; columns of numbers to the right, cells cut at `widest` (the last one never)."""
    cells = [[one_line(cell, widest) for cell in row[:-1]] + [plain(row[-1])] for row in rows]
    widths = [max(len(line[at]) for line in [list(headers), *cells]) for at in range(len(headers))]
    numeric = [bool(cells) and all(_RIGHT.issuperset(line[at]) for line in cells) for at in range(len(headers))]
    for line in [list(headers), *cells]:
        parts = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        put("  ".join(parts).rstrip())


def mix_fields(mix: "Mix") -> dict[str, int]:
    """Requests, outcomes and bytes of a span as JSON fields."""
    return {
        "requests": mix.requests,
        "ok": mix.ok,
        "miss": mix.miss,
        "deny": mix.deny,
        "limited": mix.limited,
        "err": mix.err,
        "neutral": mix.neutral,
        "bytes": mix.bytes,
    }


def age(seconds: float) -> str:
    """A span in its two largest units: '3m12s', '5h02m', '4d03h'.

    >>> age(192), age(18120), age(0.4)
    ('3m12s', '5h02m', '0s')
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def sparkline(timeline: "Sequence[MinuteView]", last_minute: int, minutes: int = 60) -> str:
    """Requests per minute up to `last_minute` as ASCII bars, from 0 to the peak."""
    counts = {view.minute: view.mix.requests for view in timeline}
    values = [counts.get(minute, 0) for minute in range(last_minute - minutes + 1, last_minute + 1)]
    peak = max(values, default=0)
    if not peak:
        return " " * minutes
    top = len(_BARS) - 1
    return "".join(_BARS[min(top, -(-value * top // peak))] for value in values)
