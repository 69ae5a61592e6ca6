"""Everything about one client."""

from collections.abc import Sequence

from apiwatch.model import SEVERITIES
from apiwatch.store.views import ClientDetail
from apiwatch.text import plain
from apiwatch.tui.cells import clock, count, rate, severity_word
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.pages.alert import alert_body
from apiwatch.tui.pages.lines import evidence_lines
from apiwatch.tui.pages.parts import (
    alert_list,
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
from apiwatch.tui.pictures import IdPoint, regularity, scatter

__all__ = ["client_page"]

_ALERTS_SHORT = 3
_FACETS = 5
_SCATTER_LINES = 10
_SHARED_AGENTS = 3
"""User agents from which on an address may be shared; many users alone are those whose passwords somebody tries."""

_WALKS = ("enumeration", "scraping")


def client_page(
    detail: ClientDetail,
    width: int,
    now: float,
    glyphs: Glyphs,
    blocked: str = "",
    *,
    points: Sequence[IdPoint] = (),
    others: Sequence[IdPoint] = (),
    numbered: bool = True,
    times: Sequence[float] = (),
) -> list[Line]:
    """Everything about a client, for a width: who, since when, why, how much, what was asked, by whom, the lines.

    `blocked` says what the block queue holds for it; `points` and `others` are ids that it and other clients of the
    route asked for (see `pictures.scatter`), `times` those of requests without a gap between them.
    """
    text = width - 1
    left, right = halves(text)
    drawn = [*_who(detail, text, now, blocked)]
    why = _why(detail, left, now, glyphs)
    over_time = timeline_section(detail.timeline, text, glyphs, now=now, alerts=detail.alerts)
    who = outcome_section(detail.total, right, glyphs)
    who += facet_list("user agents", detail.user_agents, right, now, glyphs, _FACETS)
    who += _users(detail, right, now, glyphs)
    drawn += [*pair(why, who, text), *over_time] if right < text else [*why, *over_time, *who]
    routes = route_list(detail.routes, left, glyphs)
    ids = _ids(detail, points, others, right, glyphs, numbered=numbered)
    if times:
        ids += [section("gaps between requests", right, glyphs), (Piece(" "), *regularity(times, right - 1, glyphs))]
    drawn += pair(routes, ids, text) if ids else route_list(detail.routes, text, glyphs)
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


def _who(detail: ClientDetail, width: int, now: float, blocked: str) -> list[Line]:
    row = detail.row
    seen = max(1.0, row.last_seen - row.first_seen)
    drawn = [heading(row.client, row.severity, f"score {row.score}   {some(row.alerts, 'open alert')}")]
    drawn += wrap(when(row.first_seen, row.last_seen, now), width)
    volume = f"{some(row.requests, 'request')}, {rate(row.requests / seen)}/s while seen"
    drawn += wrap(f"{volume}: {mix_text(detail.total)}", width)
    proxied = detail.peer not in ("", row.client)
    origin = f"address sent by {detail.peer}, a trusted proxy" if proxied else "the address is the socket's own"
    drawn += wrap(f"{origin}; counted as {row.principal or row.client}", width)
    users, agents = len(detail.users), len(detail.user_agents)
    net = "/64" if ":" in row.client else "/24"
    drawn += wrap(
        f"behind it: {some(agents, 'user agent')}, {some(users, 'user')}; "
        f"beside it: {some(detail.neighbours, 'other client')} in its {net}",
        width,
    )
    if agents >= _SHARED_AGENTS:
        drawn += wrap("may be shared (NAT, proxy): a block would hit all behind it", width, style="warn")
    if blocked:
        drawn += wrap(blocked, width, style="warn")
    return drawn


def _why(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    drawn = [section(f"why its score is {detail.row.score}", width, glyphs)]
    drawn += alert_list(detail.alerts, width, now, _ALERTS_SHORT)
    for points, reason in detail.points:
        drawn += wrap(reason, width, first=f" +{points:<3d}  ", rest="       ")
    if not detail.points:
        drawn.append(line(Piece(" nothing speaks against it", "dim")))
    return drawn


def _ids(
    detail: ClientDetail,
    points: Sequence[IdPoint],
    others: Sequence[IdPoint],
    width: int,
    glyphs: Glyphs,
    *,
    numbered: bool,
) -> list[Line]:
    """Which objects it tried and how many of them exist, in numbers and as a picture; [] when it tries none."""
    tests = [view for view in detail.suspects if view.family in _WALKS and view.objects]
    if not tests and not points:
        return []
    drawn = [section(f"ids tried on {tests[0].route}" if tests else "ids tried", width, glyphs)]
    if tests:
        test = max(tests, key=lambda view: view.objects)
        text = f"{some(test.objects, 'id')}: {count(test.successes)} found, {count(test.failures)} not found"
        drawn += wrap(text, width, first=" ", rest="   ")
    if points:
        first = next((point for point in points if point.found), None)
        if first:
            which = f", id {first.ordinal}" if numbered else ""
            drawn += wrap(f"first found {clock(first.time)}{which}", width, first=" ", rest="   ")
        drawn += scatter(points, width, _SCATTER_LINES, glyphs, others=others, numbered=numbered)
    return drawn


def _users(detail: ClientDetail, width: int, now: float, glyphs: Glyphs) -> list[Line]:
    drawn = facet_list("users", detail.users, width, now, glyphs, _FACETS)
    hosts = ", ".join(f"{plain(facet.value)} ({count(facet.requests)})" for facet in detail.hosts)
    return drawn + (wrap(f"hosts: {hosts}", width, first=" ", rest="   ", style="dim") if hosts else [])
