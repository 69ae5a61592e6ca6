"""A reader and a control that hand out chosen snapshots, and the snapshots."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from apiwatch.errors import ApplyError
from apiwatch.model import PROXY_SHOWN, SEVERITIES, ActionKind, Alert, Explanation, Number, Severity, Subject, Tags
from apiwatch.store.filters import ANY, Filter, kept
from apiwatch.store.filters.records import alert_record, client_record, route_record, suspect_record
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
    FacetView,
    GroupView,
    HealthView,
    ImpactView,
    InventoryView,
    LineView,
    Listing,
    MinuteView,
    Mix,
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

if TYPE_CHECKING:
    from apiwatch.blocklist import Plan
    from apiwatch.blocklist.applying.looking import Comparison

NOW = 1_789_912_951.0
"""2026-09-20 14:02:31Z."""

WALKER, SLOW, STUFFER, FUZZER = "203.0.113.7", "198.51.100.23", "2001:db8:9:1::5", "192.0.2.44"


def mix(requests: int, ok: float, miss: float, deny: float = 0.0) -> Mix:
    oks, misses, denies = (round(requests * part) for part in (ok, miss, deny))
    err = requests - oks - misses - denies
    return Mix(
        requests=requests,
        s2xx=oks,
        s3xx=requests // 40,
        s4xx=misses + denies,
        s5xx=err,
        ok=oks,
        miss=misses,
        deny=denies,
        err=err,
        bytes=requests * 412,
    )


def health(**changes: object) -> HealthView:
    base = HealthView(
        state="live",
        message="",
        pid=4242,
        owner="oncall@gw1",
        started=NOW - 7260,
        heartbeat=NOW - 0.4,
        watermark=NOW - 0.9,
        lag_s=0.0,
        backlog_bytes=0,
        lines=18_420_113,
        lines_per_s=1240.0,
        requests=18_400_902,
        unparsed=18_400,
        skipped=811,
        late=0,
        dropped=0,
        cut=0,
        bounds={"clients": (41_200, 50_000, 0), "principals": (38_000, 50_000, 0)},
    )
    return replace(base, **changes)


def source(name: str = "/var/log/nginx/access.log", state: str = "following", message: str = "") -> SourceView:
    return SourceView(
        name=name,
        kind="file",
        state=state,
        message=message,
        format="combined",
        lines=9_210_056,
        requests=9_200_451,
        unparsed=9_200,
        skipped=405,
        late=0,
        cut=0,
        dropped=0,
        backlog_bytes=0,
        last_time=NOW - 1,
    )


def alert(
    client: str,
    detector: str,
    severity: Severity,
    score: int,
    title: str,
    *,
    key: str,
    route: str = "GET /api/orders/{id}",
    count: int = 9812,
    clients: tuple[str, ...] = (),
    total: int = 1,
    state: str = "open",
    by: str = "",
    note: str = "",
) -> AlertView:
    family = detector.partition(".")[0]
    word = SEVERITIES[severity]
    explanation = Explanation(
        detector=detector,
        family=family,
        severity=word,
        score=score,
        subject=Subject("ipv4", client),
        host="api.example.com",
        route=route,
        since="2026-09-20T13:57:02Z",
        last="2026-09-20T14:02:30Z",
        numbers=(
            Number("adjacent steps", "9811 of 9812", "2% (other clients, 812 steps)", "evidence >= 13.8", 61.2),
            Number("found / not found", "2804 / 7008", "found objects are what was exposed", "none by itself", 2804.0),
        ),
        why="walks object ids in order; hardly anybody else reads these objects",
        samples=(f'{client} - - [20/Sep/2026:14:02:30 +0000] "GET /api/orders/1049917 HTTP/1.1" 404 163 "-" "httpx"',),
        counter_evidence=("104 of 9916 requests read an object again",),
        clears_when="about 30 steps without a neighbour, or an allow-list entry",
        tags=Tags(("API1:2023",), ("OAT-011",), ("T1213",)),
    )
    return AlertView(
        alert=Alert(
            id=key,
            detector=detector,
            family=family,
            severity=severity,
            score=score,
            principal=client,
            client=client,
            clients=clients or (client,),
            clients_total=total,
            host="api.example.com",
            route=route,
            title=title,
            first_seen=NOW - 329,
            last_seen=NOW - 1,
            count=count,
            update=1,
            explanation=explanation,
        ),
        state=state,
        acknowledged_by=by,
        acknowledged_note=note if by else "",
        note=note,
    )


def client_view(client: str, score: int, requests: int, window: Mix, severity: str = "", alerts: int = 0) -> ClientView:
    return ClientView(
        client=client,
        principal=client,
        first_seen=NOW - 3000,
        last_seen=NOW - 2,
        score=score,
        requests=requests,
        window=window,
        alerts=alerts,
        severity=severity,
    )


def suspect(client: str, detector: str, evidence: float, *, alert_id: str = "", route: str, note: str) -> SuspectView:
    return SuspectView(
        detector=detector,
        family=detector.partition(".")[0],
        principal=client,
        client=client,
        host="api.example.com",
        route=route,
        parameter="id",
        evidence=evidence,
        hits=43,
        observations=44,
        objects=44,
        failures=31,
        successes=13,
        first_seen=NOW - 600,
        last_seen=NOW - 12,
        note=note,
        alert_id=alert_id,
    )


def evidence(client: str, number: int = 12) -> tuple[EvidenceView, ...]:
    return tuple(
        EvidenceView(
            time=NOW - index,
            source="/var/log/nginx/access.log",
            line=9_210_000 - index,
            text=f"{client} - - [20/Sep/2026:14:02:{30 - index:02d} +0000] "
            f'"GET /api/orders/{1049917 - index} HTTP/1.1" 404 163 "-" "python-httpx/0.27"',
        )
        for index in range(number)
    )


def timeline(minutes: int = 60) -> tuple[MinuteView, ...]:
    last = int(NOW // 60)
    shape = [max(0, 40 + (index * 7) % 23 + (index - 40) * 30 * (index > 40)) for index in range(minutes)]
    return tuple(
        MinuteView(last - minutes + 1 + index, mix(value, 0.7, 0.25, 0.03))
        for index, value in enumerate(shape)
        if value
    )


def detail(client: str = WALKER) -> ClientDetail:
    return ClientDetail(
        row=client_view(client, 97, 11_502, mix(10_400, 0.27, 0.68, 0.05), "critical", 1),
        peer="10.0.0.2",
        points=((90, "enumeration: 9811 of 9812 steps adjacent"), (7, "recon: 12 of 14 targets unknown")),
        total=mix(11_502, 0.27, 0.68, 0.05),
        timeline=timeline(),
        routes=(
            RouteView(
                "api.example.com",
                "GET /api/orders/{id}",
                "",
                NOW - 329,
                NOW,
                1,
                9812,
                mix(10_900, 0.28, 0.72),
                severity="critical",
                alerts=1,
            ),
            RouteView("api.example.com", "GET /api/users/{id}", "", NOW - 329, NOW, 1, 540, mix(540, 0.03, 0.0, 0.97)),
            RouteView("api.example.com", "POST /login", "login", NOW - 329, NOW, 1, 0, mix(44, 0.0, 0.0, 1.0)),
        ),
        user_agents=(FacetView("python-httpx/0.27", 11_502, NOW - 1),),
        users=(FacetView("alice@example.com", 4, NOW - 30),),
        hosts=(FacetView("api.example.com", 11_502, NOW - 1),),
        alerts=(ALERTS[0],),
        suspects=(SUSPECTS[0],),
        evidence=evidence(client),
        neighbours=41,
    )


def lines(client: str, number: int = 40) -> tuple[LineView, ...]:
    return tuple(
        LineView(
            NOW - index / 35,
            client,
            "api.example.com",
            "GET",
            f"/api/orders/{1049917 - index}",
            "GET /api/orders/{id}",
            200 if index % 4 == 0 else 404,
            "ok" if index % 4 == 0 else "miss",
            163,
            0.011,
            "",
            "python-httpx/0.27",
            "/var/log/nginx/access.log",
            9_210_000 - index,
        )
        for index in range(number)
    )


ALERTS: tuple[AlertView, ...] = (
    alert(
        WALKER,
        "enumeration.sequential",
        Severity.CRITICAL,
        97,
        "walks object ids on GET /api/orders/{id}: 9811 of 9812 steps adjacent",
        key="a1b2c3d4e5f60001",
    ),
    alert(
        "203.0.113.64",
        "auth.credential-stuffing",
        Severity.CRITICAL,
        91,
        "41 clients fail to log in as 1914 users on POST /login",
        key="a1b2c3d4e5f60002",
        route="POST /login",
        count=14_100,
        clients=tuple(f"203.0.113.{host}" for host in range(64, 105)),
        total=41,
    ),
    alert(
        STUFFER,
        "auth.credential-stuffing",
        Severity.HIGH,
        74,
        "312 users tried on POST /login, 1.9k failures, no success",
        key="a1b2c3d4e5f60003",
        route="POST /login",
        count=1914,
    ),
    alert(
        SLOW,
        "enumeration.sequential",
        Severity.HIGH,
        66,
        "walks object ids on GET /api/users/{id}: 43 of 44 steps adjacent",
        key="a1b2c3d4e5f60004",
        count=44,
        state="acknowledged",
        by="jane",
        note="asked the partner",
    ),
    alert(
        FUZZER,
        "recon.endpoint-fuzzing",
        Severity.MEDIUM,
        55,
        "12 of 14 targets that nobody ever got an answer from",
        key="a1b2c3d4e5f60005",
        route="",
        count=14,
    ),
)
CLIENTS: tuple[ClientView, ...] = (
    client_view(WALKER, 97, 11_502, mix(10_400, 0.27, 0.68, 0.05), "critical", 1),
    client_view(STUFFER, 74, 1990, mix(1900, 0.01, 0.0, 0.99), "high", 1),
    client_view(SLOW, 66, 46, mix(4, 0.5, 0.5), "high", 1),
    client_view(FUZZER, 55, 20, mix(20, 0.1, 0.9), "medium", 1),
    *(client_view(f"198.18.0.{host}", 0, 900 - host, mix(160 - host, 0.98, 0.01)) for host in range(1, 40)),
)
SUSPECTS: tuple[SuspectView, ...] = (
    suspect(
        WALKER,
        "enumeration.sequential",
        4.43,
        alert_id="a1b2c3d4e5f60001",
        route="GET /api/orders/{id}",
        note="9811 of 9812 steps adjacent",
    ),
    suspect(
        SLOW,
        "enumeration.sequential",
        1.02,
        alert_id="a1b2c3d4e5f60004",
        route="GET /api/users/{id}",
        note="43 of 44 steps adjacent",
    ),
    suspect(
        "198.18.0.77", "enumeration.miss", 0.61, route="GET /api/invoices/{uuid}", note="4 of 6 new objects missing"
    ),
)
AUTH: tuple[SuspectView, ...] = (
    suspect(
        STUFFER,
        "auth.credential-stuffing",
        9.1,
        alert_id="a1b2c3d4e5f60003",
        route="POST /login",
        note="1914 failures, 312 users, 0 successes",
    ),
    suspect("198.18.0.9", "auth.brute-force", 0.34, route="POST /login", note="3 failures for 1 user"),
)
INVENTORY: tuple[InventoryView, ...] = (
    InventoryView(
        "api.example.com", "GET /api/v1/export", "learned", False, False, NOW - 900, NOW - 2, 14, 1,
        mix(14, 0.9, 0.1), mix(14, 0.9, 0.1), FUZZER, "", "undeclared route answers", "a1b2c3d4e5f60005",
    ),
    InventoryView(
        "api.example.com", "GET /api/users/{id}", "openapi", True, True, NOW - 86_400, NOW, 9_120, 300,
        mix(9_120, 0.98, 0.01), mix(9_120, 0.98, 0.01), "198.18.0.3",
    ),
    InventoryView(
        "api.example.com", "DELETE /api/orders/{id}", "openapi", True, False, 0.0, 0.0, 0, 0, Mix(), Mix(), "",
    ),
)  # fmt: skip
BLOCKS: tuple[BlockEntry, ...] = (
    BlockEntry(
        "b0001",
        "203.0.113.99/32",
        "enumeration.miss: guesses objects",
        ("a1",),
        "jane",
        NOW - 600,
        NOW + 3000,
        "queued",
    ),
    BlockEntry("b0002", "2001:db8:7:7::/64", "manual", (), "oncall", NOW - 60, NOW + 60 * 59, "queued"),
)


IMPACT = ImpactView(60, 60, NOW, 1, 40, 30, 4000, 3500, 2, 1, 0, 0, 0, 0, (), 1, 0, False)


class Scenario(Struct):
    """What the fake store holds; tests change it while the dashboard runs."""

    impact: ImpactView = IMPACT
    """Of every network."""

    health: HealthView | None = field(default_factory=health)
    sources: tuple[SourceView, ...] = (source(), source("/var/log/nginx/api.log"))
    total: Mix = field(default_factory=lambda: mix(18_400_902, 0.938, 0.03, 0.015))
    window: Mix = field(default_factory=lambda: mix(371_400, 0.61, 0.30, 0.08))
    clients_total: int = 41_200
    clients_window: int = 2914
    alerts: tuple[AlertView, ...] = ALERTS
    clients: tuple[ClientView, ...] = CLIENTS
    enumeration: tuple[SuspectView, ...] = SUSPECTS
    auth: tuple[SuspectView, ...] = AUTH
    blocks: tuple[BlockEntry, ...] = BLOCKS
    held: tuple[str, ...] = ()
    """What every target holds, by `Row.key`."""
    unreadable: str = ""
    """Why no target can be read; ''."""
    notes: tuple[ActionView, ...] = ()
    inventory: tuple[InventoryView, ...] = field(default_factory=lambda: INVENTORY)
    lines: tuple[LineView, ...] = field(default_factory=lambda: lines(WALKER))
    unparsed: tuple[UnparsedView, ...] = ()
    evidence: tuple[EvidenceView, ...] = field(default_factory=lambda: evidence(WALKER))
    detail: Callable[[str], ClientDetail | None] = detail
    actions: tuple[ActionView, ...] = ()
    failure: Exception | None = None
    """Raised by every read while it is set."""
    version: int = 0
    """Counts commits."""

    def compare(self, target: str, plan: "Plan", entries: Sequence[BlockEntry]) -> "Comparison":
        """What an apply of a plan would change."""
        from apiwatch.blocklist import TARGETS
        from apiwatch.blocklist.applying.applier import Held
        from apiwatch.blocklist.applying.comparing import compare, unexplained
        from apiwatch.blocklist.applying.looking import Comparison

        if self.unreadable:
            raise ApplyError(self.unreadable)
        held = {key: Held(key) for key in self.held}
        change = compare(TARGETS[target].planned(plan), plan, held, {entry.key for entry in entries}, NOW)
        return Comparison(len(held), change, unexplained(target, plan, held, change, entries))


def nothing() -> Scenario:
    """A collector that has just started and read nothing."""
    return Scenario(
        health=health(lines=0, requests=0, unparsed=0, skipped=0, watermark=0.0, lines_per_s=0.0, bounds={}),
        sources=(source(state="waiting", message="does not exist yet"),),
        total=Mix(),
        window=Mix(),
        clients_total=0,
        clients_window=0,
        alerts=(),
        clients=(),
        enumeration=(),
        auth=(),
        blocks=(),
    )


def calm() -> Scenario:
    """Traffic, and nothing suspicious."""
    return Scenario(alerts=(), clients=CLIENTS[4:], enumeration=(), auth=(), blocks=())


def not_parsed() -> Scenario:
    """Lines that no format understands."""
    empty = nothing()
    return replace(
        empty,
        health=health(lines=1200, requests=0, unparsed=1200, skipped=0, bounds={}),
        sources=(source(),),
        unparsed=(UnparsedView("/var/log/nginx/access.log", 1, NOW, "GET|/api/orders/1|200|17ms", 4, "combined"),),
    )


PROXY_HINT = (
    f"every request comes from 10.0.0.5: {PROXY_SHOWN}; "
    "log X-Forwarded-For and give --trusted-proxy 10.0.0.5 (sources.trusted_proxy)"
)
MISREAD, PROXIED, LAGGING = "/var/log/nginx/api.log", "/var/log/haproxy.log", "udp://0.0.0.0:5514"


def ailing() -> Scenario:
    """Sources, most of which have something wrong with them."""
    misread = replace(
        source(MISREAD), requests=720, unparsed=480, lines=1211, skipped=11, late=12, cut=3, last_time=NOW - 75
    )
    lagging = replace(
        source(LAGGING, "reading"), kind="syslog", dropped=214, backlog_bytes=62_400_000, last_time=NOW - 840
    )
    return Scenario(
        sources=(
            source(),
            source("/var/log/nginx/old.log", "ended", "not read by this collector"),
            misread,
            replace(source(PROXIED, message=PROXY_HINT), format="haproxy_http"),
            replace(source("/var/log/secret.log", "denied", "no permission to read it: tried again"), format=""),
            source("/var/log/gone.log", "gone"),
            source("/var/log/yet.log", "waiting"),
            lagging,
        ),
        unparsed=tuple(
            UnparsedView(name, number, NOW, f"GET|/api/orders/{number}|200|17ms|[red]x[/red]", 4, "combined")
            for number in (1, 2, 7)
            for name in (MISREAD, LAGGING)
        ),
    )


def overview(scenario: Scenario, window_minutes: int) -> Overview:
    """The head of a scenario."""
    found: dict[str, int] = {}
    for view in scenario.alerts:
        if not view.alert.closed:
            word = SEVERITIES[view.alert.severity]
            found[word] = found.get(word, 0) + 1
    return Overview(
        health=scenario.health,
        sources=scenario.sources,
        total=scenario.total,
        window=scenario.window,
        window_minutes=window_minutes,
        clients_total=scenario.clients_total,
        clients_window=scenario.clients_window,
        open_alerts=found,
        queued_blocks=len(scenario.blocks),
        timeline=timeline() if scenario.clients else (),
    )


def _concerns(view: AlertView, scope: Scope) -> bool:
    known = view.alert
    return (
        (not scope.client or scope.client in known.clients)
        and scope.route in ("", known.route)
        and scope.host in ("", known.host)
        and scope.alert in ("", known.id)
    )


class FakeReader:
    """Implements `Reader` on a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.calls: list[str] = []
        self._seen = -1

    def _called(self, name: str) -> Scenario:
        self.calls.append(name)
        if self.scenario.failure is not None:
            raise self.scenario.failure
        return self.scenario

    async def changed(self) -> bool:
        scenario = self._called("changed")
        fresh = scenario.version != self._seen
        self._seen = scenario.version
        return fresh

    async def pulse(self) -> Pulse:
        scenario = self._called("pulse")
        return Pulse(scenario.health, (float(scenario.version),))

    async def overview(self, window_minutes: int, now: float, at: float = 0.0) -> Overview:
        return overview(self._called("overview"), window_minutes)

    async def span(self) -> tuple[int, int]:
        self._called("span")
        return int(NOW // 60) - 1439, int(NOW // 60)

    async def day(self, at: float = 0.0) -> tuple[MinuteView, ...]:
        self._called("day")
        last = int((at or NOW) // 60)
        return tuple(
            MinuteView(last - age, mix(40 + age % 60, 0.7, 0.25), "high" if age < 6 else "")
            for age in range(1439, -1, -1)
        )

    async def health(self) -> HealthView | None:
        return self._called("health").health

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
        found = [view for view in self._called("alerts").alerts if include_closed or not view.alert.closed]
        found = kept(where, [view for view in found if _concerns(view, scope)], alert_record, NOW)
        return Listing(found[:limit])

    async def notes(self, alert_id: str) -> list[ActionView]:
        return list(self._called("notes").notes)

    async def alert(self, alert_id: str) -> AlertView | None:
        found = [view for view in self._called("alert").alerts if view.alert.id.startswith(alert_id)]
        return found[0] if len(found) == 1 else None

    async def evidence(self, alert_id: str) -> list[EvidenceView]:
        return list(self._called("evidence").evidence)

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
        found = list(self._called(f"clients by {sort}").clients)
        if sort == "requests":
            found.sort(key=lambda view: -view.window.requests)
        if scope != EVERYTHING and scope == Scope(client=scope.client):
            found = [replace(view, near=("net",)) for view in found if view.client != scope.client]
        return Listing(kept(where, found, client_record, NOW)[:limit])

    async def sparks(self, clients: Sequence[str], at: float = 0.0) -> dict[str, tuple[int, ...]]:
        self._called("sparks")
        return {client: tuple(range(60)) for client in clients}

    async def user(self, name: str, now: float) -> UserDetail | None:
        scenario = self._called("user")
        seen = scenario.clients[:2]
        visits = tuple(FacetView(view.client, 4, NOW - 30) for view in seen)
        return UserDetail(name, seen, visits, len(seen), NOW - 3000, NOW - 30, detail().routes, (), scenario.auth)

    async def client(self, client: str, now: float) -> ClientDetail | None:
        return self._called("client").detail(client)

    async def suspects(
        self, family: str, *, limit: int = 200, scope: Scope = EVERYTHING, where: Filter = ANY
    ) -> Listing[SuspectView]:
        scenario = self._called(f"suspects {family}")
        found = scenario.enumeration if family == "enumeration" else scenario.auth
        chosen = [view for view in found if scope.client in ("", view.client)]
        return Listing(kept(where, chosen, suspect_record, NOW)[:limit])

    async def routes(
        self,
        *,
        limit: int = 200,
        scope: Scope = EVERYTHING,
        window_minutes: int = 5,
        at: float = 0.0,
        where: Filter = ANY,
    ) -> Listing[RouteView]:
        self._called("routes")
        return Listing(kept(where, detail().routes, route_record, NOW)[:limit])

    async def inventory(self, *, limit: int = 500, scope: Scope = EVERYTHING) -> Listing[InventoryView]:
        return Listing(
            [view for view in self._called("inventory").inventory if scope.route in ("", view.route)][:limit]
        )

    async def groups(
        self, shared: Shared, window_minutes: int, *, limit: int = 200, scope: Scope = EVERYTHING, at: float = 0.0
    ) -> Listing[GroupView]:
        self._called("groups")
        values = {
            "net": ("203.0.113.0/24", "2001:db8:9:1::/64"),
            "user_agent": ("python-requests/2.31", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/130.0"),
            "user": ("alice", "bob"),
        }[shared]
        found = [
            GroupView(values[0], 42, mix(1914, 0.2, 0.7), NOW - 2, 41, "critical"),
            GroupView(values[1], 3, mix(240, 0.98, 0.01), NOW - 70, 0, ""),
        ]
        return Listing(found[:limit])

    async def together(self, scope: Scope, at: float = 0.0) -> TogetherView:
        self._called("together")
        last = int(NOW) // 60
        return TogetherView(
            tuple(MinuteView(last - age, mix(41 * (6 - age), 0.0, 0.0, 1.0)) for age in range(5, -1, -1)),
            (FacetView("python-requests/2.31", 38, NOW), FacetView("curl/8.5", 3, NOW)),
        )

    async def points(self, scope: Scope) -> tuple[PointView, ...]:
        self._called("points")
        route = "GET /api/orders/{id}"
        return tuple(
            PointView(
                int(NOW) - 329 + step, 1_039_105 + 33 * step, step % 4 == 0, scope.client, scope.client,
                "api.example.com", route, "orders", True, 33,
            )
            for step in range(256)
        )  # fmt: skip

    async def tail(self, limit: int = 200, scope: Scope = EVERYTHING) -> TailView:
        lines = [view for view in self._called("tail").lines if scope.client in ("", view.client)]
        return TailView(tuple(lines[:limit]), 2 * len(lines), len(lines))

    async def sources(self) -> list[SourceView]:
        return list(self._called("sources").sources)

    async def unparsed(self, *, source: str = "", limit: int = 50) -> list[UnparsedView]:
        return [view for view in self._called("unparsed").unparsed if source in ("", view.source)][:limit]

    async def block_entries(self, now: float, *, include_ended: bool = False) -> list[BlockEntry]:
        blocks = self._called("block_entries").blocks
        return [entry for entry in blocks if include_ended or entry.state == "queued"]

    async def impact(self, cuts: Sequence[Cut], *, window_minutes: int = 60) -> ImpactView:
        known = self._called("impact").impact
        return replace(known, window_minutes=window_minutes)

    async def applications(self, now: float) -> list[Application]:
        return [each for entry in self._called("applications").blocks for each in entry.applications]

    async def blocked_before(self, net: str, now: float) -> int:
        self._called("blocked_before")
        return 0

    async def allowed(self, now: float, *, include_ended: bool = False) -> list[AllowEntry]:
        self._called("allowed")
        return []

    async def actions(self, *, limit: int = 200) -> list[ActionView]:
        return list(reversed(self._called("actions").actions))[:limit]

    async def close(self) -> None:
        self.calls.append("close")


class FakeControl:
    """Implements `Control` on the scenario: what is said stands in the next snapshot."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.said: list[tuple[str, ...]] = []
        self.failure: Exception | None = None

    def _say(self, *words: str, by: str = "", now: float = 0.0) -> None:
        if self.failure is not None:
            raise self.failure
        self.said.append(words)
        self.scenario.version += 1
        kind, subject = words[:2]
        seen = ActionView(f"a{len(self.said)}", now, by, kind, subject, None, "")
        self.scenario.actions = (*self.scenario.actions, seen)

    async def acknowledge(self, alert_id: str, actor: str, note: str, now: float) -> None:
        self._say("acknowledge", alert_id, actor, note, by=actor, now=now)
        self.scenario.alerts = tuple(
            replace(view, state="acknowledged", acknowledged_by=actor, note=note, acknowledged_note=note)
            if view.alert.id == alert_id
            else view
            for view in self.scenario.alerts
        )

    async def say(
        self, kind: ActionKind, alert_id: str, actor: str, note: str, now: float, expires: float | None = None
    ) -> None:
        self._say(kind, alert_id, actor, note, by=actor, now=now)

    async def allow(self, target: str, reason: str, actor: str, now: float, expires: float | None) -> str:
        self._say("allow", target, reason, actor, by=actor, now=now)
        return f"n{len(self.said)}"

    async def disallow(self, entry_id: str, actor: str, now: float) -> bool:
        self._say("disallow", entry_id, actor)
        return True

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
        self._say("block", net, reason, ",".join(alert_ids), actor, f"{(expires or now) - now:.0f}", by=actor, now=now)
        name, ids = f"n{len(self.said)}", tuple(alert_ids)
        entry = BlockEntry(name, net, reason, ids, actor, now, expires, "queued", condition=condition)
        self.scenario.blocks = (*self.scenario.blocks, entry)
        return entry.id

    async def unblock(self, entry_id: str, actor: str, now: float) -> bool:
        self._say("unblock", entry_id, actor)
        before = self.scenario.blocks
        self.scenario.blocks = tuple(entry for entry in before if entry.id != entry_id)
        return len(before) != len(self.scenario.blocks)

    async def applied(self, target: str, host: str, applications: Sequence[Application], now: float) -> None:
        self._say("applied", target, host)

    async def not_applied(self, target: str, host: str, entry_ids: Sequence[str], error: str, now: float) -> None:
        self._say("not applied", target, host, error)

    async def close(self) -> None:
        self.said.append(("close",))
