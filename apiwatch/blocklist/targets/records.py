"""Records of the queue: CSV (RFC 4180) for spreadsheets, JSON Lines for programs; a row per entry, not per network."""

import csv
import io
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from apiwatch.blocklist.comments import utc
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.planning import Plan, Row, key_of
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.model.condition import condition_fields, parse_condition
from apiwatch.store.views import BlockEntry
from apiwatch.text import plain

__all__ = ["Csv", "JsonLines", "Records"]

_PARTS = ("host", "path", "agent")

_COLUMNS = ("id", "net", "family", "reason", "alert_ids", "actor", "created", "expires", "state", *_PARTS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula (OWASP, CSV Injection)."""
_REASON = 200
_ANY = 1_000_000
"""A record has room for every condition."""


class Records(Target):
    """Every live entry as it stands in the queue; one of everybody by what is left of it (`everybody.spare`)."""

    def planned(self, plan: Plan) -> frozenset[str]:
        """Keys of the entries: a record keeps overlaps."""
        return frozenset(entry.key for entry in _recorded(plan))

    def commands(self, paths: Sequence[str]) -> Commands:
        """A record is applied nowhere."""
        return Commands(apply=(), verify=(f"wc -l {quoted_path(paths)}",), undo=())


class Csv(Records):
    """A header line, then one line per entry; times are RFC 3339 in UTC, `expires` is empty for a permanent entry."""

    name = "csv"
    title = "CSV, one entry a line"
    suffix = "csv"
    caps = Caps(ttl=True, comment=500, conditions=_ANY, sees="both")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        for entry in _recorded(plan):
            writer.writerow([_cell(text) for text in _fields(entry)])
        return out.getvalue()

    def _parsed(self, text: str) -> Sequence[str]:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error:
            raise unexpected(text[:80]) from None
        if not rows or tuple(rows[0]) != _COLUMNS:
            raise unexpected(text[:80])
        for row in rows[1:]:
            if len(row) != len(_COLUMNS):
                raise unexpected(",".join(row))
        return [_key(row[1], dict(zip(_PARTS, map(_uncell, row[-3:]), strict=True))) for row in rows[1:]]


class JsonLines(Records):
    """A header object, then one object per entry; times are whole seconds since the epoch (UTC)."""

    name = "json"
    title = "JSON Lines, one entry a line"
    suffix = "jsonl"
    caps = Caps(ttl=True, comment=500, conditions=_ANY, sees="both")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        header = {
            "type": "header",
            "schema": "apiwatch.blocklist",
            "schema_version": 1,
            "revision": plan.revision,
            "at": int(plan.at),
        }
        return "".join(f"{json.dumps(line)}\n" for line in (header, *(_object(entry) for entry in _recorded(plan))))

    def _parsed(self, text: str) -> Sequence[str]:
        found: list[str] = []
        for number, line in enumerate(text.splitlines()):
            try:
                read = json.loads(line)
                kind, net, parts = read["type"], read.get("net", ""), read.get("condition") or {}
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                raise unexpected(line) from None
            if kind != ("entry" if number else "header") or not isinstance(net, str) or not isinstance(parts, dict):
                raise unexpected(line)
            if number:
                found.append(_key(net, parts))
        return found


def _recorded(plan: Plan) -> Iterator[BlockEntry]:
    pieces: defaultdict[str, list[Row]] = defaultdict(list)
    for row in plan.rows:
        for name in row.ids:
            pieces[name].append(row)
    for entry in plan.entries:
        if parse_network(entry.net).prefixlen:
            yield entry
        else:
            yield from (replace(entry, net=row.net) for row in pieces[entry.id])


def _fields(entry: BlockEntry) -> tuple[str, ...]:
    return (
        entry.id,
        entry.net,
        _family(entry),
        plain(entry.reason, _REASON),
        " ".join(entry.alert_ids),
        entry.actor,
        utc(entry.created),
        "" if entry.expires is None else utc(math.ceil(entry.expires)),
        entry.state,
        *(_quoted((condition_fields(entry.condition) or {}).get(name, "")) for name in _PARTS),
    )


def _key(net: str, parts: Mapping[str, object]) -> str:
    """Of a network and the parts of its condition."""
    text = " ".join(f"{name}={parts[name]}" for name in _PARTS if parts.get(name))
    return key_of(parse_network(net), parse_condition(text))


def _quoted(text: str) -> str:
    """So that an apostrophe in front is told from that of `_cell`."""
    return f"'{text}" if text.startswith("'") else text


def _uncell(text: str) -> str:
    return text[1:] if text.startswith("'") else text


def _cell(text: str) -> str:
    text = plain(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _object(entry: BlockEntry) -> dict[str, object]:
    return {
        "type": "entry",
        "id": plain(entry.id),
        "net": entry.net,
        "family": int(_family(entry)),
        "reason": plain(entry.reason, _REASON),
        "alert_ids": [plain(alert_id) for alert_id in entry.alert_ids],
        "actor": plain(entry.actor),
        "created": int(entry.created),
        "expires": None if entry.expires is None else math.ceil(entry.expires),
        "state": entry.state,
        "condition": condition_fields(entry.condition),
    }


def _family(entry: BlockEntry) -> str:
    return "6" if ":" in entry.net else "4"
