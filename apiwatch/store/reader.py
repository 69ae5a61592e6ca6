"""The SQLite reader: each method is one short read transaction on one long-lived connection."""

from collections.abc import Sequence
from pathlib import Path

from apiwatch.store import day, detail, findings, inventory, listing, points, routing, tail, totals, user
from apiwatch.store.allowing import allow_entries
from apiwatch.store.applying import applications, with_applications
from apiwatch.store.blocks import all_entries, blocked_before, live_entries
from apiwatch.store.boards import WINDOW
from apiwatch.store.filters.terms import ANY, Filter
from apiwatch.store.impact import impact
from apiwatch.store.protocol import Reader
from apiwatch.store.readonly import open_snapshots
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.snapshot import Snapshots
from apiwatch.store.span import span_of
from apiwatch.store.views import (
    ActionView,
    AlertView,
    AllowEntry,
    Application,
    BlockEntry,
    ClientDetail,
    ClientView,
    EvidenceView,
    HealthView,
    ImpactView,
    InventoryView,
    Listing,
    MinuteView,
    Overview,
    PointView,
    Pulse,
    RouteView,
    SourceView,
    SuspectView,
    TailView,
    UnparsedView,
    UserDetail,
)

__all__ = ["SqliteReader", "open_reader"]

_SPARKS = 200

_LINES = 1000
"""Most evidence lines of an alert, the limit of the settings."""


async def open_reader(path: Path, *, migrates: bool = True) -> Reader:
    """Open a state file for reading; with `migrates` an older one is migrated while no collector owns it.

    Raises StoreError when there is none, or when it is not ours, damaged, or cannot be opened by this user;
    StoreVersionError when it is newer than this program, or older and not to be migrated now.
    """
    return SqliteReader(await open_snapshots(path, migrates=migrates))


class SqliteReader:
    """See `apiwatch.store.protocol.Reader`. Every method raises StoreError when the file cannot be read."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._version = -1
        self._past = totals.Past()

    async def changed(self) -> bool:
        """See `Reader.changed`."""
        ((version,),) = await self._snapshots.ask("PRAGMA data_version")
        before, self._version = self._version, version
        return bool(before != version)

    async def pulse(self) -> Pulse:
        """See `Reader.pulse`."""
        return totals.pulse(await self._snapshots.ask(totals.PULSE))

    async def overview(self, window_minutes: int, now: float, at: float = 0.0) -> Overview:
        """See `Reader.overview`."""
        async with self._snapshots.take() as snapshot:
            return await totals.overview(snapshot, window_minutes, now, at, self._past)

    async def span(self) -> tuple[int, int]:
        """See `Reader.span`."""
        async with self._snapshots.take() as snapshot:
            return await day.stored(snapshot)

    async def day(self, at: float = 0.0) -> tuple[MinuteView, ...]:
        """See `Reader.day`."""
        async with self._snapshots.take() as snapshot:
            return await day.day(snapshot, at)

    async def health(self) -> HealthView | None:
        """See `Reader.health`."""
        async with self._snapshots.take() as snapshot:
            return await totals.health(snapshot)

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
        """See `Reader.alerts`."""
        async with self._snapshots.take() as snapshot:
            return await findings.alerts(
                snapshot,
                include_closed=include_closed,
                limit=limit,
                scope=scope,
                at=at,
                window_minutes=window_minutes,
                asked=where,
            )

    async def alert(self, alert_id: str) -> AlertView | None:
        """See `Reader.alert`."""
        async with self._snapshots.take() as snapshot:
            return await findings.alert_by_prefix(snapshot, alert_id)

    async def evidence(self, alert_id: str) -> list[EvidenceView]:
        """See `Reader.evidence`."""
        async with self._snapshots.take() as snapshot:
            return await findings.evidence(snapshot, [alert_id], newest_first=False, limit=_LINES)

    async def notes(self, alert_id: str) -> list[ActionView]:
        """See `Reader.notes`."""
        async with self._snapshots.take() as snapshot:
            return await findings.notes(snapshot, alert_id)

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
        """See `Reader.clients`. The window ends with the minute of the newest event, or of `at`; `now` fades scores.

        Scores fade to `now`, but not beyond the newest event: old logs keep the scores of their end. Raises ValueError
        for another `sort`.
        """
        if sort not in listing.SORTS:
            raise ValueError(f"clients cannot be sorted by {sort!r}")
        async with self._snapshots.take() as snapshot:
            return await listing.listed(snapshot, window_minutes, sort, limit, now, scope, at, where)

    async def client(self, client: str, now: float) -> ClientDetail | None:
        """See `Reader.client`."""
        async with self._snapshots.take() as snapshot:
            return await detail.client_detail(snapshot, client, now)

    async def sparks(self, clients: Sequence[str], at: float = 0.0) -> dict[str, tuple[int, ...]]:
        """See `Reader.sparks`."""
        async with self._snapshots.take() as snapshot:
            return await listing.sparks_of(snapshot, await span_of(snapshot, WINDOW, at), clients[:_SPARKS])

    async def user(self, name: str, now: float) -> UserDetail | None:
        """See `Reader.user`."""
        async with self._snapshots.take() as snapshot:
            return await user.user_detail(snapshot, name, now)

    async def suspects(
        self, family: str, *, limit: int = 200, scope: Scope = EVERYTHING, where: Filter = ANY
    ) -> Listing[SuspectView]:
        """See `Reader.suspects`."""
        async with self._snapshots.take() as snapshot:
            return await findings.suspects(snapshot, family, limit, scope, where)

    async def routes(
        self,
        *,
        limit: int = 200,
        scope: Scope = EVERYTHING,
        window_minutes: int = 5,
        at: float = 0.0,
        where: Filter = ANY,
    ) -> Listing[RouteView]:
        """See `Reader.routes`."""
        async with self._snapshots.take() as snapshot:
            return await routing.routes(snapshot, limit, scope, await span_of(snapshot, window_minutes, at), where)

    async def inventory(self, *, limit: int = 500, scope: Scope = EVERYTHING) -> Listing[InventoryView]:
        """See `Reader.inventory`."""
        async with self._snapshots.take() as snapshot:
            return await inventory.inventory(snapshot, limit, scope)

    async def points(self, scope: Scope) -> tuple[PointView, ...]:
        """See `Reader.points`."""
        async with self._snapshots.take() as snapshot:
            return await points.points(snapshot, scope)

    async def tail(self, limit: int = 200, scope: Scope = EVERYTHING) -> TailView:
        """See `Reader.tail`."""
        async with self._snapshots.take() as snapshot:
            return await tail.tail(snapshot, limit, scope)

    async def sources(self) -> list[SourceView]:
        """See `Reader.sources`."""
        async with self._snapshots.take() as snapshot:
            return await totals.sources(snapshot)

    async def unparsed(self, *, source: str = "", limit: int = 50) -> list[UnparsedView]:
        """See `Reader.unparsed`."""
        async with self._snapshots.take() as snapshot:
            return await totals.unparsed(snapshot, source, limit)

    async def block_entries(self, now: float, *, include_ended: bool = False) -> list[BlockEntry]:
        """See `Reader.block_entries`."""
        async with self._snapshots.take() as snapshot:
            found = await (all_entries if include_ended else live_entries)(snapshot, now)
            return await with_applications(snapshot, found, now)

    async def applications(self, now: float) -> list[Application]:
        """See `Reader.applications`."""
        async with self._snapshots.take() as snapshot:
            return await applications(snapshot, now)

    async def blocked_before(self, net: str, now: float) -> int:
        """See `Reader.blocked_before`."""
        async with self._snapshots.take() as snapshot:
            return await blocked_before(snapshot, net, now)

    async def impact(self, nets: Sequence[str], *, window_minutes: int = 60) -> ImpactView:
        """See `Reader.impact`."""
        async with self._snapshots.take() as snapshot:
            return await impact(snapshot, nets, window_minutes)

    async def allowed(self, now: float, *, include_ended: bool = False) -> list[AllowEntry]:
        """See `Reader.allowed`."""
        async with self._snapshots.take() as snapshot:
            health = await totals.health(snapshot)
            counts = health.allowed if health is not None else {}
            return await allow_entries(snapshot, now, counts, include_ended=include_ended)

    async def actions(self, *, limit: int = 200) -> list[ActionView]:
        """See `Reader.actions`."""
        async with self._snapshots.take() as snapshot:
            found = await snapshot.rows(
                "SELECT id, time, actor, kind, subject, expires, note FROM actions ORDER BY seq DESC LIMIT ?", (limit,)
            )
        return [ActionView(*row) for row in found]

    async def close(self) -> None:
        """See `Reader.close`."""
        await self._snapshots.close()
