"""What the detectors remember: per principal, per (principal, route, parameter), and per route.

All of it is msgspec structs, so that the engine can store and restore each piece as one blob.
"""

import msgspec

from apiwatch.detect.crowds import RoutePopulation
from apiwatch.detect.exfiltration.sizes import ByteTrack, RouteSizes
from apiwatch.detect.flows import Flow
from apiwatch.detect.identity.newcomers import Newcomer
from apiwatch.detect.identity.track import IdentityTrack, Predecessors
from apiwatch.detect.inventory.track import RouteWatch, VersionTrack, Visits
from apiwatch.detect.kit import Histogram, Null, Votes
from apiwatch.detect.ownership import Foreign, Owners
from apiwatch.detect.points import Points
from apiwatch.detect.recon.probes import ProbeTrack, RouteProbes
from apiwatch.detect.recovery.track import RecoveryTrack
from apiwatch.detect.samples import Sample, keep_sample, sample_of
from apiwatch.detect.volume.errors import ErrorTrack, RouteErrors
from apiwatch.detect.volume.latency import RouteTime, TimeTrack
from apiwatch.detect.volume.rates import Rate
from apiwatch.routes import Route

__all__ = [
    "LogInTrack",
    "ObjectTrack",
    "ParamState",
    "Principal",
    "ReconTrack",
    "RouteState",
    "Sample",
    "Window",
    "keep_sample",
    "sample_of",
]


class Window(msgspec.Struct, array_like=True, gc=False):
    """Distinct objects in one window, as two half-overlapping halves of which the larger count is used."""

    span: float
    starts: list[float]
    """Start of each half."""
    distinct: list[int]
    total: list[int]
    unpopular: list[int]
    limit: float = 0.0
    usual: float = 0.0
    """99th percentile of the others."""
    learned: int = -1
    """Closed windows that `limit` and `usual` rest on."""


class ObjectTrack(msgspec.Struct, array_like=True, gc=False):
    """One principal on one parameter of one route."""

    first: float
    last: float
    client: str = ""
    """Address of the latest request."""
    observed: float = 0.0
    """When an object was last new."""
    total: int = 0
    distinct: int = 0
    unpopular: int = 0
    missed: int = 0
    """Misses on new objects."""
    found: int = 0
    """Answers on new objects."""
    found_at: float = 0.0
    """When an answer was last seen."""
    recent: dict[int, int] = msgspec.field(default_factory=dict)
    """Object -> twice the second of its last touch, plus one if it was unpopular then. At most 1 024."""
    step: float = 0.0
    ids: list[int] = msgspec.field(default_factory=list)
    """The last ids, oldest first."""
    stride: int = 0
    moves: int = 0
    near: int = 0
    miss: float = 0.0
    miss_hits: int = 0
    miss_seen: int = 0
    since: float = 0.0
    """When the first hit of the present suspicion was seen."""
    step_votes: Votes = msgspec.field(default_factory=Votes)
    miss_votes: Votes = msgspec.field(default_factory=Votes)
    window: int = -1
    """Ten-minute window of the last touch, in units of 600 s."""
    ratio: float = 0.0
    """Distinct objects over their limit when `scraping.distinct-objects` last fired."""
    windows: list[Window] | None = None
    closed: tuple[dict[int, int], dict[int, int], dict[int, int]] | None = None
    """What it added to the histograms of its parameter, by bucket."""
    samples: list[Sample] = msgspec.field(default_factory=list)
    listed: bool = False
    """Whether its suspect row is kept up to date."""
    dirty: bool = False
    points: Points | None = None
    """Its objects over time, once it is listed."""


class LogInTrack(msgspec.Struct, array_like=True, gc=False):
    """Log-in attempts of one network principal on one route."""

    first: float
    last: float
    client: str = ""
    """Address of the latest attempt."""
    score: float = 0.0
    failures: int = 0
    successes: int = 0
    users: dict[str, int] = msgspec.field(default_factory=dict)
    """Target user -> failed attempts; at most 512."""
    users_total: int = 0
    since: float = 0.0
    gaps: int = 0
    gap_sum: float = 0.0
    gap_squares: float = 0.0
    """Number, sum and sum of squares of the seconds between attempts."""
    size: int = -1
    run: list[Sample] = msgspec.field(default_factory=list)
    """Answers of `size` in a row that may turn out to be refusals; at most 4, then `size` is known as a refusal."""
    run_score: float = 0.0
    """Test statistic before the run began."""
    run_activity: int = 0
    """Answered requests elsewhere when the run began."""
    votes: Votes = msgspec.field(default_factory=Votes)
    samples: list[Sample] = msgspec.field(default_factory=list)
    listed: bool = False
    dirty: bool = False


class ReconTrack(msgspec.Struct, array_like=True, gc=False):
    """Unknown targets that one principal tried."""

    first: float
    last: float
    client: str = ""
    """Address of the latest attempt."""
    score: float = 0.0
    hits: int = 0
    seen: int = 0
    targets: dict[int, int] = msgspec.field(default_factory=dict)
    """Identity of a target that was already counted -> 1; at most 512."""
    since: float = 0.0
    host: str = ""
    """Host of the first attempt; targets of all hosts count."""
    samples: list[Sample] = msgspec.field(default_factory=list)
    listed: bool = False
    dirty: bool = False


class Principal(msgspec.Struct, array_like=True, gc=False):
    """Whom the tests are kept for."""

    pid: int
    """Sequence number within the shard."""
    key: str
    kind: str
    first: float
    last: float
    client: str
    """Address of its latest request."""
    tracks: dict[int, ObjectTrack] = msgspec.field(default_factory=dict)
    """By `ParamState.key`; at most 64."""
    log_ins: dict[int, LogInTrack] = msgspec.field(default_factory=dict)
    """By route id; at most 16."""
    recon: ReconTrack | None = None
    probes: dict[str, ProbeTrack] | None = None
    """By the name of the detector, or of what it looks at."""
    recovery: RecoveryTrack | None = None
    identity: IdentityTrack | None = None
    foreign: Foreign | None = None
    newcomer: Newcomer | None = None
    versions: VersionTrack | None = None
    large: dict[int, ByteTrack] | None = None
    """By route id; at most 16."""
    errors: dict[int, ErrorTrack] | None = None
    """By route id; at most 8, so are those of `time`."""
    time: dict[int, TimeTrack] | None = None
    signals: dict[str, tuple[int, float, str, float]] = msgspec.field(default_factory=dict)
    """Detector -> severity, evidence (0 to 1), reason and time of its strongest signal.

    Empty again when its last alert closes; while there is one, the principal does not shape what is usual.
    """
    renewed_at: dict[str, float] = msgspec.field(default_factory=dict)
    """Detector -> suspicious requests from which on its reason is put into words again."""
    points: str = "[]"
    """Score, itemised: JSON list of [points, reason]."""
    alerts: list[str] = msgspec.field(default_factory=list)
    """Keys of its open alerts."""
    listed: bool = False
    """Whether one of its tests leans towards suspicion."""
    score: int = 0
    reached: bool = False
    """Whether it was answered about people or accounts after its first signal."""
    silent: bool = False
    """Whether another principal behind the same shared address shapes what is usual already."""
    dirty: bool = False
    free_at: float = 0.0
    """Time of its latest request that no block of ours has refused, kept while networks are blocked."""


class ParamState(msgspec.Struct, gc=False):
    """What is usual on one parameter of one route."""

    key: int
    name: str
    step: Null = msgspec.field(default_factory=Null)
    miss: Null = msgspec.field(default_factory=Null)
    requests: int = 0
    since: float = 0.0
    """When its first principal came."""
    owners: Owners | None = None
    histograms: list[Histogram] = msgspec.field(default_factory=lambda: [Histogram(), Histogram(), Histogram()])
    """Distinct objects per principal in closed windows of 10 min, 1 h and 24 h."""


class RouteState(msgspec.Struct, gc=False):
    """One route with its counters and all that was learned about it."""

    route: Route
    outcomes: list[int] = msgspec.field(default_factory=lambda: [0] * 6)
    principals: set[int] | None = msgspec.field(default_factory=set)
    """Sequence numbers of its principals; None from 300 on."""
    params: dict[str, ParamState] = msgspec.field(default_factory=dict)
    """At most 32."""
    log_in: Null = msgspec.field(default_factory=Null)
    sizes: dict[int, int] = msgspec.field(default_factory=dict)
    """Space-saving list of the 8 most frequent sizes of 2xx answers."""
    size_buckets: dict[int, int] = msgspec.field(default_factory=dict)
    """2xx answers by quarter octave of their size."""
    sized: int = 0
    tiny: int = 0
    """2xx answers of at most 40 bytes."""
    miss_low: int = 0
    miss_high: int = -1
    """2xx sizes within these bounds are misses."""
    tiny_is_miss: bool = False
    refused: int = 0
    """Requests refused by their status on a log-in route: it does not need sizes to say no."""
    basic: bool = False
    """Whether a named user was answered 401: HTTP authentication, every request is an attempt."""
    fail_sizes: list[int] = msgspec.field(default_factory=list)
    """2xx sizes of a log-in route that mean 'refused'; at most 8."""
    predecessors: Predecessors | None = None
    owned: bool = False
    """Whether a parameter has so many objects with an owner that it may be private."""
    authenticated: int = 0
    """Answers to requests with credentials."""
    strays: int = 0
    """Further answers to clients without credentials: each of them makes this a little more usual only once."""
    followed: bool = False
    """Whether a client of this log-in route was ever seen elsewhere."""
    population: RoutePopulation | None = None
    """All its clients together, once there was a vote."""
    probes: RouteProbes | None = None
    inventory: RouteWatch | None = None
    """Why each of its requests is looked at; None for an ordinary route."""
    visits: Visits | None = None
    large: int = 0
    """Answers of more bytes are looked at."""
    answers: RouteSizes | None = None
    turn: int = -1
    """Bucket of its latest request, and `pace` its requests in it."""
    pace: int = 0
    rate: Rate | None = None
    """Once it was busy."""
    flow: Flow | None = None
    errors: RouteErrors | None = None
    time: RouteTime | None = None
    first_client: str = ""
    """Client of the request by which it became known."""
    minutes: dict[int, list[int]] = msgspec.field(default_factory=dict)
    """Minute -> its counters (see `engine.routeminutes`); only the last few minutes."""
    dirty: bool = False
