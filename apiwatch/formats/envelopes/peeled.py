"""What one envelope holds, and the times that envelopes tell."""

import re
from typing import NamedTuple

from apiwatch.formats.times import Moment, iso_time
from apiwatch.patterns import late

__all__ = ["ISO", "Peeled", "stamped"]

ISO = r"\d{4}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d:[0-6]\d(?:[.,]\d{1,9})?(?:Z|z|[+-]\d\d:?\d\d)?"
"""Pattern of an ISO 8601 time as envelopes write it, with or without a zone."""

_ZONE = late(r"(?:[Zz]|UTC|:\d\d(?:[.,]\d{1,18})? ?[+-]\d\d(?::?\d\d)?)\Z", re.ASCII)
_EPOCH = late(r"\d{10}\.\d{1,9}", re.ASCII)


class Peeled(NamedTuple):
    """A line without its outermost envelope."""

    text: str
    """What the envelope holds; '' for an application's message without a text."""
    moment: Moment | None = None
    """When it was logged; None when the envelope does not say it, or without a zone or a year."""
    unfinished: str | None = None
    """Key of the stream that the text is an unfinished part of; None when the text ends a line."""
    other: bool = False
    """Whether the envelope says that it is a message of an application: a text that is no request is no surprise."""
    finishes: str | None = None
    """Key of the stream whose parts end with this text; None when the envelope does not know parts."""


def stamped(text: str | None) -> Moment | None:
    """The moment of an ISO 8601 time that has a zone, or of seconds since the epoch with a fraction.

    >>> stamped("2026-11-24T03:10:54.5+01:00"), stamped("2026-11-24T03:10:54")
    ((1795486254.5, 3600), None)
    """
    if not text:
        return None
    if _EPOCH.fullmatch(text) is not None:
        return float(text), 0
    return iso_time(text) if _ZONE.search(text) is not None else None
