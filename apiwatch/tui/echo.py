"""What other operators did, said in the foot; and when what was done here is seen in the state file.

Attached dashboards agree because each shows only what a snapshot contains, its own deeds included.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from apiwatch.store.views import ActionView
from apiwatch.text import one_line, plain
from apiwatch.times import stamp

if TYPE_CHECKING:
    from apiwatch.tui.deeds.base import Outcome

__all__ = ["Hearing", "Mark", "confirmed", "mark_of", "news", "short_id"]

_SENTENCES = 4
_NOTE = 60
_NAME = 60
_OWN_KEPT = 2000
_DONE = {
    "acknowledge": "acked",
    "unacknowledge": "took back the acknowledgement of",
    "note": "left a note on",
    "mute": "muted",
    "unmute": "unmuted",
    "benign": "called benign",
    "allow": "allowed",
    "disallow": "took off the allow-list",
    "block": "queued for blocking",
    "unblock": "withdrew from the block queue",
}
_MANY = {"allow": "entries", "disallow": "entries", "block": "networks", "unblock": "networks"}


class Mark(NamedTuple):
    """An action by what its sender knows of it: no two dashboards say the same at the same instant."""

    kind: str
    subject: str
    time: float


def mark_of(action: ActionView) -> Mark:
    """The mark of an action."""
    return Mark(action.kind, action.subject, action.time)


def short_id(alert_id: str) -> str:
    """As much of an id as tells alerts apart."""
    return plain(alert_id, 100)[:8]


def news(
    before: Sequence[ActionView] | None,
    after: Sequence[ActionView],
    own: Collection[Mark],
    names: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """What others did between two reads of `Reader.actions`, in sentences, oldest first; nothing for the first read.

    `own` are the marks of what was done here; an operator's second dashboard counts as another. `names` says whom an
    alert is about. The same done to many in a row is one sentence; of more than four sentences the last ones are kept.
    """
    if before is None:
        return []
    known = {action.id for action in before}
    fresh = [action for action in reversed(after) if action.id not in known and mark_of(action) not in own]
    said = [_sentence(list(same), names) for _, same in groupby(fresh, key=_sameness)]
    if len(said) <= _SENTENCES:
        return said
    return [f"operators did {len(said) - _SENTENCES + 1} more things", *said[1 - _SENTENCES :]]


def _sameness(action: ActionView) -> tuple[str, str, str, float | None]:
    return action.actor, action.kind, action.note, action.expires


def _sentence(actions: Sequence[ActionView], names: Mapping[str, str]) -> str:
    first = actions[0]
    verb = _DONE.get(first.kind, f"said {plain(first.kind, 20)} about")
    if len(actions) > 1:
        about = f"{len(actions)} {_MANY.get(first.kind, 'alerts')}"
    elif first.kind in _MANY:
        about = plain(first.subject, _NAME)
    else:
        about = " ".join(filter(None, (short_id(first.subject), plain(names.get(first.subject, ""), _NAME))))
    until = f" until {stamp(first.expires)}" if first.expires is not None else ""
    note = f" '{one_line(first.note, _NOTE)}'" if first.note else ""
    return f"{plain(first.actor, _NAME)} {verb} {about}{until}{note}"


def confirmed(marks: Sequence[Mark], actions: Sequence[ActionView]) -> bool:
    """Whether a read of `Reader.actions` contains what was done here, in this order: the last of it, or only later."""
    if not marks or not actions:
        return not marks
    return marks[-1] in map(mark_of, actions) or min(action.time for action in actions) > marks[-1].time


def _contested(marks: Sequence[Mark], before: Iterable[ActionView], actions: Iterable[ActionView]) -> str:
    """Who acknowledged the same between two reads as was done here: whoever did so last has it; ''."""
    known = {action.id for action in before}
    subjects = {mark.subject for mark in marks if mark.kind == "acknowledge"}
    earlier = False
    for action in actions:
        if mark_of(action) in marks:
            earlier = True
        elif action.kind == "acknowledge" and action.subject in subjects and action.id not in known:
            who = f"{plain(action.actor, _NAME)} acked {short_id(action.subject)}"
            return f"; {who} just before, and you took it over" if earlier else f"; {who} after you, and has it now"
    return ""


class Hearing:
    """One dashboard's ear: it tells what others did, and when what was done here is seen in the state file."""

    def __init__(self) -> None:
        self._before: Sequence[ActionView] | None = None
        self._own: dict[Mark, None] = {}
        self._waiting: list[Outcome] = []

    def expect(self, marks: Iterable[Mark]) -> None:
        """Take note of what will be written here; before it is, so that no read takes it for somebody else's."""
        self._own.update(dict.fromkeys(marks))
        for mark in list(self._own)[:-_OWN_KEPT]:
            del self._own[mark]

    def wait(self, outcome: "Outcome") -> None:
        """Have `heard` say when this is seen."""
        if outcome.marks:
            self._waiting.append(outcome)

    def heard(
        self, actions: Sequence[ActionView], names: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[list[str], list[str]]:
        """After each read of `Reader.actions`: what of ours is seen now, and what others did, in sentences."""
        seen = [outcome for outcome in self._waiting if confirmed(outcome.marks, actions)]
        self._waiting = [outcome for outcome in self._waiting if outcome not in seen]
        said = news(self._before, actions, self._own, names)
        told = [f"{outcome.seen}{_contested(outcome.marks, self._before or (), actions)}" for outcome in seen]
        self._before = tuple(actions)
        return told, said
