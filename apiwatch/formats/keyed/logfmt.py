"""logfmt: `key=value key="quoted value"` (https://brandur.org/logfmt): Heroku's router, lograge, Tyk, Go services."""

import re
from typing import Any

from apiwatch.formats.build import Builder
from apiwatch.formats.keyed.plan import PlanCache, record_of
from apiwatch.formats.keyed.units import DurationUnit
from apiwatch.formats.matcher import FormatInfo, Matcher, Skipped
from apiwatch.model import Request
from apiwatch.patterns import late

__all__ = ["FORMATS", "LogfmtMatcher"]

_START = late(r"[A-Za-z_@][\w.@-]{0,63}=", re.ASCII)
_PAIR = late(r'([A-Za-z_@][\w.@-]{0,63})=(?:"((?:[^"\\]|\\.)*+)"|([^\s"]*+))(?:[ \t]+|$)', re.ASCII | re.DOTALL)
_ESCAPE = late(r"\\(.)", re.DOTALL)
_YEARLESS = late(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", re.ASCII)
_APPLICATION = ("level", "severity", "lvl", "levelname", "log.level", "logger")
"""Keys of a message of an application's own log."""
_FEWEST = 3
_MOST = 200

FORMATS = (
    FormatInfo(
        "logfmt",
        "key=value pairs with the usual names: Heroku's router, lograge, Tyk",
        'time="2026-11-24T03:10:54Z" level=info client_ip="203.0.113.7" host="api.example.com" method=GET '
        'path="/orders/7?x=1" status=200 bytes=612 duration=12ms user_agent="curl/8.5"',
    ),
)


class LogfmtMatcher(Matcher):
    """The only format of this family."""

    family = "logfmt"

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self._plans = PlanCache(builder.client_header)
        self._unit = DurationUnit()

    @property
    def name(self) -> str:
        """As in Matcher."""
        return "logfmt"

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """As in Matcher."""
        if _START.match(text) is None:
            return None
        value, end = _pairs(text)
        if end < len(text) or len(value) < _FEWEST:
            return None
        plan = self._plans.of(value)
        if plan is None:
            return Skipped if any(key in value for key in _APPLICATION) else None
        time = value.get("time")
        if isinstance(time, str) and _YEARLESS.fullmatch(time):
            moment = self.builder.clock.yearless(time, received)
            value["time"] = moment[0] if moment is not None else None
        return record_of(plan, value, self.builder, self._unit, line, received)

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher."""
        value, end = _pairs(text) if _START.match(text) is not None else ({}, 0)
        return (end, "logfmt") if len(value) >= _FEWEST else (0, "")

    def save(self) -> list[int | str]:
        """As in Matcher."""
        return self._unit.save()

    def load(self, saved: list[int | str]) -> None:
        """As in Matcher."""
        self._unit.load(saved)


def _pairs(text: str) -> tuple[dict[str, Any], int]:
    """(key -> value, number of characters that are pairs); the first of equal keys counts."""
    value: dict[str, Any] = {}
    end = 0
    while end < len(text) and len(value) < _MOST:
        found = _PAIR.match(text, end)
        if found is None:
            break
        quoted = found[2]
        value.setdefault(found[1], _ESCAPE.sub(r"\1", quoted) if quoted is not None else found[3])
        end = found.end()
    return value, end
