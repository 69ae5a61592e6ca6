"""Why an alert exists."""

from collections.abc import Sequence

from apiwatch.model import SEVERITIES
from apiwatch.store.views import AlertView, EvidenceView
from apiwatch.tui.cells import count, span, stamp
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.pages.lines import evidence_lines
from apiwatch.tui.pages.parts import columns_of, section
from apiwatch.tui.rows import severity_piece

__all__ = ["alert_body", "alert_head", "why_page"]

_MOST_MEMBERS = 200


def why_page(view: AlertView, evidence: Sequence[EvidenceView], width: int, now: float, glyphs: Glyphs) -> list[Line]:
    """Why an alert exists, complete: subject, numbers against limits, doubts, what clears it, tags, lines."""
    alert = view.alert
    text = width - 1
    drawn = [*alert_head(view, text), *alert_body(view, text, now)]
    if len(alert.clients) > 1:
        drawn.append(section(f"addresses, {count(alert.clients_total)}", text, glyphs))
        drawn += columns_of(alert.clients[:_MOST_MEMBERS], text)
    successes = [view for view in evidence if view.success]
    if successes:
        drawn += [section(f"lines of success, {len(successes)}", text, glyphs), *evidence_lines(successes, text)]
    drawn += [section(f"original lines, {len(evidence)}", text, glyphs), *evidence_lines(evidence, text)]
    return drawn


def alert_head(view: AlertView, width: int) -> list[Line]:
    """How bad, how sure, which test, in which state, and what it says in one sentence."""
    alert = view.alert
    return [
        line(
            severity_piece(SEVERITIES[alert.severity]),
            f"  score {alert.score}  ",
            Piece(alert.detector, "strong"),
            f"  {view.state}",
        ),
        *wrap(alert.title, width, style="strong"),
    ]


def alert_body(view: AlertView, width: int, now: float) -> list[Line]:
    """The explanation: whom and what it is about, numbers against limits, doubts, what clears it, tags, who acked."""
    alert, told = view.alert, view.alert.explanation
    subject = f"{told.subject.kind} {told.subject.key.removeprefix(f'{told.subject.kind}:')}"
    if told.subject.kind in ("user", "token") and alert.client:
        subject += f", from {alert.client}"
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
        said = f": {view.acknowledged_note}" if view.acknowledged_note else ""
        drawn += wrap(f"{view.acknowledged_by}{said}", width, first=" acked  ", rest="        ", style="good")
    if view.muted_until:
        said = f"by {view.muted_by} until {stamp(view.muted_until)}"
        drawn += wrap(said, width, first=" muted  ", rest="        ", style="warn")
    if view.note and view.note != view.acknowledged_note:
        drawn += wrap(f"{view.noted_by}: {view.note}", width, first=" note   ", rest="        ")
    return drawn
