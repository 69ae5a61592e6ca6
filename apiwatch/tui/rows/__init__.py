"""Rows of the lists: how an alert, a client, a leaning test or a block entry reads, and what keys on it act on."""

from apiwatch.tui.rows.alerts import AlertRow
from apiwatch.tui.rows.base import Row, Sort, failed, severity_piece
from apiwatch.tui.rows.blocks import BlockRow
from apiwatch.tui.rows.clients import ClientRow
from apiwatch.tui.rows.suspects import AuthRow, EnumerationRow

__all__ = [
    "AlertRow",
    "AuthRow",
    "BlockRow",
    "ClientRow",
    "EnumerationRow",
    "Row",
    "Sort",
    "failed",
    "severity_piece",
]
