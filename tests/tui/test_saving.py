"""What is left behind: tables, pictures and copies, in files that replace nothing and that text cannot name."""

import base64
import csv
import io
import json
import os
import re
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from apiwatch.report.records import record
from apiwatch.store.views import Mix, RouteView
from apiwatch.tui import clipboard
from apiwatch.tui.line import line
from apiwatch.tui.rows import AlertRow, BlockRow, ClientRow, Row
from apiwatch.tui.saving import csv_text, json_lines, plain_text, records, save, svg_of
from tests.tui import fakes, hostile
from tests.tui.pilot import driving

NAMED = "apiwatch-clients-20260920T140231Z.csv"


def test_files_are_private_named_by_time_and_replace_nothing(tmp_path: Path) -> None:
    first, second = (save("a\n", "clients", "csv", fakes.NOW, [tmp_path]) for _ in range(2))
    assert [path.name for path in sorted(tmp_path.iterdir())] == [NAMED.replace(".csv", "-2.csv"), NAMED]
    assert first.path is not None
    assert second.path is not None
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert first.farewell == [f"apiwatch: wrote {tmp_path / NAMED} (2 bytes)"]
    typed = save("b\n", "clients", "csv", fakes.NOW, [], typed=str(first.path))
    assert typed.path is None
    assert "is there already; type another name" in typed.told
    assert first.path.read_text() == "a\n"
    into = save("c\n", "clients", "csv", fakes.NOW + 1, [], typed=str(tmp_path))
    assert into.path == tmp_path / "apiwatch-clients-20260920T140232Z.csv"
    with pytest.raises(ValueError, match="no name"):
        save("", "../etc/passwd", "csv", fakes.NOW, [tmp_path])


def test_a_place_that_takes_no_file_gives_way_to_the_next_and_the_last_is_told(tmp_path: Path) -> None:
    full = Path("/dev/full")
    assert save("x", "alerts", "txt", fakes.NOW, [tmp_path / "gone", tmp_path]).path is not None
    told = save("x", "alerts", "txt", fakes.NOW, [tmp_path / "gone"]).told
    assert re.fullmatch(r"not saved: \S+/gone/apiwatch-alerts-\S+\.txt: No such file or directory; type .*", told)
    assert "is there already" in save("x", "alerts", "txt", fakes.NOW, [], typed=str(full)).told
    assert "null byte" in save("x", "alerts", "txt", fakes.NOW, [], typed="a\0b").told


CELLS = st.text(st.sampled_from("=+-@;,\"'\t\r\n\x1b\u202eab1\uff1d"), max_size=8)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELLS, st.integers()), min_size=1, max_size=4))
def test_no_cell_begins_a_formula_whatever_separates_cells(rows: list[tuple[str, int]]) -> None:
    text = csv_text([{"who": who, "n": number} for who, number in rows])
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert text.count("\r\n") == len(read) == len(rows) + 1
    for (_, expected), (who, number) in zip(rows, read[1:], strict=True):
        assert number == str(expected)
        assert not [cell for cell in re.split(r"[;\t]", who) if re.match(r"[=+\-@\t\r\uff1d]", cell)]
        assert who.isprintable()


def test_rows_are_saved_with_exact_values() -> None:
    lists: list[list[Row]] = [
        [ClientRow(view, fakes.NOW, 300.0) for view in fakes.CLIENTS[:2]],
        [AlertRow(view, fakes.NOW) for view in fakes.ALERTS[:2]],
        [BlockRow(entry, fakes.NOW) for entry in fakes.BLOCKS],
    ]
    clients, alerts, blocks = (list(csv.DictReader(io.StringIO(csv_text(records(rows))))) for rows in lists)
    assert (clients[0]["requests"], clients[0]["last_seen"]) == ("11502", "2026-09-20T14:02:29Z")
    assert (alerts[1]["alert.severity"], alerts[1]["alert.clients"][:25]) == ("critical", "203.0.113.64 203.0.113.65")
    assert (blocks[0]["net"], blocks[0]["expires"]) == ("203.0.113.99/32", "2026-09-20T14:52:31Z")
    (first, _) = map(json.loads, json_lines(records(lists[1])).splitlines())
    assert first["alert"]["explanation"]["numbers"][0]["value"] == "9811 of 9812"
    assert plain_text([line("a  "), line("\x1b[2J")]) == "a\n\\x1b[2J\n"


def test_what_the_store_does_not_count_is_left_out_and_not_0() -> None:
    window = Mix(requests=239, deny=239, bytes=1)
    client = replace(fakes.CLIENTS[0], window=window)
    day = Mix(requests=2, s2xx=2)
    whole = RouteView("", "GET /a", "", fakes.NOW, fakes.NOW, 1, 0, Mix(requests=2, ok=2), window=day)
    of_client = replace(whole, first_seen=0.0, window=Mix())
    found = [record(view) for view in (client, whole, of_client)]
    (header, *_) = csv_text(found).splitlines()
    assert found[0]["window"] == {
        "requests": 239, "ok": 0, "miss": 0, "deny": 239, "limited": 0, "err": 0, "neutral": 0, "bytes": 1
    }  # fmt: skip
    assert found[1]["window"] == {"requests": 2, "s1xx": 0, "s2xx": 2, "s3xx": 0, "s4xx": 0, "s5xx": 0, "other": 0}
    assert "bytes" not in found[1]["mix"]
    assert not {"window", "alerts", "severity"} & found[2].keys()
    assert "window.deny" in header
    assert "mix.s2xx" not in header


@pytest.mark.parametrize(
    ("environment", "hands_on"),
    [
        ({}, lambda sent: sent),
        ({"TMUX": "socket,1,0", "STY": ""}, lambda sent: sent[: sent.index("\x07") + 1]),
        ({"STY": "1.pts"}, lambda sent: "".join(re.findall(r"\x1bP(.*?)\x1b\\", sent, re.DOTALL))),
    ],
)
def test_a_copy_reaches_terminal_and_file(tmp_path: Path, environment: dict[str, str], hands_on: object) -> None:
    assert callable(hands_on)
    home = {**environment, "HOME": str(tmp_path)}
    sent: list[str] = []
    copied = clipboard.copy("203.0.113.7\n\x1b[2J" + "x" * 2000 + "\n", sent.append, home)
    said = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", hands_on("".join(sent)))
    assert said is not None
    text = base64.b64decode(said[1]).decode()
    assert text == "203.0.113.7\n\\x1b[2J" + "x" * 2000
    assert copied.path is not None
    assert copied.path.read_text() == text
    assert stat.S_IMODE(copied.path.stat().st_mode) == 0o600
    assert copied.told.startswith(f"copied {len(text):,} bytes by OSC 52, and to ~/.local/state/apiwatch/clipboard.txt")
    assert ("set-clipboard" in copied.told) == ("TMUX" in environment)
    wrapped = [each for each in sent if each.startswith("\x1bPtmux;")]
    assert len(wrapped) == ("TMUX" in environment)


def test_a_copy_that_is_too_long_or_has_no_file_says_so(tmp_path: Path) -> None:
    sent: list[str] = []
    large = clipboard.copy("x" * (clipboard.LIMIT + 1), sent.append, {"XDG_STATE_HOME": str(tmp_path)})
    assert not sent
    assert large.path is not None
    assert str(large.path) in large.told
    assert large.path.stat().st_size == clipboard.LIMIT + 1
    clipboard.copy("x" * clipboard.LIMIT, sent.append, {"XDG_STATE_HOME": str(tmp_path)})
    assert len(sent[0]) == 100_000
    none = clipboard.copy("x", sent.append, {"XDG_STATE_HOME": os.devnull})
    assert none.path is None
    assert "and to no file (/dev/null/apiwatch" in none.told


async def test_a_picture_of_hostile_text_is_only_a_picture(tmp_path: Path) -> None:
    evil = "</text><script>evil()</script><image href='http://evil.test'/>&amp;@font-face{}"
    scenario = fakes.Scenario(alerts=(), clients=(replace(fakes.CLIENTS[0], client=evil), *hostile.scenario().clients))
    async with driving(scenario, (160, 40), db=tmp_path) as tui:
        await tui.press("2")
        svg = svg_of(tui.app)
    assert not re.findall(r"url\((?!#)", svg)
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"|</?!--.*?-->', "", svg.replace("http://evil.test", ""))
    root = ElementTree.fromstring(svg)  # noqa: S314  our own file
    found = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert found <= {"svg", "style", "defs", "clipPath", "rect", "g", "text", "circle"}, found
    assert not [name for element in root.iter() for name in element.attrib if "href" in name or name.startswith("on")]
    texts = "".join("".join(element.itertext()) for element in root.iter() if element.tag.endswith("text"))
    assert "</text><script>" in texts
    assert not [wrong for wrong in hostile.FORBIDDEN if wrong in svg]
