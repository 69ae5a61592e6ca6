"""What a `Reader` returns: immutable rows for screens and for `--json`. Times are seconds since the epoch (UTC)."""

from collections.abc import Iterable
from typing import Generic, Literal, NamedTuple, TypeVar

from msgspec import Struct, field

from apiwatch.model import Alert, LineRow

__all__ = [
    "INPUT_ENDED",
    "ActionView",
    "AlertView",
    "AllowEntry",
    "BlockEntry",
    "ClientDetail",
    "ClientView",
    "EvidenceView",
    "FacetView",
    "HealthView",
    "ImpactView",
    "InventoryView",
    "LineView",
    "Listing",
    "MinuteView",
    "Mix",
    "Overview",
    "PointView",
    "Pulse",
    "RouteView",
    "SourceView",
    "SuspectView",
    "TailView",
    "UnparsedView",
    "UserDetail",
]

T = TypeVar("T")


class Listing(list[T], Generic[T]):
    """Rows in order, and how far they were looked for."""

    def __init__(self, rows: Iterable[T] = (), among: int = 0) -> None:
        super().__init__(rows)
        self.among = among
        """Number of the busiest clients (or strongest tests) among which the rows were found; 0: among all."""


class Mix(Struct, frozen=True):
    """Requests over a span, by status class and by outcome."""

    requests: int = 0
    s1xx: int = 0
    s2xx: int = 0
    s3xx: int = 0
    s4xx: int = 0
    s5xx: int = 0
    other: int = 0
    ok: int = 0
    miss: int = 0
    deny: int = 0
    limited: int = 0
    err: int = 0
    neutral: int = 0
    bytes: int = 0

    @property
    def failed(self) -> int:
        """Requests that did not get what they asked for: missing, refused, limited, broken."""
        return self.miss + self.deny + self.limited + self.err


class MinuteView(Struct, frozen=True):
    """One minute of a timeline; minutes without requests are absent."""

    minute: int
    """Minutes since the epoch."""
    mix: Mix
    severity: str = ""
    """Highest severity of the alerts that were active then, '' for none; only in `Reader.day`."""


INPUT_ENDED = "input ended"
"""Message of a collector that stopped because nothing more can come."""


class HealthView(Struct, frozen=True):
    """The collector as its last heartbeat saw it."""

    state: str
    """'starting', 'live', 'catching-up', 'stopped' or 'failed'."""
    message: str
    """Why, when it stopped or failed; else ''."""
    pid: int
    owner: str
    """user@host."""
    started: float
    heartbeat: float
    """Wall-clock time of the last commit or heartbeat; a reader compares it with its own clock."""
    watermark: float
    """Newest event time; 0 when nothing was read."""
    lag_s: float
    """Seconds of unread input: 0 when every source is read to its end."""
    backlog_bytes: int
    lines: int
    lines_per_s: float
    requests: int
    unparsed: int
    skipped: int
    late: int
    dropped: int
    cut: int
    bounds: dict[str, tuple[int, int, int]]
    """Name -> (now, limit, evicted or refused): clients, principals, routes, objects, alerts."""
    notified: int = 0
    """Notifications since the state began."""
    withheld: int = 0
    """Notifications above the budget per hour: these alerts stand in the list only."""
    allowed: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Entry of the allow-list -> alerts and signals that it suppressed."""
    changed: float = 0.0
    """`heartbeat` of the last commit that brought rows or other sources, not only itself; 0 when nobody noted it."""


class Pulse(Struct, frozen=True):
    """Whether there is anything to read anew."""

    health: HealthView | None
    revision: tuple[float, ...] | None
    """Equal ones: no rows were written in between, by the collector or an operator. None: not known."""


class SourceView(Struct, frozen=True):
    """One file, stream or socket."""

    name: str
    kind: str
    """'file', 'stdin', 'syslog', 'journal'."""
    state: str
    """'following', 'waiting', 'rotated', 'gone', 'denied', 'reading', 'ended', 'error'."""
    message: str
    format: str
    lines: int
    requests: int
    unparsed: int
    skipped: int
    late: int
    cut: int
    dropped: int
    backlog_bytes: int
    last_time: float
    """Event time of the last request, 0 when there was none."""


class UnparsedView(Struct, frozen=True):
    """One of the first lines that no format understood."""

    source: str
    line: int
    time: float
    text: str
    matched: int
    format: str


class Overview(Struct, frozen=True):
    """The head of the dashboard."""

    health: HealthView | None
    """None until a collector has written its first heartbeat."""
    sources: tuple[SourceView, ...]
    total: Mix
    """Everything in the state file."""
    window: Mix
    """The last `window_minutes` of event time."""
    window_minutes: int
    clients_total: int
    clients_window: int
    open_alerts: dict[str, int]
    """Severity word -> open alerts."""
    queued_blocks: int
    timeline: tuple[MinuteView, ...]
    """The last 60 minutes, oldest first."""
    usual: float = 0.0
    """Requests that are usual in such a window at this hour; 0 when that is not known yet."""

    @property
    def newest(self) -> float:
        """Time of the newest request that was read; event time may have moved on since. 0: none was."""
        known = max((source.last_time for source in self.sources), default=0.0)
        return known or (self.health.watermark if self.health is not None else 0.0)


class AlertView(Struct, frozen=True):
    """An alert with what operators said about it."""

    alert: Alert
    state: str
    """'open', 'acknowledged', 'muted' or 'closed'."""
    acknowledged_by: str
    note: str
    """The latest one, alone or with another word."""
    muted_until: float = 0.0
    """0 when it is not muted."""
    muted_by: str = ""
    benign_until: float = 0.0
    """0 when nobody called it benign."""
    benign_by: str = ""
    acknowledged_note: str = ""
    """What was said with the acknowledgement."""
    got_in_since: int = 0
    """Times that somebody got in after it was acknowledged or muted."""
    acknowledged_at: float = 0.0
    """When its acknowledgement was said; so are `muted_at`, `benign_at`, and `noted_at` of `note`. 0: it was not."""
    muted_at: float = 0.0
    benign_at: float = 0.0
    noted_by: str = ""
    noted_at: float = 0.0


class EvidenceView(Struct, frozen=True):
    """One original line."""

    time: float
    source: str
    line: int
    text: str
    success: bool = False
    """Whoever the alert is about got what it was after: an account, an endpoint that nobody is told of."""


class ClientView(Struct, frozen=True):
    """One row of the list of clients."""

    client: str
    principal: str
    first_seen: float
    last_seen: float
    score: int
    """Faded to the time of the snapshot."""
    requests: int
    """All requests."""
    window: Mix
    """Requests in the window (without status classes: those are 0)."""
    alerts: int
    """Open alerts that name this client."""
    severity: str
    """Highest severity among them, '' when there is none."""
    near: tuple[str, ...] = ()
    """What it shares with the client of the scope: 'net' (the /24 or /64), 'agent', 'user'."""
    spark: tuple[int, ...] = ()
    """Requests of each of the last 60 minutes, oldest first; () behind the first 50 of a list: see `Reader.sparks`."""


class FacetView(Struct, frozen=True):
    """One user agent, user or host of a client."""

    value: str
    requests: int
    last_seen: float


Shared = Literal["net", "user_agent", "user"]
"""What clients share: their /24 or /64, the user agent or the user that each used most."""


class GroupView(Struct, frozen=True):
    """Clients that share a network, a user agent or a user."""

    value: str
    """What they share."""
    clients: int
    """How many were active in the window."""
    window: Mix
    """What they did together in the window."""
    last_seen: float
    alerted: int
    """Clients with an open alert."""
    severity: str
    """Of their worst open alert; ''."""


class TogetherView(Struct, frozen=True):
    """What the clients of a scope did together."""

    timeline: tuple[MinuteView, ...] = ()
    """The last 60 minutes."""
    agents: tuple[FacetView, ...] = ()
    """User agents; `requests` is the number of clients that sent one."""
    among: int = 0
    """Number of the busiest clients among which they were looked for; 0: among all."""


LineView = LineRow
"""One of the newest requests."""


class TailView(Struct, frozen=True):
    """The newest requests that a following collector has left."""

    lines: tuple[LineView, ...]
    """Those of the scope, newest first."""
    seen: int
    """Requests that arrived in the time of the kept ones, in any scope."""
    kept: int
    """How many of them are kept; of a fast log the others were passed over."""


class RouteView(Struct, frozen=True):
    """One route, of the whole log or of one client."""

    host: str
    route: str
    roles: str
    first_seen: float
    last_seen: float
    clients: int
    objects: int
    mix: Mix
    """Outcomes and requests; status classes are 0."""
    origin: str = "learned"
    """Where its template comes from: `learned`, `pinned` or `openapi`."""
    notes: tuple[str, ...] = ()
    """Tests that cannot see here; () for the routes of one client."""
    window: Mix = Mix()
    """Requests in the window; this and what follows is empty for the routes of clients."""
    spark: tuple[int, ...] = ()
    """Requests of each of the last 60 minutes, oldest first."""
    usual: float = 0.0
    """Requests that are usual in such a window at this hour; 0 when that is not known yet."""
    p95: float = 0.0
    """Seconds below which 95 % of the answers in the window took, within an eighth; 0 when the log has no durations."""
    severity: str = ""
    """Of the worst open alert about it; '' when there is none."""
    alerts: int = 0
    """Open alerts about it."""


class InventoryView(Struct, frozen=True):
    """One route that was asked for, or is declared."""

    host: str
    """'' when a file declares it for any host, or the log names none."""
    route: str
    origin: str
    """Where its template comes from: `learned`, `pinned` or `openapi`."""
    declared: bool | None
    """Whether an OpenAPI file declares it; None when no file is about its host."""
    deprecated: bool
    first_seen: float
    """0 when nobody ever asked for it; so is `last_seen`."""
    last_seen: float
    requests: int
    """0: declared, but never seen."""
    clients: int
    """Distinct principals, counted up to 300."""
    mix: Mix
    """Requests and outcomes; status classes are those of `window`."""
    window: Mix
    """The last hour, with status classes."""
    first_client: str
    """Who asked first; '' when that is not known."""
    roles: str = ""
    finding: str = ""
    """Title of the worst alert of the inventory family about it, '' when there is none."""
    alert_id: str = ""


class SuspectView(Struct, frozen=True):
    """A test that leans towards suspicion: see `model.SuspectRow`."""

    detector: str
    family: str
    principal: str
    client: str
    host: str
    route: str
    parameter: str
    evidence: float
    hits: int
    observations: int
    objects: int
    failures: int
    successes: int
    first_seen: float
    last_seen: float
    note: str
    alert_id: str
    """Open alert of the same family and principal, '' when there is none."""


class PointView(NamedTuple):
    """One object that somebody asked for, when a test leaned towards enumeration."""

    time: int
    number: int
    """Its place in the order of ids; as good as random when it is not `ordered`."""
    found: bool
    principal: str
    client: str
    """Address of the principal's last point."""
    host: str
    route: str
    parameter: str
    ordered: bool
    stride: int
    """It stands for so many objects, of which the others were left out."""


class ClientDetail(Struct, frozen=True):
    """Everything about one client."""

    row: ClientView
    peer: str
    points: tuple[tuple[int, str], ...]
    """Score, itemised: (points, reason)."""
    total: Mix
    timeline: tuple[MinuteView, ...]
    """Oldest first; only outcomes and requests."""
    routes: tuple[RouteView, ...]
    user_agents: tuple[FacetView, ...]
    users: tuple[FacetView, ...]
    hosts: tuple[FacetView, ...]
    alerts: tuple[AlertView, ...]
    suspects: tuple[SuspectView, ...]
    evidence: tuple[EvidenceView, ...]
    """Newest first, from all its alerts."""
    neighbours: int
    """Other clients seen in the same /24 (IPv6: /64)."""


class UserDetail(Struct, frozen=True):
    """Everything about one user name."""

    user: str
    clients: tuple[ClientView, ...]
    """Where it came from, latest first; `window` and `requests` are those of the client, whatever its user."""
    visits: tuple[FacetView, ...]
    """Client -> requests with this name and the last of them, in the order of `clients`."""
    clients_total: int
    """All of them, counted up to 1 101."""
    first_seen: float
    """When the first of its clients was first seen, with or without this name."""
    last_seen: float
    routes: tuple[RouteView, ...]
    """What its clients asked for, busiest first."""
    alerts: tuple[AlertView, ...]
    """Open ones first, worst first."""
    suspects: tuple[SuspectView, ...]
    let_in: tuple[EvidenceView, ...] = ()
    """Lines of alerts about taken over accounts in which this user was let in, oldest first."""


class Application(Struct, frozen=True):
    """An entry of the block queue in one target of one host, as it was last read there."""

    entry: str
    target: str
    host: str
    revision: int
    applied_at: float
    verified_at: float
    """When it was last read back there; 0: never."""
    expires: float | None
    """When the target, or `apiwatch block expire`, lets go of it; None: never."""
    dropped: int | None
    """Packets or requests that it has stopped there; None: the target does not count."""
    error: str = ""
    """Why the last attempt to apply it failed; ''."""


class BlockEntry(Struct, frozen=True):
    """One network in the block queue."""

    id: str
    net: str
    """Canonical network with prefix length."""
    reason: str
    alert_ids: tuple[str, ...]
    actor: str
    created: float
    expires: float | None
    """None: permanent, with a typed reason."""
    state: str
    """'queued', 'expired' or 'withdrawn'."""
    renewed: float = 0.0
    """When `actor` renewed it last; 0: never."""
    ended_by: str = ""
    """Who withdrew it, and when."""
    ended: float = 0.0
    applications: tuple[Application, ...] = ()
    """Where it is in force, or could not be put into force."""
    condition: str = ""
    """Which requests it is about, as `host=... path=... agent=...`; '': all of them."""
    addr_source: str = ""
    """Its clients were 'peer' (of a connection) or 'forwarded' (named by a proxy) when it was queued; '': unknown."""

    @property
    def key(self) -> str:
        """What tells it from other entries: the network, and the condition behind it if there is one."""
        return f"{self.net} {self.condition}".rstrip()

    @property
    def live_in(self) -> tuple[str, ...]:
        """Targets that hold it, each once."""
        return tuple(dict.fromkeys(each.target for each in self.applications if each.verified_at > 0))

    @property
    def dropped(self) -> int | None:
        """Packets and requests that it has stopped; None: no target counts them."""
        counts = [each.dropped for each in self.applications if each.dropped is not None]
        return sum(counts) if counts else None


class Cut(NamedTuple):
    """Requests that a block is meant for: those of a network that fit every other part; '' stands for anything."""

    net: str
    """Canonical."""
    host: str = ""
    path: str = ""
    agent: str = ""


class ImpactView(Struct, frozen=True):
    """What some networks did in a window that ends with the newest event: whom blocking them would cut off."""

    window_minutes: int
    held_minutes: int
    """Minutes of the window in which the file can count clients; 0: it cannot tell anything."""
    at: float
    """Event time in which the window ends."""
    clients: int
    requests: int
    ok: int
    all_requests: int
    """Of everybody in the window."""
    all_ok: int
    users: int
    agents: int
    tokens: int
    """Distinct tokens that the clients used last."""
    without_alert: int
    """Clients that no alert of the window names: innocent, as far as is known."""
    without_alert_requests: int
    without_alert_ok: int
    examples: tuple[str, ...]
    """The busiest of them."""
    recent: int
    """Clients that were active in the last five minutes."""
    forwarded: int
    """Clients that only came through a proxy, which named them in a header."""
    at_least: bool
    """The counts are lower bounds: there were more clients or minutes than are looked at."""
    at_most: bool = False
    """The counts are upper bounds: of some clients it is not known how many of their requests fit."""
    more_facets: bool = False
    """There were more users and user agents than are known."""


class AllowEntry(Struct, frozen=True):
    """One entry of the allow-list."""

    id: str
    target: str
    """`kind:value`."""
    reason: str
    actor: str
    created: float
    expires: float | None
    """None: until it is removed."""
    state: str
    """'live', 'expired' or 'removed'."""
    alerts: int
    """Alerts that it has kept from opening; counted up to 200."""
    signals: int
    """Signals of detectors that it has suppressed."""
    renewed: float = 0.0
    """When `actor` renewed it last; 0: never."""
    ended_by: str = ""
    """Who removed it, and when."""
    ended: float = 0.0


class ActionView(Struct, frozen=True):
    """One thing an operator said."""

    id: str
    time: float
    actor: str
    kind: str
    subject: str
    expires: float | None
    note: str
    condition: str = ""
    """Of a block: which requests it is about, if not all."""
