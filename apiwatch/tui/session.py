"""What all screens share: the reader, the operator, the window, the pause, and the newest head."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from apiwatch.config.settings import Settings
from apiwatch.store.protocol import Control, Reader
from apiwatch.store.scope import Scope
from apiwatch.store.views import ActionView, BlockEntry, MinuteView, Overview
from apiwatch.tui.crash import log_directory
from apiwatch.tui.echo import Hearing
from apiwatch.tui.glyphs import ASCII, UNICODE, Glyphs
from apiwatch.tui.history import History
from apiwatch.tui.line import Piece
from apiwatch.tui.owner import SILENT_S, holder, lives, restart_command, room_for, vanished
from apiwatch.tui.snapshot import WINDOWS, Link

if TYPE_CHECKING:
    from textual.screen import Screen

    from apiwatch.blocklist import Guard, Plan
    from apiwatch.blocklist.applying.looking import Comparison

__all__ = ["Session"]

_FAILURES = 3
_DAY_S = 10.0
_RATES = [0.25, 0.5, 1.0, 2.0, 5.0, 10.0]
_MESSAGES = 50


class Session:
    """One viewer's session. It draws nothing."""

    def __init__(
        self,
        reader: Reader,
        control: Control,
        *,
        settings: Settings,
        actor: str,
        guard: "Callable[[], Guard]",
        compare: "Callable[[str, Plan, Sequence[BlockEntry]], Comparison]",
        ended: Callable[[], str | None],
        owns_collector: bool,
        config: str | None = None,
        read_only: bool = False,
        served: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.reader = reader
        self.control = control
        self.settings = settings
        self.actor = actor
        self.guard = guard
        self.compare = compare
        """Reads a target: (its name, the plan, all that was ever queued). ApplyError, UsageError. Blocks."""
        self.ended = ended
        self.owns_collector = owns_collector
        self.config = config
        """The settings file that commands which are shown must name; None: they find it."""
        self.read_only = read_only
        """No key may change what others see; `control` refuses it, too."""
        self.served = served
        """In a browser: no key may write files on this machine, or leave the screen."""
        self.screen_of: Callable[[Scope, str, int | None], Screen[None]]
        """The screen of a scope, to be pushed: (scope, the way to it, index of the first view or None: the summary)."""
        self.clock = clock
        self.glyphs: Glyphs = ASCII if settings.dashboard.ascii else UNICODE
        self.target = ""
        """Firewall for which the block queue is shown; '' for the first one."""
        self.farewell: list[str] = []
        """Lines for standard output once the screen is gone."""
        self.overview: Overview | None = None
        self.window_minutes = _first_window(settings.dashboard.window)
        self.refresh = settings.dashboard.refresh
        """Seconds between two reads."""
        self.at = 0.0
        """Event time in which the picture ends; 0: now."""
        self.paused_at: float | None = None
        self.head_hidden = False
        self.wake = asyncio.Event()
        """Set to have the next read start at once."""
        self.stale = True
        """The next read is due even if the store has not changed."""
        self.messages: deque[tuple[float, Piece]] = deque(maxlen=_MESSAGES)
        self.hearing = Hearing()
        """Tells what other operators did, and when what was done here is seen in the state file."""
        self.history = History(log_directory(settings.db) / "history")
        self._dead: tuple[tuple[int, float], str] | None = None
        """The collector (process id, start) that has died, and what is said about it."""
        self._ended_at: float | None = None
        """When the end of the collector that belongs to this dashboard was seen."""
        self._day: tuple[float, float, tuple[MinuteView, ...]] = (0.0, 0.0, ())
        self._failed = 0
        self._failure = ""
        self._read_at = 0.0
        self._paused_requests = 0
        self._backlog_peak = 0

    def link(self) -> Link:
        """The head's view of this moment."""
        restart = restart_command(self.settings.db, self.overview.sources if self.overview else (), self.config)
        end = self._own_end() or self._vanished()
        if end and self.overview and self.overview.sources:
            end = f"{end}; start it again with: {restart}"
        return Link(
            now=self.clock(),
            overview=self.overview,
            read_at=self._read_at,
            ended=end,
            failure=self._failure,
            window_minutes=self.window_minutes,
            paused_at=self.paused_at,
            paused_requests=self._paused_requests,
            backlog_peak=self._backlog_peak,
            refresh=self.refresh,
            restart=restart,
            lives=(silent := self._silent_but_there()) > 0,
            room=room_for(self.settings.db) if silent else None,
            holder=holder(self.settings.db, silent) if silent else "",
            at=self.at,
            read_only=self.read_only,
        )

    def _silent_but_there(self) -> int:
        """Process id of a collector that has not been heard of for a while, but is there; 0."""
        health = self.overview.health if self.overview else None
        if health is None or health.state in ("stopped", "failed"):
            return 0
        if self.clock() - health.heartbeat < SILENT_S or lives(health) is not True:
            return 0
        return health.pid

    def _own_end(self) -> str | None:
        """How the collector that belongs to this dashboard ended; None once another one that began later is at work."""
        end = self.ended()
        if end is None:
            return None
        if self._ended_at is None:
            self._ended_at = self.clock()
        health = self.overview.health if self.overview else None
        return None if health is not None and health.started >= self._ended_at else end

    def _vanished(self) -> str | None:
        """How the collector died; said for good, since its last heartbeats may be read only after its death is seen."""
        health = self.overview.health if self.overview else None
        if health is None or health.pid <= 0 or health.state in ("stopped", "failed"):
            return None
        collector = (health.pid, health.started)
        if self._dead is None or self._dead[0] != collector:
            said = vanished(health, self.clock())
            self._dead = (collector, said) if said else None
        return self._dead[1] if self._dead else None

    def took(self, overview: Overview) -> None:
        """A read went well."""
        self.overview = overview
        health = overview.health
        catching_up = health is not None and health.state in ("catching-up", "starting")
        backlog = health.backlog_bytes if health else 0
        self._backlog_peak = max(self._backlog_peak, backlog) if catching_up else backlog

    def read_done(self) -> None:
        """The store answered."""
        self._read_at = self.clock()
        self._failed = 0
        self._failure = ""

    def read_failed(self, sentence: str) -> bool:
        """A read failed; True when it is time to say so."""
        self._failed += 1
        self.stale = True
        if self._failed >= _FAILURES:
            self._failure = sentence
        return self._failed == _FAILURES

    async def day(self, now: float) -> tuple[MinuteView, ...]:
        """The last 24 hours, read anew every ten seconds: they change little, and are many rows."""
        read_at, at, found = self._day
        if not found or at != self.at or not 0.0 <= now - read_at < _DAY_S:
            found = await self.reader.day(self.at)
            self._day = (now, self.at, found)
        return found

    def hear(self, actions: Sequence[ActionView]) -> None:
        """Say what of ours the state file holds now, and what other operators did."""
        seen, news = self.hearing.heard(actions)
        for text in news:
            self.say(text, "accent")
        for text in seen:
            self.say(text, "good")

    def demand(self) -> None:
        """Have the screen read anew now."""
        self.stale = True
        self.wake.set()

    def say(self, text: str, style: str = "") -> None:
        """Tell the operator something; it stays in the foot until the next message, and in the help screen."""
        self.messages.append((self.clock(), Piece(text, style)))

    @property
    def message(self) -> Piece:
        """The newest message, for ten seconds."""
        if self.messages and self.clock() - self.messages[-1][0] < 10:
            return self.messages[-1][1]
        return Piece("")

    def step_refresh(self, step: int) -> None:
        """Read more often (1) or less often (-1)."""
        slower = [rate for rate in _RATES if rate > self.refresh]
        faster = [rate for rate in _RATES if rate < self.refresh]
        self.refresh = (faster[-1:] or _RATES[:1])[0] if step > 0 else (slower[:1] or _RATES[-1:])[0]
        self.demand()

    def take_window(self, minutes: int) -> None:
        """Take one of the windows."""
        self.window_minutes = minutes
        self.demand()

    def step_window(self, step: int) -> None:
        """Take the next longer (1) or shorter (-1) window."""
        index = WINDOWS.index(self.window_minutes) + step
        self.window_minutes = WINDOWS[max(0, min(index, len(WINDOWS) - 1))]
        self.demand()

    def travel(self, step: int) -> None:
        """Go back (-1) or forward (1) in time by one window; forward ends at now, also where it nearly comes there."""
        newest = self.overview.health.watermark if self.overview and self.overview.health else 0.0
        window = self.window_minutes * 60.0
        at = (self.at or newest) + step * window
        self.travel_to(0.0 if step > 0 and newest - at < window / 2 else at)

    def travel_to(self, at: float) -> None:
        """Show the picture as it was at an event time; 0 or a time to come: as it is now."""
        newest = self.overview.health.watermark if self.overview and self.overview.health else 0.0
        self.at = at if 0.0 < at < newest else 0.0
        self.demand()

    def toggle_pause(self) -> None:
        """Freeze the picture, or jump to now."""
        if self.paused_at is None:
            self.paused_at = self.clock()
            self._paused_requests = self.overview.total.requests if self.overview else 0
        else:
            self.paused_at = None
            self.demand()


def _first_window(text: str) -> int:
    found = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "60m": 60, "24h": 1440, "1d": 1440}
    return found.get(text.strip(), 5)
