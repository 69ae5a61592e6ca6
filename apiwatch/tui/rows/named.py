"""Rows that are in no list: an address, a network, a user agent or an alert that was typed, or that a page is about."""

import ipaddress

from apiwatch.store.scope import Scope
from apiwatch.tui.line import Line, Piece, line
from apiwatch.tui.rows.base import Row

__all__ = ["NamedRow", "SenderRow"]


class NamedRow(Row):
    """What a command names."""

    columns = ()
    __slots__ = ("_name",)

    def __init__(self, name: str, now: float) -> None:
        super().__init__(now)
        self._name = name

    @property
    def key(self) -> str:
        """What was typed."""
        return self._name

    @property
    def client(self) -> str:
        """The address, if it is one."""
        try:
            return str(ipaddress.ip_address(self._name))
        except ValueError:
            return ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address or network."""
        try:
            return (self.client or str(ipaddress.ip_network(self._name)),)
        except ValueError:
            return ()

    @property
    def opens(self) -> Scope:
        """The client, the network or the alert."""
        if self.client:
            return Scope(client=self.client)
        return Scope(net=self._name) if self.addresses else Scope(alert=self._name)

    @property
    def alert_id(self) -> str:
        """The alert, if it is none of the others."""
        return "" if self.addresses else self._name

    @property
    def name(self) -> str:
        """What was typed."""
        return self._name

    @property
    def reason(self) -> str:
        """Why one would block it."""
        return "manual"

    def cells(self) -> tuple[Piece, ...]:
        """It stands in no list."""
        return ()

    def headline(self) -> Line:
        """What was typed."""
        return line(Piece(self._name, "strong"))

    def summary(self) -> Line:
        """Nothing is known of it."""
        return line("named by somebody")

    def details(self, width: int) -> list[Line]:
        """Nothing is known of it."""
        return [self.summary()]


class SenderRow(NamedRow):
    """Whoever sends a user agent."""

    __slots__ = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def opens(self) -> Scope:
        """Who sends it."""
        return Scope(agent=self._name)

    @property
    def alert_id(self) -> str:
        """None."""
        return ""

    @property
    def everybody(self) -> str:
        """Whoever sends it."""
        return f"agent={self._name}"
