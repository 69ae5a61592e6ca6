"""Keys that act on a row: why, lines, acknowledge, block, copy. They act on row keys, never on positions."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from apiwatch.errors import ApiwatchError, UsageError
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import AlertView, BlockEntry
from apiwatch.text import plain
from apiwatch.tui.blocking import Proposal, collateral, duration_text, proposal_lines, propose, wishes
from apiwatch.tui.rows import Row
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.screens.prompts import Ask, Field
from apiwatch.tui.views import VIEWS

__all__ = ["ActingScreen"]

_COPY_BYTES = 74_994
_COLLATERAL = 6
"""Addresses that a prompt looks up at most."""


class ActingScreen(LiveScreen):
    """A screen with a row to act on, or with marked rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="open", show=False, tooltip="everything about this row"),
        Binding("d", "why", "why", id="why", show=False, tooltip="why: rule, numbers, limits, doubts, lines"),
        Binding("l", "lines", "lines", id="lines", show=False, tooltip="the original lines"),
        Binding("a", "acknowledge", "ack", id="acknowledge", show=False, tooltip="acknowledge the alert, with a note"),
        Binding(
            "b", "block", "block", id="block", show=False, tooltip="queue this client, or all marked, for blocking"
        ),
        Binding("B", "review", "queue", id="review", show=False, tooltip="review and export the block queue"),
        Binding(
            "c", "copy", "copy", id="copy", show=False, tooltip="copy the address or name to the terminal's clipboard"
        ),
    ]

    @property
    def row(self) -> Row | None:
        """The row that keys act on."""
        return None

    @property
    def marked(self) -> list[Row]:
        """Marked rows; keys that can act on many act on these if there are any."""
        return []

    @property
    def known_alerts(self) -> Sequence[AlertView]:
        """Alerts of the last read, for reasons."""
        return ()

    def unmark(self) -> None:
        """Remove all marks."""

    def open_scope(self, scope: Scope, view: int | None = None) -> None:
        """Go deeper: everything inside a scope, beginning with a view or with its summary."""
        from apiwatch.tui.screens.context import ContextScreen

        if scope != EVERYTHING:
            self.app.push_screen(ContextScreen(self.session, scope, self.crumb(), view))

    def action_open(self) -> None:
        """Everything about the row."""
        if self.row is not None and self.row.opens != EVERYTHING:
            self.open_scope(self.row.opens)

    def note_echo(self, alerts: Sequence[AlertView], blocks: Sequence[BlockEntry]) -> None:
        """Say what a snapshot now confirms of what was done here."""
        session = self.session
        for view in alerts:
            if view.alert.id in session.waiting_acks and view.acknowledged_by:
                session.say(session.waiting_acks.pop(view.alert.id), "good")
        for entry in blocks:
            if entry.net in session.waiting_nets:
                session.say(session.waiting_nets.pop(entry.net), "good")

    def action_why(self) -> None:
        """Why the alert exists."""
        alert_id = self._alert_id()
        if alert_id:
            self.open_scope(Scope(alert=alert_id))
        elif self.row is not None:
            self._say("no alert names it; Enter shows everything about the client")

    def action_lines(self) -> None:
        """The original lines of the alert, or of the client."""
        from apiwatch.tui.screens.lines import LinesScreen

        row = self.row
        if row is not None:
            self.app.push_screen(LinesScreen(self.session, row, self.crumb(), self.known_alerts))

    def _alert_id(self) -> str:
        row = self.row
        if row is None:
            return ""
        if row.alert_id:
            return row.alert_id
        naming = (view.alert for view in self.known_alerts if row.client in (view.alert.client, *view.alert.clients))
        return next((alert.id for alert in naming), "")

    def _say(self, text: str, style: str = "") -> None:
        self.session.say(text, style)
        self.tick()

    def action_copy(self) -> None:
        """Copy the address or name by OSC 52; the terminal does not tell whether it took it."""
        row = self.row
        if row is None or not row.name:
            return
        text = plain(row.name)
        if len(text.encode()) > _COPY_BYTES:
            self._say(f"not copied: longer than {_COPY_BYTES} bytes", "warn")
            return
        self.app.copy_to_clipboard(text)
        self._say(f"copied {text}, if the terminal allows OSC 52")

    def action_acknowledge(self) -> None:
        """Say that somebody looks after the alert."""
        alert_id = self._alert_id()
        if not alert_id:
            self._say("no alert here to acknowledge")
            return
        self.run_worker(self._acknowledge(alert_id), group="act")

    async def _acknowledge(self, alert_id: str) -> None:
        ask = Ask(f"Acknowledge alert {alert_id[:12]}", lambda _width: [], [Field("note", "")], self.session.glyphs)
        values = await self.app.push_screen_wait(ask)
        if values is None:
            return
        session = self.session
        session.waiting_acks[alert_id] = f"acked {alert_id[:12]}"
        self._say(f"acking {alert_id[:12]}...")
        try:
            await session.control.acknowledge(alert_id, session.actor, plain(values[0], 500), session.clock())
        except ApiwatchError as error:
            session.waiting_acks.pop(alert_id, None)
            self._say(f"not acknowledged: {error}", "bad")
        session.demand()

    def action_review(self) -> None:
        """The block queue."""
        self.action_view([view.name for view in VIEWS].index("block"))

    def action_view(self, index: int) -> None:
        """Show a view."""

    def action_block(self) -> None:
        """Queue the client of the row, or of all marked rows."""
        rows = self.marked or ([self.row] if self.row is not None else [])
        if not any(row.addresses for row in rows):
            self._say("no address here to block")
            return
        self.run_worker(self._block(rows), group="act")

    async def _block(self, rows: Sequence[Row]) -> None:
        try:
            alerts = self.known_alerts or await self.session.reader.alerts()
            wanted = await asyncio.to_thread(wishes, rows, alerts)
            guard = await asyncio.to_thread(self.session.guard)
            proposals = await asyncio.to_thread(propose, guard, wanted)
        except ApiwatchError as error:
            self._say(f"not queued: {error}", "bad")
            return
        fine = [proposal for proposal in proposals if not proposal.refused]
        single = proposals[0] if len(proposals) == 1 else None
        override = single if single is not None and single.overridable else None
        if not fine and override is None:
            self._say(f"refused: {_first_refusal(proposals)}", "bad")
            return
        also = await self._collateral(fine or [override] if override else fine)
        values = await self.app.push_screen_wait(self._block_prompt(proposals, fine, override, also))
        if values is None:
            return
        if override is not None:
            try:
                guard.require(override.net, override=values[2])
            except ApiwatchError as error:
                self._say(f"refused: {error}", "bad")
                return
            fine = [override]
        await self._enqueue(fine, values[0], values[1])

    async def _collateral(self, proposals: Sequence[Proposal]) -> dict[str, list[str]]:
        """What the store knows about the addresses of a few networks."""
        found: dict[str, list[str]] = {}
        wanted = [(each.net, address) for each in proposals for address in each.addresses if "/" not in address]
        try:
            for net, address in wanted[:_COLLATERAL]:
                detail = await self.session.reader.client(address, self.session.clock())
                if detail is not None:
                    found.setdefault(net, []).append(collateral(detail))
        except ApiwatchError as error:
            self.session.say(f"what else a block would hit is not known: {error}", "warn")
        return found

    def _block_prompt(
        self,
        proposals: Sequence[Proposal],
        fine: Sequence[Proposal],
        override: Proposal | None,
        also: Mapping[str, Sequence[str]],
    ) -> Ask:
        settings = self.session.settings.block
        reason = (fine or proposals)[0].reason if len(proposals) == 1 else ""
        fields = [Field("for how long (90s 15m 1h 7d)", duration_text(settings.ttl))]
        fields.append(
            Field("reason" if len(proposals) == 1 else "reason, empty: the one of each row", plain(reason, 200))
        )
        if override is not None:
            fields.append(Field(f"type {override.net} to override the guard", ""))

        def refusal(values: tuple[str, ...]) -> str:
            try:
                _lifetime(values[0], settings.max_ttl)
            except ApiwatchError as error:
                return str(error)
            if override is not None and values[2] != override.net:
                return f"refused by a guard rail; type {override.net} to override it, or Esc"
            return ""

        count = len(fine) or 1
        title = f"Queue {count} network{'' if count == 1 else 's'} for blocking; nothing is applied yet"
        return Ask(
            title,
            lambda width: proposal_lines(proposals, width, also),
            fields,
            self.session.glyphs,
            refusal=refusal,
            confirm="queue",
        )

    async def _enqueue(self, fine: Sequence[Proposal], lifetime: str, reason: str) -> None:
        session = self.session
        now = session.clock()
        expires = now + _lifetime(lifetime, session.settings.block.max_ttl)
        self._say(f"queueing {len(fine)} network{'' if len(fine) == 1 else 's'}...")
        for proposal in fine:
            why = plain(reason or proposal.reason, 200)
            session.waiting_nets[proposal.net] = f"queued {proposal.net} for {lifetime}; B exports"
            try:
                await session.control.block(proposal.net, why, proposal.alert_ids, session.actor, now, expires)
            except ApiwatchError as error:
                session.waiting_nets.pop(proposal.net, None)
                self._say(f"not queued: {proposal.net}: {error}", "bad")
                return
        self.unmark()
        session.demand()


def _lifetime(text: str, longest: float) -> float:
    from apiwatch.blocklist import parse_ttl

    value: float = parse_ttl(text)
    if value <= 0:
        raise UsageError("a block needs a lifetime above 0")
    if value > longest:
        raise UsageError(f"longer than block.max_ttl, which is {duration_text(longest)}")
    return value


def _first_refusal(proposals: Sequence[Proposal]) -> str:
    for proposal in proposals:
        if proposal.refusal:
            return proposal.refusal
        for finding in proposal.findings:
            if finding.hard:
                return f"{proposal.net}: {finding.code} {finding.text}"
    return "nothing is left to queue"
