"""The whole hand-over as Markdown: the answers first, then what they rest on."""

import shlex
from collections.abc import Iterator

from apiwatch.model import SEVERITIES
from apiwatch.report.alerts import alert_sections
from apiwatch.report.done import done_sections
from apiwatch.report.incident import Incident
from apiwatch.report.markup import code, fenced, heading, item
from apiwatch.report.seen import seen_section
from apiwatch.report.who import amount_lines, amount_section, time_section, who_section
from apiwatch.report.wording import GOING_ON_S, some
from apiwatch.text import plain
from apiwatch.times import span, stamp

__all__ = ["markdown"]

_COMMANDS = 5
_AMOUNTS = 3


def markdown(incident: Incident) -> str:
    """The incident as one document for people who were not there.

    Whatever was in a log, or was typed by an operator, stands in code only: it makes no link, no tag and no heading.
    """
    parts = [
        *_head(incident),
        *_in_short(incident),
        *time_section(incident),
        *amount_section(incident),
        *who_section(incident),
        *alert_sections(incident),
        *done_sections(incident),
        *seen_section(incident),
        *_further(incident),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def _head(incident: Incident) -> Iterator[str]:
    yield from heading(1, f"Incident: {_scope(incident)}")
    since = stamp(incident.since) if incident.since else "the beginning of the state file"
    until = stamp(incident.until) if incident.until else f"the newest line that was read ({stamp(incident.newest)})"
    yield from (f"Made by apiwatch at {stamp(incident.made)}, from {since} to {until}. All times are UTC.", "")


def _scope(incident: Incident) -> str:
    if incident.kind == "client":
        return f"client {code(incident.names[0])}"
    if incident.kind == "alerts":
        shown = ", ".join(code(name) for name in incident.names[:_COMMANDS])
        return f"{'alert' if len(incident.names) == 1 else 'alerts'} {shown}" + (
            f" and {len(incident.names) - _COMMANDS} more" if len(incident.names) > _COMMANDS else ""
        )
    return "everything"


def _in_short(incident: Incident) -> Iterator[str]:
    yield from heading(2, "In short")
    counts = {word: sum(SEVERITIES[view.alert.severity] == word for view in incident.alerts) for word in SEVERITIES}
    mix = ", ".join(f"{counts[word]} {word}" for word in reversed(SEVERITIES) if counts[word])
    families = sorted({view.alert.family for view in incident.alerts})
    what = f"{some(len(incident.alerts), 'alert')} ({mix}): {', '.join(map(code, families))}" if mix else "no alert"
    yield item("what", what)
    worst = incident.alerts[0] if incident.alerts else None
    if worst is not None:
        yield item("worst", code(worst.alert.title))
    shown = ", ".join(code(address) for address in incident.addresses[:3])
    who = f"{some(incident.clients_total, 'client')} in {some(len(incident.networks), 'network')}"
    yield item("who", f"{who}{': ' + shown if shown else ''}{', ...' if len(incident.addresses) > 3 else ''}")
    if incident.first:
        lasted = span(incident.last - incident.first)
        yield item("when", f"{stamp(incident.first)} to {stamp(incident.last)}, {lasted}")
    yield item("now", _now(incident))
    for at, text in enumerate(amount_lines(incident)):
        if at < _AMOUNTS:
            yield item("how much", text) if at == 0 else f"  - {text}"
    queued = sum(entry.state == "queued" for entry in incident.blocks)
    held = sum(bool(entry.live_in) for entry in incident.blocks)
    targets = sorted({target for entry in incident.blocks for target in entry.live_in})
    in_force = f"{held} in force in {', '.join(targets)}" if held else "none known to be in force"
    ended = f"{len(incident.blocks) - queued} ended or withdrawn"
    yield item("blocked", f"{some(queued, 'network')} queued, {in_force}, {ended}" if incident.blocks else "nothing")
    yield ""


def _now(incident: Incident) -> str:
    opened = [view for view in incident.alerts if not view.alert.closed]
    active = [view for view in opened if incident.newest - view.alert.last_seen <= GOING_ON_S]
    if active:
        all_ = some(len(incident.alerts), "alert")
        old = incident.made - incident.newest
        when = f", which was {span(old)} old by then" if old > GOING_ON_S else ""
        return (
            f"still going on: {len(active)} of {all_} had a request within {span(GOING_ON_S)} of the newest line{when}"
        )
    quiet = f"the last suspicious request was {span(incident.newest - incident.last)} before the newest line"
    if opened:
        return f"{some(len(opened), 'alert')} open, but quiet: {quiet}"
    return f"over: no alert is open; {quiet}" if incident.alerts else "no alert names it"


def _further(incident: Incident) -> Iterator[str]:
    yield from heading(2, "How to look further")
    yield from ("On the machine of the collector; `--db FILE` names another state file.", "")
    commands = ["apiwatch attach"]
    commands += [f"apiwatch show {_word(address)}" for address in incident.addresses[:_COMMANDS]]
    commands += [f"apiwatch report --alert {_word(view.alert.id)}" for view in incident.alerts[:_COMMANDS]]
    commands += ["apiwatch alerts --all --json", "apiwatch block list --all", "apiwatch allow list --all"]
    commands += ["apiwatch doctor"]
    yield from fenced(commands)


def _word(text: str) -> str:
    """A word for a shell; what begins like an option is kept from being one."""
    word = shlex.quote(plain(text, 200))
    return f"-- {word}" if text.startswith("-") else word
