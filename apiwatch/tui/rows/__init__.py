"""Rows of the lists: how an alert, a client, a leaning test, a block entry or a source reads, and what keys act on."""

from apiwatch.tui.rows.alerts import AlertRow
from apiwatch.tui.rows.base import Row, Sort, failed, severity_piece
from apiwatch.tui.rows.blocks import BlockRow
from apiwatch.tui.rows.clients import ClientRow
from apiwatch.tui.rows.sources import SourceRow
from apiwatch.tui.rows.suspects import AuthRow, EnumerationRow

__all__ = [
    "AlertRow",
    "AuthRow",
    "BlockRow",
    "ClientRow",
    "EnumerationRow",
    "Row",
    "Sort",
    "SourceRow",
    "failed",
    "severity_piece",
]
