"""What the dashboard knows at one moment: immutable, read as a whole, applied as a whole."""

from msgspec import Struct

from apiwatch.store.views import Overview

__all__ = ["WINDOWS", "Link", "seconds_of", "window_label"]

WINDOWS = (1, 5, 15, 60, 1440)
"""Windows to choose from, in minutes."""


def window_label(minutes: int) -> str:
    """Name of a window: '5m', '1h'."""
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


class Link(Struct, frozen=True):
    """The head of every screen: what the store said last, and how the viewer stands to it."""

    now: float
    """The viewer's clock."""
    overview: Overview | None
    """None until the first read."""
    read_at: float
    """Viewer's clock at the last good read; 0 before it."""
    ended: str | None
    """How the collector ended, in one sentence; None while it lives or is not ours."""
    failure: str
    """Why reading has failed three times in a row; '' otherwise."""
    window_minutes: int
    paused_at: float | None
    paused_requests: int
    """Requests in the state file when the picture was paused."""
    backlog_peak: int
    """Largest backlog in bytes since catching up began."""
    refresh: float
    """Seconds between two reads."""
    restart: str = "apiwatch collect"
    """What to type for another collector."""
    lives: bool = False
    """A silent collector's process is there: it is busy, or it hangs; another one could not take its place."""
    room: int | None = None
    """Bytes that are free where the state file lies, if its collector is silent; None: unknown."""
    holder: str = ""
    """Another program that keeps a silent collector from writing."""
    at: float = 0.0
    """Event time in which the picture ends; 0: now."""
    read_only: bool = False


def seconds_of(window_minutes: int, overview: Overview | None, at: float) -> float:
    """Seconds that the counts of a window are of.

    A window that ends now is made of whole minutes and of the one that has just begun: taken for a whole one, it would
    make each new minute look like an outage.
    """
    whole = 60.0 * window_minutes
    health = overview.health if overview is not None else None
    if at or health is None or not health.watermark:
        return whole
    return min(whole, whole - 60.0 + health.watermark % 60 + 1.0)
