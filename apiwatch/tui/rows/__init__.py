"""Rows of the lists: what each reads like, and what keys act on."""

from apiwatch.tui.rows.alerts import AlertRow
from apiwatch.tui.rows.base import Row, Sort, failed, severity_piece
from apiwatch.tui.rows.blocks import BlockRow
from apiwatch.tui.rows.clients import ClientRow
from apiwatch.tui.rows.groups import AgentRow, GroupRow, NetworkRow, UserRow
from apiwatch.tui.rows.inventory import InventoryRow
from apiwatch.tui.rows.lines import LineRow
from apiwatch.tui.rows.routes import RouteRow
from apiwatch.tui.rows.said import ActionRow, AllowRow
from apiwatch.tui.rows.sources import SourceRow
from apiwatch.tui.rows.suspects import AuthRow, EnumerationRow

__all__ = [
    "ActionRow",
    "AgentRow",
    "AlertRow",
    "AllowRow",
    "AuthRow",
    "BlockRow",
    "ClientRow",
    "EnumerationRow",
    "GroupRow",
    "InventoryRow",
    "LineRow",
    "NetworkRow",
    "RouteRow",
    "Row",
    "Sort",
    "SourceRow",
    "UserRow",
    "failed",
    "severity_piece",
]
