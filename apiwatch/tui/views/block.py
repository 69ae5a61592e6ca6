"""View 7: what is queued for blocking, what was, who is never blocked or alerted on, and who decided it."""

from apiwatch.tui.rows import ActionRow, AllowRow, BlockRow, Sort
from apiwatch.tui.views.base import LIMIT, Found, Panel, Query, View, by

__all__ = ["BLOCK", "QUEUE"]


async def _queue(query: Query) -> Found:
    entries = tuple(await query.reader.block_entries(query.now))
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
    calm="the block queue is empty; b on a client queues it.",
    holds=False,
)

BLOCK = View(
    7,
    "block",
    "Block",
    "Block",
    (
        QUEUE,
        Panel("ended", "ended and withdrawn", BlockRow.columns, _BLOCK_SORTS, _ended, calm="no block has ended yet."),
        Panel(
            "allowed",
            "allow-list: these raise no alerts",
            AllowRow.columns,
            (Sort("oldest", "oldest first", None),),
            _allowed,
            calm="the allow-list is empty; x on a client puts it there.",
        ),
        Panel(
            "actions",
            "what operators did",
            ActionRow.columns,
            (Sort("newest", "newest first", None),),
            _actions,
            calm="no operator has done anything yet.",
            acts=False,
        ),
    ),
)
