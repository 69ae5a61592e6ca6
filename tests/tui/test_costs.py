"""What the dashboard costs: widgets that stay behind, lines that are repainted for nothing, bytes per tick."""

import gc
import re
import sys
from pathlib import Path

import pytest
from textual.widget import Widget

from tests.tui import fakes
from tests.tui.pilot import driving
from tests.tui.terminal import Terminal
from tests.tui.test_ahead import make_ahead

FOCUS_CHANGES, SCREENS = 100, 6
TICKS_S = 2.0
IDLE_LIMIT, BUSY_LIMIT = 2_000, 24_000
"""Bytes a second; far above what is measured and reported, far below what a full repaint each tick would cost."""


def report(figure: str) -> None:
    """A measured figure, to be seen with `pytest -s`."""
    sys.stdout.write(f"{figure}\n")


def widgets() -> int:
    gc.unfreeze()
    gc.collect()
    return sum(isinstance(thing, Widget) for thing in gc.get_objects())


async def test_no_widget_stays_behind(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        dashboard = driven.dashboard

        async def round_trip(screens: int, focus_changes: int) -> None:
            for number in range(screens):
                action = (dashboard.action_open, dashboard.action_why, dashboard.action_lines, dashboard.action_help)
                action[number % 4]()
                await driven.settled()
                driven.app.pop_screen()
                await driven.pilot.pause()
            for _ in range(focus_changes):
                dashboard.action_pane(1)
            await driven.pilot.pause()

        await make_ahead(driven)
        await round_trip(4, 4)
        await make_ahead(driven)
        before = widgets()
        await round_trip(SCREENS, FOCUS_CHANGES)
        await make_ahead(driven)
        after = widgets()
        report(f"widgets before {before}, after {FOCUS_CHANGES} focus changes and {SCREENS} screens {after}")
        assert after <= before


async def test_an_unchanged_picture_is_not_repainted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await driven.press("2")
        await driven.commit()
        painted: list[str] = []
        refresh = Widget.refresh

        def counting(widget: Widget, *regions: object, **options: object) -> Widget:
            painted.append(f"{widget.id}")
            return refresh(widget, *regions, **options)  # type: ignore[arg-type]  # passed on as they came

        monkeypatch.setattr(Widget, "refresh", counting)
        await driven.commit()
        driven.app._tick()
        assert painted == []
        changed = fakes.client_view(fakes.WALKER, 97, 11_502, fakes.mix(10_999, 0.27, 0.68, 0.05), "critical", 1)
        driven.scenario.clients = (changed, *driven.scenario.clients[1:])
        await driven.commit()
        assert set(painted) == {"list", "detail"}


@pytest.mark.parametrize(("scenario", "limit"), [("incident", IDLE_LIMIT), ("busy", BUSY_LIMIT)])
def test_bytes_to_the_terminal(scenario: str, limit: int, tmp_path: Path) -> None:
    with Terminal([scenario, f"db={tmp_path / 'x.db'}"], (120, 40)) as terminal:
        terminal.wait(lambda text: "203.0.113.64" in text)
        terminal.pump_for(1.0)
        sent = terminal.pump_for(TICKS_S)
        report(f"{scenario}: {sent / TICKS_S / 1024:.2f} KiB/s at 120x40")
        assert sent / TICKS_S < limit
        assert re.search(rb"\d\d:\d\d:\d\dZ", bytes(terminal.raw))
