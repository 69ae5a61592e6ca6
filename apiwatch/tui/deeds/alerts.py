"""Deeds that are about alerts: which rows stand for one."""

from collections.abc import Sequence
from typing import ClassVar

from apiwatch.model import ActionKind
from apiwatch.store.protocol import Control
from apiwatch.store.views import AlertView
from apiwatch.text import plain
from apiwatch.tui.deeds.base import NOTE, Deed, LeftOut, Subject
from apiwatch.tui.echo import short_id
from apiwatch.tui.field import Field
from apiwatch.tui.rows.base import Row

__all__ = ["AlertDeed", "TakingBack"]

_NAME = 60


class AlertDeed(Deed):
    """A deed on the alerts of some rows, each alert once. `alerts` are those that the dashboard knows.

    A row without an alert of its own stands for the first one that names its client.
    """

    closed_too = False
    """Whether a closed alert can be meant."""

    def __init__(self, rows: Sequence[Row], alerts: Sequence[AlertView]) -> None:
        views = {view.alert.id: view for view in alerts}
        views.update({view.alert.id: view for view in map(_own, rows) if view is not None})
        subjects: dict[str, Subject] = {}
        left_out: list[LeftOut] = []
        for row in rows:
            alert_id = row.alert_id or _naming(row, alerts)
            view = views.get(alert_id)
            shown = plain(row.name or row.key, _NAME)
            why = "has no alert" if not alert_id else self.unfit(view, many=len(rows) > 1) if view is not None else ""
            if why:
                left_out.append(LeftOut(shown, why))
            else:
                who = plain(view.alert.client or view.alert.principal, _NAME) if view is not None else shown
                subjects.setdefault(alert_id, Subject(alert_id, f"{short_id(alert_id)} {who}".rstrip()))
        super().__init__(list(subjects.values()), left_out)
        self.views = views
        """Alerts by their ids, as far as they are known."""

    def unfit(self, view: AlertView, *, many: bool) -> str:
        """Why an alert is left out; ''. Among many, those that have it already are."""
        return "is closed" if view.alert.closed and not self.closed_too else ""


class TakingBack(AlertDeed):
    """The end of what was said about alerts, closed ones too. Values: note."""

    closed_too = True
    ends: ClassVar[ActionKind]
    """What it says."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """A note."""
        return (Field("note", ""),)

    def refusal(self, values: tuple[str, ...]) -> str:
        """Any note will do."""
        return ""

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One end."""
        await control.say(self.ends, subject.key, actor, plain(values[0], NOTE), now)


def _own(row: Row) -> AlertView | None:
    view = getattr(row, "view", None)
    return view if isinstance(view, AlertView) else None


def _naming(row: Row, alerts: Sequence[AlertView]) -> str:
    if not row.client:
        return ""
    naming = (view.alert for view in alerts if row.client in (view.alert.client, *view.alert.clients))
    return next((alert.id for alert in naming), "")
