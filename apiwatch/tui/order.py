"""The order of a list: held still while somebody works in it."""

from collections.abc import Sequence

from apiwatch.tui.rows import Row, Sort

__all__ = ["HOLD", "arrange"]

HOLD = 5.0
"""Seconds for which the order stays after the cursor has moved."""

_MOST = 400


def arrange(
    fresh: Sequence[Row],
    shown: Sequence[Row],
    *,
    held: bool,
    keep: frozenset[str],
    sort: Sort,
    upwards: bool = False,
) -> list[Row]:
    """Rows in the order to show them.

    Held: rows stay where they are with new values, rows that left the store's answer stay with their last values, new
    rows come last. Otherwise the chosen order, from its other end with `upwards`; only what left while marked (`keep`)
    stays, last.
    """
    by_key = {row.key: row for row in fresh}
    shown_keys = {row.key for row in shown}
    if held:
        rows = [by_key.get(row.key, row) for row in shown]
        rows += [row for row in fresh if row.key not in shown_keys]
        if len(rows) > _MOST:
            rows = [row for row in rows if row.key in by_key or row.key in keep]
        return rows
    rows = list(fresh)
    if sort.key is not None:
        rows.sort(key=sort.key, reverse=not sort.ascends)
    if upwards:
        rows.reverse()
    rows += [row for row in shown if row.key in keep and row.key not in by_key]
    return rows
