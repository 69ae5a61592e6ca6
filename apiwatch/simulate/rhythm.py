"""How busy a service is by the hour of the day and the day of the week (UTC)."""

__all__ = ["Rhythm"]

_HOURS = (
    0.34, 0.22, 0.16, 0.13, 0.14, 0.24, 0.47, 0.80, 1.08, 1.25, 1.34, 1.37,
    1.42, 1.36, 1.30, 1.28, 1.32, 1.40, 1.52, 1.66, 1.72, 1.55, 1.13, 0.66,
)  # fmt: skip
_DAYS = (1.06, 1.03, 1.01, 1.00, 0.97, 0.90, 1.03)
"""From Monday on."""

_HOUR, _DAY = 3_600.0, 86_400.0
_MONDAY = 4
"""Days from 1 January 1970, a Thursday, to the first Monday."""

_STEP = 900.0


class Rhythm:
    """Visits at a time relative to the mean of a simulation, so that the asked rate is the mean, however short it is.

    From night to evening of one day it changes by a factor of 13, from a Saturday to a Monday by less than two tenths.
    """

    def __init__(self, start: float, duration: float) -> None:
        self._start = start
        steps = min(max(1, int(duration / _STEP)), int(14 * _DAY / _STEP))
        self._mean = sum(_weight(start + (step + 0.5) * duration / steps) for step in range(steps)) / steps

    def at(self, time: float) -> float:
        """Factor at a time in seconds since the start."""
        return _weight(self._start + time) / self._mean


def _weight(moment: float) -> float:
    hour, part = divmod(moment % _DAY / _HOUR, 1.0)
    now = _HOURS[int(hour)]
    return _DAYS[int(moment // _DAY - _MONDAY) % 7] * (now + part * (_HOURS[(int(hour) + 1) % 24] - now))
