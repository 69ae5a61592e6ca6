"""Keys of the block view: choose the firewall, look at the export, check it, write it, withdraw entries."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from apiwatch.errors import ApiwatchError
from apiwatch.store.views import AllowEntry, BlockEntry
from apiwatch.tui.background import abandonable
from apiwatch.tui.exporting import (
    Preview,
    Written,
    commands_of,
    compared,
    default_path,
    farewell_lines,
    make_preview,
    planned,
    preview_lines,
    review_of,
    reviewed,
    write,
)
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.permissions import NO_FILES
from apiwatch.tui.rows import AllowRow, BlockRow
from apiwatch.tui.screens.acting import ActingScreen
from apiwatch.tui.screens.prompts import Ask, Field, Question
from apiwatch.tui.session import Session

__all__ = ["ExportingScreen"]

_EMPTY_WORDS = "withdraw all"
_REST_S = 0.3
_ACTIONS = frozenset({"target", "check", "write", "withdraw", "apply"})


class ExportingScreen(ActingScreen):
    """Files and commands; a firewall is touched by `A` alone, which runs `block.apply_command`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T", "target(-1)", "target", id="target-previous", show=False, tooltip="next, previous target"),
        Binding("y", "check", "check", id="check", show=False, tooltip="run the target's own validator"),
        Binding("A", "apply", "apply", id="apply", show=False, tooltip="put the queue into force: block.apply_command"),
        Binding("o", "write", "write", id="write", show=False, tooltip="write the export to a file"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._preview: Preview | None = None
        self._written: Written | None = None
        self._previewed: tuple[object, ...] = ()
        self._reviewed = 0
        """Minute of the last look at the store."""
        self._applied = False
        """A list was applied from here since the last preview."""
        self._problem = ""

    @property
    def exports(self) -> bool:
        """Whether the block queue is in sight, with its export beside it."""
        return False

    @property
    def withdraws(self) -> bool:
        """Whether rows in sight can be withdrawn."""
        return self.exports

    @property
    def queued(self) -> Sequence[BlockEntry]:
        """The block queue of the last read."""
        return ()

    def codes(self) -> list[tuple[str, str]]:
        """Those of the guard, where it has its say."""
        from apiwatch.blocklist.rails import RAILS

        return list(RAILS.items()) if self.exports else []

    def show_export(self) -> None:
        """Draw the export anew."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """These keys mean something else where the queue is not in sight."""
        if action in _ACTIONS and not (self.exports or (action == "withdraw" and self.withdraws)):
            return False
        return super().check_action(action, parameters)

    @property
    def target(self) -> str:
        """The firewall to write for."""
        if not self.session.target:
            from apiwatch.blocklist import TARGETS

            self.session.target = next(iter(TARGETS))
        return self.session.target

    def export_lines(self, width: int) -> list[Line]:
        """What an export would be, or was."""
        from apiwatch.blocklist import TARGETS

        if self._problem:
            return wrap(self._problem, width, style="bad")
        again = (self.session.settings.db, self.session.config)
        entry = self.row.entry.key if isinstance(self.row, BlockRow) else ""
        return preview_lines(self._preview, tuple(TARGETS), self.target, self._written, width, again, entry)

    def refresh_export(self, *, check: bool = False) -> None:
        """Make the preview anew if the queue or the target has changed, and ask for its last hour every minute."""
        told = ((entry.id, entry.net, entry.expires, entry.state, entry.live_in) for entry in self.queued)
        state = (self.target, tuple(told))
        minute = int(self.session.clock()) // 60
        # As functions: a worker that is replaced before it begins leaves no coroutine behind.
        if check or self._applied or state != self._previewed:
            self._previewed, self._reviewed, self._applied = state, minute, False
            work = partial(self._make_preview, check=check)
            self.run_worker(work, group="preview", exclusive=True)  # type: ignore[arg-type]  # a union of unions
        elif minute != self._reviewed:
            self._reviewed = minute
            self.run_worker(self._review_anew, group="review", exclusive=True)  # type: ignore[arg-type]  # as above

    async def _make_preview(self, *, check: bool) -> None:
        session, target, entries = self.session, self.target, tuple(self.queued)

        def work() -> Preview:
            allow = session.settings.block.allow
            return make_preview(target, entries, session.guard(), allow, session.clock(), check=check)

        try:
            self._preview, self._problem = await asyncio.to_thread(work), ""
        except (ApiwatchError, OSError) as error:
            self._problem = str(error)
        if check and self._preview is not None and self._preview.check is not None:
            done = self._preview.check
            verdict = "not checked: " if not done.available else f"{done.tool} {'accepts' if done.ok else 'refuses'} it"
            self.say(verdict if done.available else f"{verdict}{done.output}", "good" if done.ok else "warn")
        await self._review_anew()
        await self._compare_anew()

    async def _review_anew(self) -> None:
        """Ask the store about the preview; what it was made of stays."""
        session, asked = self.session, self._preview
        if asked is not None and not self._problem:
            try:
                told = await reviewed(asked, session.reader, session.settings, session.clock())
            except ApiwatchError as error:
                self.say(f"the last hour of the list is not known: {error}", "bad")
            else:
                self._take(asked, said=told.said, impact=told.impact, impacts=told.impacts)
        if self.ready:
            self.show_export()

    async def _compare_anew(self) -> None:
        """Ask the target, once the choice of it rests."""
        await asyncio.sleep(_REST_S)
        session, asked = self.session, self._preview
        if asked is None or self._problem:
            return
        try:
            entries = await session.reader.block_entries(session.clock(), include_ended=True)
            told = await abandonable(lambda: compared(asked, lambda name, plan: session.compare(name, plan, entries)))
        except ApiwatchError as error:
            told = replace(asked, comparison=None, unread=str(error))
        self._take(asked, comparison=told.comparison, unread=told.unread)
        if self.ready:
            self.show_export()

    def _take(self, asked: Preview, **found: Any) -> None:
        """What was found out about a preview, unless there is another one by now."""
        if self._preview is not None and self._preview.plan is asked.plan:
            self._preview = replace(self._preview, **found)

    def action_target(self, step: int) -> None:
        """Choose the firewall to write for."""
        from apiwatch.blocklist import TARGETS

        names = tuple(TARGETS)
        self.take_target(names[(names.index(self.target) + step) % len(names)])

    def take_target(self, name: str) -> None:
        """Write for a firewall."""
        self.session.target = name
        self._written = None
        self._preview = None
        self._previewed = ()
        self.show_export()
        self.refresh_export()

    def action_apply(self) -> None:
        """Put the queue into force through `block.apply_command`."""
        from apiwatch.tui.screens.applying import ApplyScreen

        command = self.session.settings.block.apply_command
        if not command:
            typed = dict(commands_of(self.target, self.session.settings.db, self.session.config)).get("apply", "")
            self.say(f"`block.apply_command` is not set (docs/applying.md); as root: {typed}")
            return
        self._applied = True
        self.app.push_screen(ApplyScreen(self.session, command, self.crumb()))

    def action_check(self) -> None:
        """Run the target's own validator."""
        self._written = None
        self.refresh_export(check=True)

    def action_withdraw(self) -> None:
        """Withdraw the entry under the cursor, or the marked ones, after a question."""
        rows = self.chosen
        entries = [row.entry for row in rows if isinstance(row, BlockRow) and row.entry.state == "queued"]
        allowed = [row.entry for row in rows if isinstance(row, AllowRow) and row.entry.state == "live"]
        if entries:
            self.run_worker(self._withdraw(entries), group="act")
        elif allowed:
            self.run_worker(self._disallow(allowed), group="act")

    async def _withdraw(self, entries: Sequence[BlockEntry]) -> None:
        names = ", ".join(entry.key for entry in entries[:8]) + (" ..." if len(entries) > 8 else "")
        said = [f"Withdraw {len(entries)} from the queue?", names, "Firewalls change when the next export is applied."]
        if not await self.app.push_screen_wait(Question(said, "withdraw", "keep", self.session.glyphs)):
            return
        try:
            for entry in entries:
                await self.session.control.unblock(entry.id, self.session.actor, self.session.clock())
        except ApiwatchError as error:
            self.say(f"not withdrawn: {error}", "bad")
        else:
            self.say(f"withdrew {names}", "good")
        self.unmark()
        self.session.demand()

    def disallow(self, net: str) -> None:
        """Take a network, or else what the row is, off the allow-list."""
        self.run_worker(self._disallow_net(net), group="act")

    async def _disallow_net(self, net: str) -> None:
        entries = await self.session.reader.allowed(self.session.clock())
        wanted = (f"network:{net}", f"network:{net}/{128 if ':' in net else 32}")
        found = [entry for entry in entries if entry.target in wanted]
        if found:
            await self._disallow(found)
        else:
            self.say(f"{net or 'nothing'} is not on the allow-list; key 7, v shows it")

    async def _disallow(self, entries: Sequence[AllowEntry]) -> None:
        names = ", ".join(entry.target for entry in entries[:8]) + (" ..." if len(entries) > 8 else "")
        said = [f"Take {len(entries)} off the allow-list?", names, "They can raise alerts again from now on."]
        if not await self.app.push_screen_wait(Question(said, "take off", "keep", self.session.glyphs)):
            return
        try:
            for entry in entries:
                await self.session.control.disallow(entry.id, self.session.actor, self.session.clock())
        except ApiwatchError as error:
            self.say(f"not taken off: {error}", "bad")
        else:
            self.say(f"took {names} off the allow-list", "good")
        self.unmark()
        self.session.demand()

    def action_write(self) -> None:
        """Write the export to a file."""
        self.write_to("")

    def write_to(self, file: str) -> None:
        """Ask, with a name for the file, and write the export."""
        if self.session.served:
            self.say(NO_FILES, "warn")
            return
        self.run_worker(self._write(file), group="act")

    def unblock(self, net: str) -> None:
        """Withdraw the entry of a network, after a question."""
        wanted = net if "/" in net else f"{net}/{128 if ':' in net else 32}"
        entries = [entry for entry in self.queued if entry.net == wanted]
        if entries or not net:
            self.run_worker(self._withdraw(entries), group="act") if entries else self.action_withdraw()
        else:
            self.say(f"{wanted} is not in the block queue")

    async def _write(self, file: str) -> None:
        from apiwatch.blocklist import TARGETS
        from apiwatch.blocklist.review import require_review

        empty = not any(entry.state == "queued" for entry in self.queued)
        fields = [Field("file", file or default_path(self.target, TARGETS[self.target].suffix))]
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
        session, entries, target = self.session, tuple(self.queued), self.target
        try:
            guard = await asyncio.to_thread(session.guard)
            made, _ = await asyncio.to_thread(planned, target, entries, guard, session.clock())
            require_review(await review_of(target, made, session.reader, session.settings, session.clock()))
            written = await asyncio.to_thread(
                lambda: write(target, entries, guard, destination, session.clock(), withdraw_all=empty)
            )
        except ApiwatchError as error:
            self.say(f"not written: {error}", "bad")
            return
        except OSError as error:
            self.say(f"not written: {destination}: {error.strerror or error}", "bad")
            return
        self._written = written
        session.farewell += farewell_lines(written)
        self.say(f"wrote {', '.join(written.paths)}", "good")
        self.show_export()


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
