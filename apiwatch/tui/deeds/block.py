"""Queueing networks for blocking, as far as the guard lets them pass."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from apiwatch.config.settings import Block
from apiwatch.errors import ApiwatchError, UsageError
from apiwatch.store.protocol import Control
from apiwatch.text import plain
from apiwatch.tui.blocking import Proposal, duration_text, proposal_lines
from apiwatch.tui.deeds.base import Deed, LeftOut, Subject, lasting
from apiwatch.tui.field import Field
from apiwatch.tui.line import Line
from apiwatch.tui.measured import measured

if TYPE_CHECKING:
    from apiwatch.blocklist import Guard

__all__ = ["BlockDeed"]

_REASON = 200


class BlockDeed(Deed):
    """Queue what `blocking.propose` found for some rows; nothing is applied. Values: duration, reason, and for a
    single network behind a rail that can be overridden the network, typed again.

    `also` says more about networks: whom else a block would hit. `before` is how often a single network was blocked:
    whoever comes back stays out longer. `typed` are a duration and a reason to begin with, '' for the usual ones.
    """

    kind, confirm, done, doing = "block", "queue", "queued", "queueing"
    noun = ("", "networks")

    def __init__(
        self,
        proposals: Sequence[Proposal],
        settings: Block,
        guard: "Guard",
        also: Mapping[str, Sequence[str]] = MappingProxyType({}),
        before: int = 0,
        typed: tuple[str, str] = ("", ""),
    ) -> None:
        self._typed = typed
        self.proposals = tuple(proposals)
        single = proposals[0] if len(proposals) == 1 else None
        self.override = single if single is not None and single.overridable else None
        chosen = [self.override] if self.override else [each for each in proposals if not each.refused]
        self._by_key = {each.key: each for each in chosen}
        self._settings = settings
        self._guard = guard
        self._also = also
        self._before = before
        refused = [each for each in proposals if each.key not in self._by_key or not each.net]
        super().__init__(
            [Subject(key, key) for key in self._by_key],
            [LeftOut(plain(each.net or each.addresses[0], 60), f"is refused: {_refusal(each)}") for each in refused],
        )

    @property
    def nothing(self) -> str:
        """Why nothing can be queued."""
        if self.subjects:
            return ""
        return f"refused: {_refusal(self.proposals[0])}" if self.proposals else "no address here to block"

    @property
    def title(self) -> str:
        """The first line of the question."""
        count = len(self.subjects)
        return f"Queue {count} network{'' if count == 1 else 's'} for blocking; nothing is applied yet"

    @property
    def fields(self) -> tuple[Field, ...]:
        """How long, why, and perhaps the network again."""
        one = len(self.proposals) == 1
        from apiwatch.blocklist.lifetime import default_lifetime

        duration, typed = self._typed
        reason = measured(typed or (self.proposals[0].reason if one else ""), _REASON)
        often = f"; blocked {self._before} time{'' if self._before == 1 else 's'} before" if self._before else ""
        lasts = duration or duration_text(default_lifetime(self._settings, self._before))
        fields = (
            Field(f"for how long (90s 15m 1h 7d{often})", lasts),
            Field("reason" if one else "reason, empty: the one of each row", reason),
        )
        if self.override is None:
            return fields
        return *fields, Field(f"type {self.override.net} to override the guard", "", needed=True)

    def lines(self, width: int) -> list[Line]:
        """What would be queued and what not, with what the guard says."""
        return proposal_lines(self.proposals, width, self._also)

    def refusal(self, values: tuple[str, ...]) -> str:
        """A lifetime within the limit, and the network again where a rail stands in the way."""
        try:
            self._lifetime(values[0])
        except ApiwatchError as error:
            return plain(str(error), 300)
        if self.override is not None and values[2] != self.override.net:
            return f"refused by a guard rail; type {self.override.net} to override it, or Esc"
        return ""

    async def write(self, control: Control, subject: Subject, values: tuple[str, ...], actor: str, now: float) -> None:
        """One entry; the same again renews it. Raises GuardError when a rail was not overridden."""
        proposal = self._by_key[subject.key]
        if self.override is not None:
            from apiwatch.model.condition import parse_condition

            self._guard.require(proposal.net, values[2], parse_condition(proposal.condition))
        reason = plain(values[1] or proposal.reason, _REASON)
        expires = now + self._lifetime(values[0])
        await control.block(proposal.net, reason, proposal.alert_ids, actor, now, expires, proposal.condition)

    def ending(self, values: tuple[str, ...]) -> str:
        """For how long, how many were refused, and what comes next."""
        refused = f"; {len(self.left_out)} refused" if self.left_out else ""
        return f" for {plain(values[0], 20)}{refused}; B exports"

    def _lifetime(self, text: str) -> float:
        value = lasting(text)
        if value > self._settings.max_ttl:
            raise UsageError(f"longer than block.max_ttl, which is {duration_text(self._settings.max_ttl)}")
        return value


def _refusal(proposal: Proposal) -> str:
    """Why a proposal is refused, in one sentence."""
    if proposal.refusal:
        return proposal.refusal
    hard = [finding for finding in proposal.findings if finding.hard]
    return f"{proposal.net}: {hard[0].code} {hard[0].text}" if hard else "nothing is left to queue"
