"""Everything about one client."""

from collections.abc import Sequence

from apiwatch.model import SEVERITIES
from apiwatch.store.views import ClientDetail
from apiwatch.tui.cells import count, rate, severity_word
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.pages.alert import alert_body
from apiwatch.tui.pages.ids import AskedId, id_sections
from apiwatch.tui.pages.lines import evidence_lines
from apiwatch.tui.pages.parts import (
    alert_list,
    distinct,
    facet_list,
    halves,
    heading,
    mix_text,
    outcome_section,
    pair,
    route_list,
    section,
    some,
    suspect_list,
    timeline_section,
    when,
)
from apiwatch.tui.pictures import per_minute, regularity, spark

__all__ = ["client_page"]

_ALERTS_SHORT = 3
_SUCCESSES = 5
"""Lines in which it got what it was after, before its pictures."""
_FACETS = 5
_SPARK = 12
"""Cells, and minutes, of the small picture beside the number of requests."""
_SHARED_AGENTS = 3
"""User agents from which on an address may be shared; many users alone are those whose passwords somebody tries."""


def client_page(
    detail: ClientDetail,
    width: int,
    now: float,
    glyphs: Glyphs,
    blocked: str = "",
    *,
    points: Sequence[AskedId] = (),
    times: Sequence[float] = (),
) -> list[Line]:
    """Everything about a client, for a width: who, since when, why, how much, what was asked, by whom, the lines.

    `blocked` says what the block queue holds for it; `points` are ids that it, and perhaps others, asked for; `times`
    are those of requests none of which is left out between the first and the last.
    """
    text = width - 1
    left, right = halves(text)
    wide = right < text
    why = _why(detail, left, now, glyphs)
    mix = outcome_section(detail.total, right, glyphs)
    behind = facet_list("user agents", detail.user_agents, right, now, glyphs, _FACETS)
    behind += _users(detail, right, now, glyphs)
    ids = id_sections(detail.suspects, points, right, glyphs, principal=detail.row.principal)
    side = wide and bool(points)
    over_time = timeline_section(
        detail.timeline, left if side else text, glyphs, now=now, alerts=detail.alerts, tall=12 if wide else 8
    )
    successes = [view for view in detail.evidence if view.success]
    got = [section(f"lines of success, {len(successes)}", text, glyphs)] if successes else []
    got += evidence_lines(successes[:_SUCCESSES], text) if successes else []
    if len(successes) > _SUCCESSES:
        got.append(line(Piece(f" and {len(successes) - _SUCCESSES} more: d on the alert", "dim")))
    drawn = _who(detail, text, now, glyphs, blocked)
    if wide:
        drawn += pair(why, [*mix, *behind] if side else [*mix, *behind, *ids], text)
        drawn += got
        drawn += pair(over_time, ids, text) if side else over_time
        drawn += route_list(detail.routes, text, glyphs)
    else:
        drawn += [*why, *got, *over_time, *mix, *route_list(detail.routes, text, glyphs), *ids, *behind]
    if times:
        drawn += [section("gaps between requests", text, glyphs), (Piece(" "), *regularity(times, text - 1, glyphs))]
    if max(len(detail.user_agents), len(detail.users)) > _FACETS:
        agents = facet_list("user agents", detail.user_agents, left, now, glyphs)
        drawn += pair(agents, facet_list("users", detail.users, right, now, glyphs), text)
    for view in detail.alerts:
        title = f"alert {severity_word(SEVERITIES[view.alert.severity])} {view.alert.detector}, {view.state}"
        drawn += [section(title, text, glyphs), *alert_body(view, text, now)]
    if detail.suspects:
        drawn += [section("tests that lean towards suspicion", text, glyphs), *suspect_list(detail.suspects, text)]
    title = f"original lines, newest first, {len(detail.evidence)}"
    return [*drawn, section(title, text, glyphs), *evidence_lines(detail.evidence, text)]


def _who(detail: ClientDetail, width: int, now: float, glyphs: Glyphs, blocked: str) -> list[Line]:
    row = detail.row
    seen = max(1.0, row.last_seen - row.first_seen)
    drawn = [heading(row.client, row.severity, f"score {row.score}   {some(row.alerts, 'open alert')}")]
    drawn += wrap(when(row.first_seen, row.last_seen, now), width)
    volume = f"{some(row.requests, 'request')}, {rate(row.requests / seen)}/s while seen: {mix_text(detail.total)}"
    drawn += wrap(volume, width)
    if len(volume) + _SPARK + 3 <= width:
        chart = spark(per_minute(detail.timeline, _SPARK), _SPARK, glyphs)
        drawn[-1] = (*drawn[-1], Piece("   "), Piece(chart, "accent"))
    proxied = detail.peer not in ("", row.client)
    origin = f"address sent by {detail.peer}, a trusted proxy" if proxied else "the address is the socket's own"
    drawn += wrap(f"{origin}; counted as {row.principal or row.client}", width)
    agents = len(detail.user_agents)
    behind = [
        f"{distinct(facets)} {noun}{'' if len(facets) == 1 else 's'}"
        for facets, noun in ((detail.user_agents, "user agent"), (detail.users, "user"))
    ]
    net = "/64" if ":" in row.client else "/24"
    drawn += wrap(
        f"behind it: {', '.join(behind)}; beside it: {some(detail.neighbours, 'other client')} in its {net}",
        width,
    )
    if agents >= _SHARED_AGENTS:
        drawn += wrap("may be shared (NAT, proxy): a block would hit all behind it", width, style="warn")
    if blocked:
        drawn += wrap(blocked, width, style="warn")
    return drawn


def _why(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    drawn = [section(f"why its score is {detail.row.score}: points fade by half in 30 minutes", width, glyphs)]
    drawn += alert_list(detail.alerts, width, now, _ALERTS_SHORT)
    for points, reason in detail.points:
        drawn += wrap(reason, width, first=f" +{points:<3d}  ", rest="       ")
    if not detail.points:
        drawn.append(line(Piece(" nothing speaks against it", "dim")))
    return drawn


def _users(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    drawn = facet_list("users", detail.users, width, now, glyphs, _FACETS)
    hosts = ", ".join(f"{facet.value} ({count(facet.requests)})" for facet in detail.hosts)
    return drawn + (wrap(f"hosts: {hosts}", width, first=" ", rest="   ", style="dim") if hosts else [])
