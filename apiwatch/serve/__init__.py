"""The dashboard in a browser: a small web server that runs one read-only dashboard for each visitor."""

from apiwatch.serve.access import Access
from apiwatch.serve.running import Plan, run

__all__ = ["Access", "Plan", "run"]
