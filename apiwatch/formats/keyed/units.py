"""The unit of a duration whose name does not say it."""

__all__ = ["DurationUnit"]

_SAMPLE = 200
"""Lines within which the unit is settled."""

_LONGEST_S = 60


class DurationUnit:
    """Settles on seconds at the first fraction below 60, on milliseconds at a larger one or after 200 whole numbers."""

    def __init__(self) -> None:
        self.whole = 0
        """Whole numbers seen so far."""
        self.per_second = 0
        """0: not settled, 1: seconds, 1000: milliseconds."""

    def seconds(self, duration: float) -> float | None:
        """The duration in seconds; None before the unit is settled."""
        if not self.per_second:
            if duration != int(duration):
                self.per_second = 1 if duration < _LONGEST_S else 1000
            else:
                self.whole += 1
                if self.whole >= _SAMPLE:
                    self.per_second = 1000
        return duration / self.per_second if self.per_second else None

    def save(self) -> list[int | str]:
        """For `load`."""
        return [self.whole, self.per_second]

    def load(self, saved: list[int | str]) -> None:
        """Continue from what `save` gave; anything else is ignored."""
        match saved:
            case [int(whole), int(per_second)] if per_second in {0, 1, 1000}:
                self.whole, self.per_second = whole, per_second
