"""The SQLite reader: each method is one short read transaction on one long-lived connection."""

from collections.abc import Sequence
from pathlib import Path

from apiwatch.store import day, detail, findings, inventory, listing, points, routing, tail, totals, user
from apiwatch.store.allowing import allow_entries
from apiwatch.store.applying import applications, with_applications
from apiwatch.store.blocks import all_entries, blocked_before, live_entries
from apiwatch.store.boards import WINDOW
from apiwatch.store.filters.terms import ANY, Filter
from apiwatch.store.grouping import groups
from apiwatch.store.impact import impact
from apiwatch.store.protocol import Reader
from apiwatch.store.readonly import open_snapshots
from apiwatch.store.scope import EVERYTHING, Scope
from apiwatch.store.snapshot import Snapshot, Snapshots
from apiwatch.store.span import span_of
from apiwatch.store.together import together
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

__all__ = ["SqliteReader", "open_reader"]

_SPARKS = 200

_LINES = 1_050
"""Most evidence lines of an alert: the limit of the settings, and those in which somebody got in."""


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
        return await self._snapshots.read(
            lambda snapshot: totals.overview(snapshot, window_minutes, now, at, self._past)
        )

    async def span(self) -> tuple[int, int]:
        """See `Reader.span`."""
        return await self._snapshots.read(day.stored)

    async def day(self, at: float = 0.0) -> tuple[MinuteView, ...]:
        """See `Reader.day`."""
        return await self._snapshots.read(lambda snapshot: day.day(snapshot, at))

    async def health(self) -> HealthView | None:
        """See `Reader.health`."""
        return await self._snapshots.read(totals.health)

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
        return await self._snapshots.read(
            lambda snapshot: findings.alerts(
                snapshot,
                include_closed=include_closed,
                limit=limit,
                scope=scope,
                at=at,
                window_minutes=window_minutes,
                asked=where,
            )
        )

    async def alert(self, alert_id: str) -> AlertView | None:
        """See `Reader.alert`."""
        return await self._snapshots.read(lambda snapshot: findings.alert_by_prefix(snapshot, alert_id))

    async def evidence(self, alert_id: str) -> list[EvidenceView]:
        """See `Reader.evidence`."""
        return await self._snapshots.read(
            lambda snapshot: findings.evidence(snapshot, [alert_id], newest_first=False, limit=_LINES)
        )

    async def notes(self, alert_id: str) -> list[ActionView]:
        """See `Reader.notes`."""
        return await self._snapshots.read(lambda snapshot: findings.notes(snapshot, alert_id))

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
        return await self._snapshots.read(
            lambda snapshot: listing.listed(snapshot, window_minutes, sort, limit, now, scope, at, where)
        )

    async def client(self, client: str, now: float) -> ClientDetail | None:
        """See `Reader.client`."""
        return await self._snapshots.read(lambda snapshot: detail.client_detail(snapshot, client, now))

    async def sparks(self, clients: Sequence[str], at: float = 0.0) -> dict[str, tuple[int, ...]]:
        """See `Reader.sparks`."""
        return await self._snapshots.read(
            lambda snapshot: listing.sparks_of(snapshot, span_of(snapshot, WINDOW, at), clients[:_SPARKS])
        )

    async def user(self, name: str, now: float) -> UserDetail | None:
        """See `Reader.user`."""
        return await self._snapshots.read(lambda snapshot: user.user_detail(snapshot, name, now))

    async def suspects(
        self, family: str, *, limit: int = 200, scope: Scope = EVERYTHING, where: Filter = ANY
    ) -> Listing[SuspectView]:
        """See `Reader.suspects`."""
        return await self._snapshots.read(lambda snapshot: findings.suspects(snapshot, family, limit, scope, where))

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
        return await self._snapshots.read(
            lambda snapshot: routing.routes(snapshot, limit, scope, span_of(snapshot, window_minutes, at), where)
        )

    async def inventory(self, *, limit: int = 500, scope: Scope = EVERYTHING) -> Listing[InventoryView]:
        """See `Reader.inventory`."""
        return await self._snapshots.read(lambda snapshot: inventory.inventory(snapshot, limit, scope))

    async def groups(
        self,
        shared: Shared,
        window_minutes: int,
        *,
        limit: int = 200,
        scope: Scope = EVERYTHING,
        at: float = 0.0,
    ) -> Listing[GroupView]:
        """See `Reader.groups`."""
        return await self._snapshots.read(lambda snapshot: groups(snapshot, shared, window_minutes, limit, scope, at))

    async def together(self, scope: Scope, at: float = 0.0) -> TogetherView:
        """See `Reader.together`."""
        return await self._snapshots.read(lambda snapshot: together(snapshot, scope, at))

    async def points(self, scope: Scope) -> tuple[PointView, ...]:
        """See `Reader.points`."""
        return await self._snapshots.read(lambda snapshot: points.points(snapshot, scope))

    async def tail(self, limit: int = 200, scope: Scope = EVERYTHING) -> TailView:
        """See `Reader.tail`."""
        return await self._snapshots.read(lambda snapshot: tail.tail(snapshot, limit, scope))

    async def sources(self) -> list[SourceView]:
        """See `Reader.sources`."""
        return await self._snapshots.read(totals.sources)

    async def unparsed(self, *, source: str = "", limit: int = 50) -> list[UnparsedView]:
        """See `Reader.unparsed`."""
        return await self._snapshots.read(lambda snapshot: totals.unparsed(snapshot, source, limit))

    async def block_entries(self, now: float, *, include_ended: bool = False) -> list[BlockEntry]:
        """See `Reader.block_entries`."""
        entries = all_entries if include_ended else live_entries
        return await self._snapshots.read(lambda snapshot: with_applications(snapshot, entries(snapshot, now), now))

    async def applications(self, now: float) -> list[Application]:
        """See `Reader.applications`."""
        return await self._snapshots.read(lambda snapshot: applications(snapshot, now))

    async def blocked_before(self, net: str, now: float) -> int:
        """See `Reader.blocked_before`."""
        return await self._snapshots.read(lambda snapshot: blocked_before(snapshot, net, now))

    async def impact(self, cuts: Sequence[Cut], *, window_minutes: int = 60) -> ImpactView:
        """See `Reader.impact`."""
        return await self._snapshots.read(lambda snapshot: impact(snapshot, cuts, window_minutes))

    async def allowed(self, now: float, *, include_ended: bool = False) -> list[AllowEntry]:
        """See `Reader.allowed`."""

        def ask(snapshot: Snapshot) -> list[AllowEntry]:
            health = totals.health(snapshot)
            counts = health.allowed if health is not None else {}
            return allow_entries(snapshot, now, counts, include_ended=include_ended)

        return await self._snapshots.read(ask)

    async def actions(self, *, limit: int = 200) -> list[ActionView]:
        """See `Reader.actions`."""
        asked = "SELECT id, time, actor, kind, subject, expires, note, condition FROM actions ORDER BY seq DESC LIMIT ?"
        found = await self._snapshots.read(lambda snapshot: snapshot.rows(asked, (limit,)))
        return [ActionView(*row) for row in found]

    async def close(self) -> None:
        """See `Reader.close`."""
        await self._snapshots.close()
