"""View 5: what is asked for without being declared, declared without being asked for, deprecated and still used."""

from apiwatch.store.filters import List
from apiwatch.store.filters.match import Record
from apiwatch.store.scope import EVERYTHING
from apiwatch.tui.rows import InventoryRow, Row, Sort
from apiwatch.tui.views.base import NOT_THEN, Found, Panel, Query, View, by, words

__all__ = ["INVENTORY"]

_ROUTES = 1000


def _record(row: Row) -> Record:
    if not isinstance(row, InventoryRow):
        return words(row)
    view = row.view
    return {
        "route": view.route,
        "host": view.host,
        "role": view.roles,
        "origin": view.origin,
        "reqs": float(view.requests),
        "clients": float(view.clients),
        "first": view.first_seen,
        "last": view.last_seen,
        "why": view.finding,
        "*": (row.state.text, view.first_client),
    }


async def _inventory(query: Query) -> Found:
    found = await query.reader.inventory(limit=_ROUTES, scope=query.scope)
    hosts = len({view.host for view in found})
    note = NOT_THEN if query.at else "" if query.scope == EVERYTHING else "figures of everybody"
    return Found(tuple(InventoryRow(view, query.now, hosts=hosts) for view in found), 0, found.among, note=note)


INVENTORY = View(
    5,
    "inventory",
    "Inventory",
    "Inv",
    (
        Panel(
            "inventory",
            "routes, declared and not",
            InventoryRow.columns,
            (
                Sort(
                    "trouble",
                    "what needs to be looked at, then the newest",
                    by(InventoryRow, lambda row: (row.trouble, row.view.first_seen)),
                ),
                Sort("newest", "first seen, newest first", by(InventoryRow, lambda row: (row.view.first_seen,))),
                Sort("requests", "requests in all", by(InventoryRow, lambda row: (row.view.requests,))),
                Sort(
                    "name",
                    "host and route",
                    by(InventoryRow, lambda row: (row.view.host, row.view.route)),
                    ascends=True,
                ),
            ),
            _inventory,
            over=List.ROUTES,
            record=_record,
            calm="no route is known yet; --openapi FILE tells which ones are declared.",
        ),
    ),
)
