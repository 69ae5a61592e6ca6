"""The block queue: what is in it, what the guard says, what an export would be, and writing one."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from apiwatch.errors import ApiwatchError
from apiwatch.store.protocol import Reader
from apiwatch.store.views import AlertView, BlockEntry
from apiwatch.tui.empty import empty_list
from apiwatch.tui.exporting import Preview, Written, default_path, farewell_lines, make_preview, preview_lines, write
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.lists import BLOCKS
from apiwatch.tui.rows import BlockRow, Row
from apiwatch.tui.screens.acting import ActingScreen
from apiwatch.tui.screens.prompts import Ask, Field
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.table import KeyTable
from apiwatch.tui.widgets.text import Document

__all__ = ["ReviewScreen"]

_EMPTY_WORDS = "withdraw all"


class ReviewScreen(ActingScreen):
    """Queue above, export below. Nothing here touches a firewall: it writes files and shows commands."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["base.tcss", "review.tcss"]
    KEYS = (
        ("?", "help"),
        ("Esc", "back"),
        ("x", "withdraw"),
        ("t", "target"),
        ("v", "check"),
        ("o", "write"),
        ("Tab", "queue/file"),
        ("Space", "mark"),
        ("b", "renew"),
        ("Enter", "client"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x,delete", "withdraw", "withdraw", id="withdraw", show=False, tooltip="withdraw the entry, or all marked"
        ),
        Binding("t", "target(1)", "target", id="target-next", show=False, tooltip="next, previous target"),
        Binding("T", "target(-1)", "target", id="target-previous", show=False, tooltip="next, previous target"),
        Binding("v", "check", "check", id="check", show=False, tooltip="run the target's own validator"),
        Binding("o", "write", "write", id="write", show=False, tooltip="write the export to a file"),
        Binding("tab,shift+tab", "other", "other", id="other", show=False, tooltip="queue or file"),
    ]

    def __init__(self, session: Session, origin: str) -> None:
        super().__init__(session)
        self.origin = origin
        self.list = KeyTable(BLOCKS, clock=session.clock)
        self.document = Document()
        self.target = ""
        self.entries: tuple[BlockEntry, ...] = ()
        self._targets: tuple[str, ...] = ()
        self._preview: Preview | None = None
        self._written: Written | None = None
        self._previewed: tuple[object, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Queue and export."""
        yield self.list
        yield self.document

    def on_mount(self) -> None:
        """Give the keys to the queue."""
        from apiwatch.blocklist import TARGETS

        self._targets = tuple(TARGETS)
        self.target = self._targets[0]
        self.list.focus()
        self._show_export()

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > block queue"

    def legend(self) -> list[tuple[str, str]]:
        """Columns of the queue."""
        return self.list.legend()

    @property
    def row(self) -> Row | None:
        """The entry under the cursor."""
        return self.list.cursor

    @property
    def marked(self) -> list[Row]:
        """Marked entries."""
        return self.list.marked

    @property
    def known_alerts(self) -> Sequence[AlertView]:
        """Entries carry their reasons themselves."""
        return ()

    def unmark(self) -> None:
        """Remove all marks."""
        self.list.action_unmark_all()

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """The queue."""
        entries = tuple(await reader.block_entries(now))
        return lambda: self._show_queue(entries, now)

    def _show_queue(self, entries: tuple[BlockEntry, ...], now: float) -> None:
        self.note_echo((), entries)
        self.entries = entries
        self.list.show_rows([BlockRow(entry, now) for entry in entries], len(entries), self._empty)
        self._refresh_preview(check=False)

    def _empty(self, width: int) -> list[Line]:
        return empty_list(self.session.link(), "blocks", (), max(20, width))

    def on_key_table_opened(self, event: KeyTable.Opened) -> None:
        """A double click is Enter."""
        event.stop()
        self.action_open()

    def _show_export(self) -> None:
        preview, written, targets, chosen = self._preview, self._written, self._targets, self.target
        self.document.show("export", lambda width: preview_lines(preview, targets, chosen, written, width - 1))

    def _refresh_preview(self, *, check: bool) -> None:
        state = (self.target, tuple((entry.id, entry.net, entry.expires, entry.state) for entry in self.entries))
        if check or state != self._previewed:
            self._previewed = state
            self.run_worker(self._make_preview(check=check), group="preview", exclusive=True)

    async def _make_preview(self, *, check: bool) -> None:
        session = self.session

        def work() -> Preview:
            allow = session.settings.block.allow
            return make_preview(self.target, self.entries, session.guard(), allow, session.clock(), check=check)

        try:
            self._preview = await asyncio.to_thread(work)
        except (ApiwatchError, OSError) as error:
            problem = str(error)
            self.document.show("export", lambda width: wrap(problem, width - 1, style="bad"))
            return
        if self.ready:
            self._show_export()

    def action_target(self, step: int) -> None:
        """Choose the firewall to write for."""
        self.target = self._targets[(self._targets.index(self.target) + step) % len(self._targets)]
        self._written = None
        self._preview = None
        self._show_export()
        self._refresh_preview(check=False)

    def action_other(self) -> None:
        """Give the keys to the other half."""
        (self.document if self.list.has_focus else self.list).focus()

    def action_check(self) -> None:
        """Run the target's own validator."""
        self._written = None
        self._refresh_preview(check=True)

    def action_withdraw(self) -> None:
        """Withdraw the entry under the cursor, or the marked ones, after a question."""
        chosen: list[Row | None] = [*self.marked] or [self.row]
        rows = [row for row in chosen if isinstance(row, BlockRow)]
        if rows:
            self.run_worker(self._withdraw([row.entry for row in rows]), group="act")

    async def _withdraw(self, entries: Sequence[BlockEntry]) -> None:
        from apiwatch.tui.screens.prompts import Question

        names = ", ".join(entry.net for entry in entries[:8]) + (" ..." if len(entries) > 8 else "")
        said = [f"Withdraw {len(entries)} from the queue?", names, "Firewalls change when the next export is applied."]
        if not await self.app.push_screen_wait(Question(said, "withdraw", "keep", self.session.glyphs)):
            return
        try:
            for entry in entries:
                await self.session.control.unblock(entry.id, self.session.actor, self.session.clock())
        except ApiwatchError as error:
            self._say(f"not withdrawn: {error}", "bad")
        else:
            self._say(f"withdrew {names}", "good")
        self.unmark()
        self.session.demand()

    def action_write(self) -> None:
        """Write the export to a file."""
        self.run_worker(self._write(), group="act")

    async def _write(self) -> None:
        from apiwatch.blocklist import TARGETS

        empty = not any(entry.state == "queued" for entry in self.entries)
        fields = [Field("file", default_path(self.target, TARGETS[self.target].suffix))]
        if empty:
            fields.append(Field(f"the queue is empty: type '{_EMPTY_WORDS}' to write an empty list", ""))
        ask = Ask(
            f"Write the {self.target} export",
            lambda width: wrap("The file is replaced as a whole; nothing is applied.", width),
            fields,
            self.session.glyphs,
            refusal=lambda values: _path_refusal(values, empty=empty),
            confirm="write",
        )
        values = await self.app.push_screen_wait(ask)
        if values is None:
            return
        destination = _typed_path(values[0])
        session, entries, target = self.session, self.entries, self.target
        try:
            written = await asyncio.to_thread(
                lambda: write(target, entries, session.guard(), destination, session.clock(), withdraw_all=empty)
            )
        except ApiwatchError as error:
            self._say(f"not written: {error}", "bad")
            return
        except OSError as error:
            self._say(f"not written: {destination}: {error.strerror or error}", "bad")
            return
        self._written = written
        session.farewell += farewell_lines(written)
        self._say(f"wrote {', '.join(written.paths)}", "good")
        self.document.top = 0
        self._show_export()


def _typed_path(text: str) -> Path:
    return Path(text).expanduser()


def _path_refusal(values: tuple[str, ...], *, empty: bool) -> str:
    if not values[0]:
        return "type the name of a file"
    path = _typed_path(values[0])
    if path.is_dir():
        return f"{path} is a directory"
    if not path.parent.is_dir():
        return f"{path.parent} does not exist"
    return f"type '{_EMPTY_WORDS}', or Esc" if empty and values[1] != _EMPTY_WORDS else ""
