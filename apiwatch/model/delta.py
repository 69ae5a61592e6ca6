"""What goes into the engine (`Batch`) and what comes out of it (`Delta`): rows with absolute values.

A row is keyed by the columns that its docstring names, plus the shard, which the writer adds. Writing a row twice is
harmless. `part` tells the incarnations of a client that was evicted from memory and came back: readers SUM over parts
and shards. Times are whole seconds (minutes: whole minutes) since the epoch.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from apiwatch.model.alert import Alert, AlertEvent

__all__ = [
    "DURATION_BUCKETS",
    "FIELDS_MISSING",
    "PROXY_SHOWN",
    "Batch",
    "ClientFacetRow",
    "ClientMinuteRow",
    "ClientRouteRow",
    "ClientRow",
    "DeclaredRow",
    "Delta",
    "EvidenceRow",
    "Health",
    "LineRow",
    "MinuteRow",
    "PointsRow",
    "RouteMinuteRow",
    "RouteRow",
    "SourceRow",
    "StateRow",
    "SuspectRow",
    "UnparsedRow",
]


FIELDS_MISSING = "the log has no "
"""Begins the last part of the message of a source, about what cannot be seen there."""

PROXY_SHOWN = "the log shows the proxy instead of the clients"
"""Part of the message of a source whose requests all come from a proxy."""


class Batch(NamedTuple):
    """Complete lines of one source, in order. Offsets are opaque, and monotonic per source."""

    source: str
    shard: int
    first: str
    """Offset of the first line."""
    next: str
    """Offset after the last line: where reading goes on once this batch is committed."""
    lines: Sequence[bytes]
    """Without line ends."""
    received: float
    """When the bytes arrived, seconds since the epoch; event times are clamped to this + 60 s."""
    cut: int = 0
    """Lines in this batch that were longer than the limit and lost their tail."""


class ClientRow(NamedTuple):
    """Key (client, part): totals of one client."""

    client: str
    part: int
    first_seen: int
    last_seen: int
    requests: int
    ok: int
    miss: int
    deny: int
    limited: int
    err: int
    neutral: int
    bytes: int
    principal: str
    peer: str
    score: int
    """0 to 100 at `scored_at`; halves every 30 minutes on the screen."""
    scored_at: int
    points: str
    """JSON list of [points, reason]."""


class ClientMinuteRow(NamedTuple):
    """Key (minute, client, part)."""

    minute: int
    client: str
    part: int
    requests: int
    ok: int
    miss: int
    deny: int
    limited: int
    err: int
    neutral: int
    bytes: int


class ClientRouteRow(NamedTuple):
    """Key (client, part, route): what a client did on one route."""

    client: str
    part: int
    route: str
    """Route label: 'METHOD /template'; '(other)' above the limit of routes per client."""
    last_seen: int
    requests: int
    objects: int
    """Distinct objects (approximate above 256)."""
    ok: int
    miss: int
    deny: int
    limited: int
    err: int
    neutral: int


class ClientFacetRow(NamedTuple):
    """Key (client, part, kind, value): user agents, users and hosts of a client."""

    client: str
    part: int
    kind: str
    """'user_agent', 'user' or 'host'."""
    value: str
    requests: int
    last_seen: int


class MinuteRow(NamedTuple):
    """Key (minute): all requests of a minute by status class and by outcome."""

    minute: int
    requests: int
    s1xx: int
    s2xx: int
    s3xx: int
    s4xx: int
    s5xx: int
    other: int
    ok: int
    miss: int
    deny: int
    limited: int
    err: int
    neutral: int
    bytes: int


class RouteRow(NamedTuple):
    """Key (host, route): totals of a route."""

    host: str
    route: str
    roles: str
    """Space-separated roles: 'login', 'reset', 'lookup' ..."""
    first_seen: int
    last_seen: int
    requests: int
    clients: int
    """Distinct principals, counted up to 300."""
    ok: int
    miss: int
    deny: int
    limited: int
    err: int
    neutral: int
    origin: str = "learned"
    """Where its template comes from: `learned`, `pinned` or `openapi`."""
    notes: str = ""
    """Tests that cannot see here, because normal clients do what they look for; separated by `; `."""
    declared: int = -1
    """1 when an OpenAPI file declares it, 0 when the file of its host does not, -1 when no file is about its host."""
    deprecated: int = 0
    """1 when a file says that nobody should use it any more."""
    first_client: str = ""
    """Client of the request by which it became known."""


class DeclaredRow(NamedTuple):
    """Key (host, route): an operation of an OpenAPI file, whether anybody asks for it or not."""

    host: str
    """'' for any host."""
    route: str
    """Label that its route has, once it is asked for."""
    deprecated: int


class RouteMinuteRow(NamedTuple):
    """Key (minute, host, route): all requests of a route in a minute, as in `MinuteRow`."""

    minute: int
    host: str
    route: str
    requests: int
    s1xx: int
    s2xx: int
    s3xx: int
    s4xx: int
    s5xx: int
    other: int
    ok: int
    miss: int
    deny: int
    limited: int
    err: int
    neutral: int
    bytes: int
    durations: str
    """`bucket:requests` of each `DURATION_BUCKETS` in use, separated by spaces; '' when the log has no durations."""


DURATION_BUCKETS = 48
"""Buckets of durations, three per octave: bucket n ends at 2 ** ((n - 30) / 3) seconds, from 1 ms to 52 s."""


class SuspectRow(NamedTuple):
    """Key (detector, principal, host, route, parameter): a test that leans towards suspicion, alert or not yet."""

    detector: str
    family: str
    principal: str
    client: str
    host: str
    route: str
    parameter: str
    evidence: float
    """Test statistic over its threshold: 1.0 and more has raised an alert."""
    hits: int
    observations: int
    objects: int
    """Distinct objects (enumeration), users tried (auth) or targets (recon)."""
    failures: int
    successes: int
    first_seen: int
    last_seen: int
    note: str


class PointsRow(NamedTuple):
    """Key (principal, host, route, parameter): objects over time of a test that leans towards enumeration."""

    principal: str
    host: str
    route: str
    parameter: str
    client: str
    """Address of the last of these requests."""
    last_seen: int
    """Time of that request."""
    ordered: int
    """1 if the numbers of objects are their order, 0 if they are as good as random."""
    stride: int
    """`body` holds one of so many new objects."""
    body: bytes
    """MessagePack of a flat list: second, number of the object, 1 if it was found; at most 256 times."""


class EvidenceRow(NamedTuple):
    """Key (alert_id, slot): one original line that supports an alert."""

    alert_id: str
    slot: int
    time: int
    source: str
    line: int
    text: str


class UnparsedRow(NamedTuple):
    """Key (source, line): one of the first lines that no format understood."""

    source: str
    line: int
    time: int
    text: str
    matched: int
    """Number of characters that the best format understood."""
    format: str


class LineRow(NamedTuple):
    """One of the newest requests, as the live view shows it. Texts are clean and cut; '' is what the line lacks."""

    time: float
    client: str
    host: str
    method: str
    target: str
    route: str
    """Route label."""
    status: int
    outcome: str
    """One of `OUTCOMES`."""
    bytes: int | None
    duration_s: float | None
    user: str
    user_agent: str
    source: str
    line: int
    """1-based number of the line in its source."""


class SourceRow(NamedTuple):
    """Key (source): the engine's counters of one source since its state began."""

    source: str
    format: str
    lines: int
    requests: int
    unparsed: int
    skipped: int
    late: int
    cut: int
    first_time: int
    last_time: int


class StateRow(NamedTuple):
    """Key (key): one piece of engine state; None deletes it."""

    key: str
    blob: bytes | None


class Health(msgspec.Struct, frozen=True):
    """The bounds of the engine and how full they are."""

    watermark: float
    """Newest event time."""
    clients: int
    clients_limit: int
    clients_evicted: int
    principals: int
    principals_limit: int
    principals_evicted: int
    routes: int
    routes_limit: int
    routes_refused: int
    objects: int
    objects_limit: int
    objects_forgotten: int
    alerts_open: int
    alerts_limit: int
    alerts_refused: int
    evidence_limit: int
    clamped: int
    """Requests whose time lay in the future and was pulled back."""
    notified: int = 0
    """Notifications since the state began."""
    withheld: int = 0
    """Those above the budget of an hour, which were not made."""
    allowed: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    """Entry of the allow-list -> alerts and signals that it suppressed."""


class Delta(msgspec.Struct, frozen=True):
    """All that changed since the last `take()`."""

    clients: list[ClientRow]
    client_minutes: list[ClientMinuteRow]
    client_routes: list[ClientRouteRow]
    client_facets: list[ClientFacetRow]
    minutes: list[MinuteRow]
    routes: list[RouteRow]
    suspects: list[SuspectRow]
    alerts: list[Alert]
    events: list[AlertEvent]
    evidence: list[EvidenceRow]
    sources: list[SourceRow]
    unparsed: list[UnparsedRow]
    state: list[StateRow]
    health: Health
    route_minutes: list[RouteMinuteRow] = []
    points: list[PointsRow] = []
    declared: list[DeclaredRow] | None = None
    """All declared operations, once for each start of the engine; None: as before."""
    lines: list[LineRow] = []
    """The newest requests, oldest first, if the engine was told to keep them."""
    lines_seen: int = 0
    """Requests since the last delta with lines."""
