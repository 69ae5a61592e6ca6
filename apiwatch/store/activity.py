"""How many clients were last seen in which minute, and which rows of clients are new.

From that few numbers tell how many clients there are, and how many were active in a window, without counting rows.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network

from apiwatch.model import ClientRow
from apiwatch.store.tables import ACTIVITY, NEW_CLIENTS

__all__ = ["Activity", "network_named", "network_of"]

_KNOWN = 60_000
"""Clients remembered, about as many as the engine knows at once; a forgotten one is looked up again."""

_PIECE = 500

_SHIFT = 36
_MASK = (1 << _SHIFT) - 1
"""What is remembered of a client is one number: its part above these bits, its minute in them."""


class Activity:
    """The `activity` rows of one shard, kept equal to its rows of clients within the same transactions."""

    def __init__(self, connection: sqlite3.Connection, shard: int) -> None:
        self._connection = connection
        self._shard = shard
        self._known: dict[str, int] = {}
        """Client -> its newest part, and the minute in which it was last seen (see `_SHIFT`)."""
        found = connection.execute("SELECT minute, clients FROM activity WHERE shard = ?", (shard,))
        self._clients: Counter[int] = Counter(dict(found.fetchall()))

    def before(self, rows: Sequence[ClientRow]) -> None:
        """Take note of rows that are about to be written; makes rows for new ones, with their networks."""
        known = self._known
        if len(known) > _KNOWN:
            known.clear()
        unknown = [row[0] for row in rows if row[0] not in known]
        self._look_up(unknown)
        fresh: list[tuple[str, int, str]] = []
        changes: Counter[int] = Counter()
        for row in rows:
            client = row[0]
            old = known.get(client)
            if old == (row[1] << _SHIFT) + row[3] // 60:
                continue
            part, minute = row[1], max(0, min(row[3] // 60, _MASK))
            if old is None or old >> _SHIFT != part:
                fresh.append((client, part, network_of(client)))
            if old is None:
                changes[minute] += 1
            elif minute > old & _MASK:
                changes[old & _MASK] -= 1
                changes[minute] += 1
            else:
                minute = old & _MASK
            known[client] = (part << _SHIFT) + minute
        NEW_CLIENTS.write(self._connection, self._shard, fresh)
        self._count(changes)

    def removed(self, clients: Sequence[tuple[str, int]]) -> None:
        """Take note of (client, minute in which it was last seen) whose rows all went away."""
        for client, _ in clients:
            self._known.pop(client, None)
        changes: Counter[int] = Counter()
        for _, minute in clients:
            changes[minute] -= 1
        self._count(changes)

    def _look_up(self, clients: Sequence[str]) -> None:
        if not self._clients:
            return
        for begin in range(0, len(clients), _PIECE):
            piece = clients[begin : begin + _PIECE]
            marks = ", ".join("?" * len(piece))
            found = self._connection.execute(
                "SELECT client, MAX(part), MAX(last_seen) FROM clients "  # noqa: S608  only marks
                f"WHERE shard = ? AND client IN ({marks}) GROUP BY client",
                (self._shard, *piece),
            )
            self._known.update((client, (part << _SHIFT) + last // 60) for client, part, last in found)

    def _count(self, changes: Counter[int]) -> None:
        rows: list[tuple[int, int]] = []
        for minute, change in changes.items():
            if change:
                self._clients[minute] += change
                rows.append((minute, self._clients[minute]))
        ACTIVITY.write(self._connection, self._shard, [row for row in rows if row[1] > 0])
        for minute in [minute for minute, clients in rows if clients <= 0]:
            del self._clients[minute]
            self._connection.execute("DELETE FROM activity WHERE minute = ? AND shard = ?", (minute, self._shard))


def network_of(client: str) -> str:
    """The /24 of an IPv4 address as its first three numbers, the /64 of an IPv6 address as its first four groups.

    '' for what is no address.

    >>> network_of("192.0.2.7"), network_of("2001:db8::1"), network_of("www.example.com")
    ('192.0.2', '2001:db8:0:0', '')
    """
    if ":" in client:
        groups = client.split(":", 4)
        if len(groups) == 5 and all(groups[:4]) and "." not in client:
            return ":".join(groups[:4])
        try:
            number = int(IPv6Address(client))
        except ValueError:
            return ""
        return ":".join(f"{number >> shift & 0xFFFF:x}" for shift in (112, 96, 80, 64))
    first, _, last = client.rpartition(".")
    return first if last.isdecimal() and first.count(".") == 2 and first.replace(".", "").isdecimal() else ""


def network_named(key: str) -> str:
    """What `network_of` gives, as a network with prefix length.

    >>> network_named("192.0.2"), network_named("2001:db8:0:0")
    ('192.0.2.0/24', '2001:db8::/64')
    """
    return str(IPv6Network(f"{key}::/64")) if ":" in key else f"{key}.0/24"
