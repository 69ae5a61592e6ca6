"""What key 0 shows: the page about a scope, read from the store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apiwatch.store.views import AlertView, BlockEntry, ClientDetail
from apiwatch.text import plain
from apiwatch.tui.cells import clock
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.overviewpage import overview_page
from apiwatch.tui.pages import client_page, why_page
from apiwatch.tui.rows import AlertRow, ClientRow, Row
from apiwatch.tui.views import VIEWS, Query
from apiwatch.tui.views.alerts import ALERTS
from apiwatch.tui.views.auth import AUTH
from apiwatch.tui.views.clients import CLIENTS

__all__ = ["Summary", "summarise"]

_TOPS = (*ALERTS.panels[:2], CLIENTS.panels[0], AUTH.panels[0])
"""Lists whose first rows the overview shows."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A page with its heading, and what keys on it act on."""

    heading: str
    page: Callable[[int], list[Line]]
    """Its lines for a width."""
    row: Row | None = None
    alerts: tuple[AlertView, ...] = ()


async def summarise(query: Query, blocks: Sequence[BlockEntry]) -> Summary:
    """The page about the scope of a query."""
    scope = query.scope
    if scope.client:
        return await _client(query, blocks)
    if scope.alert:
        return await _alert(query)
    return await _everything(query)


async def _everything(query: Query) -> Summary:
    panels = [(view.key, panel) for view in VIEWS for panel in view.panels if panel in _TOPS]
    found = [(key, panel, await panel.read(query)) for key, panel in panels]
    tops = [(f"{panel.title} (key {key})", answer.rows) for key, panel, answer in found]
    overview, glyphs = query.overview, query.glyphs
    return Summary("overview", lambda width: overview_page(overview, tops, width, glyphs))


async def _client(query: Query, blocks: Sequence[BlockEntry]) -> Summary:
    client, now = query.scope.client, query.now
    detail = await query.reader.client(client, now)
    if detail is None:
        return Summary(client, lambda width: _unknown_client(client, width))
    blocked = _blocked(client, blocks)
    return Summary(
        client,
        lambda width: client_page(detail, width, now, query.glyphs, blocked),
        _row_of(detail, query),
        detail.alerts,
    )


def _row_of(detail: ClientDetail, query: Query) -> Row:
    if detail.alerts:
        return _AlertOfClient(detail.alerts[0], query.now, detail.row.client)
    return ClientRow(detail.row, query.now, query.window_minutes * 60.0)


def _unknown_client(client: str, width: int) -> list[Line]:
    said = wrap(f"the state file knows nothing about {client}", width - 1)
    why = "it may be older than the retention of clients, or an alert's address that sent nothing since"
    return [*said, *wrap(why, width - 1, style="dim")]


def _blocked(client: str, entries: Sequence[BlockEntry]) -> str:
    import ipaddress

    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    for entry in entries:
        if entry.state == "queued" and address in ipaddress.ip_network(entry.net):
            until = "for good" if entry.expires is None else f"until {clock(entry.expires)}"
            return f"queued for blocking as {entry.net} {until} by {entry.actor}"
    return ""


async def _alert(query: Query) -> Summary:
    view = await query.reader.alert(query.scope.alert)
    if view is None:
        return Summary("alert", lambda width: wrap("the state file no longer holds this alert", width))
    evidence = await query.reader.evidence(view.alert.id)
    now, glyphs = query.now, query.glyphs
    return Summary(
        f"why: {view.alert.id}",
        lambda width: why_page(view, evidence, width, now, glyphs),
        AlertRow(view, now),
        (view,),
    )


class _AlertOfClient(AlertRow):
    """An alert, where a block is about one client only."""

    __slots__ = ("_client",)

    def __init__(self, view: AlertView, now: float, client: str) -> None:
        super().__init__(view, now)
        self._client = plain(client)

    @property
    def client(self) -> str:
        """The client."""
        return self._client

    @property
    def addresses(self) -> tuple[str, ...]:
        """The client."""
        return (self._client,)
