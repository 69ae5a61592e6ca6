"""What a store would hold: the last absolute row of each key, as the docstrings of the rows say."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from apiwatch.model import Delta, StateRow

KEYS: dict[str, tuple[str, ...]] = {
    "clients": ("client", "part"),
    "client_minutes": ("minute", "client", "part"),
    "client_routes": ("client", "part", "route"),
    "client_facets": ("client", "part", "kind", "value"),
    "minutes": ("minute",),
    "routes": ("host", "route"),
    "route_minutes": ("minute", "host", "route"),
    "suspects": ("detector", "principal", "host", "route", "parameter"),
    "alerts": ("id",),
    "points": ("principal", "host", "route", "parameter"),
    "evidence": ("alert_id", "slot"),
    "sources": ("source",),
    "unparsed": ("source", "line"),
}


@dataclass
class Ledger:
    """Rows by table and key, events in order, and the engine's state by key."""

    tables: dict[str, dict[Hashable, Any]] = field(default_factory=lambda: {name: {} for name in KEYS})
    events: list[Any] = field(default_factory=list)
    state: dict[str, bytes] = field(default_factory=dict)

    def apply(self, delta: Delta) -> None:
        for table, columns in KEYS.items():
            for row in getattr(delta, table):
                self.tables[table][tuple(getattr(row, column) for column in columns)] = row
        self.events.extend(delta.events)
        for row in delta.state:
            if row.blob is None:
                self.state.pop(row.key, None)
            else:
                self.state[row.key] = row.blob

    def replace_state(self, rows: Iterable[StateRow]) -> None:
        self.state = {row.key: row.blob for row in rows if row.blob is not None}

    def state_rows(self) -> list[StateRow]:
        return [StateRow(key, blob) for key, blob in self.state.items()]

    def differences(self, other: "Ledger") -> list[str]:
        """One line per row that is not the same in both."""
        found: list[str] = []
        for table in KEYS:
            mine, theirs = self.tables[table], other.tables[table]
            found.extend(
                f"{table} {key}:\n  {mine.get(key)}\n  {theirs.get(key)}"
                for key in sorted(mine.keys() | theirs.keys(), key=repr)
                if mine.get(key) != theirs.get(key)
            )
        if self.events != other.events:
            found.append(f"events: {len(self.events)} and {len(other.events)}")
        return found
