"""The vocabulary: what crosses the borders between the rooms."""

from apiwatch.model.alert import Alert, AlertEvent, Explanation, Number, Subject, Tags
from apiwatch.model.delta import (
    Batch,
    ClientFacetRow,
    ClientMinuteRow,
    ClientRouteRow,
    ClientRow,
    Delta,
    EvidenceRow,
    Health,
    MinuteRow,
    RouteRow,
    SourceRow,
    StateRow,
    SuspectRow,
    UnparsedRow,
)
from apiwatch.model.request import OUTCOMES, SEVERITIES, Auth, Outcome, Request, Severity

__all__ = [
    "OUTCOMES",
    "SEVERITIES",
    "Alert",
    "AlertEvent",
    "Auth",
    "Batch",
    "ClientFacetRow",
    "ClientMinuteRow",
    "ClientRouteRow",
    "ClientRow",
    "Delta",
    "EvidenceRow",
    "Explanation",
    "Health",
    "MinuteRow",
    "Number",
    "Outcome",
    "Request",
    "RouteRow",
    "Severity",
    "SourceRow",
    "StateRow",
    "Subject",
    "SuspectRow",
    "Tags",
    "UnparsedRow",
]
