"""Texts to scroll through: everything about a client, the why of an alert, its original lines."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.cells import chop_cells

from apiwatch.model import SEVERITIES
from apiwatch.store.views import AlertView, ClientDetail, EvidenceView, FacetView, Mix, RouteView
from apiwatch.text import plain
from apiwatch.tui.cells import age, count, percent, rate, severity_word, share, size, span, stamp
from apiwatch.tui.charts import bar, block_chart, per_minute
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import CUT, Line, Piece, beside, cut_middle, fit, line, titled_rule, wrap
from apiwatch.tui.plot import timeline_plot
from apiwatch.tui.rows import failed, severity_piece

__all__ = ["client_page", "evidence_lines", "lines_page", "why_page"]

_AXES_FROM = 100
_BESIDE_FROM = 120
_MOST_MINUTES = 120
_LEAST_MINUTES = 10
_ALERTS_SHORT, _NUMBERS_SHORT = 3, 2
_LINE_ROWS = 3


def section(name: str, width: int, glyphs: Glyphs) -> Line:
    """A titled rule."""
    return titled_rule((Piece(plain(name), "title"),), width, glyphs.rule)


def client_page(detail: ClientDetail, width: int, now: float, glyphs: Glyphs, blocked: str = "") -> list[Line]:
    """Everything about a client, for a width: who, since when, why, what was asked, by whom, the original lines.

    `blocked` says what the block queue holds for it.
    """
    text = width - 1
    drawn = [*_who(detail, text, now, blocked)]
    drawn += _why(detail, text, now, glyphs)
    drawn += _timeline(detail, text, glyphs)
    if width >= _BESIDE_FROM:
        left = (text - 3) * 3 // 5
        right = text - 3 - left
        drawn += beside(_routes(detail, left, glyphs), _status(detail, right, glyphs), left, "   ")
        drawn += beside(_agents(detail, left, now, glyphs), _users(detail, right, now, glyphs), left, "   ")
    else:
        drawn += _status(detail, text, glyphs) + _routes(detail, text, glyphs)
        drawn += _agents(detail, text, now, glyphs) + _users(detail, text, now, glyphs)
    for view in detail.alerts:
        heading = f"alert {severity_word(SEVERITIES[view.alert.severity])} {view.alert.detector}, {view.state}"
        drawn += [section(heading, text, glyphs), *_alert_body(view, text, now)]
    if detail.suspects:
        drawn += [section("tests that lean towards suspicion", text, glyphs), *_suspects(detail, text)]
    title = f"original lines, newest first, {len(detail.evidence)}"
    drawn += [section(title, text, glyphs), *evidence_lines(detail.evidence, text)]
    if not detail.evidence:
        drawn += wrap("none kept: only alerts keep lines", text, first=" ", style="dim")
    return drawn


def _who(detail: ClientDetail, width: int, now: float, blocked: str) -> list[Line]:
    row = detail.row
    seen = max(1.0, row.last_seen - row.first_seen)
    alerts = f"{row.alerts} open alert{'' if row.alerts == 1 else 's'}"
    drawn: list[Line] = [
        line(
            Piece(row.client, "strong"),
            "   ",
            Piece(f"{severity_word(row.severity)}  " if row.severity else "", row.severity),
            f"score {row.score}   {alerts}",
        ),
        *wrap(f"first {stamp(row.first_seen)}; last {stamp(row.last_seen)}, {span(now - row.last_seen)} ago", width),
    ]
    volume = f"{count(row.requests)} requests, {rate(row.requests / seen)}/s while seen"
    drawn += wrap(volume, width)
    proxied = detail.peer not in ("", row.client)
    origin = f"address sent by {detail.peer}, a trusted proxy" if proxied else "the address is the socket's own"
    drawn += wrap(f"{origin}; counted as {row.principal or row.client}", width)
    net = "/64" if ":" in row.client else "/24"
    drawn += wrap(
        f"behind it: {_some(len(detail.user_agents), 'user agent')}, {_some(len(detail.users), 'user')}; "
        f"beside it: {_some(detail.neighbours, 'other client')} in its {net}",
        width,
    )
    if blocked:
        drawn += wrap(blocked, width, style="warn")
    return drawn


def _some(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def _why(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    drawn = [section(f"why its score is {detail.row.score}", width, glyphs)]
    for points, reason in detail.points:
        drawn += wrap(reason, width, first=f" +{points:<3d}  ", rest="       ")
    if not detail.points:
        drawn.append(line(Piece(" nothing speaks against it", "dim")))
    for view in detail.alerts[:_ALERTS_SHORT]:
        alert = view.alert
        last = f"last {age(now - alert.last_seen)} ago"
        drawn.append(line(" ", severity_piece(SEVERITIES[alert.severity]), f"  {alert.detector}, {view.state}, {last}"))
        drawn += wrap(alert.title, width, first="       ", rest="       ", style="strong")
        for number in alert.explanation.numbers[:_NUMBERS_SHORT]:
            text = f"{number.name}: {number.value}; limit {number.threshold}; usual {number.baseline}"
            drawn += wrap(text, width, first="       ", rest="         ")
    if len(detail.alerts) > _ALERTS_SHORT:
        drawn.append(line(Piece(f" and {len(detail.alerts) - _ALERTS_SHORT} more alerts, further down", "dim")))
    return drawn


def _timeline(detail: ClientDetail, width: int, glyphs: Glyphs) -> list[Line]:
    if not detail.timeline:
        return [section("requests per minute", width, glyphs), line(Piece(" none in the minutes that are kept", "dim"))]
    last = detail.timeline[-1].minute
    span_minutes = min(_MOST_MINUTES, max(_LEAST_MINUTES, last - detail.timeline[0].minute + 1))
    values = per_minute(detail.timeline, span_minutes)
    peak = max(values)
    title = f"requests per minute, {span_minutes} minutes to {_hour(last)}Z, peak {count(peak)}"
    drawn = [section(title, width, glyphs)]
    first = last - span_minutes + 1
    if width >= _AXES_FROM - 1 and not glyphs.plain:
        plot = timeline_plot(range(first, last + 1), values, width, 11)
        return drawn + [line(Piece(text, "accent")) for text in plot]
    chart = block_chart(values, width - 7, 5, glyphs)
    labels = [f"{count(peak):>5} ", *["      "] * 3, f"{0:>5} "]
    drawn += [(Piece(label, "dim"), *row) for label, row in zip(labels, chart, strict=True)]
    left = f"{'':6}{_hour(first)}"
    return [*drawn, line(Piece(f"{left}{_hour(last):>{max(0, width - 1 - len(left))}}", "dim"))]


def _hour(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%H:%M")


def _status(detail: ClientDetail, width: int, glyphs: Glyphs) -> list[Line]:
    mix = detail.total
    drawn = [section("outcomes", width, glyphs)]
    named = (
        ("ok", mix.ok, "good"),
        ("miss", mix.miss, "warn"),
        ("deny", mix.deny, "bad"),
        ("limit", mix.limited, "warn"),
        ("err", mix.err, "bad"),
        ("neutral", mix.neutral, "dim"),
    )
    for name, number, style in named:
        if number:
            text = f" {name:<8}{share(number, mix.requests)} {count(number):>5}  "
            drawn.append(line(text, Piece(bar(number, mix.requests, max(4, width - len(text)), glyphs), style)))
    drawn.append(line(Piece(f" {size(mix.bytes)}B sent", "dim")))
    return drawn


def _routes(detail: ClientDetail, width: int, glyphs: Glyphs) -> list[Line]:
    drawn = [section(f"routes, {len(detail.routes)} seen", width, glyphs)]
    names = f"{'REQS':>5} {'IDS':>5} {'OK':>4} {'MISS':>4} {'DENY':>4} {'ERR':>4}"
    room = max(10, width - len(names) - 2)
    drawn.append(line(Piece(f" {fit('ROUTE', room)} {names}", "columns")))
    hosts = {view.host for view in detail.routes}
    drawn += [_route(view, room, with_host=len(hosts) > 1) for view in detail.routes]
    return drawn


def _route(view: RouteView, room: int, *, with_host: bool) -> Line:
    mix: Mix = view.mix
    numbers = f"{count(mix.requests):>5} {count(view.objects):>5}"
    shares = " ".join(
        f"{percent(part, mix.requests):>4}" for part in (mix.ok, mix.miss, mix.deny, mix.err + mix.limited)
    )
    bad = failed(mix) * 2 > mix.requests
    name = f"{view.host} {view.route}" if with_host else view.route
    return line(f" {fit(cut_middle(plain(name), room), room)} {numbers} ", Piece(shares, "warn" if bad else ""))


def _facets(name: str, facets: Sequence[FacetView], width: int, now: float, glyphs: Glyphs, none: str) -> list[Line]:
    drawn = [section(f"{name}, {len(facets)}", width, glyphs)]
    for facet in facets:
        head = f" {count(facet.requests):>5} {age(now - facet.last_seen):>4}  "
        drawn.append(line(Piece(head, "dim"), fit(plain(facet.value), max(8, width - len(head)))))
    return drawn if facets else [*drawn, line(Piece(f" {none}", "dim"))]


def _agents(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    return _facets("user agents", detail.user_agents, width, now, glyphs, "none in the log")


def _users(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    drawn = _facets("users", detail.users, width, now, glyphs, "none in the log")
    hosts = ", ".join(f"{plain(facet.value)} ({count(facet.requests)})" for facet in detail.hosts)
    return drawn + (wrap(f"hosts: {hosts}", width, first=" ", rest="   ", style="dim") if hosts else [])


def _suspects(detail: ClientDetail, width: int) -> list[Line]:
    drawn: list[Line] = []
    for view in detail.suspects:
        state = "alert" if view.alert_id else percent(view.evidence, 1)
        drawn += wrap(f"{view.detector}  {view.route}  {view.note}", width, first=f" {state:>5}  ", rest="        ")
    return drawn


def why_page(view: AlertView, evidence: Sequence[EvidenceView], width: int, now: float, glyphs: Glyphs) -> list[Line]:
    """Why an alert exists, complete: subject, numbers against limits, doubts, what clears it, tags, lines."""
    alert = view.alert
    text = width - 1
    drawn: list[Line] = [
        line(
            severity_piece(SEVERITIES[alert.severity]),
            f"  score {alert.score}  ",
            Piece(alert.detector, "strong"),
            f"  {view.state}",
        ),
        *wrap(alert.title, text, style="strong"),
    ]
    drawn += _alert_body(view, text, now)
    members = list(alert.clients)
    if len(members) > 1:
        drawn.append(section(f"addresses, {count(alert.clients_total)}", text, glyphs))
        drawn += wrap("  ".join(members[:200]), text, first=" ", rest=" ")
    drawn += [section(f"original lines, {len(evidence)}", text, glyphs), *evidence_lines(evidence, text)]
    return drawn


def _alert_body(view: AlertView, width: int, now: float) -> list[Line]:
    alert, told = view.alert, view.alert.explanation
    subject = f"{told.subject.kind} {told.subject.key}"
    drawn: list[Line] = []
    where = f"{alert.host} {alert.route}".strip()
    drawn += wrap(subject, width, first=" who    ", rest="        ")
    if where:
        drawn += wrap(where, width, first=" where  ", rest="        ")
    period = f"from {stamp(alert.first_seen)} to {stamp(alert.last_seen)}, {span(now - alert.last_seen)} ago"
    drawn += wrap(f"{period}, {count(alert.count)} suspicious requests", width, first=" when   ", rest="        ")
    drawn += wrap(told.why, width, first=" why    ", rest="        ", style="strong")
    for number in told.numbers:
        drawn += wrap(f"{number.name}: {number.value}", width, first="        ", rest="          ")
        drawn += wrap(
            f"limit {number.threshold}; usual {number.baseline}",
            width,
            first="          ",
            rest="          ",
            style="dim",
        )
    for doubt in told.counter_evidence:
        drawn += wrap(doubt, width, first=" but    ", rest="        ")
    drawn += wrap(told.clears_when, width, first=" clears ", rest="        ")
    tags = "  ".join((*told.tags.owasp, *told.tags.oat, *told.tags.attack))
    if tags:
        drawn += wrap(tags, width, first=" tags   ", rest="        ", style="dim")
    if view.acknowledged_by:
        said = f"{view.acknowledged_by}: {view.note}" if view.note else view.acknowledged_by
        drawn += wrap(said, width, first=" acked  ", rest="        ", style="good")
    return drawn


def lines_page(evidence: Sequence[EvidenceView], width: int) -> list[Line]:
    """Original lines in full, wrapped, with where they stand."""
    drawn: list[Line] = []
    for view in evidence:
        drawn.append(line(Piece(f"{stamp(view.time)}  {plain(view.source)}:{view.line}", "dim")))
        drawn += [line("  ", part) for part in chop_cells(plain(view.text), max(8, width - 3))]
    if not evidence:
        drawn.append(line(Piece("none kept: only alerts keep lines", "dim")))
    return drawn


def evidence_lines(evidence: Sequence[EvidenceView], width: int) -> list[Line]:
    """Original lines, each in at most three screen lines."""
    drawn: list[Line] = []
    room = max(8, width - 3)
    for view in evidence:
        parts = chop_cells(plain(view.text), room) or [""]
        shown = parts[:_LINE_ROWS]
        if len(parts) > _LINE_ROWS:
            shown[-1] = fit(f"{shown[-1]}{CUT}{CUT}", room)
        drawn.append(line(" ", shown[0]))
        drawn += [line("   ", part) for part in shown[1:]]
    return drawn
