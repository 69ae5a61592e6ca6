"""The drill-down: everything about one client."""

from collections.abc import Callable

from apiwatch.store.protocol import Reader
from apiwatch.store.views import AlertView, BlockEntry, ClientDetail
from apiwatch.text import plain
from apiwatch.tui.cells import clock
from apiwatch.tui.line import Line, wrap
from apiwatch.tui.pages import client_page
from apiwatch.tui.rows import AlertRow, ClientRow, Row
from apiwatch.tui.screens.page import PageScreen
from apiwatch.tui.session import Session

__all__ = ["ClientScreen"]


class ClientScreen(PageScreen):
    """One client."""

    DEAD = frozenset({"open"})

    def __init__(self, session: Session, client: str, origin: str) -> None:
        super().__init__(session, origin, client)
        self.client = client
        self._detail: ClientDetail | None = None

    def crumb(self) -> str:
        """The way here."""
        return f"{self.origin} > {plain(self.client, 64)}"

    @property
    def row(self) -> Row | None:
        """The client; with an alert, its most severe one."""
        detail = self._detail
        if detail is None:
            return None
        now = self.session.clock()
        if detail.alerts:
            return _AlertOfClient(detail.alerts[0], now, self.client)
        return ClientRow(detail.row, now, self.session.window_minutes * 60.0)

    @property
    def known_alerts(self) -> tuple[AlertView, ...]:
        """Alerts that name the client."""
        return self._detail.alerts if self._detail else ()

    async def read(self, reader: Reader, now: float) -> Callable[[], None]:
        """The client and what the block queue holds for it."""
        detail = await reader.client(self.client, now)
        entries = await reader.block_entries(now)
        return lambda: self._show(detail, entries, now)

    def _show(self, detail: ClientDetail | None, entries: list[BlockEntry], now: float) -> None:
        self.note_echo(detail.alerts if detail else (), entries)
        if detail is None:
            self.document.show(self.client, self._unknown)
            return
        self._detail = detail
        blocked, glyphs = _blocked(detail.row.client, entries), self.session.glyphs
        self.document.show(self.client, lambda width: client_page(detail, width, now, glyphs, blocked))

    def _unknown(self, width: int) -> list[Line]:
        said = wrap(f"the state file knows nothing about {self.client}", width - 1)
        why = "it may be older than the retention of clients, or an alert's address that sent nothing since"
        return [*said, *wrap(why, width - 1, style="dim")]


class _AlertOfClient(AlertRow):
    """An alert, where a block is about this client only."""

    __slots__ = ("_client",)

    def __init__(self, view: AlertView, now: float, client: str) -> None:
        super().__init__(view, now)
        self._client = client

    @property
    def client(self) -> str:
        """The client of the screen."""
        return self._client

    @property
    def addresses(self) -> tuple[str, ...]:
        """The client of the screen."""
        return (self._client,)


def _blocked(client: str, entries: list[BlockEntry]) -> str:
    import ipaddress

    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    for entry in entries:
        if entry.state == "queued" and address in ipaddress.ip_network(entry.net):
            until = "for good" if entry.expires is None else f"until {clock(entry.expires)}"
            return f"queued for blocking as {entry.net} {until} by {entry.actor}"
    return ""
