"""Keys that act on rows: why, lines, acknowledge, mute, allow, block. They act on row keys, never on positions."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from apiwatch.errors import ApiwatchError
from apiwatch.model import SEVERITIES
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import AlertView
from apiwatch.text import plain
from apiwatch.tui.cells import severity_word
from apiwatch.tui.rows import Row
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.views import VIEWS

if TYPE_CHECKING:
    from apiwatch.tui.blocking import Proposal
    from apiwatch.tui.deeds import Deed

__all__ = ["NEEDS_ROW", "ActingScreen"]

NEEDS_ROW = frozenset({"open", "why", "lines", "acknowledge", "quiet", "block", "live_lines", "histogram", "copy"})
"""Actions on rows."""

_COLLATERAL = 6
"""Networks that a prompt looks up at most."""
_LOOKED_UP = 50
"""Addresses that the question to allow compares with the block queue at most."""
_WHOLE = 1000
"""Width of lines that are wrapped where they are drawn."""

Values = tuple[str, ...] | None
"""What was typed with a command; None asks for all of it."""


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
    def chosen(self) -> list[Row]:
        """The marked rows, else the row."""
        return self.marked or ([self.row] if self.row is not None else [])

    @property
    def known_alerts(self) -> Sequence[AlertView]:
        """Alerts of the last read, for reasons."""
        return ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to act on without a row."""
        if action in NEEDS_ROW and not self.chosen:
            return False
        return super().check_action(action, parameters)

    def unmark(self) -> None:
        """Remove all marks."""

    def open_scope(self, scope: Scope, view: int | None = None) -> None:
        """Go deeper: everything inside a scope, beginning with a view or with its summary."""
        if scope != EVERYTHING:
            self.app.push_screen(self.session.screen_of(scope, self.crumb(), view))

    def action_open(self) -> None:
        """Everything about the row."""
        if self.row is not None and self.row.opens != EVERYTHING:
            self.open_scope(self.row.opens)

    def action_why(self) -> None:
        """Why the alert of the row exists: of a row that is none, the worst open alert that has to do with it."""
        if self.row is not None:
            self.run_worker(self._why(self.row), group="act")

    async def _why(self, row: Row) -> None:
        try:
            alert_id = row.alert_id or await self._alert_about(row)
        except ApiwatchError as error:
            self.say(f"cannot look for its alerts: {error}", "bad")
            return
        if alert_id:
            self.open_scope(Scope(alert=alert_id))
        else:
            self.say("no open alert names it; Enter shows everything about it")

    def action_lines(self) -> None:
        """The original lines of the alert, or of the client."""
        from apiwatch.tui.screens.lines import LinesScreen

        row = self.row
        if row is not None:
            self.app.push_screen(LinesScreen(self.session, row, self.crumb(), self.known_alerts))

    async def _alert_about(self, row: Row) -> str:
        if row.opens == EVERYTHING:
            return ""
        found = await self.session.reader.alerts(limit=1, scope=row.opens)
        return found[0].alert.id if found else ""

    def say(self, text: str, style: str = "") -> None:
        """Tell the operator something."""
        self.session.say(text, style)
        self.tick()

    def action_review(self) -> None:
        """The block queue."""
        self.action_view([view.name for view in VIEWS].index("block"))

    def action_view(self, index: int) -> None:
        """Show a view."""

    def action_acknowledge(self) -> None:
        """Say that somebody looks after the alert."""
        self.act("acknowledge", self.chosen)

    def action_quiet(self) -> None:
        """Choose how to have less of it."""
        from apiwatch.tui.screens.prompts import Choose

        rows = self.chosen
        if not rows:
            return

        def chosen(index: int | None) -> None:
            if index is not None:
                self.act(tuple(_QUIET)[index], rows)

        title = (
            f"{len(rows)} marked rows" if len(rows) > 1 else plain(rows[0].client or rows[0].name or rows[0].key, 60)
        )
        self.app.push_screen(Choose(title, tuple(_QUIET.values()), 0, self.session.glyphs), chosen)

    def act(self, kind: str, rows: Sequence[Row], values: Values = None) -> None:
        """Do a deed on rows; without values they are asked for."""
        self.run_worker(self._act(kind, rows, values), group="act")

    def action_block(self) -> None:
        """Queue the client of the row, or of all marked rows."""
        self.block(self.chosen)

    def block(self, rows: Sequence[Row], values: Values = None, typed: tuple[str, str] = ("", "")) -> None:
        """Queue addresses of rows; without values they are asked for, beginning with the duration and reason typed."""
        if not any(row.addresses or row.everybody for row in rows):
            self.say("no address here to block")
            return
        self.run_worker(self._block(rows, values, typed), group="act")

    async def _act(self, kind: str, rows: Sequence[Row], values: Values) -> None:
        from apiwatch.tui.deeds import Acknowledge, Allow, Benign, Mute, Note, Unacknowledge, Unmute

        deeds: dict[str, Callable[[Sequence[Row], Sequence[AlertView]], Deed]] = {
            "acknowledge": Acknowledge,
            "unacknowledge": Unacknowledge,
            "mute": Mute,
            "unmute": Unmute,
            "benign": partial(Benign, usual_s=self.session.settings.alerts.benign_for),
            "note": Note,
        }
        session = self.session
        try:
            alerts = self.known_alerts or await session.reader.alerts()
            deed: Deed
            if kind == "allow":
                one = rows[0].client if len(rows) == 1 else ""
                detail = await session.reader.client(one, session.clock()) if one else None
                warnings = await self._against_allowing(rows, alerts)
                deed = Allow(rows, await session.reader.allowed(session.clock()), detail, warnings=warnings)
            else:
                deed = deeds[kind](rows, alerts)
        except ApiwatchError as error:
            self.say(f"not done: {error}", "bad")
            return
        await self._ask_and_do(deed, values)

    async def _against_allowing(self, rows: Sequence[Row], alerts: Sequence[AlertView]) -> list[str]:
        """Open alerts about these clients, which go, and entries of the block queue, which stay.

        An alert that names them among many stays: it is about others, too.
        """
        from apiwatch.blocklist.overlap import queue_of, touching

        addresses = {address for row in rows for address in row.addresses}
        found: list[str] = []
        networks = _networks(addresses)
        if theirs := [view.alert for view in alerts if not view.alert.closed and _inside(view.alert.client, networks)]:
            worst = severity_word(SEVERITIES[max(alert.severity for alert in theirs)])
            some = f"{len(theirs)} open alert{'' if len(theirs) == 1 else 's'}"
            found.append(f"{some}, the worst {worst}, may close.")
        entries = await self.session.reader.block_entries(self.session.clock())
        queue = await asyncio.to_thread(queue_of, entries)
        if held := await asyncio.to_thread(touching, sorted(addresses)[:_LOOKED_UP], queue):
            stay = "is in the block queue, and stays" if len(held) == 1 else "are in the block queue, and stay"
            found.append(f"{', '.join(held[:3])} {stay} there.")
        return found

    async def _ask_and_do(self, deed: "Deed", values: Values) -> None:
        from apiwatch.tui.screens.prompts import ask_for

        if deed.nothing:
            self.say(deed.nothing, "bad" if deed.nothing.startswith("refused") else "")
            return
        if values is not None and (wrong := deed.refusal(values)):
            self.say(f"not done: {wrong}", "bad")
            return
        if values is None:
            values = await self.app.push_screen_wait(ask_for(deed, self.session.glyphs))
        if values is None:
            return
        session, now = self.session, self.session.clock()
        session.hearing.expect(deed.marks(values, now))
        outcome = await deed.do(session.control, values, session.actor, now)
        session.hearing.wait(outcome)
        if outcome.failure:
            self.say(outcome.failure, "bad")
        else:
            self.say(outcome.waiting)
            self.unmark()
        session.demand()

    async def _block(self, rows: Sequence[Row], values: Values, typed: tuple[str, str]) -> None:
        from apiwatch.tui.blocking import propose, wishes
        from apiwatch.tui.deeds import BlockDeed

        session = self.session
        try:
            alerts = self.known_alerts or await session.reader.alerts()
            wanted = await asyncio.to_thread(wishes, rows, alerts)
            guard = await asyncio.to_thread(session.guard)
            proposals = await asyncio.to_thread(propose, guard, wanted)
            proposals, also = await self._collateral(proposals)
            single = proposals[0].net if len(proposals) == 1 else ""
            before = await session.reader.blocked_before(single, session.clock()) if single else 0
        except ApiwatchError as error:
            self.say(f"not queued: {error}", "bad")
            return
        deed = BlockDeed(proposals, session.settings.block, guard, also, before, typed)
        await self._ask_and_do(deed, values if deed.override is None else None)

    async def _collateral(
        self, proposals: "Sequence[Proposal]"
    ) -> "tuple[list[Proposal], Mapping[str, Sequence[str]]]":
        """What is queued or allowed already of a few of the networks, and whom blocking them would also cut off; of
        everybody's, too many are a refusal.
        """
        from apiwatch.blocklist.impact import impact_lines, impact_of
        from apiwatch.blocklist.overlap import allowed_too, already_blocked, queue_of
        from apiwatch.blocklist.review import too_much
        from apiwatch.model.condition import parse_condition

        session = self.session
        entries = await session.reader.block_entries(session.clock())
        queue = await asyncio.to_thread(queue_of, entries)
        allowed = await session.reader.allowed(session.clock())
        judged, found = list(proposals), dict[str, list[str]]()
        asked = [at for at, each in enumerate(judged) if not each.refused or each.overridable]
        for at in asked[:_COLLATERAL]:
            proposal = judged[at]
            impact = await impact_of(session.reader, [proposal.key])
            found[proposal.key] = impact_lines(impact, _WHOLE, now=session.clock())
            findings = list(proposal.findings)
            if proposal.is_everybody:
                findings[:0] = too_much(impact.hour, session.settings.block, "it would cut", "block a network instead")
            else:
                condition = parse_condition(proposal.condition)
                findings += await asyncio.to_thread(already_blocked, proposal.net, queue, condition)
                findings += allowed_too(proposal.net, allowed)
            judged[at] = replace(proposal, findings=tuple(findings))
        return judged, found


def _networks(addresses: Iterable[str]) -> list[IPv4Network | IPv6Network]:
    found: list[IPv4Network | IPv6Network] = []
    for address in addresses:
        with suppress(ValueError):
            found.append(ip_network(address))
    return found


def _inside(client: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether a client is in one of some networks."""
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return any(address in each for each in networks)


_QUIET = {
    "mute": "mute the alert for a while; it goes on counting",
    "allow": "allow-list: who it is raises no alerts for a while",
    "benign": "benign: normal for this client on this route",
    "note": "leave a note with the alert",
    "unmute": "end a mute",
    "unacknowledge": "take an acknowledgement back",
}
"""What `x` offers."""
