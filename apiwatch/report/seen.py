"""The state of the collector, and what it could not see."""

from collections.abc import Iterator

from apiwatch.report.incident import Incident
from apiwatch.report.markup import code, fenced, heading, item
from apiwatch.report.wording import some
from apiwatch.store.troubles import troubles_of
from apiwatch.store.views import HealthView
from apiwatch.times import span, stamp

__all__ = ["seen_section"]

_SILENT_S = 5.0


def seen_section(incident: Incident) -> Iterator[str]:
    """How far the log was read, what was lost or not understood, and the complaints of each source."""
    yield from heading(2, "What apiwatch could not see")
    health = incident.overview.health
    if health is None:
        yield from ("No collector has written to this state file yet.", "")
        return
    yield item("collector", _state(health, incident.made))
    yield item("read up to", f"{stamp(incident.newest)} (time in the log)")
    read = f"{some(health.lines, 'line')}: {some(health.requests, 'request')}, {health.unparsed:,} that match no format"
    yield item("read so far", f"{read}, {health.skipped:,} that are no requests")
    losses = (
        f"{health.dropped:,} dropped, {health.cut:,} cut for their length, {health.late:,} too late for their minute"
    )
    yield item("lost", losses)
    full = [
        f"{code(name)} ({gone:,} forgotten or refused, limit {limit:,})"
        for name, (_, limit, gone) in sorted(health.bounds.items())
        if gone
    ]
    yield item("memory bounds that were reached", ", ".join(full) or "none")
    if health.withheld:
        yield item("notifications", f"{health.withheld:,} were withheld: more than the budget of an hour")
    yield ""
    said = [
        f"{source.name} ({source.kind}, {source.state}, {source.format or 'no format yet'}): {trouble.text}"
        for source in incident.overview.sources
        for trouble in troubles_of(source, health)
    ]
    yield from ("Complaints about sources:", "") if said else ("No source has a complaint.", "")
    if said:
        yield from fenced(said)
    if incident.unparsed:
        yield from ("The first lines that no format understood:", "")
        yield from fenced(f"{view.source}:{view.line}: {view.text}" for view in incident.unparsed)


def _state(health: HealthView, now: float) -> str:
    why = f" ({code(health.message)})" if health.message else ""
    silent = now - health.heartbeat
    if silent <= _SILENT_S and health.state not in ("stopped", "failed"):
        behind = f", {span(health.lag_s)} of input not read yet" if health.lag_s >= 1 else ""
        return f"{health.state}{behind}"
    return (
        f"{health.state}{why}; its last sign of life was at {stamp(health.heartbeat)}, and what came after is not known"
    )
