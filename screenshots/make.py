"""Take the pictures of this directory from the real program: `./dev screenshots`.

A simulated incident is written in real time, a collector follows it, and the dashboard is shown in several sizes. SVG
comes from the dashboard itself; PNG, for the README, from a headless Chromium if there is one.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from textual.keys import _character_to_key

from apiwatch.blocklist import TARGETS, Guard, Plan, gather_protected
from apiwatch.blocklist.applying.looking import Comparison, look
from apiwatch.cli.child import Child
from apiwatch.cli.demo import running_incident
from apiwatch.cli.options import Show
from apiwatch.cli.reading import controlling, reading
from apiwatch.config import Settings
from apiwatch.config.settings import Dashboard
from apiwatch.store import BlockEntry
from apiwatch.tui import ApiwatchApp

HERE = Path(__file__).parent
DETECTORS = {"enumeration.sequential", "auth.credential-stuffing", "recon.endpoint-fuzzing"}
"""The pictures are taken when alerts of all of these are open."""

DEADLINE_S = 120.0
SETTLE_S = 3.0
_FONTS = "DejaVu Sans Mono, Fira Code"
"""The first one has braille, of which the plots are made."""

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_REMOTE_FACES = re.compile(r"@font-face\s*\{[^}]*\}")
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


class Picture(NamedTuple):
    """One file: the size of the terminal, and the keys that lead to what it shows."""

    name: str
    columns: int
    rows: int
    keys: tuple[str, ...] = ()
    png: bool = False
    """Whether the README shows it."""


_WALKER = ("2", "slash", *"client:203.0.113.9", "enter", "g")
"""The client that walks ids, whichever network this machine is in."""

PICTURES = (
    Picture("alerts-120x40", 120, 40, ("1",), png=True),
    Picture("alerts-200x60", 200, 60, ("1",), png=True),
    Picture("alerts-80x24", 80, 24, ("1",), png=True),
    Picture("overview-120x40", 120, 40, ("0",), png=True),
    Picture("client-120x40", 120, 40, ("1", "enter"), png=True),
    Picture("client-80x24", 80, 24, ("1", "enter")),
    Picture("why-120x40", 120, 40, ("1", "d")),
    Picture("clients-120x40", 120, 40, ("2",)),
    Picture("networks-120x40", 120, 40, ("2", "v")),
    Picture("routes-120x40", 120, 40, ("3",)),
    Picture("route-120x40", 120, 40, ("colon", *"route GET /api/orders/{int}", "enter")),
    Picture("auth-120x40", 120, 40, ("4",)),
    Picture("inventory-120x40", 120, 40, ("5",)),
    Picture("live-120x40", 120, 40, ("6",)),
    Picture("block-120x40", 120, 40, (*_WALKER, "b", "enter", "B")),
    Picture("sources-120x40", 120, 40, ("8",)),
    Picture("block-80x24", 80, 24, (*_WALKER, "b")),
)


async def wait_for_alerts(db: Path) -> None:
    """Return when all detectors of the incident have fired. Raises TimeoutError."""
    async with asyncio.timeout(DEADLINE_S), reading(db) as reader:
        while True:
            alerts = await reader.alerts()
            if {view.alert.detector for view in alerts} >= DETECTORS:
                return
            await asyncio.sleep(0.5)


async def take(db: Path, collector: Child, picture: Picture) -> str:
    """The SVG of one picture."""
    settings = Settings(db=str(db), dashboard=Dashboard(theme="dark"))

    def guard() -> Guard:
        return Guard(settings.block, gather_protected((), ()))

    def compare(target: str, plan: Plan, entries: Sequence[BlockEntry]) -> Comparison:
        return look(settings.block, TARGETS[target], plan, entries, time.time())

    async with reading(db) as reader, controlling(db) as control:
        app = ApiwatchApp(
            reader,
            control,
            settings=settings,
            actor="oncall@gw1",
            guard=guard,
            compare=compare,
            ended=collector.ended,
            owns_collector=True,
        )
        async with app.run_test(size=(picture.columns, picture.rows)) as pilot:
            await pilot.pause(SETTLE_S)
            for key in picture.keys:
                await pilot.press(key if len(key) > 1 or key.isalnum() else _character_to_key(key))
                await pilot.pause(0.05 if len(key) == 1 and not key.isdigit() else SETTLE_S / 2)
            await pilot.pause(SETTLE_S)
            return app.export_screenshot(title=f"apiwatch {picture.columns}x{picture.rows}")


def render(svg: Path) -> None:
    """Write the PNG beside an SVG, with a local font. Raises CalledProcessError."""
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    size = _VIEW_BOX.search(svg.read_text(encoding="utf-8"))
    if browser is None or size is None:
        print(f"{svg.name}: no Chromium here, so there is no PNG", file=sys.stderr)
        return
    width, height = (round(float(side)) for side in size.groups())
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(f"--user-data-dir={profile}", f"--window-size={width},{height}"),
                *(f"--screenshot={svg.with_suffix('.png')}", svg.absolute().as_uri()),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )


def main() -> None:
    """Take all pictures, or those that are named on the command line."""
    names = set(sys.argv[1:])
    begin = time.monotonic()
    with running_incident("incident", 1, Show()) as (db, collector):
        asyncio.run(wait_for_alerts(db))
        for picture in PICTURES:
            if names and picture.name not in names:
                continue
            svg = HERE / f"{picture.name}.svg"
            drawn = _REMOTE_FACES.sub("", asyncio.run(take(db, collector, picture)))
            drawn = drawn.replace("Fira Code", _FONTS)
            svg.write_text(drawn, encoding="utf-8")
            if picture.png:
                render(svg)
            print(f"{svg.name}  {time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
