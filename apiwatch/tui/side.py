"""What stands around the lists of the dashboard: the view row, the detail of a row, the chart, the block queue."""

from collections.abc import Sequence

from apiwatch.store.troubles import troubles_of
from apiwatch.store.views import BlockEntry, Overview
from apiwatch.tui.cells import amount, count
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, fit, line, line_width, titled_rule
from apiwatch.tui.lists import SOURCES, Panel
from apiwatch.tui.pictures import block_chart, per_minute
from apiwatch.tui.rows import BlockRow, Row
from apiwatch.tui.summary import severity_mix

__all__ = ["detail_lines", "queue_lines", "rate_chart", "view_line"]

_CHART_MINUTES = 60
_NET_CELLS = 22


def view_line(
    panels: Sequence[Panel], counts: Sequence[int], active: int | None, overview: Overview | None, width: int
) -> Line:
    """The views with their digits and how many rows each holds (0: nothing to say); the active one in brackets.

    With `active` None that is the Sources view. Behind it, where the head does not, open alerts by severity.
    """
    pieces: list[Piece] = []
    for index, panel in enumerate(panels):
        number = f"({count(counts[index])})" if counts[index] else ""
        text = f"{index + 1} {panel.title if width >= 100 else panel.short}{number}"
        is_active = index == active
        pieces.append(Piece(f"[{text}]" if is_active else f" {text} ", "active" if is_active else ""))
    queued = overview.queued_blocks if overview else 0
    pieces.append(Piece(f"  B Block({count(queued)}) " if queued else "  B Block "))
    pieces.append(_sources_piece(overview, active is None, width))
    mix = severity_mix(overview.open_alerts) if overview and width < 110 else ()
    room = width - line_width(tuple(pieces)) - 1
    while mix and line_width(mix) > room:
        mix = mix[:-2]
    gap = width - line_width(tuple(pieces)) - line_width(mix)
    return (*pieces, Piece(" " * gap), *mix) if mix else tuple(pieces)


def _sources_piece(overview: Overview | None, active: bool, width: int) -> Piece:
    """The Sources view, and how many sources need to be looked at."""
    ill = (
        sum(any(one.wrong for one in troubles_of(view, overview.health)) for view in overview.sources)
        if overview
        else 0
    )
    name = f"8 {SOURCES.title if width >= 100 else SOURCES.short}{f'({count(ill)}!)' if ill else ''}"
    return Piece(f"[{name}]", "active") if active else Piece(f" {name} ", "bad" if ill else "")


def detail_lines(row: Row | None, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """What is known about the row under the cursor, below a rule that names it; one line of it where height is 2."""
    if row is None:
        return [titled_rule((), width, glyphs.rule)]
    title = titled_rule(row.headline(), width, glyphs.rule)
    if height <= 2:
        return [title, (Piece(" "), *row.summary())]
    return [title, *((Piece(" "), *drawn) for drawn in row.details(width - 2))]


def rate_chart(overview: Overview | None, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Requests of the last hour, minute by minute."""
    values = per_minute(overview.timeline, _CHART_MINUTES) if overview else []
    title = f"requests per minute, last {_CHART_MINUTES} minutes, peak {amount(max(values, default=0))}"
    drawn = block_chart(values, width - 2, height - 1, glyphs) if values else []
    return [titled_rule((Piece(title, "title"),), width, glyphs.rule), *((Piece(" "), *row) for row in drawn)]


def queue_lines(blocks: Sequence[BlockEntry], now: float, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The block queue: networks, what is left of their time, reasons."""
    text = f"block queue, {len(blocks)}" if blocks else "block queue, empty"
    drawn: list[Line] = [titled_rule((Piece(text, "title"),), width, glyphs.rule)]
    room = max(0, height - 1)
    shown = blocks if len(blocks) <= room else blocks[: max(0, room - 1)]
    for entry in shown:
        row = BlockRow(entry, now)
        drawn.append(line(" ", Piece(fit(entry.net, _NET_CELLS), "strong"), f" {row.expiry:>7}  {entry.reason}"))
    if len(shown) < len(blocks):
        drawn.append(line(Piece(f" and {len(blocks) - len(shown)} more; B shows all", "dim")))
    if not blocks:
        drawn.append(line(Piece(" b on a client queues it, B reviews and exports", "dim")))
    return drawn
