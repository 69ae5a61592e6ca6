"""What a state file says of each source: its numbers, and what is wrong with them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from apiwatch.cli.checks import Check

if TYPE_CHECKING:
    from apiwatch.store import HealthView, SourceView

__all__ = ["counter_checks"]


def counter_checks(source: "SourceView", health: "HealthView | None") -> Iterator[Check]:
    """What the running or last collector made of one source, and what is wrong with it."""
    from apiwatch.cli.output import rfc3339
    from apiwatch.store import lag_of, troubles_of

    lag, troubles = lag_of(source, health), troubles_of(source, health)
    names = ("lines", "requests", "unparsed", "skipped", "late", "cut", "dropped")
    counters = {name: getattr(source, name) for name in names}
    newest = rfc3339(source.last_time)
    numbers = {
        "source": source.name,
        "kind": source.kind,
        "state": source.state,
        "message": source.message,
        "format": source.format or None,
        **counters,
        "backlog_bytes": source.backlog_bytes,
        "lag_s": round(lag, 1),
        "last_time": newest,
        "wrong": [trouble.text for trouble in troubles if trouble.wrong],
        "notes": [trouble.text for trouble in troubles if not trouble.wrong],
    }
    counted = ", ".join(f"{count} {name}" for name, count in counters.items())
    unread = f"lag {lag:.0f} s, {source.backlog_bytes} bytes unread, newest request {newest or 'never'}"
    text = f"{source.name}: {source.state}, {source.format or 'no format yet'}; {counted}; {unread}"
    said = any(source.message in trouble.text for trouble in troubles)
    yield Check("counters", "ok", text if said or not source.message else f"{text}; {source.message}", numbers=numbers)
    for trouble in troubles:
        yield Check("counters", "wrong" if trouble.wrong else "note", f"{source.name}: {trouble.text}")
