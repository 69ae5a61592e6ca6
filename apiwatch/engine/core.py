"""The engine's way of one request: Requests in, counters and verdicts out.

Pure: event time only, no clock, no I/O, no globals. The same input gives the same alerts and rows in any batch cuts,
live or in replay, and after snapshot and restore at any point. For that every decision depends on single lines in their
order, never on where a batch or a `take` falls.
"""

from apiwatch.config import Settings
from apiwatch.detect.outcome import BY_STATUS, DENSE, SPARSE, learn_size, refine
from apiwatch.detect.recon.fuzzing import UNKNOWN_STATUS, tried
from apiwatch.detect.recon.looking import TargetLook
from apiwatch.detect.recon.verbs import NEUTRAL as PLAIN_VERBS
from apiwatch.detect.state import Principal, RouteState
from apiwatch.engine.amounts import Amounts
from apiwatch.engine.clients import BYTES, CHANGED, LAST, Client, count_run, flush_minutes
from apiwatch.engine.clock import LATE_MINUTES
from apiwatch.engine.flows import Flows
from apiwatch.engine.inventory import InventoryVerdicts
from apiwatch.engine.latest import Latest
from apiwatch.engine.peers import BLOCK, Proxies
from apiwatch.engine.populations import SLOT
from apiwatch.engine.principals import ADMITTED, agent_family, mark_mixed, network_principal
from apiwatch.engine.routeminutes import duration_place
from apiwatch.engine.rows import MINUTE_BYTES
from apiwatch.engine.state import SourceState
from apiwatch.engine.twins import ALONE, Twins
from apiwatch.formats import LineParser, Unparsed, line_parser
from apiwatch.model import Auth, Batch, Outcome, Request, UnparsedRow
from apiwatch.routes import Param, holds_no_object, query_params
from apiwatch.routes.personal import is_personal

__all__ = ["FUTURE", "EngineCore"]

OK, DENY, NEUTRAL = int(Outcome.OK), int(Outcome.DENY), int(Outcome.NEUTRAL)
_ANSWERED = (True, False, True, False, True, False)
"""By outcome: whether it may teach a route (ok, deny, err)."""

FUTURE = 60.0
"""Seconds that an event time may lie after the time of receipt."""

_UNPARSED_KEPT = 20
"""Unparsed lines kept per source."""

_PRINCIPALS_PER_ROUTE = 300
_NO_PARAMS: tuple[Param, ...] = ()
_MAX_BYTES = 1 << 50
_AGENTS_KEPT = 10_000
_NO_METHOD = frozenset({405, 501})
_UNNAMED = frozenset({401, 407})
"""Answers that do not confirm the user or token of a request."""

_SIGHTS_KEPT = 20_000
_LONGEST_SIGHT = 512
"""Characters of a target that is remembered."""

Sight = tuple[RouteState, tuple[Param, ...], str, TargetLook | None, bool]
"""What a learned target always is: its route, the objects in its path, its query, what is suspicious about it, and
whether no test looks at answers to it unless its query holds an object (no object in the path, no role, an ordinary
text).
"""


class EngineCore(Flows, InventoryVerdicts, Amounts):
    """Everything but the conversion to rows and to state, which `Engine` adds."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.parsers: dict[str, LineParser] = {}
        self.twins = Twins()
        self.proxies = Proxies(settings.sources.trusted_proxy)
        self._agent_families: dict[str | None, str] = {}
        self._late = 0
        """Late events of the batch that is read."""
        self._sights: dict[tuple[str, str | None, str | None], Sight] = {}
        """(host, method, target) -> what is known of it: a cache, emptied when a route is forgotten."""
        self._facets = settings.limits.facets_per_client
        self.latest: Latest | None = None
        """The newest requests, once somebody wants to see them."""

    def feed(self, batch: Batch) -> None:
        """Take complete lines of one source; never raises on what they hold."""
        source = self.sources.get(batch.source)
        if source is None:
            source = self.sources[batch.source] = SourceState(batch.source, number=len(self.sources))
        parser = self.parser(batch.source)
        source.dirty = True
        source.cut += batch.cut
        first = source.lines + 1
        source.lines += len(batch.lines)
        request_of = self._request
        name = batch.source
        latest = batch.received + FUTURE
        requests = 0
        time = 0.0
        cut_before = parser.cut
        records = parser.parse(batch.lines, first, batch.received)
        source.cut += parser.cut - cut_before
        source.fields.follow(records, first - 1)
        if len(self.sources) > 1 or first <= ALONE:
            records = self.twins.first_only(records, source, len(self.sources), first - 1)
        peers = source.peers
        pure, seen, edge = peers.pure, peers.seen, BLOCK - peers.count
        for raw, record in zip(batch.lines, records, strict=True):
            if type(record) is Request:
                time = record.time
                if time > latest:
                    time = latest
                    self.globals.clamped += 1
                requests += 1
                if pure and record.client not in seen:
                    pure = peers.admit(record, self.proxies)
                if requests == edge:
                    peers.close()
                    pure, edge = True, edge + BLOCK
                if source.first_time == 0.0:
                    source.first_time = time
                request_of(record, time, raw, name)
            elif record is None:
                source.skipped += 1
            elif isinstance(record, Unparsed):
                self._unparsed(record, source)
        if requests:
            source.requests += requests
            source.last_time = time
            peers.count = BLOCK - edge + requests
        source.late += self._late
        self._late = 0
        source.format = parser.format

    def parser(self, source: str) -> LineParser:
        """The line parser of a source, made on first use."""
        parser = self.parsers.get(source)
        if parser is None:
            parser = self.parsers[source] = line_parser(self.settings.sources, self.globals.salt)
        return parser

    def _unparsed(self, record: Unparsed, source: SourceState) -> None:
        source.unparsed += 1
        if source.unparsed <= _UNPARSED_KEPT:
            time = int(self.globals.watermark)
            self.unparsed.append(
                UnparsedRow(source.name, record.line, time, record.text, record.matched, record.format)
            )

    def _request(self, request: Request, time: float, raw: bytes, source: str) -> None:
        """One request: route, outcome, client, principal, counters, tests. The hot path."""
        state = self.globals
        if time > state.watermark:
            if time >= state.window_end:
                self.move_on(time)
            else:
                state.watermark = time
                if time >= self.minute_end:
                    self.begin_minute(time)

        status = request.status
        outcome = BY_STATUS[status] if 0 <= status < 1000 else NEUTRAL
        method = request.method
        host = request.host or ""
        sight = self._sights.get((host, method, request.target))
        if sight is None:
            route_state, params, query, look, plain = self._sight(request, host, time, outcome)
            route = route_state.route
        else:
            route_state, params, query, look, plain = sight
            route = route_state.route
            route.requests += 1
            if time > route.last_seen:
                route.last_seen = time
        client = self.clients.awake.get(request.client) or self.clients.get(request.client)
        if client is None:
            client = self._new_client(request, time)
            plain = known_agent = False
        else:
            known_agent = request.user_agent == client.agent
        if time >= self.bucket:
            self.count(client, route_state)
        user = request.user
        referer = request.referer
        latest = self.latest
        if query:
            objects = query_params(query, route.queries)
            if objects:
                params += objects
                plain = False
        if (
            plain
            and outcome == OK
            and known_agent
            and user == client.user
            and request.host == client.host
            and (referer is None or self.looks.referers.get(referer, True) is None)
            and request.token is None
            and route_state.principals is None
            and not (client.watched or client.score or request.stated or route_state.basic or route_state.inventory)
            and (user is not None or not route_state.authenticated)
            and not self.notable(request, route_state, OK)
        ):
            if user is not None:
                route_state.authenticated += 1
            if latest is not None:
                latest.shown.append((request, time, outcome, route_state, source))
            self._count(client, route_state, request, time, outcome)
            if time > client.last:
                client.last = time
            elif time < client.first:
                client.first = time
            if not client.dirty:
                client.dirty = True
                self.dirty_clients.append(client)
            route_state.outcomes[OK] += 1
            if not route.lets_nobody_in:
                client.answered += 1
            if not route_state.dirty:
                route_state.dirty = True
                self.dirty_routes.append(route_state)
            return
        matched = route.matched
        if outcome == OK and status < 300 and matched and (params or route.is_login or route.is_blind):
            outcome = _refined(route_state, request.bytes, status, method)
        if latest is not None:
            latest.shown.append((request, time, outcome, route_state, source))
        if user is None and request.token is None and request.user_agent == client.agent and time >= client.nat_until:
            principal = self.principals.awake.get(client.key) or self.principals.get(client.key)
            if principal is None:
                principal = self.add_principal(client.key, client.kind, time, client.address)
        else:
            principal = self._principal(client, request, time, outcome)
        if self.desk.blocked and self.has_landed(client.address, principal, time):
            self.begin_anew(client, principal)
        another = user is not None and user != client.user and outcome == OK
        before = self._count(client, route_state, request, time, outcome)
        if principal.client != client.address and principal.kind == "token":
            self.judge_roaming((request, time, raw, source, client, route_state, outcome), principal)
        self._touch(client, principal, time)
        outcomes = route_state.outcomes
        outcomes[outcome] += 1
        if not route_state.dirty:
            route_state.dirty = True
            self.dirty_routes.append(route_state)
        visitors = route_state.principals
        if visitors is not None and principal.pid not in visitors:
            visitors.add(principal.pid)
            if len(visitors) >= _PRINCIPALS_PER_ROUTE:
                route_state.principals = None
        if (
            outcome != OK
            and (self.desk.blocked or self.desk.partly)
            and self.is_own_block(request, client.address, time)
        ):
            return
        if self.desk.blocked:
            principal.free_at = time

        if matched:
            unpopular = False
            if principal.signals and outcome == OK and not principal.reached and is_personal(route.template):
                self.judge_reach(request, time, client, principal)
            if params:
                event = request, time, raw, source, client, route_state, outcome
                unpopular = self.judge_objects(event, principal, params)
                if outcome == OK and (user is not None or route_state.owned):
                    self.judge_owner(event, principal, params)
            elif route.is_blind:
                self.judge_blind((request, time, raw, source, client, route_state, outcome), principal)
            if route.is_login or (user is not None and _is_basic(route_state, status, outcome)):
                self.judge_log_in((request, time, raw, source, client, route_state, outcome), params)
            elif outcome == OK and not route.lets_nobody_in:
                client.answered += 1
            if route.roles or (request.query and method == "POST"):
                self.judge_steps((request, time, raw, source, client, route_state, outcome), params)
            if outcome == OK:
                if user is not None or request.token is not None or request.stated == Auth.AUTHENTICATED:
                    route_state.authenticated += 1
                elif route_state.authenticated:
                    self.judge_anonymous((request, time, raw, source, client, route_state, outcome), principal)
            if client.score and outcome == OK:
                self.judge_aftermath((request, time, raw, source, client, route_state, outcome))
            if route.is_login or ((params or route.is_blind) and time // SLOT > before // SLOT):
                event = request, time, raw, source, client, route_state, outcome
                self.judge_population(event, params, before, unpopular=unpopular)
        if self.notable(request, route_state, outcome):
            self.judge_amount((request, time, raw, source, client, route_state, outcome), principal)
        if another:
            self.judge_user((request, time, raw, source, client, route_state, outcome))
        if status in UNKNOWN_STATUS:
            if not (matched and outcomes[OK]) and not route.is_login:
                self.judge_target((request, time, raw, source, client, route_state, outcome), principal)
        elif outcome == OK and principal.recon is not None:
            tried(principal.recon, -route.id, time, False, self.fuzz_weights)
        if (
            look is not None
            or not known_agent
            or (referer is not None and self.looks.referers.get(referer, True) is not None)
        ):
            self.judge_texts((request, time, raw, source, client, route_state, outcome), principal, look, known_agent)
        if method not in PLAIN_VERBS or status in _NO_METHOD:
            self.judge_verb((request, time, raw, source, client, route_state, outcome), principal)
        if (outcome == OK and not matched) or status == 500:
            self.judge_answer((request, time, raw, source, client, route_state, outcome), principal)
        if before < self.day_start or route_state.inventory is not None:
            self.judge_inventory((request, time, raw, source, client, route_state, outcome), principal, before)

    def _sight(self, request: Request, host: str, time: float, outcome: int) -> Sight:
        """What is to be known of a target; remembered if its route was learned."""
        try:
            look = self.looks.targets[request.target]
        except KeyError:
            look = self.looks.target(request)
        method = request.method
        if method is None:
            route, params = self.routes.unmatched(host, time), _NO_PARAMS
        else:
            route, params = self.routes.match(host, method, request.path, request.query, time, _ANSWERED[outcome])
            params = tuple(found for found in params if not found.name.startswith("?"))
        if self.routes.forgotten:
            self._sights.clear()
        try:
            state = self.route_states[route.id]
        except KeyError:
            state = self.add_route(route)
            state.first_client = request.client
        if not route.matched:
            return state, params, "", look, False
        query = request.query
        if query and holds_no_object(query):
            query = ""
        plain = not (params or route.roles or route.is_blind or look) and method in PLAIN_VERBS
        sight = state, params, query, look, plain
        if method is not None and request.target is not None and len(request.target) <= _LONGEST_SIGHT:
            if len(self._sights) >= _SIGHTS_KEPT:
                self._sights.clear()
            self._sights[host, method, request.target] = sight
        return sight

    def _new_client(self, request: Request, time: float) -> Client:
        """A client that is seen for the first time; its user agent is the first of a shared address as well."""
        client = self.add_client(request.client, request, time)
        client.agent = request.user_agent
        client.family = self._family(request.user_agent)
        client.families.append(client.family)
        client.mixed_agents.append(request.user_agent or "")
        client.mixed_since = time
        return client

    def _touch(self, client: Client, principal: Principal, time: float) -> None:
        """Client and principal were seen now, and together."""
        if time > client.last:
            client.last = time
        elif time < client.first:
            client.first = time
        if time > principal.last:
            principal.last = time
        if principal.client != client.address:
            principal.client = client.address
        if client.principal != principal.key:
            client.principal = principal.key
        if not client.dirty:
            client.dirty = True
            self.dirty_clients.append(client)
        if not principal.dirty:
            principal.dirty = True
            self.dirty_principals.append(principal)

    def _principal(self, client: Client, request: Request, time: float, outcome: int) -> Principal:
        """The principal of a request, made on first sight."""
        agent = request.user_agent
        name = request.user if request.token is None else request.token
        if agent != client.agent:
            count_run(client, self._facets)
            client.agent = agent
            client.family = self._family(agent)
            mark_mixed(client, time, name if outcome == OK else None)
        elif name is not None and outcome == OK and name not in client.names:
            mark_mixed(client, time, name)
        principal = None
        if name is not None and request.status not in _UNNAMED:
            principal = self._named(client, request, time, outcome)
        if principal is None:
            key, kind = network_principal(client, time)
            principal = self.principals.get(key)
            if principal is None:
                principal = self.add_principal(key, kind, time, client.address)
        return principal

    def _named(self, client: Client, request: Request, time: float, outcome: int) -> Principal | None:
        """The principal of a user or token, if it was admitted by an earlier answer.

        The request that admits it counts for the network principal: a fresh token in each request gains nothing.
        """
        kind, name = ("token", request.token) if request.token is not None else ("user", request.user)
        key = f"{kind}:{name}"
        principal = self.principals.get(key)
        if principal is None and outcome == OK and client.admitted < ADMITTED:
            client.admitted += 1
            self.add_principal(key, kind, time, client.address)
        return principal

    def _count(self, client: Client, route: RouteState, request: Request, time: float, outcome: int) -> int:
        """Counters of the client by minute, route and facet, of the route by minute, and of the minute as a whole.

        Returns the second of its previous request on the route, 0 if there was none.
        """
        second = int(time)
        minute = second // 60
        size = request.bytes or 0
        if size < 0 or size > _MAX_BYTES:
            size = 0
        if request.host != client.host or request.user != client.user:
            count_run(client, self._facets)
            client.host = request.host
            client.user = request.user
        client.run += 1
        label = route.route.label
        mine = client.routes.get(label) or self.add_client_route(client, label)
        mine[outcome] += 1
        before = mine[LAST]
        if second > before:
            mine[LAST] = second
        mine[CHANGED] = 1
        mine[BYTES] += size
        if minute < self.first_minute:
            self._late += 1
            return before
        counts = client.minutes.get(minute)
        if counts is None:
            if len(client.minutes) > LATE_MINUTES:
                flush_minutes(client, minute - LATE_MINUTES - 1, self.closed_minutes)
            counts = client.minutes[minute] = [0, 0, 0, 0, 0, 0, 0, 1]
        counts[outcome] += 1
        counts[6] += size
        counts[7] = 1
        total = self.minutes.get(minute) or self.minute_counts(minute)
        status = request.status
        place = status // 100 * 6 + outcome if 100 <= status < 600 else outcome
        total[place] += 1
        total[MINUTE_BYTES] += size
        total[-1] = 1
        here = route.minutes.get(minute) or self.route_minute(route, minute)
        here[place] += 1
        here[MINUTE_BYTES] += size
        here[-1] = 1
        if request.duration_s is not None:
            here[duration_place(request.duration_s)] += 1
        return before

    def _family(self, agent: str | None) -> str:
        found = self._agent_families.get(agent)
        if found is None:
            if len(self._agent_families) >= _AGENTS_KEPT:
                self._agent_families.clear()
            found = self._agent_families[agent] = agent_family(agent)
        return found


def _refined(route: RouteState, size: int | None, status: int, method: str | None) -> int:
    """Outcome of a 2xx answer on a route with objects or log-ins, by its size."""
    if size is None:
        return OK
    if route.sized < DENSE or not route.outcomes[OK] % SPARSE:
        learn_size(route, size)
    if size in route.fail_sizes:
        return DENY
    return refine(route, size, status, method)


def _is_basic(route: RouteState, status: int, outcome: int) -> bool:
    """Whether a request with a user name is an attempt to log in by HTTP authentication."""
    if status == 401:
        route.basic = True
        return True
    return route.basic and outcome == OK
