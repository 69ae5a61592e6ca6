"""Everything about one route."""

from collections.abc import Sequence

from apiwatch.store.views import AlertView, ClientView, MinuteView, RouteView, SuspectView
from apiwatch.tui.cells import count, crowd
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.pages.ids import AskedId, id_sections
from apiwatch.tui.pages.parts import (
    alert_list,
    client_list,
    halves,
    heading,
    mix_text,
    outcome_section,
    pair,
    section,
    some,
    suspect_list,
    timeline_section,
    when,
    worst_of,
)
from apiwatch.tui.pictures import minutes_of

__all__ = ["route_page"]

_ALERTS = 6
_CLIENTS = 20


def route_page(
    route: RouteView,
    width: int,
    now: float,
    glyphs: Glyphs,
    *,
    timeline: Sequence[MinuteView] = (),
    end: float = 0.0,
    usual: float = 0.0,
    clients: Sequence[ClientView] = (),
    suspects: Sequence[SuspectView] = (),
    alerts: Sequence[AlertView] = (),
    points: Sequence[AskedId] = (),
) -> list[Line]:
    """Everything about a route, for a width: what is hit, by how many, what became of it, who, and what is suspicious.

    `timeline` are its minutes (without them those of `route.spark`, up to the event time `end`; 0: up to now), `usual`
    its usual requests per minute (0: not known), `clients` its busiest ones, `points` ids that were asked for.
    """
    text = width - 1
    minutes = timeline or minutes_of(route.spark, int((end or now) // 60))
    left, right = halves(text)
    mix = route.mix
    drawn = [heading(route.route, worst_of(alerts), some(len(alerts), "alert"))]
    roles = f"; {route.roles}" if route.roles else ""
    drawn += wrap(f"{route.host or 'any host'}; template {route.origin}{roles}", text)
    drawn += wrap(when(route.first_seen, route.last_seen, now), text)
    volume = f"{some(mix.requests, 'request')} of {crowd(route.clients)} client{'' if route.clients == 1 else 's'}"
    objects = f" for {some(route.objects, 'object')}" if route.objects else ""
    drawn += wrap(f"{volume}{objects}: {mix_text(mix)}", text)
    for note in route.notes:
        drawn += wrap(f"blind here: {note}", text, rest="  ", style="warn")
    found = [section(f"alerts, {len(alerts)}", left, glyphs), *alert_list(alerts, left, now, _ALERTS)]
    if not alerts:
        found.append(line(Piece(" none is about this route", "dim")))
    drawn += pair(found, outcome_section(mix, right, glyphs), text)
    drawn += timeline_section(minutes, text, glyphs, now=now, alerts=alerts, usual=usual)
    title = f"clients, the busiest {count(min(len(clients), _CLIENTS))} of {crowd(max(route.clients, len(clients)))}"
    busiest = sorted(clients, key=lambda view: -view.requests)[:_CLIENTS]
    leaning = [section(f"tests that lean towards suspicion, {len(suspects)}", right, glyphs)]
    leaning += suspect_list(suspects, right, who=True) or [line(Piece(" none", "dim"))]
    leaning += id_sections((), points, right, glyphs)
    return drawn + pair(client_list(busiest, left, now, glyphs, title), leaning, text)
