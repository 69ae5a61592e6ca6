"""What stands around a list: the view row, the detail of its row, the chart, the alert feed, the block queue."""

from collections.abc import Callable, Mapping, Sequence

from apiwatch.model import SEVERITIES
from apiwatch.patterns import late
from apiwatch.store.troubles import troubles_of
from apiwatch.store.views import AlertView, BlockEntry, LineView, Overview
from apiwatch.tui.cells import clock, severity_word
from apiwatch.tui.columns import choose, place
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, cut_middle, fit, line, line_width, titled_rule
from apiwatch.tui.pictures import Mark, timeline, timeline_title
from apiwatch.tui.rows import AlertRow, BlockRow, LineRow, Row
from apiwatch.tui.summary import severity_mix
from apiwatch.tui.views import View

__all__ = [
    "detail_lines",
    "feed_lines",
    "ill_sources",
    "queue_lines",
    "rate_chart",
    "tail_lines",
    "view_at",
    "view_line",
]

_CHART_MINUTES = 60
_NET_CELLS = 22
_LAST = 8
_TAB = late(r"[ \[]?(\d)(?: [A-Za-z]+)?(?:\([^)]*\))?\]?")
"""A view in the line of the views, with the blank or bracket before it."""
_FEED_CELLS = 20
_SHORT = {"Overview": "All"}
_MORE = "+"


def view_line(
    views: Sequence[View],
    counts: Mapping[str, str],
    active: int | None,
    overview: Overview | None,
    width: int,
    *,
    summary: str,
) -> Line:
    """The views with their digits; the active one (None: the summary, key 0) in brackets.

    Names are short where that leaves room for the open alerts by severity; where they leave none even for the most
    severe, the digits of the others stand alone. `counts` holds what stands behind a view's name.
    """
    chosen = 0 if active is None else views[active].key
    notes = {view.key: counts.get(view.name, "") for view in views}
    short = {0: _SHORT.get(summary, summary), **{view.key: view.short for view in views}}
    digits = {key: name if key == chosen else "" for key, name in short.items()}
    titles = {0: summary, **{view.key: view.title for view in views}}
    long, brief, bare = (_tabs(names, notes, chosen) for names in (titles, short, digits))
    found = overview.open_alerts if overview and width < 110 else {}
    whole = severity_mix(found, short=True)
    least = whole if len(whole) < 2 else (whole[0], Piece(_MORE))
    for pieces, mix in ((long, whole), (brief, least), (bare, ())):
        if line_width(pieces) + bool(mix) + line_width(mix) <= width:
            break
    mix = _counts(found, width - line_width(pieces) - 1)
    gap = width - line_width(pieces) - line_width(mix)
    return (*pieces, Piece(" " * gap), *mix) if mix else pieces


def _counts(found: dict[str, int], room: int) -> Line:
    """Open alerts by severity; where there is no room for all, the most severe and a plus."""
    letters = severity_mix(found, short=True)
    dense = letters[::2]
    for mix in (severity_mix(found), letters, dense):
        if line_width(mix) <= room:
            return mix
    for number in range(len(dense) - 1, 0, -1):
        for mix in (letters[: 2 * number - 1], dense[:number]):
            if line_width(mix) + len(_MORE) <= room:
                return (*mix, Piece(_MORE))
    return ()


def view_at(text: str, cell: int) -> int:
    """The digit of the view at a cell of a line that `view_line` made; -1 where there is none.

    >>> line = " 0 All[1 Alerts(2)]2 3 Routes 4 5 6 7 8 Src   1 CRIT"
    >>> [view_at(line, cell) for cell in (1, 9, 19, 22, 40, 42, 46, 60)]
    [0, 1, 2, 3, 8, 8, -1, -1]
    """
    key = end = 0
    for found in _TAB.finditer(text):
        if found[1] == str(key) and key <= _LAST:
            end = found.end()
            if cell < end:
                return key if cell >= found.start() else -1
            key += 1
    return -1


def _tabs(names: Mapping[int, str], notes: Mapping[int, str], chosen: int) -> Line:
    pieces: list[Piece] = []
    before = -1
    for key, name in names.items():
        note = notes.get(key, "")
        text = f"{f'{key} {name}'.rstrip()}{f'({note})' if note else ''}"
        if key == chosen:
            pieces.append(Piece(f"[{text}]", "active"))
        else:
            pieces.append(Piece(text if before == chosen else f" {text}", "bad" if "!" in note else ""))
        before = key
    return tuple(pieces)


def ill_sources(overview: Overview | None) -> int:
    """Sources that need to be looked at."""
    if overview is None:
        return 0
    return sum(any(one.wrong for one in troubles_of(view, overview.health)) for view in overview.sources)


def feed_lines(alerts: Sequence[AlertView], now: float, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The alert feed: open alerts, the newest first."""
    title = Piece(f"alert feed, {len(alerts)} open, newest first; e E walk it", "title")
    drawn: list[Line] = [titled_rule((title,), width, glyphs.rule)]
    newest = sorted(alerts, key=lambda view: (-view.alert.last_seen, view.alert.id))
    for view in newest[: max(0, height - 1)]:
        row = AlertRow(view, now)
        faded = view.state != "open"
        name = fit(cut_middle(row.who, _FEED_CELLS), _FEED_CELLS)
        drawn.append(
            line(
                f" {clock(view.alert.last_seen)[:8]} ",
                Piece(fit(severity_word(row.severity), 7), "dim" if faded else row.severity),
                f" {name} ",
                Piece(view.alert.title, "dim" if faded else ""),
            )
        )
    if not alerts:
        drawn.append(line(Piece(" no open alerts", "dim")))
    return drawn


def detail_lines(
    row: Row | None, width: int, height: int, glyphs: Glyphs, closer: Callable[[int], list[Line]] | None = None
) -> list[Line]:
    """What is known about the row under the cursor, below a rule that names it; one line of it where height is 2.

    `closer` gives more lines for a width, where there is room for them.
    """
    if row is None:
        return [titled_rule((), width, glyphs.rule)]
    title = titled_rule(row.headline(), width, glyphs.rule)
    if height <= 2:
        return [title, (Piece(" "), *row.summary())]
    drawn = [*row.details(width - 2), *(closer(width - 3) if closer is not None else ())]
    return [title, *((Piece(" "), *each) for each in drawn)]


def rate_chart(
    overview: Overview | None, alerts: Sequence[AlertView], width: int, height: int, glyphs: Glyphs
) -> list[Line]:
    """Requests and outcomes of the last hour, minute by minute, and where alerts opened."""
    minutes = overview.timeline if overview else ()
    marks = [Mark(view.alert.first_seen, SEVERITIES[view.alert.severity]) for view in alerts]
    title = timeline_title(minutes, most=_CHART_MINUTES) if minutes else "requests per minute"
    drawn = timeline(minutes, width - 1, height - 1, glyphs, most=_CHART_MINUTES, marks=marks, end="")
    return [titled_rule((Piece(title, "title"),), width, glyphs.rule), *((Piece(" "), *row) for row in drawn)]


def tail_lines(lines: Sequence[LineView] | None, now: float, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The newest requests of the row under the cursor; None: not read yet."""
    columns = LineRow.columns
    chosen = choose(columns, width)
    title = titled_rule((Piece("newest requests of this row; t hides them", "title"),), width, glyphs.rule)
    if lines is None:
        return [title]
    rows = [(Piece("  "), *place(columns, chosen, LineRow(view, now).cells())) for view in lines[: height - 1]]
    return [title, *rows] if rows else [title, line(Piece(" none among those that are kept", "dim"))]


def queue_lines(blocks: Sequence[BlockEntry], now: float, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """The block queue: networks, what is left of their time, reasons."""
    text = f"block queue, {len(blocks)}" if blocks else "block queue, empty"
    drawn: list[Line] = [titled_rule((Piece(text, "title"),), width, glyphs.rule)]
    room = max(0, height - 1)
    shown = blocks if len(blocks) <= room else blocks[: max(0, room - 1)]
    for entry in shown:
        row = BlockRow(entry, now)
        drawn.append(line(" ", Piece(fit(entry.net, _NET_CELLS), "strong"), f" {row.expiry:>7}  {row.about}"))
    if len(shown) < len(blocks):
        drawn.append(line(Piece(f" and {len(blocks) - len(shown)} more; B shows all", "dim")))
    if not blocks:
        drawn.append(line(Piece(" b on a client queues it, B reviews and exports", "dim")))
    return drawn
