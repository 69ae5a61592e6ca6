"""Each alert of an incident: what it is, why it is believed, what speaks against it, and the original lines."""

from collections.abc import Iterator, Sequence

from apiwatch.model import SEVERITIES
from apiwatch.report.incident import FULL, Incident
from apiwatch.report.markup import code, fenced, heading, item, wrapped
from apiwatch.report.wording import going_on, some
from apiwatch.store.views import AlertView, EvidenceView
from apiwatch.times import stamp

__all__ = ["alert_sections"]

_FIRST, _LAST = 5, 10
_LISTED = 200
_NO_LIMIT = frozenset({"", "none", "none by itself"})


def alert_sections(incident: Incident) -> Iterator[str]:
    """The alerts in full, the worst first, and a list of the rest."""
    yield from heading(2, "Alerts")
    if not incident.alerts:
        yield from ("None.", "")
        return
    for number, view in enumerate(incident.alerts[:FULL], 1):
        yield from _alert(number, view, incident.evidence.get(view.alert.id, ()), incident.newest)
    rest = incident.alerts[FULL:]
    if rest:
        yield from heading(3, f"{len(rest)} more")
        yield from fenced([_short(view) for view in rest[:_LISTED]])
        if len(rest) > _LISTED:
            yield from (f"And {len(rest) - _LISTED} more.", "")
    if incident.alerts_cut:
        yield from (f"The state file holds more alerts than the {len(incident.alerts)} that were looked at.", "")


def _short(view: AlertView) -> str:
    alert = view.alert
    return f"{alert.id} {SEVERITIES[alert.severity]} {alert.detector} {alert.client or alert.principal} {alert.title}"


def _alert(number: int, view: AlertView, lines: Sequence[EvidenceView], newest: float) -> Iterator[str]:
    alert, told = view.alert, view.alert.explanation
    yield from heading(3, f"{number}. {SEVERITIES[alert.severity].upper()} {code(alert.detector)}")
    yield item("title", code(alert.title))
    who = code(alert.client or alert.principal)
    if alert.clients_total > 1:
        who += f" and {some(alert.clients_total - 1, 'other client')}"
    yield item("id", f"{code(alert.id)}, score {alert.score} of 100, family {code(alert.family)}")
    yield item(
        "who",
        f"{who}; counted as {told.subject.kind} {code(told.subject.key)}, class {code(told.subject.client_class)}",
    )
    if alert.route or alert.host:
        yield item("where", code(" ".join(part for part in (alert.host, alert.route) if part)))
    yield item(
        "when", f"{stamp(alert.first_seen)} to {stamp(alert.last_seen)}, {some(alert.count, 'suspicious request')}"
    )
    yield item("now", going_on(alert.last_seen, newest, alert.closed) + _reopened(view))
    yield item("state", _state(view))
    tags = (*told.tags.owasp, *told.tags.oat, *told.tags.attack)
    if tags:
        yield item("tags", ", ".join(code(tag) for tag in tags))
    yield from ("", "Why it is believed, with the numbers against their limits, and what speaks against it:", "")
    yield from fenced(_why(view))
    yield from _lines(lines, told.samples)


def _reopened(view: AlertView) -> str:
    times = view.alert.reopened
    return f"; reopened {some(times, 'time')}" if times else ""


def _state(view: AlertView) -> str:
    said = [view.state]
    if view.acknowledged_by:
        said.append(f"acknowledged by {code(view.acknowledged_by)} at {stamp(view.acknowledged_at)}")
    if view.muted_until:
        said.append(f"muted by {code(view.muted_by)} at {stamp(view.muted_at)} until {stamp(view.muted_until)}")
    if view.benign_until:
        said.append(
            f"called benign by {code(view.benign_by)} at {stamp(view.benign_at)} until {stamp(view.benign_until)}"
        )
    return "; ".join(said)


def _why(view: AlertView) -> Iterator[str]:
    told = view.alert.explanation
    yield from wrapped("why", told.why)
    for number in told.numbers:
        against = [f"limit {number.threshold}"] if number.threshold not in _NO_LIMIT else []
        against += [f"usual: {number.baseline}"] if number.baseline else []
        behind = f" ({'; '.join(against)})" if against else ""
        yield from wrapped("number", f"{number.name}: {number.value}{behind}")
    for doubt in told.counter_evidence:
        yield from wrapped("against", doubt)
    yield from wrapped("clears", told.clears_when)


def _lines(lines: Sequence[EvidenceView], samples: Sequence[str]) -> Iterator[str]:
    if not lines:
        yield from ("Original lines that were kept with the alert:" if samples else "No original line was kept.", "")
        if samples:
            yield from fenced(samples)
        return
    successes = [f"{view.source}:{view.line}: {view.text}" for view in lines if view.success]
    if successes:
        yield from (f"{some(len(successes), 'line')} of success, whose accounts or endpoints must be looked after:", "")
        yield from fenced(successes)
    shown = lines if len(lines) <= _FIRST + _LAST else (*lines[:_FIRST], *lines[-_LAST:])
    what = f"{len(lines)} original lines" if len(lines) > 1 else "The one original line"
    cut = f", the first {_FIRST} and the last {_LAST} of them" if len(shown) < len(lines) else ""
    yield from (f"{what} that were kept{cut} (source:line: text):" if len(lines) > 1 else f"{what} that was kept:", "")
    drawn = [f"{view.source}:{view.line}: {view.text}" for view in shown]
    if cut:
        drawn.insert(_FIRST, f"... {len(lines) - len(shown)} lines are left out here ...")
    yield from fenced(drawn)
