"""View 7: what is queued for blocking, what was, who is never blocked or alerted on, and who decided it."""

from apiwatch.store.filters import List
from apiwatch.store.filters.match import Record
from apiwatch.store.filters.records import block_record
from apiwatch.store.standing import standing
from apiwatch.tui.rows import ActionRow, AllowRow, BlockRow, Row, Sort
from apiwatch.tui.views.base import LIMIT, Found, Panel, Query, View, by, words

__all__ = ["ALLOWED", "BLOCK", "QUEUE"]


def _record(row: Row) -> Record:
    return block_record(row.entry) if isinstance(row, BlockRow) else words(row)


async def _queue(query: Query) -> Found:
    entries = tuple(await standing(query.reader, query.now))
    return Found(tuple(BlockRow(entry, query.now) for entry in entries), blocks=entries)


async def _ended(query: Query) -> Found:
    entries = tuple(await query.reader.block_entries(query.now, include_ended=True))
    return Found(tuple(BlockRow(entry, query.now) for entry in entries if entry.state != "queued"))


async def _allowed(query: Query) -> Found:
    entries = await query.reader.allowed(query.now, include_ended=True)
    return Found(tuple(AllowRow(entry, query.now) for entry in entries))


async def _actions(query: Query) -> Found:
    actions = await query.reader.actions(limit=LIMIT)
    return Found(tuple(ActionRow(view, query.now) for view in actions))


_BLOCK_SORTS = (
    Sort("network", "network", None),
    Sort("newest", "newest first", by(BlockRow, lambda row: (row.entry.created,))),
    Sort("expiry", "the last to expire first", by(BlockRow, lambda row: (row.entry.expires or float("inf"),))),
)

QUEUE = Panel(
    "blocks",
    "block queue",
    BlockRow.columns,
    _BLOCK_SORTS,
    _queue,
    over=List.BLOCKS,
    record=_record,
    calm="the block queue is empty; b on a client queues it.",
    holds=False,
)

ALLOWED = Panel(
    "allowed",
    "allow-list: these raise no alerts",
    AllowRow.columns,
    (Sort("oldest", "oldest first", None),),
    _allowed,
    over=List.BLOCKS,
    record=_record,
    calm="the allow-list is empty; x on a client puts it there.",
)

BLOCK = View(
    7,
    "block",
    "Block",
    "Block",
    (
        QUEUE,
        Panel(
            "ended",
            "ended and withdrawn",
            BlockRow.columns,
            _BLOCK_SORTS,
            _ended,
            over=List.BLOCKS,
            record=_record,
            calm="no block has ended yet.",
        ),
        ALLOWED,
        Panel(
            "actions",
            "what operators did",
            ActionRow.columns,
            (Sort("newest", "newest first", None),),
            _actions,
            over=List.BLOCKS,
            record=_record,
            calm="no operator has done anything yet.",
            acts=False,
        ),
    ),
)
