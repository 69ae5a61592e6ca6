"""The engine as its callers see it: `feed`, `advance`, `take`, `health`, `snapshot` and `restore`."""

from collections.abc import Iterable

import msgspec

from apiwatch.config import Settings
from apiwatch.detect.alerts import AlertState
from apiwatch.detect.auth import Account
from apiwatch.detect.desk import Desk
from apiwatch.detect.inventory.track import Inventory
from apiwatch.detect.kit import DAY
from apiwatch.detect.state import Principal, RouteState
from apiwatch.engine.clients import Client, client_rows, flush_minutes
from apiwatch.engine.clock import LATE_MINUTES
from apiwatch.engine.latest import Latest
from apiwatch.engine.learning import Learning
from apiwatch.engine.notes import route_notes
from apiwatch.engine.routeminutes import changed_minutes
from apiwatch.engine.rows import minute_row, route_row, source_row, suspect_rows
from apiwatch.engine.state import VERSION, Globals, Journal, SourceState
from apiwatch.engine.twins import Second
from apiwatch.errors import StoreVersionError
from apiwatch.model import (
    Alert,
    ClientFacetRow,
    ClientMinuteRow,
    ClientRouteRow,
    ClientRow,
    DeclaredRow,
    Delta,
    Health,
    LineRow,
    MinuteRow,
    PointsRow,
    RouteMinuteRow,
    RouteRow,
    SourceRow,
    StateRow,
    SuspectRow,
)
from apiwatch.routes import Route, Specification, TreeState

__all__ = ["Engine"]

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.decode
_JOURNAL_BYTES = 65_536

_REST_S, _SHORT_REST_S = 600.0, 60.0
"""Seconds without a request after which a client or principal rests; the shorter time when many are awake."""
_AWAKE = 10_000
_REST_STEP_S = 30.0

_Blobs = dict[str, list[tuple[str, bytes]]]


class _Pieces:
    """Pieces of state that one take writes; none of them when they are not kept."""

    def __init__(self, kept: bool) -> None:
        self.kept = kept
        self.rows: list[StateRow] = []

    def put(self, key: str, piece: object) -> None:
        if self.kept:
            self.rows.append(StateRow(key, _encode(piece)))

    def drop(self, keys: Iterable[str]) -> None:
        """Delete pieces, but not those that were just written."""
        if self.kept:
            written = {row.key for row in self.rows}
            self.rows.extend(StateRow(key, None) for key in dict.fromkeys(keys) if key not in written)


class Engine(Learning):
    """One shard's engine; synchronous, deterministic, single-threaded."""

    def __init__(self, settings: Settings, *, salt: bytes = b"", specification: Specification | None = None) -> None:
        """`specification` is what the OpenAPI files of the settings say; the engine itself reads no file."""
        super().__init__(settings)
        self.globals.salt = salt
        self._rest_at = 0.0
        """Event time from which on it is worth while to look for those who may rest."""
        self._told_declared = False
        """Whether a delta held what the OpenAPI files declare."""
        if specification is not None:
            self.routes.specify(specification)

    @property
    def pending(self) -> int:
        """Clients and principals whose rows wait for the next take; memory grows with them."""
        return (
            len(self.dirty_clients)
            + len(self.evicted_clients)
            + len(self.dirty_principals)
            + len(self.evicted_principals)
        )

    @property
    def has_news(self) -> bool:
        """Whether an alert was opened or changed since the last take."""
        return bool(self.book.events)

    def show_lines(self, limit: int) -> None:
        """Put up to `limit` of the newest requests into each delta from now on."""
        self.latest = Latest(limit, self._requests_read())

    def take(self, *, with_state: bool = True, with_lines: bool = True) -> Delta:
        """Everything that changed since the last call, as rows with absolute values.

        Without state the rows are all there, but no later engine can continue from what is stored. Without lines the
        newest requests wait for a later call.
        """
        state = _Pieces(with_state)
        clients: list[ClientRow] = []
        minutes, self.closed_minutes = self.closed_minutes, []
        client_routes: list[ClientRouteRow] = []
        facets: list[ClientFacetRow] = []
        self._take_clients(state, clients, minutes, client_routes, facets)
        points: list[PointsRow] = []
        suspects = self._take_suspects(state, points)
        route_minutes, self.closed_route_minutes = self.closed_route_minutes, []
        routes = self._take_routes(state, route_minutes)
        for account in self.changed_accounts():
            state.put(f"u/{account.user}", account)
        alerts = self._take_alerts(state)
        deleted, self.deleted = self.deleted, []
        minute_rows = self._take_minutes(state)
        sources = self._take_sources(state)
        self._take_twins(state)
        self._take_tables(state)
        if self.routes.changed:
            self.routes.changed = False
            state.put("t", self.routes.state)
        if self.inventory_changed:
            self.inventory_changed = False
            state.put("i", self.inventory)
        state.put("e", self._globals())
        if self.desk.dirty:
            self.desk.dirty = False
            state.put("d", self.desk)
        state.drop(deleted)
        events, self.book.events = self.book.events, []
        evidence, self.book.evidence = list(self.book.evidence.values()), {}
        unparsed, self.unparsed = self.unparsed, []
        self._rest()
        lines: list[LineRow] = []
        seen = 0
        if self.latest is not None and with_lines:
            lines, seen = self.latest.take(self._requests_read())
        return Delta(
            clients=clients,
            client_minutes=minutes,
            client_routes=client_routes,
            client_facets=facets,
            minutes=minute_rows,
            routes=routes,
            suspects=suspects,
            alerts=alerts,
            events=events,
            evidence=evidence,
            sources=sources,
            unparsed=unparsed,
            state=state.rows,
            health=self.health(),
            route_minutes=route_minutes,
            points=points,
            declared=self._take_declared(),
            lines=lines,
            lines_seen=seen,
        )

    def health(self) -> Health:
        """The bounds, and how full they are."""
        state, limits = self._globals(), self.settings.limits
        return Health(
            watermark=state.watermark,
            clients=len(self.clients),
            clients_limit=limits.clients,
            clients_evicted=state.clients_evicted,
            principals=len(self.principals),
            principals_limit=limits.principals,
            principals_evicted=state.principals_evicted,
            routes=len(self.routes),
            routes_limit=limits.routes,
            routes_refused=state.routes_refused,
            objects=state.objects,
            objects_limit=limits.objects,
            objects_forgotten=state.objects_forgotten,
            alerts_open=self.book.open_count(),
            alerts_limit=limits.alerts,
            alerts_refused=state.alerts_refused,
            evidence_limit=limits.evidence_lines,
            clamped=state.clamped,
            notified=self.desk.notified,
            withheld=self.desk.withheld,
            allowed={entry: (len(rule.alerts), rule.signals) for entry, rule in self.desk.rules.items()},
        )

    def snapshot(self) -> list[StateRow]:
        """The whole state, from which `restore` continues exactly; takes nothing away from the next `take`.

        Rows that were not taken yet are not part of it: a snapshot belongs behind a `take`.
        """
        rows = [StateRow(f"c/{address}", blob) for address, blob in self.clients.encoded()]
        rows += [StateRow(f"p/{key}", blob) for key, blob in self.principals.encoded()]
        rows += [StateRow(f"r/{route.route.id}", _encode(route)) for route in self.route_states.values()]
        rows += [StateRow(f"u/{account.user}", _encode(account)) for account in self.accounts.values()]
        rows += [StateRow(f"a/{row.key}", _encode(row)) for row in self.book.rows.values()]
        rows += [StateRow(f"m/{minute}", _encode(counts)) for minute, counts in self.minutes.items()]
        rows += [StateRow(f"o/{key}/full", _encode((table.old, table.young))) for key, table in self.popularity.items()]
        for source in self.sources.values():
            source.parser = self.parser(source.name).state()
            rows.append(StateRow(f"s/{source.name}", _encode(source)))
        rows += [StateRow(f"w/{second}", _encode(known)) for second, known in self.twins.seconds.items()]
        rows.append(StateRow("t", _encode(self.routes.state)))
        rows.append(StateRow("i", _encode(self.inventory)))
        rows.append(StateRow("e", _encode(self._globals())))
        rows.append(StateRow("d", _encode(self.desk)))
        return rows

    def restore(self, state: Iterable[StateRow]) -> None:
        """Continue from stored state, on a new engine. Raises StoreVersionError for state of another engine version."""
        by_kind: _Blobs = {}
        for key, blob in state:
            if blob is not None:
                kind, _, rest = key.partition("/")
                by_kind.setdefault(kind, []).append((rest, blob))
        if not by_kind:
            return
        self._restore_globals(by_kind)
        self._restore_routes(by_kind)
        for _, blob in by_kind.get("i", ()):
            self.inventory = _decode(blob, type=Inventory)
        for _, blob in by_kind.get("c", ()):
            client = _decode(blob, type=Client)
            client.dirty = False
            self.clients[client.address] = client
        for _, blob in by_kind.get("p", ()):
            principal = _decode(blob, type=Principal)
            principal.dirty = False
            self.principals[principal.key] = principal
        for _, blob in by_kind.get("u", ()):
            self.restore_account(_decode(blob, type=Account))
        self.reactivate()
        for _, blob in by_kind.get("a", ()):
            row = _decode(blob, type=AlertState)
            row.dirty = False
            if row.told_severity < 0 and row.told_count:
                row.told_severity = row.severity
            self.book.rows[row.key] = row
        for _, blob in by_kind.get("d", ()):
            desk = _decode(blob, type=Desk)
            desk.dirty = False
            self.use_desk(desk)
        for rest, blob in by_kind.get("m", ()):
            self.minutes[int(rest)] = _decode(blob, type=list[int])
        for _, blob in by_kind.get("s", ()):
            source = _decode(blob, type=SourceState)
            source.dirty = False
            source.peers.believe(self.proxies)
            self.sources[source.name] = source
            if source.parser:
                self.parser(source.name).restore(source.parser)
        for rest, blob in by_kind.get("w", ()):
            self.twins.restore(int(rest), _decode(blob, type=Second))
        self._restore_tables(by_kind)
        self.resume()

    def _restore_globals(self, by_kind: _Blobs) -> None:
        for _, blob in by_kind.get("e", ()):
            version = _decode(blob)["version"]
            if version != VERSION:
                raise StoreVersionError(
                    f"the state was written by engine version {version}, this program has version {VERSION}: "
                    "use another state file and replay the log"
                )
            self.globals = _decode(blob, type=Globals)
        self.book.refused = self.globals.alerts_refused
        self.routes.refused = self.globals.routes_refused
        self.first_minute = int(self.globals.watermark) // 60 - LATE_MINUTES
        self.day_start = self.globals.watermark // DAY * DAY

    def _restore_routes(self, by_kind: _Blobs) -> None:
        routes: list[Route] = []
        for _, blob in by_kind.get("r", ()):
            found = _decode(blob, type=RouteState)
            found.dirty = False
            routes.append(found.route)
            self.route_states[found.route.id] = found
            for param in found.params.values():
                self.params[param.key] = param
                self.owners[param.key] = found
                self.popularity_of(param.key)
        tree = TreeState()
        for _, blob in by_kind.get("t", ()):
            tree = _decode(blob, type=TreeState)
        self.routes.restore(tree, routes)

    def _restore_tables(self, by_kind: _Blobs) -> None:
        journals: dict[int, list[tuple[int, bytes]]] = {}
        for rest, blob in by_kind.get("o", ()):
            table, _, part = rest.partition("/")
            key = int(table)
            if part == "full":
                self.popularity_of(key).load(blob)
                self.journals[key].full = True
            else:
                journals.setdefault(key, []).append((int(part), blob))
        for key, changes in journals.items():
            popularity, journal = self.popularity_of(key), self.journals[key]
            for number, blob in sorted(changes):
                popularity.replay(blob)
                journal.sequence = number + 1
                journal.size += len(blob)

    def _requests_read(self) -> int:
        return sum(source.requests for source in self.sources.values())

    def _globals(self) -> Globals:
        self.globals.routes_refused = self.routes.refused
        self.globals.alerts_refused = self.book.refused
        return self.globals

    def _take_clients(
        self,
        state: _Pieces,
        clients: list[ClientRow],
        minutes: list[ClientMinuteRow],
        routes: list[ClientRouteRow],
        facets: list[ClientFacetRow],
    ) -> None:
        limit = self.settings.limits.facets_per_client
        for client in self.evicted_clients:
            client_rows(client, limit, clients, minutes, routes, facets)
        for client in self.dirty_clients:
            if client.dirty and self.clients.awake.get(client.address) is client:
                client_rows(client, limit, clients, minutes, routes, facets)
                client.dirty = False
                state.put(f"c/{client.address}", client)
        self.dirty_clients, self.evicted_clients = [], []

    def _take_suspects(self, state: _Pieces, points: list[PointsRow]) -> list[SuspectRow]:
        suspects: list[SuspectRow] = []
        detectors = self.settings.detectors
        for principal in self.evicted_principals:
            suspects += suspect_rows(principal, detectors, self._route_of, self._param_of, points)
        for principal in self.dirty_principals:
            if principal.dirty and self.principals.awake.get(principal.key) is principal:
                suspects += suspect_rows(principal, detectors, self._route_of, self._param_of, points)
                principal.dirty = False
                state.put(f"p/{principal.key}", principal)
        self.dirty_principals, self.evicted_principals = [], []
        if self.desk.learning:
            points.clear()
            return []
        return suspects

    def _rest(self) -> None:
        """Let those rest that have been quiet for a while: nothing of them waits for a take any more."""
        now, clients, principals = self.globals.watermark, self.clients, self.principals
        if now < self._rest_at:
            return
        self._rest_at = now + _REST_STEP_S
        crowded = len(clients.awake) + len(principals.awake) > _AWAKE
        before = now - (_SHORT_REST_S if crowded else _REST_S)
        clients.rest(before, self._may_rest)
        principals.rest(before, _is_told)

    def _may_rest(self, client: Client) -> bool:
        """Whether nobody holds on to a client."""
        if client.turn == self.globals.turn or client.address in self.watched:
            return False
        flush_minutes(client, self.first_minute, self.closed_minutes)
        return True

    def _route_of(self, route_id: int) -> Route | None:
        found = self.route_states.get(route_id) or self.forgotten_routes.get(route_id)
        return None if found is None else found.route

    def _param_of(self, key: int) -> tuple[Route, str] | None:
        if key in self.params:
            return self.owners[key].route, self.params[key].name
        found = self.forgotten_params.get(key)
        return None if found is None else (found[0].route, found[1].name)

    def _take_routes(self, state: _Pieces, minutes: list[RouteMinuteRow]) -> list[RouteRow]:
        rows = [self._route_row(found) for found in self.forgotten_routes.values() if found.dirty]
        self.forgotten_routes, self.forgotten_params = {}, {}
        for found in self.dirty_routes:
            if found.dirty and self.route_states.get(found.route.id) is found:
                found.dirty = False
                rows.append(self._route_row(found))
                changed_minutes(found, minutes)
                state.put(f"r/{found.route.id}", found)
        self.dirty_routes = []
        return rows

    def _route_row(self, found: RouteState) -> RouteRow:
        tests = self.share_tests[found.route.is_login]
        notes = route_notes(found, tests, self.settings.detectors)
        return route_row(found, notes, self.routes.specification)

    def _take_declared(self) -> list[DeclaredRow] | None:
        if self._told_declared:
            return None
        self._told_declared = True
        declared = self.routes.specification.declared()
        return [DeclaredRow(host, label, int(operation.deprecated)) for host, label, operation in declared]

    def _take_alerts(self, state: _Pieces) -> list[Alert]:
        book = self.book
        alerts = [book.alert(row) for row in book.dropped if row.dirty]
        self.deleted.extend(f"a/{row.key}" for row in book.dropped)
        book.dropped = []
        for row in book.rows.values():
            if row.dirty:
                row.dirty = False
                alerts.append(book.alert(row))
                state.put(f"a/{row.key}", row)
        return alerts

    def _take_minutes(self, state: _Pieces) -> list[MinuteRow]:
        rows = [minute_row(minute, counts) for minute, counts in self.closed_totals.items()]
        self.closed_totals = {}
        for minute, counts in self.minutes.items():
            if counts[-1]:
                counts[-1] = 0
                rows.append(minute_row(minute, counts))
                state.put(f"m/{minute}", counts)
        return rows

    def _take_sources(self, state: _Pieces) -> list[SourceRow]:
        rows: list[SourceRow] = []
        for source in self.sources.values():
            if source.dirty:
                source.dirty = False
                source.parser = self.parser(source.name).state()
                rows.append(source_row(source))
                state.put(f"s/{source.name}", source)
        return rows

    def _take_twins(self, state: _Pieces) -> None:
        twins = self.twins
        state.drop(f"w/{second}" for second in twins.gone if second not in twins.seconds)
        for second in sorted(twins.dirty):
            state.put(f"w/{second}", twins.seconds[second])
        twins.dirty.clear()
        twins.gone.clear()

    def _take_tables(self, state: _Pieces) -> None:
        """Write large tables as changes, and anew when the changes outgrow them."""
        if not state.kept:
            for table in self.popularity.values():
                table.changes.clear()
                table.rotated = False
            return
        for key, table in self.popularity.items():
            if not table.changes and not table.rotated:
                continue
            journal = self.journals[key]
            if table.rotated or journal.size > max(_JOURNAL_BYTES, 12 * len(table)):
                old = [name for name in journal.keys(key) if name != f"o/{key}/full"]
                state.drop(old)
                state.rows.append(StateRow(f"o/{key}/full", table.dump()))
                self.journals[key] = Journal(full=True)
            elif (blob := table.take_changes()) is not None:
                state.rows.append(StateRow(f"o/{key}/{journal.sequence}", blob))
                journal.sequence += 1
                journal.size += len(blob)


def _is_told(principal: Principal) -> bool:
    """Whether a principal has no log-ins whose answers are still compared with those of others."""
    return all(track.size < 0 for track in principal.log_ins.values())
