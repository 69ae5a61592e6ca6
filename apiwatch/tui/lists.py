"""The panels of the dashboard: their names, their orders, and the rows that a read gives them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apiwatch.tui.columns import Column
from apiwatch.tui.rows import AlertRow, AuthRow, BlockRow, ClientRow, EnumerationRow, Row, Sort, SourceRow
from apiwatch.tui.snapshot import Lists

__all__ = ["BLOCKS", "PANELS", "SOURCES", "Panel"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One list."""

    name: str
    title: str
    short: str
    """Title where there is little room."""
    columns: tuple[Column, ...]
    sorts: tuple[Sort, ...]
    """Orders to choose from; the first is the usual one."""
    rows: Callable[[Lists], Sequence[Row]] = lambda _lists: ()
    """Rows of a read of the dashboard; other screens make theirs themselves."""
    holds: bool = True
    """Its order stands still while somebody works in it; rows that left stay until it is let go."""
    markable: bool = True
    """Keys act on many of its rows at once."""


def _alert(key: Callable[[AlertRow], tuple[float, ...]]) -> Callable[[Row], tuple[float, ...]]:
    return lambda row: key(row) if isinstance(row, AlertRow) else ()


def _suspect(key: Callable[[EnumerationRow | AuthRow], tuple[float, ...]]) -> Callable[[Row], tuple[float, ...]]:
    return lambda row: key(row) if isinstance(row, EnumerationRow | AuthRow) else ()


def _source(key: Callable[[SourceRow], tuple[float, ...]]) -> Callable[[Row], tuple[float, ...]]:
    return lambda row: key(row) if isinstance(row, SourceRow) else ()


ALERTS = Panel(
    name="alerts",
    title="Alerts",
    short="Alerts",
    columns=AlertRow.columns,
    sorts=(
        Sort("severity", "severity, then score", None),
        Sort("score", "score", _alert(lambda row: (row.view.alert.score, row.view.alert.severity))),
        Sort("newest", "newest first", _alert(lambda row: (row.view.alert.first_seen,))),
        Sort("active", "last active first", _alert(lambda row: (row.view.alert.last_seen,))),
        Sort("requests", "suspicious requests", _alert(lambda row: (row.view.alert.count,))),
    ),
    rows=lambda lists: [AlertRow(view, lists.now) for view in lists.alerts],
)

CLIENTS = Panel(
    name="clients",
    title="Top clients",
    short="Clients",
    columns=ClientRow.columns,
    sorts=(
        Sort("score", "score", None, "score"),
        Sort("requests", "requests in the window", None, "requests"),
        Sort("miss", "requests for what does not exist", None, "miss"),
        Sort("deny", "refused requests", None, "deny"),
        Sort("err", "requests that broke", None, "err"),
        Sort("bytes", "bytes sent", None, "bytes"),
        Sort("last", "last seen", None, "last_seen"),
    ),
    rows=lambda lists: [ClientRow(view, lists.now, lists.window_minutes * 60.0) for view in lists.clients],
)

ENUMERATION = Panel(
    name="enumeration",
    title="Suspicious enumeration",
    short="Enum",
    columns=EnumerationRow.columns,
    sorts=(
        Sort("evidence", "evidence", None),
        Sort("objects", "distinct objects", _suspect(lambda row: (row.view.objects,))),
        Sort("last", "last seen", _suspect(lambda row: (row.view.last_seen,))),
    ),
    rows=lambda lists: [EnumerationRow(view, lists.now) for view in lists.enumeration],
)

AUTH = Panel(
    name="auth",
    title="Auth failures",
    short="Auth",
    columns=AuthRow.columns,
    sorts=(
        Sort("evidence", "evidence", None),
        Sort("failures", "failures", _suspect(lambda row: (row.view.failures,))),
        Sort("users", "users tried", _suspect(lambda row: (row.view.objects,))),
        Sort("last", "last seen", _suspect(lambda row: (row.view.last_seen,))),
    ),
    rows=lambda lists: [AuthRow(view, lists.now) for view in lists.auth],
)

BLOCKS = Panel(
    name="blocks",
    title="Block queue",
    short="Block",
    columns=BlockRow.columns,
    sorts=(Sort("network", "network", None),),
    rows=lambda lists: [BlockRow(entry, lists.now) for entry in lists.blocks],
    holds=False,
)

SOURCES = Panel(
    name="sources",
    title="Sources",
    short="Src",
    columns=SourceRow.columns,
    sorts=(
        Sort("trouble", "what is wrong first, then name", _source(lambda row: (row.wrong, len(row.troubles)))),
        Sort("name", "name", None),
        Sort("lines", "lines", _source(lambda row: (row.view.lines,))),
        Sort("unparsed", "share of lines that match no format", _source(lambda row: (row.unparsed_share,))),
        Sort("lag", "lag", _source(lambda row: (row.lag, row.view.backlog_bytes))),
        Sort("last", "newest request first", _source(lambda row: (row.view.last_time,))),
    ),
    markable=False,
)

PANELS = (ALERTS, CLIENTS, ENUMERATION, AUTH)
