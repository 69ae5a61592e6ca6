"""Quiet about an alert for a while, and the end of it."""

from apiwatch.store.protocol import Control
from apiwatch.store.views import AlertView
from apiwatch.text import plain
from apiwatch.tui.deeds.alerts import AlertDeed, TakingBack
from apiwatch.tui.deeds.base import NOTE, Subject, lasting, lasting_refusal
from apiwatch.tui.field import Field

__all__ = ["Mute", "Unmute"]

_USUAL = "2h"


class Mute(AlertDeed):
    """Do not tell of it again for a while; it goes on counting. Values: duration, reason. Again renews it."""

    kind, confirm, done, doing = "mute", "mute", "muted", "muting"

    @property
    def fields(self) -> tuple[Field, ...]:
        """How long, and why."""
        return Field("for how long (30m 2h 7d)", _USUAL), Field("reason", "")

    def refusal(self, values: tuple[str, ...]) -> str:
        """A duration is needed."""
        return lasting_refusal(values[0])

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One mute."""
        await control.say("mute", subject.key, actor, plain(values[1], NOTE), now, now + lasting(values[0]))

    def ending(self, values: tuple[str, ...]) -> str:
        """For how long."""
        return f" for {plain(values[0], 20)}"


class Unmute(TakingBack):
    """End a mute. Values: note."""

    kind, confirm, done, doing = "unmute", "unmute", "unmuted", "unmuting"
    ends = "unmute"

    def unfit(self, view: AlertView, *, many: bool) -> str:
        """Only what is muted."""
        return "" if view.muted_until else "is not muted"
