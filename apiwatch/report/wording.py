"""Numbers and times in sentences of the report."""

from apiwatch.store.views import BlockEntry, Mix
from apiwatch.times import stamp, utc_of

__all__ = ["GOING_ON_S", "blocked_as", "clock", "failed", "going_on", "some", "span", "until"]

GOING_ON_S = 300.0
"""Seconds before the newest line of the log within which a suspicious request means that it still goes on."""


def some(number: int, noun: str, nouns: str = "") -> str:
    """A number and its noun.

    >>> some(1, "alert"), some(1200, "alert"), some(0, "entry", "entries")
    ('1 alert', '1,200 alerts', '0 entries')
    """
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def span(seconds: float) -> str:
    """A duration in its two largest units.

    >>> span(42), span(723), span(3900), span(273_600)
    ('42 s', '12 min 3 s', '1 h 5 min', '3 d 4 h')
    """
    whole = max(0, int(seconds))
    for size, name, part, small in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {name} {rest} {small}" if rest else f"{whole // size} {name}"
    return f"{whole} s"


def clock(minute: int) -> str:
    """The beginning of a minute: '2026-09-20 14:02Z'."""
    return utc_of(minute * 60).strftime("%Y-%m-%d %H:%MZ")


def until(expires: float | None) -> str:
    """When something ends."""
    return "without an end" if expires is None else f"until {stamp(expires)}"


def failed(mix: Mix) -> int:
    """Requests that did not get what they asked for."""
    return mix.miss + mix.deny + mix.limited + mix.err


def going_on(last: float, newest: float, closed: bool) -> str:
    """Whether something still goes on, as far as the log was read."""
    quiet = max(0.0, newest - last)
    if closed:
        return f"closed; the last suspicious request was {span(quiet)} before the newest line that was read"
    if quiet <= GOING_ON_S:
        return f"still going on: the last suspicious request was {span(quiet)} before the newest line that was read"
    return f"open, but quiet for {span(quiet)}"


def blocked_as(entry: BlockEntry) -> str:
    """The state of an entry of the block queue, with what it means."""
    return {"queued": f"queued {until(entry.expires)}", "expired": f"expired, was {until(entry.expires)}"}.get(
        entry.state, entry.state
    )
