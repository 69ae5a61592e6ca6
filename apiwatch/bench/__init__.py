"""Detection quality on the simulator: every replay through the real engine, next to the rules of other tools."""

from apiwatch.bench.planning import Plan, Progress, bench
from apiwatch.bench.report import Report
from apiwatch.bench.running import Job
from apiwatch.bench.tables import Table

__all__ = ["Job", "Plan", "Progress", "Report", "Table", "bench"]
