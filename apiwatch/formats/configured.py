"""Parsers and times as the settings want them."""

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from apiwatch.config import Sources
from apiwatch.formats.clock import WallClock
from apiwatch.formats.moments import time_of
from apiwatch.formats.parser import LineParser

__all__ = ["line_parser", "line_times"]


def line_parser(sources: Sources, salt: bytes) -> LineParser:
    """The parser of one source. Raises UsageError as LineParser does."""
    return LineParser(
        format=sources.format,
        log_format=sources.log_format,
        trusted_proxy=sources.trusted_proxy,
        salt=salt,
        time_zone=sources.time_zone,
        client_header=sources.client_header,
    )


def line_times(sources: Sources) -> Callable[[bytes], float | None]:
    """`time_of` with the zone of the settings."""
    zone = ZoneInfo(sources.time_zone) if sources.time_zone is not None else None
    return partial(time_of, clock=WallClock(zone))
