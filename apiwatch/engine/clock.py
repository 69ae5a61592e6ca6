"""Event time: minutes and windows that close as it moves on, and what ends with them."""

from apiwatch.config import Settings
from apiwatch.detect.kit import DAY
from apiwatch.detect.scraping import SPANS, close_window
from apiwatch.detect.state import ObjectTrack, Principal, RouteState
from apiwatch.engine.clients import flush_minutes
from apiwatch.engine.memory import Memory
from apiwatch.engine.routeminutes import PLACES, flush_route
from apiwatch.engine.rows import MINUTE_PLACES

__all__ = ["LATE_MINUTES", "WINDOW", "Clock"]

LATE_MINUTES = 2
"""Minutes behind the newest event in which an event is still counted in its minute."""

WINDOW = 600

_HOUR, _DAY = 6, 144
"""Windows of ten minutes in each of the longer spans."""


class Clock(Memory):
    """Event time of one shard: the newest event, never a clock on the wall."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.first_minute = 0
        """Oldest minute in which an event is still counted."""
        self.minute_end = 0.0
        """Event time at which the next minute begins."""
        self.active: tuple[dict[tuple[str, int], None], ...] = ({}, {}, {})
        """(principal, param) that were touched in the current window of each span."""

    def advance(self, now: float) -> None:
        """Move event time on while sources are quiet, so that windows close and alerts end."""
        if now > self.globals.watermark > 0:
            self.move_on(now)

    def move_on(self, time: float) -> None:
        """Event time reaches `time`; at each border of ten minutes windows close and old state is dropped."""
        state = self.globals
        if state.window_end == 0.0:
            state.window_end = (time // WINDOW + 1) * WINDOW
        elif time >= state.window_end:
            self._close_windows(state.window_end, time)
            if time // DAY > (state.window_end - WINDOW) // DAY:
                for key, popularity in self.popularity.items():
                    # Owners (keys below 0) keep what they have for as long as there is room for it.
                    if popularity and key >= 0:
                        self.forget_older(popularity)
            state.window_end = (time // WINDOW + 1) * WINDOW
            self._close_alerts(time)
            self.desk.expire(time)
            before = int(time) // 60 - LATE_MINUTES
            for client in self.clients.awake.values():
                if client.minutes:
                    flush_minutes(client, before, self.closed_minutes)
        state.watermark = max(state.watermark, time)
        self.begin_minute(state.watermark)

    def begin_minute(self, time: float) -> None:
        """Event time has reached another minute."""
        minute = int(time) // 60
        self.first_minute = minute - LATE_MINUTES
        self.minute_end = 60.0 * (minute + 1)

    def activate(self, principal: str, param: int, track: ObjectTrack, ten: int) -> None:
        """Note the first touch of a track in a window, so that closing one looks at active tracks only."""
        before = track.window
        if ten < before:
            return
        touched = principal, param
        ten_minutes, hours, days = self.active
        ten_minutes[touched] = None
        if before // _HOUR != ten // _HOUR:
            hours[touched] = None
            if before // _DAY != ten // _DAY:
                days[touched] = None
        track.window = ten

    def reactivate(self) -> None:
        """Find the active tracks again, after their state was restored."""
        ten = int(self.globals.window_end) // WINDOW - 1
        for principal in self.principals.values():
            for key, track in principal.tracks.items():
                for active, per in zip(self.active, (1, _HOUR, _DAY), strict=True):
                    if track.window // per == ten // per:
                        active[principal.key, key] = None

    def minute_counts(self, minute: int) -> list[int]:
        """New counters of a minute; minutes in which nothing can happen any more are closed."""
        counts = self.minutes[minute] = [0] * MINUTE_PLACES
        for old in [old for old in self.minutes if old < self.first_minute - 1]:
            closed = self.minutes.pop(old)
            if closed[-1]:
                self.closed_totals[old] = closed
            self.deleted.append(f"m/{old}")
        return counts

    def route_minute(self, route: RouteState, minute: int) -> list[int]:
        """New counters of a route in a minute; its minutes in which nothing can happen any more are closed."""
        counts = route.minutes[minute] = [0] * PLACES
        if len(route.minutes) > LATE_MINUTES:
            flush_route(route, self.first_minute, self.closed_route_minutes)
        return counts

    def is_unusual(self, principal: Principal, time: float) -> bool:
        """Whether what a principal does says nothing about what others do."""
        return bool(principal.signals)

    def _close_windows(self, end: float, time: float) -> None:
        """Add what principals that gave no signal read in the windows that end now to what is usual."""
        for index, span in enumerate(SPANS):
            start = (end - WINDOW) // span * span
            if time < start + span:
                continue
            active = self.active[index]
            by_principal: dict[str, list[int]] = {}
            for key, param in active:
                by_principal.setdefault(key, []).append(param)
            active.clear()
            for key, params in by_principal.items():
                with self.principals.borrowed(key) as principal:
                    if principal is not None and not self.is_unusual(principal, time):
                        self._close_tracks(principal, params, index, start)

    def _close_tracks(self, principal: Principal, params: list[int], index: int, start: float) -> None:
        for key in params:
            param, track = self.params.get(key), principal.tracks.get(key)
            if param is not None and track is not None:
                close_window(track, param, index, start)
                self.touch_route(self.owners[key])

    def _close_alerts(self, time: float) -> None:
        for row in self.book.close_silent(time):
            principal = self.principals.get(row.principal)
            if principal is not None and row.key in principal.alerts:
                principal.alerts.remove(row.key)
                if not principal.alerts:
                    principal.signals.clear()
                    principal.reached = False
                self.touch_principal(principal)
