"""Somebody looks after an alert."""

from apiwatch.store.protocol import Control
from apiwatch.store.views import AlertView
from apiwatch.text import one_line, plain
from apiwatch.times import stamp
from apiwatch.tui.deeds.alerts import AlertDeed, TakingBack
from apiwatch.tui.deeds.base import NOTE, Subject
from apiwatch.tui.field import Field
from apiwatch.tui.line import Line, wrap

__all__ = ["Acknowledge", "Unacknowledge"]


class Acknowledge(AlertDeed):
    """Acknowledge, with a note or without. Values: note."""

    kind, confirm, done, doing = "acknowledge", "acknowledge", "acked", "acking"

    def unfit(self, view: AlertView, *, many: bool) -> str:
        """Among many, what somebody looks after already is left to him."""
        if many and view.state == "acknowledged":
            return f"is acknowledged by {plain(view.acknowledged_by, 60)}"
        return super().unfit(view, many=many)

    def lines(self, width: int) -> list[Line]:
        """What it is about; of a single alert also who looks after it already."""
        view = self.views.get(self.subjects[0].key) if len(self.subjects) == 1 else None
        if view is None or not view.acknowledged_by:
            return super().lines(width)
        when = f" at {stamp(view.acknowledged_at)}" if view.acknowledged_at else ""
        note = f" '{one_line(view.acknowledged_note, NOTE)}'" if view.acknowledged_note else ""
        said = f"Acknowledged by {plain(view.acknowledged_by, 60)}{when}{note}; Enter takes it over."
        return [*wrap(said, width, style="warn"), *super().lines(width)]

    @property
    def fields(self) -> tuple[Field, ...]:
        """A note."""
        return (Field("note, for those who look at it later", ""),)

    def refusal(self, values: tuple[str, ...]) -> str:
        """Any note will do."""
        return ""

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One acknowledgement."""
        await control.acknowledge(subject.key, actor, plain(values[0], NOTE), now)


class Unacknowledge(TakingBack):
    """Take an acknowledgement back: nobody looks after the alert. Values: note."""

    kind, confirm = "unacknowledge", "unacknowledge"
    done, doing = "took back the acknowledgement of", "taking back the acknowledgement of"
    ends = "unacknowledge"

    def unfit(self, view: AlertView, *, many: bool) -> str:
        """Only what is acknowledged."""
        return "" if view.acknowledged_by else "is not acknowledged"
