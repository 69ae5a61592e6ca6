"""Everything about one user name."""

from collections.abc import Sequence

from apiwatch.store.views import AlertView, ClientView, EvidenceView, FacetView, MinuteView, RouteView, SuspectView
from apiwatch.tui.cells import age, count, stamp
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, cut_middle, fit, fit_line, line, wrap
from apiwatch.tui.pages.parts import (
    alert_list,
    halves,
    heading,
    pair,
    route_list,
    section,
    some,
    suspect_list,
    timeline_section,
    when,
    worst_of,
)
from apiwatch.tui.rows.base import outcomes, severity_piece

__all__ = ["user_page"]

_ALERTS = 6
_CLIENTS = 20


def user_page(
    user: str,
    clients: Sequence[ClientView],
    visits: Sequence[FacetView],
    width: int,
    now: float,
    glyphs: Glyphs,
    *,
    clients_total: int = 0,
    first_seen: float = 0.0,
    last_seen: float = 0.0,
    routes: Sequence[RouteView] = (),
    alerts: Sequence[AlertView] = (),
    suspects: Sequence[SuspectView] = (),
    timeline: Sequence[MinuteView] = (),
    let_in: Sequence[EvidenceView] = (),
) -> list[Line]:
    """Everything about a user name, for a width: from where, since when, whether guessing had success, and alerts.

    `visits` are requests with this name for each client; `clients_total` counts all of these. `let_in` are lines in
    which somebody who guesses passwords was let in under this name.
    """
    text = width - 1
    left, right = halves(text)
    total = max(clients_total, len(visits), len(clients))
    made = sum(visit.requests for visit in visits)
    drawn = [heading(user, worst_of(alerts), f"{some(total, 'client')}   {some(len(alerts), 'alert')}")]
    if first_seen and last_seen:
        drawn += wrap(when(first_seen, last_seen, now), text)
    drawn += wrap(f"{some(made, 'request')} with this name", text)
    if let_in:
        said = f"somebody who guesses passwords was let in at {stamp(let_in[0].time)}: take this account for taken over"
        drawn += wrap(said, text, style="bad")
        drawn += wrap(let_in[0].text, text, first="  ", rest="  ", style="dim")
    found = [section(f"alerts, {len(alerts)}", left, glyphs), *alert_list(alerts, left, now, _ALERTS)]
    if not alerts:
        found.append(line(Piece(" none about its clients", "dim")))
    leaning = [section(f"tests that lean towards suspicion, {len(suspects)}", right, glyphs)]
    leaning += suspect_list(suspects, right, who=True) or [line(Piece(" none", "dim"))]
    drawn += pair(found, leaning, text)
    if timeline:
        drawn += timeline_section(timeline, text, glyphs, now=now, alerts=alerts)
    drawn += _origins(clients, visits, total, text, now, glyphs)
    return drawn + (route_list(routes, text, glyphs, f"routes of these clients, {len(routes)}") if routes else [])


def _origins(
    clients: Sequence[ClientView], visits: Sequence[FacetView], total: int, width: int, now: float, glyphs: Glyphs
) -> list[Line]:
    """Where it came from: each client with its requests under this name, and what it did besides."""
    known = {view.client: view for view in clients}
    shown = visits[:_CLIENTS]
    drawn = [section(f"clients it came from, the latest {len(shown)} of {count(total)}", width, glyphs)]
    room = min(39, max(18, width - 56))
    names = f"{'SEV':<7} {fit('CLIENT', room)} {'REQS':>5} {'LAST':>4} {'ALL':>5}  OUTCOMES OF ALL"
    drawn.append(fit_line(line(Piece(f" {names}", "columns")), width))
    for visit in shown:
        view = known.get(visit.value)
        word = severity_piece(view.severity if view else "")
        name = fit(cut_middle(visit.value, room), room)
        figures = f" {count(visit.requests):>5} {age(now - visit.last_seen):>4}"
        rest = f" {count(view.requests):>5}  {outcomes(view.window)}" if view else ""
        row = line(" ", Piece(fit(word.text, 7), word.style), " ", Piece(name, "strong"), figures + rest)
        drawn.append(fit_line(row, width))
    return drawn if shown else [*drawn, line(Piece(" none that is still known", "dim"))]
