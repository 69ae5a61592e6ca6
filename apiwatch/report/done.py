"""What operators said and did about an incident, and what is blocked until when."""

from collections.abc import Iterator

from apiwatch.report.incident import Incident
from apiwatch.report.markup import fenced, heading
from apiwatch.report.wording import said_of, some, until
from apiwatch.store.views import ActionView
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
            "The queue of apiwatch; a firewall obeys it only as far as somebody has exported and applied it.",
            "",
        )
        yield from fenced(f"{entry.key}  {said_of(entry)}  {entry.reason}".rstrip() for entry in incident.blocks)
    else:
        yield from ("Nothing.", "")
    if incident.allowed:
        yield from heading(2, "What is on the allow-list")
        yield from fenced(
            f"{each.target}  {said_of(each)}; kept {some(each.alerts, 'alert')} from opening  {each.reason}".rstrip()
            for each in incident.allowed
        )


def _action(action: ActionView, title: str) -> str:
    ends = f" {until(action.expires)}" if action.expires is not None else ""
    about = f" ({title})" if title else ""
    note = f": {action.note}" if action.note else ""
    what = {"block": "queued for blocking", "unblock": "withdrew"}.get(action.kind, action.kind)
    subject = f"{action.subject} {action.condition}".rstrip()
    return f"{stamp(action.time)}  {action.actor}  {what} {subject}{ends}{about}{note}"
