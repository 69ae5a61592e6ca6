"""Keys that leave something behind: copies, tables, plain text, pictures, the hand-over."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import ClassVar

from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType

from apiwatch.errors import ApiwatchError
from apiwatch.tui.line import Line
from apiwatch.tui.permissions import NO_FILES
from apiwatch.tui.rows import Row
from apiwatch.tui.screens.acting import ActingScreen

__all__ = ["KeepingScreen"]


class KeepingScreen(ActingScreen):
    """A screen from which something can be taken away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "c", "copy(False)", "copy", id="copy", show=False, tooltip="copy the address or name; a file has it too"
        ),
        Binding(
            "C", "copy(True)", "copy JSON", id="copy-json", show=False, tooltip="copy the row, or all marked, as JSON"
        ),
        Binding("ctrl+s", "save", "save", id="save", show=False, tooltip="save this list as CSV, JSON or a hand-over"),
        Binding(
            "ctrl+o", "dump", "print", id="dump", show=False, tooltip="print the view as plain text outside the screen"
        ),
    ]

    def shown_lines(self) -> list[Line]:
        """The view as lines, whole, not only the part in sight."""
        return []

    def shown_rows(self) -> list[Row]:
        """Rows of the list in sight."""
        return []

    @property
    def rows_in_all(self) -> int:
        """Rows that the list in sight would have without its end."""
        return 0

    def action_copy(self, as_json: bool) -> None:
        """Copy by OSC 52, and to a file beside it: the terminal does not tell whether it took it."""
        from apiwatch.tui.clipboard import copy
        from apiwatch.tui.saving import json_lines, records

        rows = self.chosen
        if not rows:
            return
        text = json_lines(records(rows)).rstrip("\n") if as_json else "\n".join(row.name for row in rows if row.name)
        if not text:
            self.say("nothing here to copy")
            return
        copied = copy(text, self._send, os.environ)
        self.say(copied.told)

    def _send(self, sequence: str) -> None:
        driver = self.app._driver
        if driver is not None:
            driver.write(sequence)

    def action_save(self) -> None:
        """Choose what to save."""
        from apiwatch.tui.screens.prompts import Choose

        kinds = ("this list as CSV", "this list as JSON lines", "this view as plain text", "the screen as SVG",
                 "hand-over of the incident (Markdown)")  # fmt: skip
        keep = (self.save_csv, self.save_json, self.save_text, self.save_picture, self.save_handover)

        def chosen(index: int | None) -> None:
            if index is not None:
                keep[index]("")

        self.app.push_screen(Choose("Save", kinds, 0, self.session.glyphs), chosen)

    def save_table(self, file: str) -> None:
        """Save the list as what the ending of the name says."""
        (self.save_json if file.endswith((".json", ".jsonl")) else self.save_csv)(file)

    def save_csv(self, file: str) -> None:
        """Save the list as CSV."""
        from apiwatch.tui.saving import csv_text, records

        self._save_rows(lambda rows: csv_text(records(rows)), "csv", file)

    def save_json(self, file: str) -> None:
        """Save the list as JSON lines."""
        from apiwatch.tui.saving import json_lines, records

        self._save_rows(lambda rows: json_lines(records(rows)), "jsonl", file)

    def save_text(self, file: str) -> None:
        """Save the view as plain text."""
        from apiwatch.tui.saving import plain_text

        self._save(lambda: plain_text(self.shown_lines()), "view", "txt", file)

    def save_picture(self, file: str) -> None:
        """Save the screen as SVG."""
        from apiwatch.tui.saving import svg_of

        self._save(lambda: svg_of(self.app), "screen", "svg", file)

    def save_handover(self, file: str) -> None:
        """Write the incident down in one file."""
        self.run_worker(self._handover(file), group="keep")

    def _save_rows(self, content: Callable[[list[Row]], str], suffix: str, file: str) -> None:
        rows = self.shown_rows()
        if rows:
            of = f"{len(rows)} of {self.rows_in_all} rows" if len(rows) < self.rows_in_all else ""
            self._save(lambda: content(rows), "table", suffix, file, of)
        else:
            self.say("not saved: there is no list here, or it is empty; ^s 3 saves the view as text", "warn")

    def _save(self, content: Callable[[], str], kind: str, suffix: str, file: str, of: str = "") -> None:
        text = content()
        self.run_worker(self._saved(text, kind, suffix, file, of), group="keep")

    async def _saved(self, text: str, kind: str, suffix: str, file: str, of: str = "") -> None:
        from apiwatch.tui.saving import places, save

        session = self.session
        if session.served:
            self.say(NO_FILES, "warn")
            return
        where = places(session.settings.db)
        saved = await asyncio.to_thread(save, text, kind, suffix, session.clock(), where, typed=file, of=of)
        session.farewell += saved.farewell
        self.say(saved.told, "good" if saved.path else "bad")

    async def _handover(self, file: str) -> None:
        from apiwatch.report import gather, markdown

        session = self.session
        rows = self.marked
        try:
            incident = await gather(
                session.reader,
                alerts=[row.alert_id for row in rows if row.alert_id] or self.incident_alerts,
                client=self.incident_client if not any(row.alert_id for row in rows) else "",
                now=session.clock(),
            )
        except ApiwatchError as error:
            self.say(f"no hand-over: {error}", "bad")
            return
        await self._saved(markdown(incident), "handover", "md", file)

    @property
    def incident_alerts(self) -> list[str]:
        """Alerts that a hand-over from here is about; none: all."""
        return []

    @property
    def incident_client(self) -> str:
        """The client that a hand-over from here is about; ''."""
        return ""

    def action_dump(self) -> None:
        """Leave the screen, print the view as plain text, wait for Enter."""
        from apiwatch.tui.saving import plain_text

        text = plain_text(self.shown_lines())
        try:
            with self.app.suspend():
                sys.stderr.write(f"{text}\n-- Enter goes back to the dashboard --\n")
                sys.stderr.flush()
                sys.__stdin__.readline()  # type: ignore[union-attr]  # a terminal is there: the dashboard draws on it
        except SuspendNotSupported:
            self.save_text("")
