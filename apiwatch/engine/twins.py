"""The same request in the logs of two sources, as when a server writes to a file and to syslog: it counts once.

Two records are the same when time, client, request, answer and user agent agree. A source that says something several
times means it: per source the lines are counted, and the source that has most of them is believed.
"""

from hashlib import blake2b

from apiwatch.engine.state import SourceState
from apiwatch.formats import Unparsed
from apiwatch.model import Request

__all__ = ["ALONE", "Second", "Twins"]

_SPAN = 60
"""Seconds of event time in which the second source may follow; histories of several files are merged more finely."""

_KEPT = 20_000
"""Requests remembered, of all seconds together."""

ALONE = 4_000
"""Requests of the only source that are remembered, in case that another one follows at once."""

Second = dict[int, list[int]]
"""Fingerprint of a request -> how often each source had it, by the number of the source."""


class Twins:
    """The requests of the last seconds, so that what another source said already is not counted again."""

    def __init__(self) -> None:
        self.seconds: dict[int, Second] = {}
        self.dirty: set[int] = set()
        """Seconds that changed since they were last written."""
        self.gone: list[int] = []
        """Seconds that were dropped since then."""
        self.kept = 0

    def first_only(
        self, records: list[Request | Unparsed | None], source: SourceState, sources: int, before: int
    ) -> list[Request | Unparsed | None]:
        """The records of a source with None in place of each request that another source had already.

        `sources` is how many there are, `before` the number of lines that this one had so far. A source that stays
        alone costs nothing after its first few thousand lines.
        """
        number = source.number
        if sources == 1:
            for record in records[: max(0, ALONE - before)]:
                if type(record) is Request:
                    self._is_copy(record, number)
            return records
        kept = [None if type(record) is Request and self._is_copy(record, number) else record for record in records]
        source.copies += kept.count(None) - records.count(None)
        return kept

    def restore(self, second: int, known: Second) -> None:
        """Continue with a stored second."""
        self.seconds[second] = known
        self.kept += len(known)

    def _is_copy(self, request: Request, source: int) -> bool:
        """Count a request of a source; whether another source had it as often already."""
        second = int(request.time)
        known = self.seconds.get(second)
        if known is None:
            known = self._begin(second)
        told = known.get(fingerprint := _fingerprint(request))
        self.dirty.add(second)
        if told is None:
            known[fingerprint] = [0] * source + [1]
            self.kept += 1
            if self.kept > _KEPT:
                self._drop(min(self.seconds))
            return False
        most = max(told)
        told.extend([0] * (source + 1 - len(told)))
        told[source] += 1
        return told[source] <= most

    def _begin(self, second: int) -> Second:
        found = self.seconds[second] = {}
        for old in [old for old in self.seconds if old < second - _SPAN]:
            self._drop(old)
        return found

    def _drop(self, second: int) -> None:
        self.kept -= len(self.seconds.pop(second))
        self.dirty.discard(second)
        self.gone.append(second)


def _fingerprint(request: Request) -> int:
    text = (
        f"{request.time} {request.client} {request.method} {request.target} {request.status} {request.bytes} "
        f"{request.user} {request.host} {request.user_agent}"
    )
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1
