"""Screens as plain text, to be reviewed as text: run with APIWATCH_GOLDEN=write to take a wanted change over."""

import asyncio
import difflib
import os
from pathlib import Path

import pytest

from tests.tui import fakes
from tests.tui.pilot import driving

GOLDEN = Path(__file__).parent / "golden"

VIEWS: dict[str, tuple[str, ...]] = {
    "overview": ("0",),
    "alerts": (),
    "clients": ("2",),
    "networks": ("2", "v"),
    "enumeration": ("v",),
    "routes": ("3",),
    "auth": ("4",),
    "client": ("enter",),
    "why": ("d",),
    "block": ("7",),
}
CASES = [
    *((f"{name}-80x24", keys, (80, 24)) for name, keys in VIEWS.items()),
    *(
        (f"{name}-120x40", VIEWS[name], (120, 40))
        for name in ("overview", "alerts", "clients", "routes", "client", "block")
    ),
    ("alerts-200x60", (), (200, 60)),
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens name the state file: here by a name that is the same everywhere."""
    monkeypatch.chdir(tmp_path)


def compare(name: str, text: str) -> None:
    """Compare with the golden file, or write it when that is asked for."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("APIWATCH_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    wanted = path.read_text(encoding="utf-8")
    difference = "\n".join(difflib.unified_diff(wanted.splitlines(), text.splitlines(), "golden", "now", lineterm=""))
    assert not difference, difference


@pytest.mark.parametrize(("name", "keys", "size"), CASES, ids=[case[0] for case in CASES])
async def test_screen_looks_as_reviewed(name: str, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    async with driving(size=size, db=Path()) as driven:
        await driven.press(*keys)
        if name.startswith("block"):
            await driven.shows("nftables holds")
            await driven.shows("last hour: 1 client, 40 requests")
        await asyncio.to_thread(compare, name, driven.text)


@pytest.mark.parametrize(
    ("name", "scenario"),
    [("nothing", fakes.nothing), ("not-parsed", fakes.not_parsed), ("calm", fakes.calm)],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_empty_screen_looks_as_reviewed(name: str, scenario: type[fakes.Scenario]) -> None:
    async with driving(scenario(), db=Path()) as driven:
        await driven.press("1")
        await asyncio.to_thread(compare, f"{name}-80x24", driven.text)


@pytest.mark.parametrize(
    ("name", "keys", "size"),
    [
        ("sources-80x24", ("8",), (80, 24)),
        ("sources-120x40", ("8",), (120, 40)),
        ("sources-200x60", ("8",), (200, 60)),
        ("source-80x24", ("8", "slash", "'api.log", "enter", "enter"), (80, 24)),
    ],
)
async def test_screen_of_ailing_sources_looks_as_reviewed(
    name: str, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with driving(fakes.ailing(), size=size, db=Path()) as driven:
        await driven.press(*keys)
        if name.startswith("block"):
            await driven.shows("nftables holds")
            await driven.shows("last hour: 1 client, 40 requests")
        await asyncio.to_thread(compare, name, driven.text)


async def test_ascii_screen_looks_as_reviewed() -> None:
    async with driving(ascii_only=True, db=Path()) as driven:
        await driven.press("enter")
        await asyncio.to_thread(compare, "client-ascii-80x24", driven.text)


async def test_stale_and_paused_screen_looks_as_reviewed() -> None:
    async with driving(db=Path()) as driven:
        await driven.press("p")
        driven.clock.now += 14
        await driven.shows("STALE 14s")
        await driven.shows("apiwatch collect")
        await driven.pilot.pause()
        await asyncio.to_thread(compare, "stale-paused-80x24", driven.text)
