"""Commands: what they mean, how they err, what they are completed to, and the line and the palette that take them."""

import asyncio
import stat
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual import events

from apiwatch.store.filters import List
from apiwatch.tui.commands import (
    VERBS,
    CommandError,
    command_completions,
    command_ghost,
    command_hint,
    parse_command,
)
from apiwatch.tui.glyphs import ASCII
from apiwatch.tui.history import History
from apiwatch.tui.palette import Palette
from tests.tui.commanded import CommandApp, Recorder, context_of, shown
from tests.tui.fakes import NOW

SCREEN = context_of(Recorder())


def calls(text: str) -> list[tuple[object, ...]]:
    recorder = Recorder()
    call = parse_command(text, context_of(recorder))
    if call is not None:
        call.run(context_of(recorder))
    return recorder.calls


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("mute 203.0.113.7 2h noisy  partner", ("mute", "203.0.113.7", 7200.0, "noisy  partner")),
        ("mute 2h", ("mute", "", 7200.0, "")),
        ("ack asked the partner", ("ack", "", "asked the partner")),
        ("ack a1b2c3d4e5f60002 '3 users'", ("ack", "a1b2c3d4e5f60002", "3 users")),
        ("unb 203.0.113.7", ("unblock", "203.0.113.7")),
        ("block 203.0.113.0/24 1h it's enough", ("block", "203.0.113.0/24", 3600.0, "it's enough")),
        ("block", ("block", "", None, "")),
        ("client 2001:DB8::1", ("open_client", "2001:db8::1")),
        ("net 203.0.113.9/24", ("open_network", "203.0.113.0/24")),
        ("route GET /users/{int}", ("open_route", "GET /users/{int}")),
        ("win 15m", ("set_window", 15)),
        ("at 13:40", ("set_at", NOW - 1351.0)),
        ("at 14:40", ("set_at", NOW + 2249.0 - 86_400)),
        ("at 20m", ("set_at", NOW - 1200.0)),
        ("at 2026-09-19T13:40:00Z", ("set_at", NOW - 1351.0 - 86_400)),
        ("at 2026-09-20T15:40+02:00", ("set_at", NOW - 1351.0)),
        ("now", ("set_at", 0.0)),
        ("sort req", ("sort", "requests")),
        ("filter sev>=high  route:/users", ("filter", "sev>=high  route:/users")),
        ("export nft", ("export", "nftables", "")),
        ("refresh 2", ("refresh_every", 2.0)),
        ("q", ("quit",)),
    ],
)
def test_a_command_means(text: str, call: tuple[object, ...]) -> None:
    assert calls(text) == [call]


def test_a_view_takes_a_filter_of_its_own_list_along() -> None:
    assert calls("clients 4xx>50") == [("go_view", "clients"), ("filter", "4xx>50")]
    assert calls("queue state:queued") == [("go_view", "block"), ("filter", "state:queued")]


@pytest.mark.parametrize(
    ("text", "said", "wrong"),
    [
        ("mtue 1h", "`mtue` is no command; did you mean `mute`?", "mtue"),
        ("client", "`client` wants an address", ""),
        (
            "block 203.0.113 1h",
            "expected an address or network such as 203.0.113.0/24; `203.0.113` is none",
            "203.0.113",
        ),
        ("mute 203.0.113.7 2x", "`2x` is not a duration", "2x"),
        ("mute fe80::1%eth0 x", "`fe80::1%eth0` is none", "fe80::1%eth0"),
        ("window 7m", "expected a window: 1m, 5m, 15m, 1h or 24h", "7m"),
        ("theme drak", "did you mean `dark`?", "drak"),
        ("pause now", "`pause` takes nothing like `now` there", "now"),
        ("filter sev>=high rout:x", "`rout` is not a field of alerts; did you mean `route`?", "rout:x"),
        ("\x1b[2J", "`\\x1b[2J` is no command", "\x1b[2J"),
    ],
)
def test_a_wrong_command_names_the_wrong_word(text: str, said: str, wrong: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(text, SCREEN)
    assert said in str(caught.value)
    assert text[caught.value.start : caught.value.end] == wrong


@settings(max_examples=60, deadline=None)
@example("''")
@given(st.one_of(st.text(max_size=30), st.sampled_from([verb.name for verb in VERBS]).flatmap(
    lambda name: st.text(max_size=20).map(lambda rest: f"{name} {rest}"))))  # fmt: skip
def test_no_text_breaks_the_command_line(text: str) -> None:
    try:
        said = ""
        parse_command(text, SCREEN)
    except CommandError as error:
        said = str(error)
    assert f"{said}{command_hint(text, SCREEN)}x".isprintable()
    for whole in command_completions(text, SCREEN):
        assert len(whole) >= len(text.rstrip())


@pytest.mark.parametrize(
    ("text", "ghost"),
    [
        ("", ""),
        ("al", "erts"),
        ("client 2", "03.0.113.7"),
        ("mute 203.0.113.7 1", "h"),
        ("mute 203.0.113.7 2h ", ""),
        ("theme l", "ight"),
        ("export nf", "tables"),
        ("route GE", "T /users/{int}"),
        ("filter foo sev>=c", "ritical"),
        ("clients 4", "xx>"),
        ("sort ", "score"),
    ],
)
def test_a_command_is_completed_from_what_the_screen_knows(text: str, ghost: str) -> None:
    assert command_ghost(text, SCREEN) == ghost


def test_names_of_verbs_are_unique_and_each_says_what_it_does() -> None:
    names = [name for verb in VERBS for name in (verb.name, *verb.also)]
    assert len(names) == len(set(names))
    assert all(verb.help and "[" not in verb.help and len(verb.help) < 70 for verb in VERBS)


def test_history_is_private_shared_bounded_and_survives_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history"
    one, two = History(path), History(path)
    assert one.entries == two.entries == []
    one.add("mute 2h")
    two.add("clients ua:\x1bcurl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open("ab") as file:
        file.write(b"\xff\x00junk\n" + b"".join(b"pause %d\n" % number for number in range(600)))
    found = History(path)
    assert len(found.entries) == 200
    assert path.read_bytes().count(b"\n") == 200
    found.add("mute 1h")
    assert [found.earlier("pause"), found.earlier("x"), found.later(), found.later(), found.later()] == [
        "pause 599", "pause 598", "pause 599", "pause", None
    ]  # fmt: skip
    assert History(tmp_path / "new" / "history" / "no").earlier("") is None


async def test_the_prompt_completes_objects_and_keeps_the_text(tmp_path: Path) -> None:
    app = CommandApp(history=History(tmp_path / "history"))
    async with app.run_test(size=(80, 6)) as pilot:
        screen = app.commanded
        await pilot.press("colon", "c", "l", "i", "e", "n", "t", "space", "2")
        assert shown(screen).startswith(":client 203.0.113.7")
        await pilot.press("tab", "enter")
        assert screen.recorder.calls == [("open_client", "203.0.113.7")]
        assert not screen.prompt.display

        await pilot.press("colon")
        screen.prompt.post_message(events.Paste("window 7m\nrm -rf /"))
        await pilot.press("enter")
        assert screen.prompt.value == "window 7m"
        assert "expected a window: 1m, 5m, 15m, 1h or 24h; `7m` is none" in shown(screen)
        await pilot.press("left", "backspace", "5")
        assert "expected" not in shown(screen)
        await pilot.press("enter", "colon", "up")
        assert screen.recorder.calls[-1] == ("set_window", 5)
        assert screen.prompt.value == "window 5m"
        screen.recorder.impossible = {"window"}
        await pilot.press("enter")
        assert "not possible here" in shown(screen)
        await pilot.press("escape", "slash", *"sev>=hi ")
        assert screen.narrowed[-1] == 1
        assert max(screen.narrowed) == 1
        await pilot.press("x", ":")
        assert "did you mean" in shown(screen) or "is not a field" in shown(screen)


async def test_a_long_line_keeps_its_cursor_in_sight_and_ascii_stays_ascii() -> None:
    app = CommandApp(ASCII)
    async with app.run_test(size=(40, 4)) as pilot:
        screen = app.commanded
        await pilot.press("colon")
        screen.prompt.post_message(events.Paste("note x\u4f60\u202e\x1b" + "abcdefghij" * 7))
        await pilot.press("z")
        assert screen.prompt.value.isascii()
        assert shown(screen).splitlines()[0].endswith("hijz")
        await pilot.press("home")
        assert shown(screen).startswith(":note xabc")


@pytest.mark.parametrize("width", [60, 80, 140])
async def test_the_palette_marks_what_is_cut_off(width: int, tmp_path: Path) -> None:
    app = CommandApp()
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.press("ctrl+p")
        for _ in range(500):
            if "view 1:" in shown(app.screen):
                break
            await asyncio.sleep(0.01)
        rows = {row.strip()[:22].strip(): row.rstrip() for row in shown(app.screen).splitlines()}
        told = [(verb.help, rows[verb.short]) for verb in VERBS if verb.short in rows]
        assert len(told) > 10
        assert all(row.endswith(text) or row.endswith("~") for text, row in told)
        assert any(row.endswith("~") for _text, row in told) == (width < 140)


async def test_the_palette_finds_and_hostile_names_are_inert(tmp_path: Path) -> None:
    app = CommandApp()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = app.commanded
        screen.recorder.impossible = {"json"}
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, Palette)

        async def shows(wanted: str) -> str:
            for _ in range(500):
                if wanted in shown(palette):
                    return shown(palette)
                await asyncio.sleep(0.01)
            raise AssertionError(f"{wanted!r} is not in\n{shown(palette)}")

        await shows("view 1: who does what")
        await pilot.press(*"narrow")
        assert (await shows("narrow the list")).split("filter ")[1].split()[0] == "/"
        await pilot.press("ctrl+u")
        await pilot.press(*"brute")
        assert "alert a1b2c3d4e5f60009" in await shows("high auth.brute-force \\x1b[31m")
        await pilot.press("ctrl+u")
        await pilot.press(*"user bob")
        found = await shows("[/x]\\x1b]52;c;aGk=\\x07\\u202ebob")
        assert "as JSON" not in found
        assert found.replace("\n", "").isprintable()
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause()
            if screen.recorder.calls:
                break
        assert screen.recorder.calls == [("open_user", "[/x]\x1b]52;c;aGk=\x07\u202ebob")]

        await pilot.press("ctrl+p", *"everything about one client")
        palette = app.screen
        await shows("client CLIENT")
        await pilot.press("enter")
        await pilot.pause()
        assert screen.prompt.display
        assert screen.prompt.value == "client "
        assert screen.recorder.over is List.ALERTS
