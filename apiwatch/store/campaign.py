"""Reading what the clients of one alert did together."""

from apiwatch.store.boards import WINDOW
from apiwatch.store.detail import OUTCOME_SUMS, minute_view
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.span import span_of
from apiwatch.store.views import CampaignView, FacetView

__all__ = ["campaign"]

_AGENTS = 20
_MEMBERS = "(SELECT DISTINCT client AS name FROM alert_clients WHERE alert_id = ?) AS members"


def campaign(snapshot: Snapshot, alert_id: str, at: float) -> CampaignView:
    """See `Reader.campaign`."""
    span = span_of(snapshot, WINDOW, at)
    # CROSS JOIN: a look-up per member and minute, and no walk through the minutes of everybody.
    minutes = snapshot.rows(
        f"SELECT minute, {OUTCOME_SUMS} "  # noqa: S608  own names
        "FROM (SELECT DISTINCT minute AS m FROM minutes WHERE minute > ? AND minute <= ?) AS span "
        f"CROSS JOIN {_MEMBERS} CROSS JOIN client_minutes WHERE minute = m AND client = name "
        "GROUP BY minute ORDER BY minute",
        (span.start, span.end, alert_id),
    )
    agents = snapshot.rows(
        "SELECT value, COUNT(DISTINCT client), MAX(last_seen) "  # noqa: S608
        f"FROM {_MEMBERS} CROSS JOIN client_facets WHERE client = name AND kind = 'user_agent' "
        "GROUP BY value ORDER BY 2 DESC, value LIMIT ?",
        (alert_id, _AGENTS),
    )
    return CampaignView(
        timeline=tuple(minute_view(row) for row in minutes),
        agents=tuple(FacetView(value, clients, float(last)) for value, clients, last in agents),
    )
