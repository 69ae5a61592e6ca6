"""The application: themes, the round of reads, leaving, signals, crashes. Screens and widgets do the rest."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.worker import WorkerFailed

from apiwatch.config.settings import Settings
from apiwatch.errors import StoreError
from apiwatch.store.protocol import Control, Reader
from apiwatch.text import plain
from apiwatch.tui.ahead import MadeAhead
from apiwatch.tui.crash import CrashLog, log_directory
from apiwatch.tui.driver import PromptDriver
from apiwatch.tui.endings import Endings, as_it_stands, terminal_is_gone, terminal_is_stuck
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.measured import ascii_only
from apiwatch.tui.permissions import is_permitted
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.screens.context import ContextScreen
from apiwatch.tui.screens.prompts import Question
from apiwatch.tui.session import Session
from apiwatch.tui.summary import Word, state_of
from apiwatch.tui.themes import THEMES, theme_name, without_colour
from apiwatch.tui.tidying import Tidying

if TYPE_CHECKING:
    from apiwatch.blocklist import Guard, Plan
    from apiwatch.blocklist.applying.looking import Comparison
    from apiwatch.store.views import BlockEntry

__all__ = ["LATER", "TICK_S", "ApiwatchApp"]

TICK_S = 0.5
"""How often the collector is looked after between two reads: a dead one shows within two seconds."""

EAGER_S, EAGER_REFRESH_S = 5.0, 0.05
"""So long after the start, and so often, the first alerts of a collector are looked for that was started with us."""

_REST, _LONGEST_REST_S = 9, 5.0
"""Pause after a read, in times of what it took, so that a filter over very many clients takes a tenth of a core; and
its most seconds, so that a state file that was locked for a while is soon read again."""

FIRST_S = 0.3
"""Longest wait, in seconds, for the first read before the terminal is taken: what is known by then is in the first
picture, which would else be an empty one."""

LOAD_S = 1.5
"""Seconds after the start in which nothing is done but showing the first picture."""

LATER = (
    "apiwatch.tui.prompting", "apiwatch.tui.screens.commanding", "apiwatch.tui.summaries", "apiwatch.tui.deeds",
    "apiwatch.tui.blocking", "apiwatch.tui.screens.prompts", "apiwatch.tui.screens.help", "apiwatch.tui.palette",
    "apiwatch.tui.clipboard", "apiwatch.tui.saving", "apiwatch.blocklist", "plotext",
)  # fmt: skip
"""Imported after that: each takes longer than a key press may."""

_ACTIONS = 100
"""Latest actions of operators among which new ones are looked for."""

AGES_S = 10.0
"""Seconds after which lists are read anew although only the collector's heart beats, or has just stopped: ages and
expiries move on."""

QUIET_AGES_S = 60.0
"""The same when it has been silent for longer than this: ages are minutes by then."""


class ApiwatchApp(App[None]):
    """The dashboard. `reader` and `control` stay open; whoever opened them closes them.

    `guard` makes the guard of the block queue anew, because what it protects changes. `compare` tells what an apply
    would change in a target. `ended` tells how a collector that belongs to this dashboard ended, in one sentence, and
    None while it lives or is not ours. `config` is the settings file that commands must name. With `read_only` no key
    changes anything; with `served` it is seen in a browser, so that no key writes files here. The state file of a
    `passing` one is removed at the end. `clock` is wall time.
    """

    CSS_PATH: ClassVar[list[str | PurePath]] = ["screens/base.tcss", "screens/context.tcss"]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "apiwatch"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "leave", "quit", id="interrupt", show=False, priority=True, tooltip="quit: asks, then quits"),
        Binding(
            "ctrl+z", "suspend_process", "suspend", id="suspend", show=False, tooltip="to the shell; fg comes back"
        ),
        Binding("ctrl+q", "leave", "quit", id="quit-now", show=False, priority=True, tooltip="quit: asks, then quits"),
    ]

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
        passing: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        colourless = without_colour()
        super().__init__(ansi_color=True if colourless else None)
        for known in THEMES.values():
            self.register_theme(known)
        self.theme = theme_name("ansi" if colourless else settings.dashboard.theme, self.console.color_system)
        self.animation_level = "none"
        self.session = Session(
            reader,
            control,
            settings=settings,
            actor=actor,
            guard=guard,
            compare=compare,
            ended=ended,
            owns_collector=owns_collector,
            config=config,
            read_only=read_only,
            served=served,
            clock=clock,
        )
        self._ahead = MadeAhead(self, lambda: ContextScreen(self.session))
        self.session.screen_of = self._ahead.screen_of
        self._tidying = Tidying(self)
        self._is_passing = passing
        self._crash_log = CrashLog(log_directory(settings.db))
        self._resources = ExitStack()
        self._root = ContextScreen(self.session, view=0)
        self._first_read = asyncio.Event()
        self._loaded_at = 0.0
        self._styled = False
        self._crash_line = ""
        self._revision: tuple[float, ...] | None = None
        self._listed_at = 0.0
        self._ended: str | None = None

    def get_driver_class(self) -> type[Driver]:
        """The driver that hears keys at once, where Textual would take its own for a terminal."""
        known = super().get_driver_class()
        return PromptDriver if known is LinuxDriver else known

    def get_default_screen(self) -> Screen[None]:
        """The first screen, which stands below all others for as long as the dashboard runs."""
        return self._root

    @property
    def farewell(self) -> list[str]:
        """Lines for standard output once the screen is gone: files written, why it ended."""
        return self.session.farewell

    @property
    def glyphs(self) -> Glyphs:
        """Drawing characters."""
        return self.session.glyphs

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey what this session does not permit."""
        return True if is_permitted(self.session, action) else None

    def refresh_css(self, animate: bool = True) -> None:
        """Take over a theme; before there is a screen, only its variables, with which the sheets are parsed once."""
        if self._styled:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    async def on_load(self) -> None:
        """Start reading, for the first picture."""
        # Here: all that draws runs in tasks that begin later, and have the context of this one.
        ascii_only.set(self.glyphs.plain)
        self._loaded_at = time.monotonic()
        self._root.arrange_for(self.size)
        self.run_worker(self._poll(), group="poll")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._first_read.wait(), FIRST_S)

    def on_mount(self) -> None:
        """Obey signals, and import the rest later."""
        self._styled = True
        self._resources.enter_context(self._crash_log)
        if not self.is_headless:
            self._resources.enter_context(Endings(self._signalled))
            self._resources.enter_context(as_it_stands(self._driver))
        self.run_worker(self._load(), group="load")
        self._tidying.begin(self._resources)

    def on_unmount(self) -> None:
        """Give back what `on_mount` took, and leave behind how a dead collector is replaced."""
        link = self.session.link()
        if state_of(link).word is Word.STALE:
            self.farewell.append(f"apiwatch: a collector is started again with: {link.restart}")
        self._resources.close()

    @on(Driver.SignalResume)
    def _repaint(self) -> None:
        """Draw all of it: while the dashboard was suspended the terminal belonged to others."""
        self.screen.refresh()

    def _signalled(self, number: signal.Signals) -> None:
        self.farewell.append(f"apiwatch: the dashboard was ended by {number.name}; {self.collector_note}")
        self.exit()

    @property
    def collector_note(self) -> str:
        """What happens to the collector and to what it recorded when the dashboard goes."""
        if self._is_passing:
            return "the simulated incident ends, and all that was recorded of it is removed"
        if self.session.link().ended is not None:
            return "the collector has ended already; nothing recorded is lost"
        if self.session.owns_collector:
            return "the collector stops cleanly; nothing recorded is lost"
        return "the collector keeps running; nothing recorded is lost"

    @property
    def live_screen(self) -> LiveScreen:
        """The full screen in sight, below any question."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, LiveScreen)), self._root)

    def _tick(self) -> None:
        if terminal_is_gone(self._driver):
            self.exit()
            return
        self.live_screen.tick()

    async def _load(self) -> None:
        """Import and make what only some keys need once the first picture stands: the first press need not wait."""
        await asyncio.sleep(LOAD_S)
        for name in LATER:
            await asyncio.to_thread(import_module, name)
        self._tidying.keep()
        self._ahead.make()

    def _look_after(self) -> None:
        """Between two reads: follow the clock when they are rare, and say at once that the collector is gone."""
        ended = self.session.link().ended
        if terminal_is_stuck(self._driver):
            return
        if ended != self._ended or self.session.refresh > 1.0 or terminal_is_gone(self._driver):
            self._ended = ended
            self._tick()

    def _is_eager(self, now: float) -> bool:
        """Whether the first alerts may come at any moment."""
        session = self.session
        if not session.owns_collector or now - self._loaded_at > EAGER_S:
            return False
        return session.overview is None or not any(session.overview.open_alerts.values())

    async def _poll(self) -> None:
        session = self.session
        while True:
            session.wake.clear()
            begin = time.monotonic()
            if not terminal_is_stuck(self._driver):
                await self._read()
                self._first_read.set()
                self._tick()
            end = time.monotonic()
            rest = max(session.refresh, min(_REST * (end - begin), _LONGEST_REST_S))
            due = end + (max(EAGER_REFRESH_S, end - begin) if self._is_eager(end) else rest)
            while (left := due - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(session.wake.wait(), min(left, TICK_S))
                    break
                if left > TICK_S:
                    self._look_after()

    async def _read(self) -> None:
        """One read: the head, then the screen in sight unless it is paused; a failing read keeps the last picture.

        What the store answers is shown outside the guard, so that a fault in a screen is a crash and no read error.
        """
        session, screen = self.session, self.live_screen
        now, choices = session.clock(), screen.choices
        show: Callable[[], None] | None = None
        try:
            changed = await session.reader.changed()
            asked = session.stale or not screen.loaded or self._is_aged(now)
            if (changed and await self._brought_more(now)) or asked:
                session.stale = False
                self._listed_at = now
                session.took(await session.reader.overview(session.window_minutes, now, session.at))
                session.hear(await session.reader.actions(limit=_ACTIONS))
                if session.paused_at is None or not screen.loaded:
                    show = await screen.read(session.reader, now)
            session.read_done()
        except Exception as error:
            fault = f"cannot read the state file ({plain(f'{type(error).__name__}: {error}', 160)})"
            if session.read_failed(str(error) if isinstance(error, StoreError) else fault):
                self._crash_log.record(error, "three reads failed in a row")
        if show is not None:
            screen.take(show)
            if screen.choices != choices and session.paused_at is not None:
                screen.loaded = False

    async def _brought_more(self, now: float) -> bool:
        """Whether a commit brought more than a heartbeat, which is taken over here, or ages are to move on."""
        session, before = self.session, self._revision
        pulse = await session.reader.pulse()
        self._revision = pulse.revision
        if session.overview is None or pulse.revision is None or pulse.revision != before:
            return True
        session.took(replace(session.overview, health=pulse.health))
        return self._is_aged(now)

    def _is_aged(self, now: float) -> bool:
        """Whether the ages in the lists are to move on."""
        health = self.session.overview.health if self.session.overview else None
        silent = now - health.heartbeat if health is not None else 0.0
        return now - self._listed_at >= (AGES_S if silent < QUIET_AGES_S else QUIET_AGES_S)

    def pop_screen(self) -> AwaitComplete:
        """Leave a screen, and tidy up what is left of it once nobody waits."""
        self._tidying.soon()
        return super().pop_screen()

    def action_leave(self) -> None:
        """Ask once; asked already, quit."""
        if isinstance(self.screen, Question):
            self.exit()
            return
        question = Question(
            ["Quit the dashboard?", f"When it goes, {self.collector_note}."], "quit", "stay", self.glyphs, again=True
        )
        self.push_screen(question, lambda answer: self.exit() if answer else None)

    def _handle_exception(self, error: Exception) -> None:
        """End the application: the traceback goes to the log file, one line to the terminal once it is restored."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        if not self._crash_line:
            cause = error.error if isinstance(error, WorkerFailed) else error
            headline = plain(self._crash_log.record(cause, "crash"), 160)
            self._crash_line = (
                f"apiwatch: the dashboard crashed ({headline}); the traceback is in {self._crash_log.path}"
            )
            self.farewell.append(f"apiwatch: {self.collector_note}")
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Say in one line that there was a crash; the terminal is restored by now."""
        self._exit_renderables.clear()
        if self._crash_line:
            sys.stderr.write(f"{self._crash_line}\n")
            sys.stderr.flush()
