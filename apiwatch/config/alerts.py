"""Settings of the life of an alert: when it is told again, when it closes, how long an operator's word counts."""

from typing import Annotated

from msgspec import Meta

from apiwatch.config.section import Seconds, Section

__all__ = ["Alerts"]


class Alerts(Section, frozen=True):
    """The life of an alert."""

    notifications_per_hour: Annotated[int, Meta(ge=1, le=1_000)] = 10
    volume_factor: Annotated[int, Meta(ge=2, le=1_000)] = 10
    """How many times the suspicious requests must have grown since an alert was last told."""
    restart_after: Seconds = 1_800.0
    """Silence after which new evidence is told."""
    close_after: Seconds = 86_400.0
    reopen_within: Seconds = 7 * 86_400.0
    benign_for: Seconds = 30 * 86_400.0
