"""The review's preview and the file that it writes are the real target's."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.blocklist import TARGETS
from apiwatch.errors import GuardError
from apiwatch.store.views import BlockEntry
from apiwatch.tui.exporting import default_path, farewell_lines, make_preview, preview_lines, write
from apiwatch.tui.line import line_text, line_width
from tests.tui import fakes, guards

WHOLE = sorted(name for name, target in TARGETS.items() if target.caps.cidr and target.caps.v6)
"""Targets that take the whole queue."""


def preview_text(target: str, entries: tuple[BlockEntry, ...] = fakes.BLOCKS, width: int = 79) -> str:
    made = make_preview(target, entries, guards.make_guard(), (), fakes.NOW, check=False)
    return "\n".join(line_text(row) for row in preview_lines(made, tuple(TARGETS), target, None, width))


@pytest.mark.parametrize("target", WHOLE)
def test_every_target_previews_the_queue(target: str) -> None:
    text = preview_text(target)
    assert f"[{target}]" in text
    assert "2 networks" in text
    assert "guard ok" in text
    assert "203.0.113.99" in text
    assert "2001:db8:7:7::" in text
    assert "\\x09" not in text


def test_overlaps_are_resolved_and_counted() -> None:
    wide = replace(fakes.BLOCKS[0], id="b9", net="203.0.113.0/24", expires=fakes.NOW + 9000)
    assert "2 networks after overlaps were resolved, from 3" in preview_text("plain", (*fakes.BLOCKS, wide))


def test_ended_entries_are_not_exported() -> None:
    ended = replace(fakes.BLOCKS[0], state="withdrawn")
    text = preview_text("plain", (ended, fakes.BLOCKS[1]))
    assert "1 network" in text
    assert "203.0.113.99" not in text


def test_what_the_guard_refuses_is_said_first() -> None:
    allowed = replace(fakes.BLOCKS[0], id="b9", net=f"{guards.ALLOWED}/32")
    text = preview_text("plain", (*fakes.BLOCKS, allowed))
    assert "guard ok" not in text
    assert f"H8 {guards.ALLOWED}/32" in text


@pytest.mark.parametrize("target", WHOLE)
def test_export_is_written_and_says_what_to_type_next(target: str, tmp_path: Path) -> None:
    path = tmp_path / f"list.{TARGETS[target].suffix.lstrip('.')}"
    written = write(target, fakes.BLOCKS, guards.make_guard(), path, fakes.NOW, withdraw_all=False)
    assert Path(written.paths[0]) == path
    assert "203.0.113.99" in path.read_text()
    said = farewell_lines(written)
    assert str(path) in said[0]
    assert all(line.startswith("  apply: ") for line in said[1:])
    drawn = preview_lines(None, tuple(TARGETS), target, written, 79)
    assert f"wrote {path}" in " ".join(line_text(row) for row in drawn).replace(" ", "").replace("wrote", "wrote ")
    commands = [row for row in drawn if line_text(row)[:7].strip() in ("apply", "verify", "undo")]
    assert all(line_width(row) <= 79 for row in commands)


def test_an_empty_list_over_a_full_one_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    write("plain", fakes.BLOCKS, guards.make_guard(), path, fakes.NOW, withdraw_all=False)
    before = path.read_text()
    with pytest.raises(GuardError):
        write("plain", (), guards.make_guard(), path, fakes.NOW, withdraw_all=False)
    assert path.read_text() == before
    write("plain", (), guards.make_guard(), path, fakes.NOW, withdraw_all=True)
    assert "203.0.113.99" not in path.read_text()


def test_files_have_names_of_their_own() -> None:
    assert default_path("nftables", ".nft") == default_path("nftables", "nft") == "./apiwatch-nftables.nft"
