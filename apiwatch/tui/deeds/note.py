"""A note with an alert."""

from apiwatch.store.protocol import Control
from apiwatch.text import plain
from apiwatch.tui.deeds.alerts import AlertDeed
from apiwatch.tui.deeds.base import NOTE, Subject
from apiwatch.tui.field import Field

__all__ = ["Note"]


class Note(AlertDeed):
    """Leave a note. Values: note."""

    kind, confirm, done, doing = "note", "annotate", "left a note on", "leaving a note on"
    closed_too = True

    @property
    def fields(self) -> tuple[Field, ...]:
        """The note."""
        return (Field("note", ""),)

    def refusal(self, values: tuple[str, ...]) -> str:
        """An empty note says nothing."""
        return "" if values[0].strip() else "the note is empty; write some words, or Esc"

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One note."""
        await control.say("note", subject.key, actor, plain(values[0], NOTE), now)
