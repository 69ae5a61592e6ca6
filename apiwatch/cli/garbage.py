"""Python's cycle collector in a process that keeps much and makes hardly any cycle."""

import gc

__all__ = ["collect_rarely"]

_THRESHOLDS = (50_000, 20, 100)


def collect_rarely() -> None:
    """Look for cycles seldom, and never among the modules: with the defaults it costs 8 % of a replay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
