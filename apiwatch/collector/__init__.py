"""The wiring: sources -> engine -> store. `collect` follows logs as a process of its own, `read_history` reads once."""

from apiwatch.collector.history import Progress, read_history
from apiwatch.collector.live import CollectorOptions, collect

__all__ = ["CollectorOptions", "Progress", "collect", "read_history"]
