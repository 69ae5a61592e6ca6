"""The dashboard without a terminal: on fakes, driven by Textual's pilot, looked at as plain text."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input

from apiwatch.config.settings import Block, Dashboard, Settings
from apiwatch.tui import ApiwatchApp
from apiwatch.tui.liststate import ListState
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.screens.context import ContextScreen
from apiwatch.tui.widgets.prompt import Prompt
from apiwatch.tui.widgets.table import KeyTable
from tests.tui import fakes, guards

DEADLINE_S = 10.0


class Clock:
    """Wall time that a test sets."""

    def __init__(self) -> None:
        self.now = fakes.NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Driven:
    """A running dashboard and everything behind it."""

    app: ApiwatchApp
    pilot: Pilot[None]
    scenario: fakes.Scenario
    reader: fakes.FakeReader
    control: fakes.FakeControl
    clock: Clock

    @property
    def dashboard(self) -> ContextScreen:
        """The first screen."""
        found = next(screen for screen in self.app.screen_stack if isinstance(screen, ContextScreen))
        assert isinstance(found, ContextScreen)
        return found

    @property
    def table(self) -> KeyTable:
        """The list that has the keys."""
        return self.dashboard.table

    @property
    def list(self) -> ListState:
        """What the list in sight remembers."""
        return self.table.list

    @property
    def text(self) -> str:
        """The screen as the operator sees it."""
        return text_of(self.app.screen)

    def line(self, wanted: str) -> str:
        """The first line of the screen with a text in it."""
        return next((line for line in self.text.splitlines() if wanted in line), "")

    async def press(self, *keys: str) -> None:
        """Press keys, and let what they start come to an end; "'text" types a text."""
        for key in keys:
            if key.startswith("'"):
                await self.type(key[1:])
            else:
                await self.pilot.press(key)
        await self.settled()

    async def type(self, text: str) -> None:
        """Type a text into the field that has the keys, without a rest between the letters."""
        field = self.app.focused
        assert isinstance(field, Input | Prompt)
        for letter in text:
            field.post_message(events.Key(letter, letter))
        await self.pilot.pause()

    async def settled(self) -> None:
        """Wait until the screen in sight has been read and drawn."""
        screen = self.app.screen
        if isinstance(screen, LiveScreen):
            await self.until(lambda: screen.loaded or not screen.is_attached, "the first read")
        await self.pilot.pause()

    async def commit(self) -> None:
        """Have the store commit, and wait until the dashboard has read it."""
        self.scenario.version += 1
        before = self.reader.calls.count("overview")
        self.app.session.wake.set()
        await self.until(lambda: self.reader.calls.count("overview") > before, "the next read")
        await self.pilot.pause()
        await self.pilot.pause()

    async def fail(self) -> None:
        """Have the next read happen, and wait until it has failed."""
        before = self.reader.calls.count("changed")
        self.app.session.wake.set()
        await self.until(lambda: self.reader.calls.count("changed") > before, "the next read")
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition."""
        until = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < until, f"waited in vain for {what}\n{self.text}"
            await asyncio.sleep(0.01)

    async def shows(self, wanted: str) -> None:
        """Wait for a text on the screen."""
        await self.until(lambda: wanted in self.text, f"'{wanted}' on the screen")

    async def says(self, wanted: str) -> None:
        """Wait for words on the screen, wherever lines end and boxes stand."""
        await self.until(
            lambda: wanted in " ".join(self.text.replace("│", " ").split()), f"the words '{wanted}' on the screen"
        )


@asynccontextmanager
async def driving(
    scenario: fakes.Scenario | None = None,
    size: tuple[int, int] = (80, 24),
    *,
    ascii_only: bool = False,
    ended: Callable[[], str | None] = lambda: None,
    owns_collector: bool = False,
    read_only: bool = False,
    served: bool = False,
    block: Block | None = None,
    reads: Callable[[fakes.Scenario], fakes.FakeReader] = fakes.FakeReader,
    db: Path,
) -> AsyncIterator[Driven]:
    """A dashboard on a scenario; refreshed only by `commit`, so that tests decide when."""
    scenario = scenario if scenario is not None else fakes.Scenario()
    reader, control, clock = reads(scenario), fakes.FakeControl(scenario), Clock()
    app = ApiwatchApp(
        reader,
        control,
        settings=Settings(
            db=str(db / "state.db"), dashboard=Dashboard(ascii=ascii_only, refresh=10.0), block=block or Block()
        ),
        actor="oncall@gw1",
        guard=guards.make_guard,
        compare=scenario.compare,
        ended=ended,
        owns_collector=owns_collector,
        read_only=read_only,
        served=served,
        clock=clock,
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        driven = Driven(app, pilot, scenario, reader, control, clock)
        await driven.until(lambda: bool(app.screen_stack) and isinstance(app.screen, ContextScreen), "the first screen")
        await driven.settled()
        yield driven


def strips_of(screen: Screen[object]) -> list[Strip]:
    """What the compositor of a screen makes of its widgets."""
    return screen._compositor.render_strips(Size(*screen.size))


def text_of(screen: Screen[object]) -> str:
    """A screen as plain text, one line per row, without blanks at the ends."""
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips_of(screen))
