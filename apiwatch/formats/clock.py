"""The zone of times that are written without one (reference: formats, section 8)."""

from datetime import UTC, datetime, tzinfo
from math import floor

from apiwatch.formats.caches import Cache
from apiwatch.formats.times import Moment, wall_time

__all__ = ["WallClock"]

_QUARTER = 900
_SURE = 60.0
_FARTHEST = 15 * 3600
_DAY = 86_400.0
_KEPT = 1_000


class WallClock:
    """What UTC was when a server's wall clock showed a time.

    Asked in this order: the zone that the user named; the distance to the time that an envelope (CRI, docker, journald,
    syslog with an offset) gives the same line, rounded to a quarter of an hour and learned from a line that came at
    once; the zone of this machine.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self.zone = zone
        self.envelope: Moment | None = None
        """What the envelope of the present line says."""
        self.learned: int | None = None
        """Offset from UTC in seconds that envelopes have shown."""
        self._offsets: dict[int, int] = {}
        self._walls: Cache[float | None] = Cache(wall_time, _KEPT)

    def read(self, text: str) -> Moment | None:
        """The moment of a date and time without zone, in any notation that `wall_time` reads."""
        wall = self._walls[text]
        return None if wall is None else self.moment(wall)

    def yearless(self, text: str, received: float) -> Moment | None:
        """The moment of `Jan 29 08:27:09`, in the year that puts it nearest to its receipt, at most a day ahead."""
        year = datetime.fromtimestamp(received, UTC).year
        found = [moment for one in (year - 1, year, year + 1) if (moment := self.read(f"{text} {one}")) is not None]
        past = [moment for moment in found if moment[0] <= received + _DAY]
        return max(past or found, default=None)

    def moment(self, wall: float) -> Moment:
        """`wall` is the shown date and time in seconds, counted as if it were UTC."""
        if self.zone is None:
            if self.envelope is not None:
                self._learn(wall, self.envelope[0])
            if self.learned is not None:
                return wall - self.learned, self.learned
        quarter = floor(wall / _QUARTER)
        offset = self._offsets.get(quarter)
        if offset is None:
            if len(self._offsets) >= _KEPT:
                self._offsets.clear()
            offset = self._offsets[quarter] = self._offset(quarter * _QUARTER)
        return wall - offset, offset

    def _learn(self, wall: float, envelope: float) -> None:
        ahead = wall - envelope
        offset = round(ahead / _QUARTER) * _QUARTER
        if abs(ahead - offset) <= _SURE and abs(offset) <= _FARTHEST:
            self.learned = offset

    def _offset(self, wall: int) -> int:
        try:
            shown = datetime.fromtimestamp(wall, UTC).replace(tzinfo=self.zone)
            offset = (shown.astimezone() if self.zone is None else shown).utcoffset()
        except (ValueError, OverflowError, OSError):
            return 0
        return int(offset.total_seconds()) if offset is not None else 0
