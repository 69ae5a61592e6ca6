"""LTSV: labelled, tab-separated values in any order (http://ltsv.org)."""

from apiwatch.formats.build import MAX_INT
from apiwatch.formats.matcher import FormatInfo, Matcher, Skipped
from apiwatch.formats.times import any_time
from apiwatch.model import Request

__all__ = ["FORMATS", "LtsvMatcher"]

FORMATS = (
    FormatInfo(
        "ltsv",
        "labelled tab-separated values",
        "time:24/Nov/2026:03:10:54 +0000\thost:203.0.113.7\treq:GET /orders/7 HTTP/1.1\tstatus:200\tsize:612"
        "\tua:curl/8.5\treqtime:0.012\tvhost:api.example.com",
    ),
)
_DURATIONS = (("reqtime", 1.0), ("taken_sec", 1.0), ("reqtime_microsec", 1e6), ("apptime", 1.0))


class LtsvMatcher(Matcher):
    """The only format of this family."""

    family = "ltsv"

    @property
    def name(self) -> str:
        """As in Matcher."""
        return "ltsv"

    def one(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """As in Matcher."""
        if "\t" not in text or ":" not in text:
            return None
        fields: dict[str, str] = {}
        for item in text.split("\t"):
            label, colon, value = item.partition(":")
            if not colon or not label or not label.replace("_", "").replace("-", "").replace(".", "").isalnum():
                return None
            fields.setdefault(label, value)
        status = fields.get("status", "")
        if not (status.isascii() and status.isdigit() and len(status) == 3) or "host" not in fields:
            return None
        if "req" not in fields and not ("method" in fields and "uri" in fields):
            return None
        when = any_time(fields["time"], self.builder.times) if "time" in fields else (received, 0)
        if when is None:
            return None
        size = fields.get("size", "-")
        method, target = fields.get("method"), fields.get("uri")
        return self.builder.request(
            when,
            fields["host"],
            self.builder.wanted(method, target, fields.get("req")),
            int(status),
            line,
            forwarded=fields.get("forwardedfor"),
            size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 and int(size) <= MAX_INT else None,
            referer=fields.get("referer"),
            user_agent=fields.get("ua"),
            host=fields.get("vhost"),
            user=fields.get("user"),
            duration_s=_duration(fields),
        )

    def progress(self, text: str) -> tuple[int, str]:
        """As in Matcher."""
        if not text.startswith(("time:", "host:")) or "\t" not in text:
            return 0, ""
        position = 0
        for item in text.split("\t"):
            if ":" not in item:
                break
            position += len(item) + 1
        return min(position, len(text)), "ltsv"


def _duration(fields: dict[str, str]) -> float | None:
    for label, divisor in _DURATIONS:
        value = fields.get(label, "-")
        if value.isascii() and value.replace(".", "", 1).isdigit() and len(value) < 20:
            return float(value) / divisor
    return None
