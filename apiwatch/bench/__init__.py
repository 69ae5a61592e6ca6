"""Detection quality on the simulator: every replay through the real engine, next to the rules of other tools."""

from apiwatch.bench.planning import Plan, Progress, bench
from apiwatch.bench.report import Report, Table
from apiwatch.bench.running import Job

__all__ = ["Job", "Plan", "Progress", "Report", "Table", "bench"]
