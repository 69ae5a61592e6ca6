"""What an alert tells of is normal for this client."""

from collections.abc import Sequence

from apiwatch.store.protocol import Control
from apiwatch.store.views import AlertView
from apiwatch.text import plain
from apiwatch.tui.blocking import duration_text
from apiwatch.tui.deeds.alerts import AlertDeed
from apiwatch.tui.deeds.base import NOTE, Subject, lasting, lasting_refusal
from apiwatch.tui.field import Field
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.rows.base import Row

__all__ = ["Benign"]


class Benign(AlertDeed):
    """Normal for this client, on this route, for this kind of alert; it closes. Values: duration, reason.

    `usual_s` is the duration that stands in the field: `alerts.benign_for` of the settings.
    """

    kind, confirm, done, doing = "benign", "call benign", "called benign", "calling benign"

    def __init__(self, rows: Sequence[Row], alerts: Sequence[AlertView], usual_s: float) -> None:
        super().__init__(rows, alerts)
        self._usual = duration_text(usual_s)

    def lines(self, width: int) -> list[Line]:
        """What it means."""
        said = "The alert closes; it comes back when the client does clearly more, or worse. Other alerts stay."
        return [*wrap(said, width, style="dim"), *super().lines(width)]

    @property
    def fields(self) -> tuple[Field, ...]:
        """How long, and why."""
        return Field("for how long (7d 30d)", self._usual), Field("reason", "")

    def refusal(self, values: tuple[str, ...]) -> str:
        """A duration is needed."""
        return lasting_refusal(values[0])

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One word."""
        await control.say("benign", subject.key, actor, plain(values[1], NOTE), now, now + lasting(values[0]))

    def ending(self, values: tuple[str, ...]) -> str:
        """For how long."""
        return f" for {plain(values[0], 20)}"
