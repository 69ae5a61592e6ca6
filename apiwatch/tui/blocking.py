"""What pressing `b` would do: the networks, what the guard says about each, and the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from apiwatch.errors import GuardError
from apiwatch.model import Alert
from apiwatch.store.views import AlertView
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.rows import Row

if TYPE_CHECKING:
    from apiwatch.blocklist import Finding, Guard

__all__ = [
    "Proposal",
    "Wish",
    "duration_text",
    "proposal_lines",
    "propose",
    "wishes",
]


@dataclass(frozen=True, slots=True)
class Wish:
    """An address or a network that somebody wants blocked."""

    address: str
    reason: str
    alert_ids: tuple[str, ...]
    condition: str = ""
    """That of the entry which is renewed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A network that would be queued, or why it cannot be."""

    net: str
    """'' when the address is no network."""
    addresses: tuple[str, ...]
    reason: str
    alert_ids: tuple[str, ...]
    findings: "tuple[Finding, ...]"
    refusal: str
    """Why it cannot be a network; ''."""
    condition: str = ""
    """Which of its requests; '': all."""

    @property
    def key(self) -> str:
        """What tells it from others."""
        return f"{self.net} {self.condition}".rstrip()

    @property
    def is_everybody(self) -> bool:
        """It is about requests of everybody."""
        return self.net.endswith("/0")

    @property
    def refused(self) -> bool:
        """A guard rail stands in the way."""
        return bool(self.refusal) or any(finding.hard for finding in self.findings)

    @property
    def overridable(self) -> bool:
        """Typing the network overrides every rail in the way."""
        hard = [finding for finding in self.findings if finding.hard]
        return bool(hard) and not self.refusal and all(finding.overridable for finding in hard)


def wishes(rows: Sequence[Row], alerts: Sequence[AlertView]) -> list[Wish]:
    """Addresses (or networks) of rows, each once, with the reason and the alerts that name it.

    A row without any that can be about everybody is wished as that (`Row.everybody`).
    """
    from apiwatch.blocklist.everybody import EVERYBODY

    by_address: dict[str, list[Alert]] = {}
    for view in alerts:
        for address in {view.alert.client, *view.alert.clients}:
            by_address.setdefault(address, []).append(view.alert)
    found: dict[tuple[str, str], Wish] = {}
    for row in rows:
        condition = row.condition if row.addresses else row.everybody
        for address in row.addresses or (EVERYBODY if row.everybody else ()):
            if (address, condition) in found:
                continue
            naming = by_address.get(address, [])
            ids = [alert.id for alert in naming]
            if row.alert_id and row.alert_id not in ids:
                ids.insert(0, row.alert_id)
            reason = row.reason
            if not row.alert_id and naming:
                reason = f"{naming[0].detector}: {naming[0].title}"
            found[address, condition] = Wish(address, reason[:200], tuple(ids), condition)
    return list(found.values())


def propose(guard: "Guard", wanted: Sequence[Wish]) -> list[Proposal]:
    """Networks for the addresses, with what the guard says; addresses of one network are one proposal."""
    from apiwatch.blocklist import canonical, network_for
    from apiwatch.model.condition import parse_condition

    by_net: dict[tuple[str, str], list[Wish]] = {}
    bad: list[Proposal] = []
    for wish in wanted:
        try:
            net = canonical(wish.address) if "/" in wish.address else network_for(wish.address)
            by_net.setdefault((net, wish.condition), []).append(wish)
        except GuardError as error:
            bad.append(Proposal("", (wish.address,), wish.reason, wish.alert_ids, (), str(error)))
    proposals = []
    for (net, condition), members in by_net.items():
        ids = tuple(dict.fromkeys(alert_id for wish in members for alert_id in wish.alert_ids))
        addresses = tuple(wish.address for wish in members)
        try:
            findings, refusal = tuple(guard.check(net, parse_condition(condition))), ""
        except GuardError as error:
            findings, refusal = (), str(error)
        proposals.append(Proposal(net, addresses, members[0].reason, ids, findings, refusal, condition))
    return proposals + bad


def proposal_lines(
    proposals: Sequence[Proposal], width: int, also: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> list[Line]:
    """What would be queued and what not, refusals and what refuses first; `also` says more about networks."""
    drawn: list[Line] = []
    for proposal in sorted(proposals, key=lambda each: not each.refused):
        name = proposal.key or proposal.addresses[0]
        mark = Piece("refused ", "bad") if proposal.refused else Piece("queue   ", "good")
        drawn.append(line(mark, Piece(name, "strong"), f"  {proposal.reason}"))
        if proposal.refusal:
            drawn += wrap(proposal.refusal, width, first="        ", rest="        ", style="bad")
        for finding in sorted(proposal.findings, key=lambda each: not each.hard):
            style = "bad" if finding.hard else "warn"
            drawn += wrap(finding.text, width, first=f"        {finding.code} ", rest="           ", style=style)
        if len(proposals) > 1 and proposal.overridable:
            drawn += wrap("b on it alone asks for it again", width, first=" " * 11, rest=" " * 11, style="dim")
        if proposal.is_everybody:
            text = "everybody but what is protected; web servers and proxies can hold it"
            drawn += wrap(text, width, first=" " * 8, rest=" " * 10, style="dim")
        for text in also.get(proposal.key, ()):
            drawn += wrap(text, width, first=" " * 8, rest=" " * 10, style="dim")
    return drawn


def duration_text(value: float) -> str:
    """Seconds as one would type them: '1h', '90s', '7d'."""
    whole = int(value)
    for unit, letter in ((86_400, "d"), (3600, "h"), (60, "m")):
        if whole and whole % unit == 0:
            return f"{whole // unit}{letter}"
    return f"{whole}s"
