"""What the engine remembers, and its bounds: who is admitted, and who is forgotten when there is no room."""

from operator import attrgetter

from apiwatch.config import Settings
from apiwatch.detect import DETECTORS
from apiwatch.detect.alerts import AlertBook
from apiwatch.detect.desk import Desk
from apiwatch.detect.popularity import Popularity
from apiwatch.detect.state import ParamState, Principal, RouteState
from apiwatch.engine.clients import OTHER, Client
from apiwatch.engine.principals import network_key
from apiwatch.engine.resting import Table
from apiwatch.engine.routeminutes import changed_minutes
from apiwatch.engine.state import Globals, Journal, SourceState
from apiwatch.model import ClientMinuteRow, Request, RouteMinuteRow, UnparsedRow
from apiwatch.routes import Route, Routes

__all__ = ["TARGETS", "Memory"]

TARGETS = 0
"""Key of the popularity of unknown targets."""

_EVICTED_SHARE = 10
_PARAMS_PER_ROUTE = 32
_FLOOD_RATE = 100.0
"""New clients per second, while older ones are evicted for them, that are a flood."""
_FLOOD_S = 60.0


class Memory:
    """The state of one shard with its limits; what is `dirty`, `evicted` or `forgotten` waits for the next `take`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        limits = settings.limits
        self.globals = Globals()
        self.clients: Table[Client] = Table(Client, attrgetter("score"))
        self.principals: Table[Principal] = Table(Principal, _weight)
        self.routes = Routes(limits.routes, settings.routes.pin, settings.routes.forbid)
        self.route_states: dict[int, RouteState] = {}
        self.params: dict[int, ParamState] = {}
        self.owners: dict[int, RouteState] = {}
        """Param key -> the route that it belongs to."""
        self.popularity: dict[int, Popularity] = {}
        self.journals: dict[int, Journal] = {}
        self.sources: dict[str, SourceState] = {}
        self.minutes: dict[int, list[int]] = {}
        """Minute -> requests by status class (others, 1xx .. 5xx) and outcome, bytes, and whether it changed."""
        self.desk = Desk()
        """What operators said."""
        self.book = AlertBook(limits.alerts, limits.evidence_lines, DETECTORS, settings.alerts, self.desk)
        self.dirty_clients: list[Client] = []
        self.dirty_principals: list[Principal] = []
        self.dirty_routes: list[RouteState] = []
        self.closed_minutes: list[ClientMinuteRow] = []
        self.closed_route_minutes: list[RouteMinuteRow] = []
        """Of minutes that were closed, and of routes that were forgotten."""
        self.closed_totals: dict[int, list[int]] = {}
        self.evicted_clients: list[Client] = []
        """Evicted ones whose latest counts are not written yet; so are `evicted_principals`."""
        self.evicted_principals: list[Principal] = []
        self.forgotten_routes: dict[int, RouteState] = {}
        """Routes that left the table since the last take, by id."""
        self.forgotten_params: dict[int, tuple[RouteState, ParamState]] = {}
        """Parameters of these routes, by key."""
        self.unparsed: list[UnparsedRow] = []
        self.deleted: list[str] = []
        """Keys of state that is to be deleted."""

    def touch_client(self, client: Client) -> None:
        """Have its state and rows written."""
        if not client.dirty:
            client.dirty = True
            self.dirty_clients.append(client)

    def touch_principal(self, principal: Principal) -> None:
        """Have its state and rows written."""
        if not principal.dirty:
            principal.dirty = True
            self.dirty_principals.append(principal)

    def touch_route(self, route: RouteState) -> None:
        """Have its state and row written."""
        if not route.dirty:
            route.dirty = True
            self.dirty_routes.append(route)

    def add_client(self, address: str, request: Request, time: float) -> Client:
        """A new client; at the limit a tenth of them is evicted first, those with a score last."""
        limit = self.settings.limits.clients
        state = self.globals
        if len(self.clients) >= limit:
            self._evict_clients(self.clients.least(max(1, limit // _EVICTED_SHARE)), time)
        key, kind = network_key(address)
        client = self.clients[address] = Client(address, state.part, key, kind, time, time, request.peer)
        client.brief = time < state.flood_until
        return client

    def _evict_clients(self, addresses: list[str], time: float) -> None:
        """Forget clients; when as many come in so short a time as only a flood brings, note that."""
        state = self.globals
        state.part += 1
        for address in addresses:
            self.deleted.append(f"c/{address}")
            changed = self.clients.forget(address)
            if changed is not None:
                self.evicted_clients.append(changed)
        state.clients_evicted += len(addresses)
        if len(addresses) >= _FLOOD_RATE * (time - state.evicted_at):
            state.flood_until = time + _FLOOD_S
        state.evicted_at = time

    def add_principal(self, key: str, kind: str, time: float, client: str) -> Principal:
        """A new principal; at the limit a tenth of them is evicted first, suspicious and alerted ones last."""
        limit = self.settings.limits.principals
        if len(self.principals) >= limit:
            least = self.principals.least(max(1, limit // _EVICTED_SHARE))
            self.globals.principals_evicted += len(least)
            for evicted in least:
                self.deleted.append(f"p/{evicted}")
                changed = self.principals.forget(evicted)
                if changed is not None:
                    self.evicted_principals.append(changed)
        self.globals.next_principal += 1
        principal = self.principals[key] = Principal(self.globals.next_principal, key, kind, time, time, client)
        if kind == "nat" and (shared := self.clients.get(client)) is not None:
            shared.voter = shared.voter or key
            principal.silent = shared.voter != key
        self.touch_principal(principal)
        return principal

    def add_route(self, route: Route) -> RouteState:
        """The state of a route that was learned now; routes that gave way to it are dropped."""
        found = self.route_states[route.id] = RouteState(route)
        for forgotten in self.routes.forgotten:
            self.deleted.append(f"r/{forgotten}")
            gone = self.route_states.pop(forgotten, None)
            if gone is None:
                continue
            self.forgotten_routes[forgotten] = gone
            changed_minutes(gone, self.closed_route_minutes)
            for param in gone.params.values():
                self._drop_param(gone, param)
        self.routes.forgotten.clear()
        return found

    def add_param(self, route: RouteState, name: str) -> ParamState | None:
        """The state of a new parameter of a route; None when the route has too many already."""
        if len(route.params) >= _PARAMS_PER_ROUTE:
            return None
        self.globals.next_param += 1
        key = self.globals.next_param
        found = route.params[name] = self.params[key] = ParamState(key, name)
        self.owners[key] = route
        self.popularity_of(key)
        return found

    def _drop_param(self, route: RouteState, param: ParamState) -> None:
        key = param.key
        del self.params[key]
        del self.owners[key]
        self.forgotten_params[key] = route, param
        for table in (key, -key):
            if table in self.popularity:
                self.globals.objects -= len(self.popularity.pop(table))
                self.deleted.extend(self.journals.pop(table).keys(table))

    def popularity_of(self, key: int) -> Popularity:
        """The table of visitors of one parameter or of the unknown targets; minus its key: of the owners there."""
        found = self.popularity.get(key)
        if found is None:
            found = self.popularity[key] = Popularity()
            self.journals[key] = Journal()
        return found

    def remembered(self, popularity: Popularity) -> None:
        """An object was seen for the first time; above the limit the largest tables forget their older half."""
        limit = self.settings.limits.objects
        state = self.globals
        state.objects += 1
        if len(popularity.young) > limit // 4:
            self.forget_older(popularity)
        while state.objects > limit:
            self.forget_older(self.popularity[max(self.popularity, key=self._table_order)])

    def _table_order(self, key: int) -> tuple[int, int]:
        return len(self.popularity[key]), key

    def forget_older(self, popularity: Popularity) -> None:
        """Make the younger generation of objects the older one."""
        forgotten = popularity.rotate()
        self.globals.objects -= forgotten
        self.globals.objects_forgotten += forgotten

    def add_client_route(self, client: Client, label: str) -> list[int]:
        """The counters of a client on a route; above the limit the routes share one."""
        if len(client.routes) >= self.settings.limits.routes_per_client:
            label = OTHER
        return client.routes.setdefault(label, [0] * 10)


def _weight(principal: Principal) -> int:
    """How much would be lost with a principal: 0 nothing, 1 a suspicion, 2 an open alert."""
    return 2 if principal.alerts else 1 if principal.listed else 0
