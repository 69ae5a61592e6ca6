"""Python's cycle collector in a process that keeps much and makes hardly any cycle."""

import gc

__all__ = ["collect_rarely", "import_uncollected"]

_THRESHOLDS = (50_000, 20, 100)


def import_uncollected() -> None:
    """Look for no cycles until somebody turns it on again: among what a start imports there is no garbage."""
    gc.disable()


def collect_rarely() -> None:
    """Look for cycles seldom, and never among the modules: with the defaults it costs 8 % of a replay."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
