"""The newest requests, for those who watch them arrive: no state, and nothing that a decision rests on."""

from collections import deque

from apiwatch.detect.state import RouteState
from apiwatch.model import OUTCOMES, LineRow, Request

__all__ = ["Latest"]

_TARGET, _TEXT = 512, 256
"""Characters that are kept of a target, and of any other text."""


class Latest:
    """A bounded list of requests with what became of them."""

    def __init__(self, limit: int, requests: int) -> None:
        """`requests` is the number of all requests until now."""
        self.shown: deque[tuple[Request, float, int, RouteState, str]] = deque(maxlen=limit)
        """Request, event time, outcome, route and source."""
        self._requests = requests

    def take(self, requests: int) -> tuple[list[LineRow], int]:
        """Rows of what is kept, oldest first, and how many there were; `requests` is the number of all so far."""
        seen, self._requests = requests - self._requests, requests
        rows = [_row(*shown) for shown in self.shown]
        self.shown.clear()
        return rows, max(seen, len(rows))


def _row(request: Request, time: float, outcome: int, route: RouteState, source: str) -> LineRow:
    return LineRow(
        time=time,
        client=request.client,
        host=request.host or "",
        method=request.method or "",
        target=(request.target or "")[:_TARGET],
        route=route.route.label,
        status=request.status,
        outcome=OUTCOMES[outcome],
        bytes=request.bytes,
        duration_s=request.duration_s,
        user=(request.user or "")[:_TEXT],
        user_agent=(request.user_agent or "")[:_TEXT],
        source=source,
        line=request.line,
    )
