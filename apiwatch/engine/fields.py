"""Which fields the log of a source does not have, so that users learn which detectors are blind there."""

from collections.abc import Iterable

import msgspec

from apiwatch.detect.needs import NEEDS
from apiwatch.formats import Unparsed
from apiwatch.model import Auth, Request

__all__ = ["Fields", "missing_fields"]

_BLOCK = 64
_FIRST = 2_048
"""Lines at the start of a source of which each is looked at; later one in `_BLOCK`."""

_ENOUGH = 200
"""Requests that show what a log has."""


class Fields(msgspec.Struct, gc=False):
    """Fields that requests of one source had so far."""

    looked: int = 0
    """Requests that were looked at."""
    missing: list[str] = msgspec.field(default_factory=lambda: list(NEEDS))
    """Fields that none of them had."""

    def follow(self, records: list[Request | Unparsed | None], before: int) -> None:
        """Look at lines of the source that follow its first `before` ones."""
        head = max(0, _FIRST - before)
        for record in (*records[:head], *records[head + -(before + head) % _BLOCK :: _BLOCK]):
            if type(record) is Request:
                self.looked += 1
                if self.missing:
                    self.missing = [name for name in self.missing if not _has(record, name)]

    @property
    def known_missing(self) -> list[str]:
        """Fields that the log does not have; none while too little was seen of it."""
        return self.missing if self.looked >= _ENOUGH else []


def missing_fields(sources: Iterable[Fields]) -> list[str]:
    """Fields that no source has, of those of which enough was seen."""
    lists = [fields.missing for fields in sources if fields.looked >= _ENOUGH]
    return [name for name in NEEDS if lists and all(name in one for one in lists)]


def _has(request: Request, name: str) -> bool:
    if name == "credentials":
        return request.user is not None or request.token is not None or request.stated != Auth.UNKNOWN
    return getattr(request, name) is not None
