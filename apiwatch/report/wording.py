"""Numbers and times in sentences of the report."""

from apiwatch.store.views import AllowEntry, BlockEntry
from apiwatch.times import span, stamp, utc_of

__all__ = ["GOING_ON_S", "clock", "going_on", "said_of", "some", "until"]

GOING_ON_S = 300.0
"""Seconds before the newest line of the log within which a suspicious request means that it still goes on."""


def some(number: int, noun: str, nouns: str = "") -> str:
    """A number and its noun.

    >>> some(1, "alert"), some(1200, "alert"), some(0, "entry", "entries")
    ('1 alert', '1,200 alerts', '0 entries')
    """
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def clock(minute: int) -> str:
    """The beginning of a minute: '2026-09-20 14:02Z'."""
    return utc_of(minute * 60).strftime("%Y-%m-%d %H:%MZ")


def until(expires: float | None) -> str:
    """When something ends."""
    return "without an end" if expires is None else f"until {stamp(expires)}"


def going_on(last: float, newest: float, closed: bool) -> str:
    """Whether something still goes on, as far as the log was read."""
    quiet = max(0.0, newest - last)
    if closed:
        return f"closed; the last suspicious request was {span(quiet)} before the newest line that was read"
    if quiet <= GOING_ON_S:
        return f"still going on: the last suspicious request was {span(quiet)} before the newest line that was read"
    return f"open, but quiet for {span(quiet)}"


def said_of(entry: BlockEntry | AllowEntry) -> str:
    """The state of an entry of the block queue or the allow-list: until when, who made it, renewed it, ended it."""
    renewed = f", renewed at {stamp(entry.renewed)}" if entry.renewed else ""
    ended = f" by {entry.ended_by} at {stamp(entry.ended)}" if entry.ended else ""
    lasts = f" {until(entry.expires)}" if entry.state in ("queued", "live", "expired") else ""
    return f"{entry.state}{ended}{lasts}; by {entry.actor} at {stamp(entry.created)}{renewed}"
