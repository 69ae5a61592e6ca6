"""Rows of a list as CSV that a spreadsheet cannot be tricked with, as JSON lines, and a view as plain text."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from apiwatch.report.records import record
from apiwatch.text import plain
from apiwatch.tui.line import Line, line_text
from apiwatch.tui.rows.base import Row

__all__ = ["csv_text", "json_lines", "plain_text", "records"]

_LONGEST = 20_000
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=[=+\-@\uff1d\uff0b\uff0d\uff20\t\r])")
"""Where a spreadsheet would begin a formula: in front of a cell, and behind what it may take for a separator."""


def records(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """What rows stand for, with exact numbers and times; their cells as shown for a row without a record."""
    return [_record(row) for row in rows]


def _record(row: Row) -> dict[str, Any]:
    for name in ("view", "entry"):
        found = getattr(row, name, None)
        if isinstance(found, msgspec.Struct):
            return record(found)
    return {column.title: cell.text.strip() for column, cell in zip(row.columns, row.cells(), strict=True)}


def csv_text(found: Sequence[Mapping[str, Any]]) -> str:
    """Records as CSV (RFC 4180) with a line of names; a row inside a record has names with a dot, lists one cell.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers.
    """
    flat = [dict(_flat("", each)) for each in found]
    names = list(dict.fromkeys(name for each in flat for name in each))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(each.get(name)) for name in names] for each in flat)
    return out.getvalue()


def json_lines(found: Iterable[Mapping[str, Any]]) -> str:
    """Records as one JSON object a line."""
    return "".join(f"{msgspec.json.encode(_clean(each)).decode()}\n" for each in found)


def plain_text(lines: Iterable[Line]) -> str:
    """What is drawn, without its styles and the blanks at the ends."""
    return "".join(f"{plain(line_text(drawn), _LONGEST).rstrip()}\n" for drawn in lines)


def _flat(prefix: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), each)
    elif isinstance(value, list) and any(isinstance(each, list | Mapping) for each in value):
        yield prefix, msgspec.json.encode(_clean(value)).decode()
    elif isinstance(value, list):
        yield prefix, " ".join(str(each) for each in value)
    else:
        yield prefix, value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _FORMULA.sub(r"\1'", plain(value, _LONGEST))
    return str(value)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value, _LONGEST)
    if isinstance(value, Mapping):
        return {plain(str(key)): _clean(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return value
