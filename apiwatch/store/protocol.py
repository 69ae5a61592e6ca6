"""The seam between collector, store and viewers; SQLite today, PostgreSQL by the same protocols later.

The transaction rules (offsets, state, rows and alerts commit together under an epoch) are those of design section 4.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from apiwatch.model import Action, ActionKind, Delta, StateRow
from apiwatch.store.filters.terms import ANY, Filter
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.views import (
    ActionView,
    AlertView,
    AllowEntry,
    Application,
    BlockEntry,
    ClientDetail,
    ClientView,
    Cut,
    EvidenceView,
    GroupView,
    HealthView,
    ImpactView,
    InventoryView,
    Listing,
    MinuteView,
    Overview,
    PointView,
    Pulse,
    RouteView,
    Shared,
    SourceView,
    SuspectView,
    TailView,
    TogetherView,
    UnparsedView,
    UserDetail,
)

__all__ = ["Acquired", "Control", "Reader", "Writer"]


class Acquired(NamedTuple):
    """What a writer finds when it takes a shard."""

    epoch: int
    offsets: dict[str, str]
    """Source -> offset to go on from."""
    state: list[StateRow]
    """All pieces of engine state; empty on a new shard."""


class Writer(Protocol):
    """The only one that writes rows. Synchronous: the collector calls it in a thread."""

    def acquire(self, shard: int, owner: str) -> Acquired:
        """Take a shard: raises its epoch, so that an earlier owner is fenced from now on."""
        ...

    def commit(
        self,
        shard: int,
        epoch: int,
        offsets: Mapping[str, str],
        delta: Delta | None,
        health: HealthView,
        sources: Sequence[SourceView],
    ) -> None:
        """One transaction with all of it; raises `Fenced`, and writes nothing, when the epoch is stale.

        `delta` None is a heartbeat. `offsets` holds changed sources only.
        """
        ...

    def said(self, after: int) -> list[Action]:
        """What operators said behind `Action.seq` `after`, in order; at most 1 000 at once.

        Without blocks under a condition: their clients go on with other requests, which count as before.
        """
        ...

    def close(self) -> None:
        """Checkpoint and close; further calls raise StoreError."""
        ...


class Reader(Protocol):
    """Named queries; read-only. `now` is the viewer's clock. Every method is one short read transaction.

    `where` narrows a list in the store, so that it finds rows which the list would not show.
    """

    async def changed(self) -> bool:
        """Whether another connection has committed since the last call (first call: True)."""
        ...

    async def pulse(self) -> Pulse:
        """The heartbeat alone, and whether it came alone: what to read before reading everything anew."""
        ...

    async def overview(self, window_minutes: int, now: float, at: float = 0.0) -> Overview:
        """The head of the dashboard; with `at` its window, timeline and alerts are those of that event time.

        In the past `clients_window` counts the clients on the leaderboards (all, up to 1 500 a minute).
        """
        ...

    async def span(self) -> tuple[int, int]:
        """The oldest and the newest minute of which the file has requests; (0, 0) when it has none.

        The counts of single clients, and of routes, reach back less far: see `retention`.
        """
        ...

    async def day(self, at: float = 0.0) -> tuple[MinuteView, ...]:
        """The 24 hours before the event time `at` (0: now) minute by minute, with the severity of alerts then."""
        ...

    async def health(self) -> HealthView | None:
        """Last heartbeat."""
        ...

    async def alerts(
        self,
        *,
        include_closed: bool = False,
        limit: int = 200,
        scope: Scope = EVERYTHING,
        at: float = 0.0,
        window_minutes: int = 5,
        where: Filter = ANY,
    ) -> Listing[AlertView]:
        """Alerts, most severe first, then highest score, then newest.

        `scope`: of a client those that name it; of an alert itself and those that share a client with it; of a host
        and route those about it; of a user, network or user agent those that name one of its clients. `at`: those
        that were active in the window that ends there, closed by now or not.
        """
        ...

    async def notes(self, alert_id: str) -> list[ActionView]:
        """What was said about one alert, oldest first."""
        ...

    async def alert(self, alert_id: str) -> AlertView | None:
        """One alert by its id or by an unambiguous prefix of it."""
        ...

    async def evidence(self, alert_id: str) -> list[EvidenceView]:
        """Original lines of one alert, oldest first."""
        ...

    async def clients(
        self,
        window_minutes: int,
        *,
        sort: str = "score",
        limit: int = 200,
        now: float = 0.0,
        scope: Scope = EVERYTHING,
        at: float = 0.0,
        where: Filter = ANY,
    ) -> Listing[ClientView]:
        """Clients active in the window; `sort`: score, requests, miss, deny, err, bytes or last_seen.

        The window ends now, or at the event time `at`. In a `scope` all its clients, active in the window or not: of a
        network those inside it, of a route who asked for it, of a user or user agent who used it, of an alert its
        members, and of one client alone the others that are near it (see `ClientView.near`).
        """
        ...

    async def sparks(self, clients: Sequence[str], at: float = 0.0) -> dict[str, tuple[int, ...]]:
        """Requests of some clients, at most 200, in each of the last 60 minutes: for the rows that a screen shows."""
        ...

    async def user(self, name: str, now: float) -> UserDetail | None:
        """Everything about one user name; None when it was never seen."""
        ...

    async def client(self, client: str, now: float) -> ClientDetail | None:
        """The drill-down."""
        ...

    async def suspects(
        self, family: str, *, limit: int = 200, scope: Scope = EVERYTHING, where: Filter = ANY
    ) -> Listing[SuspectView]:
        """Leaning tests of 'enumeration' (with scraping), 'auth' or 'recon', strongest evidence first."""
        ...

    async def routes(
        self,
        *,
        limit: int = 200,
        scope: Scope = EVERYTHING,
        window_minutes: int = 5,
        at: float = 0.0,
        where: Filter = ANY,
    ) -> Listing[RouteView]:
        """Routes, busiest first. In the scope of clients, what these did there (then `host` is not known)."""
        ...

    async def inventory(self, *, limit: int = 500, scope: Scope = EVERYTHING) -> Listing[InventoryView]:
        """Routes that were asked for, and what OpenAPI files declare though nobody asked for it.

        First those with findings, then what no file declares, what is deprecated and used, the rest by age (newest
        first), and last what nobody asked for.
        """
        ...

    async def groups(
        self,
        shared: Shared,
        window_minutes: int,
        *,
        limit: int = 200,
        scope: Scope = EVERYTHING,
        at: float = 0.0,
    ) -> Listing[GroupView]:
        """Busy clients put together by what they share, the groups with the most requests first.

        Counted are the last 60 minutes of the window at most. Of very many clients the 1,500 busiest are put together.
        """
        ...

    async def together(self, scope: Scope, at: float = 0.0) -> TogetherView:
        """What the clients of a scope did together in the hour up to `at` (0: now), and their 20 commonest agents."""
        ...

    async def points(self, scope: Scope) -> tuple[PointView, ...]:
        """Objects over time of whoever leans towards enumeration or scraping in a scope, by time.

        Of a client (and route), user, alert or route; of its latest 20 principals and parameters, up to 256 objects
        each. Objects count from when the test began to lean, each at its first request.
        """
        ...

    async def tail(self, limit: int = 200, scope: Scope = EVERYTHING) -> TailView:
        """The newest requests that a following collector has seen, newest first."""
        ...

    async def sources(self) -> list[SourceView]:
        """Sources by name."""
        ...

    async def unparsed(self, *, source: str = "", limit: int = 50) -> list[UnparsedView]:
        """The first unparsed lines of one source, or of each."""
        ...

    async def block_entries(self, now: float, *, include_ended: bool = False) -> list[BlockEntry]:
        """The block queue, by network."""
        ...

    async def impact(self, cuts: Sequence[Cut], *, window_minutes: int = 60) -> ImpactView:
        """Who sent such requests in a window that ends with the newest event: whom blocking them would cut off."""
        ...

    async def applications(self, now: float) -> list[Application]:
        """What targets hold of the block queue, as they were last read, by target."""
        ...

    async def blocked_before(self, net: str, now: float) -> int:
        """How many entries of exactly this network have run out: whoever comes back then stays out longer."""
        ...

    async def allowed(self, now: float, *, include_ended: bool = False) -> list[AllowEntry]:
        """The allow-list, oldest first."""
        ...

    async def actions(self, *, limit: int = 200) -> list[ActionView]:
        """What operators did, newest first."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


class Control(Protocol):
    """All that a viewer may write: append-only operator actions, one short transaction each."""

    async def acknowledge(self, alert_id: str, actor: str, note: str, now: float) -> None:
        """Somebody looks after this alert."""
        ...

    async def say(
        self, kind: ActionKind, alert_id: str, actor: str, note: str, now: float, expires: float | None = None
    ) -> None:
        """One of `ALERT_KINDS` about an alert; mute and benign need an expiry."""
        ...

    async def allow(self, target: str, reason: str, actor: str, now: float, expires: float | None) -> str:
        """Let `kind:value` raise no alerts; returns the entry id. The same target again renews it."""
        ...

    async def disallow(self, entry_id: str, actor: str, now: float) -> bool:
        """End an entry of the allow-list; False when there is no such live entry."""
        ...

    async def block(
        self,
        net: str,
        reason: str,
        alert_ids: Sequence[str],
        actor: str,
        now: float,
        expires: float | None,
        condition: str = "",
    ) -> str:
        """Queue a network that the guard has passed; returns the entry id. The same again renews it.

        With another `condition` (see `BlockEntry`) it is another entry.
        """
        ...

    async def unblock(self, entry_id: str, actor: str, now: float) -> bool:
        """Withdraw an entry; False when there is no such live entry."""
        ...

    async def applied(self, target: str, host: str, applications: Sequence[Application], now: float) -> None:
        """Put down what a target of a host holds now, instead of what was put down before."""
        ...

    async def not_applied(self, target: str, host: str, entry_ids: Sequence[str], error: str, now: float) -> None:
        """Put down why entries did not get into a target."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...
