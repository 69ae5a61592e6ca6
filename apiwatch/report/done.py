"""What operators said and did about an incident, and what is blocked until when."""

from collections.abc import Iterator

from apiwatch.report.incident import Incident
from apiwatch.report.markup import fenced, heading
from apiwatch.report.wording import said_of, some, until
from apiwatch.store.views import ActionView, BlockEntry
from apiwatch.times import stamp

__all__ = ["done_sections"]

_ACTIONS = 300


def done_sections(incident: Incident) -> Iterator[str]:
    """Three sections: words of operators, the block queue, the allow-list."""
    yield from heading(2, "What operators did")
    actions = incident.actions[-_ACTIONS:]
    if len(actions) < len(incident.actions):
        yield from (f"The last {_ACTIONS} of {len(incident.actions)}:", "")
    if actions:
        titles = {view.alert.id: view.alert.title for view in incident.alerts}
        yield from fenced(_action(each, titles.get(each.subject, "")) for each in actions)
    else:
        yield from ("Nothing yet.", "")
    yield from heading(2, "What is blocked")
    if incident.blocks:
        yield from (
            "The queue of apiwatch, and where a firewall was seen to hold an entry. What somebody has exported and "
            "loaded by hand is not known here.",
            "",
        )
        yield from fenced(each for entry in incident.blocks for each in _blocked(entry))
    else:
        yield from ("Nothing.", "")
    if incident.allowed:
        yield from heading(2, "What is on the allow-list")
        yield from fenced(
            f"{each.target}  {said_of(each)}; kept {some(each.alerts, 'alert')} from opening  {each.reason}".rstrip()
            for each in incident.allowed
        )


def _blocked(entry: BlockEntry) -> Iterator[str]:
    yield f"{entry.key}  {said_of(entry)}  {entry.reason}".rstrip()
    for held in entry.applications:
        where = f"{held.target} on {held.host}" if held.host else held.target
        if held.error:
            yield f"    not in force in {where}: {held.error}"
        elif held.verified_at > 0:
            stopped = f", {held.dropped} stopped" if held.dropped is not None else ""
            yield (
                f"    in force in {where} since {stamp(held.applied_at)}, read back at {stamp(held.verified_at)}, "
                f"{until(held.expires)}{stopped}"
            )


def _action(action: ActionView, title: str) -> str:
    ends = f" {until(action.expires)}" if action.expires is not None else ""
    about = f" ({title})" if title else ""
    note = f": {action.note}" if action.note else ""
    what = {"block": "queued for blocking", "unblock": "withdrew"}.get(action.kind, action.kind)
    subject = f"{action.subject} {action.condition}".rstrip()
    return f"{stamp(action.time)}  {action.actor}  {what} {subject}{ends}{about}{note}"
