"""The newest requests: a ring of a few blobs, one with each commit that has any."""

import sqlite3
from collections.abc import Sequence

from apiwatch.model import LineRow
from apiwatch.store.clean import pack, unpack
from apiwatch.store.members import fits_network
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.snapshot import Snapshot
from apiwatch.store.tables import TAIL
from apiwatch.store.views import TailView

__all__ = ["SLOTS", "Tail", "tail"]

SLOTS = 16
"""Blobs that are kept, some seconds of a busy log."""


class Tail:
    """The ring of one shard."""

    def __init__(self, connection: sqlite3.Connection, shard: int) -> None:
        self._connection = connection
        self._shard = shard
        (self._seq,) = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM tail WHERE shard = ?", (shard,)).fetchone()

    def write(self, lines: Sequence[LineRow], seen: int) -> None:
        """Put lines, oldest first, into the place of the oldest blob; `seen` is how many there were."""
        if lines:
            self._seq += 1
            TAIL.write(self._connection, self._shard, [(self._seq % SLOTS, self._seq, seen, pack(lines))])


def tail(snapshot: Snapshot, limit: int, scope: Scope) -> TailView:
    """See `Reader.tail`."""
    blobs = snapshot.rows("SELECT seen, body FROM tail ORDER BY seq DESC, shard")
    members: set[str] = set()
    if scope.alert:
        rows = snapshot.rows("SELECT client FROM alert_clients WHERE alert_id = ?", (scope.alert,))
        members = {client for (client,) in rows}
    found: list[LineRow] = []
    seen = kept = 0
    for number, body in blobs:
        lines = unpack(body, list[LineRow])
        seen += number
        kept += len(lines)
        if len(found) < limit:
            found += [line for line in reversed(lines) if scope == EVERYTHING or _is_in(line, scope, members)]
    return TailView(tuple(found[:limit]), seen, kept)


def _is_in(line: LineRow, scope: Scope, members: set[str]) -> bool:
    return (
        scope.client in ("", line.client)
        and scope.route in ("", line.route)
        and scope.host in ("", line.host)
        and scope.user in ("", line.user)
        and scope.agent[: len(line.user_agent) or None] in ("", line.user_agent)
        and (not scope.alert or line.client in members)
        and (not scope.net or fits_network(line.client, scope.net))
    )
