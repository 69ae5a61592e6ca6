"""The block queue's way to a firewall: networks, guard rails, plan, targets and the export that joins them."""

from apiwatch.blocklist.exporting import export
from apiwatch.blocklist.guard import Finding, Guard
from apiwatch.blocklist.networks import canonical, network_for, parse_ttl
from apiwatch.blocklist.planning import Plan, Row, plan
from apiwatch.blocklist.protected import Protected, gather_protected
from apiwatch.blocklist.target import Artifact, Caps, CheckResult, Commands, Target
from apiwatch.blocklist.targets import TARGETS

__all__ = [
    "TARGETS",
    "Artifact",
    "Caps",
    "CheckResult",
    "Commands",
    "Finding",
    "Guard",
    "Plan",
    "Protected",
    "Row",
    "Target",
    "canonical",
    "export",
    "gather_protected",
    "network_for",
    "parse_ttl",
    "plan",
]
