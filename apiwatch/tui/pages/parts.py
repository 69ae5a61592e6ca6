"""Sections that several pages share."""

from collections.abc import Sequence
from math import ceil

from rich.cells import cell_len

from apiwatch.model import SEVERITIES
from apiwatch.store.views import AlertView, ClientView, FacetView, MinuteView, Mix, RouteView, SuspectView
from apiwatch.tui.cells import age, clock, count, percent, rank, size, span, stamp
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, beside, cut_middle, fit, fit_line, line, titled_rule, wrap
from apiwatch.tui.measured import measured
from apiwatch.tui.pictures import Mark, bars, outcome_bars, spark, timeline, timeline_title
from apiwatch.tui.rows.base import failed, outcomes, severity_piece

__all__ = [
    "BESIDE_FROM",
    "alert_list",
    "client_list",
    "columns_of",
    "distinct",
    "facet_list",
    "halves",
    "heading",
    "mix_text",
    "outcome_section",
    "pair",
    "route_list",
    "section",
    "some",
    "suspect_list",
    "timeline_section",
    "when",
    "worst_of",
]

BESIDE_FROM = 110
"""Columns from which on sections stand side by side."""

_GAP = "   "
_NUMBERS_SHORT = 2
_CHARTS_FROM, _CHART = 100, 12
_OTHER = "(other)"


def section(name: str, width: int, glyphs: Glyphs) -> Line:
    """A titled rule."""
    return titled_rule((Piece(name, "title"),), width, glyphs.rule)


def some(number: int, noun: str) -> str:
    """A number of things: '1 client', '41 clients'."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def heading(name: str, severity: str, told: str) -> Line:
    """First line of a page: what it is about, how bad that is, and figures."""
    word = severity_piece(severity) if rank(severity) >= 0 else Piece("")
    return line(Piece(name, "strong"), "   ", word, Piece("  " if word.text else ""), told)


def worst_of(alerts: Sequence[AlertView]) -> str:
    """Severity of the worst alert; '' when there is none."""
    return SEVERITIES[max(view.alert.severity for view in alerts)] if alerts else ""


def when(first: float, last: float, now: float) -> str:
    """Since when and until when, with how long that is."""
    return f"first {stamp(first)}, {span(now - first)} ago; last {span(now - last)} ago"


def pair(left: Sequence[Line], right: Sequence[Line], width: int) -> list[Line]:
    """Two sections below each other, or beside each other in the columns that `halves` gives them."""
    if width < BESIDE_FROM - 1:
        return [*left, *right]
    return beside(left, right, halves(width)[0], _GAP)


def halves(width: int) -> tuple[int, int]:
    """Columns of the left and the right section of a pair; all for each of them where they stand below each other."""
    if width < BESIDE_FROM - 1:
        return width, width
    left = (width - len(_GAP)) * 3 // 5
    return left, width - len(_GAP) - left


def timeline_section(
    minutes: Sequence[MinuteView],
    width: int,
    glyphs: Glyphs,
    *,
    now: float,
    alerts: Sequence[AlertView] = (),
    usual: float = 0.0,
    tall: int = 0,
) -> list[Line]:
    """Requests per minute up to the newest one, alert marks and outcomes, in `tall` lines (0: as suits the width)."""
    if not minutes:
        return [section("requests per minute", width, glyphs), line(Piece(" none in the minutes that are kept", "dim"))]
    marks = [Mark(view.alert.first_seen, SEVERITIES[view.alert.severity]) for view in alerts]
    end = "now" if now // 60 - minutes[-1].minute <= 1 else ""
    tall = tall or (12 if width >= BESIDE_FROM - 1 else 8)
    return [
        section(timeline_title(minutes, usual=usual), width, glyphs),
        *timeline(minutes, width, tall, glyphs, marks=marks, usual=usual, end=end),
    ]


def mix_text(mix: Mix, width: int = 80, between: str = ", ") -> str:
    """Outcomes in at most `width` cells, largest first: 'miss 68%, ok 27%'; '' when none is known."""
    text = ""
    for part in outcomes(mix).split("  "):
        longer = f"{text}{between}{part}" if text else part
        if len(longer) > width:
            break
        text = longer
    return text


def outcome_section(mix: Mix, width: int, glyphs: Glyphs) -> list[Line]:
    """What became of the requests, as bars."""
    items = outcome_bars(mix)
    sent = [line(Piece(f" {size(mix.bytes)}B sent", "dim"))] if mix.bytes else []
    return [section("outcomes", width, glyphs), *bars(items, width, len(items), glyphs), *sent]


def route_list(routes: Sequence[RouteView], width: int, glyphs: Glyphs, title: str = "") -> list[Line]:
    """Routes with requests, distinct objects and outcomes."""
    names = f"{'REQS':>5} {'IDS':>5} {'OK':>4} {'MISS':>4} {'DENY':>4} {'ERR':>4}"
    room = max(10, width - len(names) - 2)
    with_host = len({view.host for view in routes}) > 1
    return [
        section(title or f"routes, {len(routes)} seen", width, glyphs),
        line(Piece(f" {fit('ROUTE', room)} {names}", "columns")),
        *(_route(view, room, with_host=with_host) for view in routes),
    ]


def _route(view: RouteView, room: int, *, with_host: bool) -> Line:
    mix = view.mix
    numbers = f"{count(mix.requests):>5} {count(view.objects):>5}"
    shares = " ".join(
        f"{percent(part, mix.requests):>4}" for part in (mix.ok, mix.miss, mix.deny, mix.err + mix.limited)
    )
    bad = failed(mix) * 2 > mix.requests
    name = f"{view.host} {view.route}" if with_host else view.route
    return line(f" {fit(cut_middle(name, room), room)} {numbers} ", Piece(shares, "warn" if bad else ""))


def client_list(clients: Sequence[ClientView], width: int, now: float, glyphs: Glyphs, title: str) -> list[Line]:
    """Clients with severity, score and requests in all; where there is room with their last hour and outcomes, too."""
    drawn = [section(title, width, glyphs)]
    if not clients:
        return [*drawn, line(Piece(" none that is still known", "dim"))]
    charts = any(view.spark for view in clients) and width >= _CHARTS_FROM
    room = min(39, max(18, width - 62))
    names = f"{'SEV':<7} {'SCORE':>5} {fit('CLIENT', room)} {'REQS':>5} {'FIRST':>9} {'LAST':>4}"
    names += f"  {fit('LAST HOUR', _CHART)}" if charts else ""
    drawn.append(fit_line(line(Piece(f" {names}  OUTCOMES", "columns")), width))
    for view in clients:
        name = fit(cut_middle(view.client, room), room)
        figures = f" {count(view.requests):>5} {clock(view.first_seen):>9} {age(now - view.last_seen):>4}  "
        word = severity_piece(view.severity)
        row = line(
            " ",
            Piece(fit(word.text, 7), word.style),
            f" {view.score:>5} ",
            Piece(name, "strong" if view.score else ""),
            figures,
            Piece(spark(view.spark, _CHART, glyphs) + "  " if charts else "", "accent"),
            mix_text(view.window, width - 36 - room - charts * (_CHART + 2), "  "),
        )
        drawn.append(fit_line(row, width))
    return drawn


def distinct(facets: Sequence[FacetView]) -> str:
    """How many values a client has: '9', or '8+' where those beyond the first ones are counted together."""
    named = sum(facet.value != _OTHER for facet in facets)
    return f"{count(named)}{'+' if named < len(facets) else ''}"


def facet_list(
    title: str, facets: Sequence[FacetView], width: int, now: float, glyphs: Glyphs, most: int = 0
) -> list[Line]:
    """Values with requests and the age of the last one; the first `most` of them (0: all)."""
    drawn = [section(f"{title}, {distinct(facets)}", width, glyphs)]
    for facet in facets[: most or None]:
        head = f" {count(facet.requests):>5} {age(now - facet.last_seen):>4}  "
        drawn.append(line(Piece(head, "dim"), fit(facet.value, max(8, width - len(head)))))
    if most and len(facets) > most:
        drawn.append(line(Piece(f" and {count(len(facets) - most)} more, further down", "dim")))
    return drawn if facets else [*drawn, line(Piece(" none in the log", "dim"))]


def alert_list(alerts: Sequence[AlertView], width: int, now: float, most: int) -> list[Line]:
    """The first `most` alerts in short: which test, since when, what it saw; of the first one against which limit."""
    drawn: list[Line] = []
    for view in alerts[:most]:
        numbers = view.alert.explanation.numbers[:_NUMBERS_SHORT] if view is alerts[0] else ()
        alert = view.alert
        times = f"from {clock(alert.first_seen)}, last {age(now - alert.last_seen)} ago"
        word = severity_piece(SEVERITIES[alert.severity])
        state = "" if view.state == "open" else f" {view.state},"
        drawn.append(fit_line(line(" ", word, f"  {alert.detector},{state} {times}"), width))
        drawn += wrap(alert.title, width, first="       ", rest="       ", style="strong")
        for number in numbers:
            text = f"{number.name}: {number.value}; limit {number.threshold}; usual {number.baseline}"
            drawn += wrap(text, width, first="       ", rest="         ")
    if len(alerts) > most:
        drawn.append(line(Piece(f" and {some(len(alerts) - most, 'more alert')}", "dim")))
    return drawn


def suspect_list(suspects: Sequence[SuspectView], width: int, *, who: bool = False) -> list[Line]:
    """Tests that lean towards suspicion, with how near each is to its limit; `who`: and the client."""
    drawn: list[Line] = []
    for view in suspects:
        state = "alert" if view.alert_id else percent(view.evidence, 1)
        place = f"{view.client or view.principal}  " if who else f"{view.route}  "
        drawn += wrap(f"{view.detector}  {place}{view.note}", width, first=f" {state:>5}  ", rest="        ")
    return drawn


def columns_of(values: Sequence[str], width: int) -> list[Line]:
    """Short values in as many columns as fit, read downwards."""
    if not values:
        return []
    cell = max(cell_len(measured(value)) for value in values) + 2
    across = max(1, (width - 1) // cell)
    tall = ceil(len(values) / across)
    return [line(" ", *(fit(value, cell) for value in values[row::tall])) for row in range(tall)]
