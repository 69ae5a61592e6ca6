"""Every setting with its type, its range and its default; `config/apiwatch.yaml` annotates the same tree.

Durations are seconds in memory; the file also takes `15m`, `1h`, `7d`. All structs are frozen: validated once, then
inert.
"""

from typing import Annotated

from msgspec import Meta, field

from apiwatch.config import accounts, amounts, inventory
from apiwatch.config.alerts import Alerts
from apiwatch.config.routes import RouteSettings
from apiwatch.config.section import Count, Seconds, Section, Share

__all__ = [
    "Alerts",
    "Block",
    "Campaign",
    "ContextFree",
    "Dashboard",
    "Detectors",
    "DistinctObjects",
    "FlowAbandonment",
    "FuzzHit",
    "Fuzzing",
    "Injection",
    "KnownPath",
    "Limits",
    "LogIn",
    "LogInFailures",
    "MissEnumeration",
    "MissShare",
    "PopulationTest",
    "Retention",
    "ScannerAgent",
    "Seconds",
    "SequentialEnumeration",
    "Settings",
    "Sources",
    "SyslogTls",
    "Tampering",
    "UnpopularShare",
    "Verbs",
]


class SyslogTls(Section, frozen=True):
    """Files in PEM form for receiving syslog over TLS."""

    certificate: str | None = None
    key: str | None = None
    """None: it is in the file of the certificate."""
    client_ca: str | None = None
    """None: clients need no certificate."""


class Sources(Section, frozen=True):
    """Where log lines come from, and how they are read."""

    paths: tuple[str, ...] = ()
    """Files and globs; empty: the usual places of nginx, Apache, Caddy, Traefik and HAProxy."""
    syslog: tuple[str, ...] = ()
    """udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH."""
    syslog_tls: SyslogTls = field(default_factory=SyslogTls)
    syslog_allow: tuple[str, ...] = ()
    """Networks that may send syslog; empty: everyone."""
    journal: tuple[str, ...] = ()
    """systemd units, or `all`."""
    since: str = "15m"
    """How far back to read when a file is opened for the first time: a duration, an RFC 3339 time or `start`."""
    format: str = "auto"
    log_format: str | None = None
    trusted_proxy: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is believed."""
    client_header: str | None = None
    """Header in which trusted proxies name the client instead of X-Forwarded-For."""
    time_zone: str | None = None
    """Zone of times that are written without one; None: told by envelopes, else this machine's."""
    poll_interval: Annotated[float, Meta(ge=0.05, le=60.0)] = 0.25
    """Where inotify does not work."""


class Limits(Section, frozen=True):
    """Bounds of memory; each is shown in the health row with how full it is."""

    clients: Annotated[int, Meta(ge=100, le=5_000_000)] = 50_000
    principals: Annotated[int, Meta(ge=100, le=5_000_000)] = 50_000
    routes: Annotated[int, Meta(ge=10, le=100_000)] = 5_000
    objects: Annotated[int, Meta(ge=1_000, le=50_000_000)] = 500_000
    """Object identifiers remembered over all routes, for the popularity gate."""
    alerts: Annotated[int, Meta(ge=10, le=100_000)] = 2_000
    evidence_lines: Annotated[int, Meta(ge=5, le=1_000)] = 50
    """Per alert."""
    line_bytes: Annotated[int, Meta(ge=1_024, le=16_777_216)] = 65_536
    """Longer lines are cut and counted."""
    queue_lines: Annotated[int, Meta(ge=1_000, le=10_000_000)] = 100_000
    """Lines of datagram sources that wait for the engine; above it they are dropped and counted."""
    routes_per_client: Annotated[int, Meta(ge=4, le=1_000)] = 32
    facets_per_client: Annotated[int, Meta(ge=2, le=100)] = 8


class Retention(Section, frozen=True):
    """How long the state file keeps what; enforced while running."""

    client_minutes: Seconds = 3 * 3600.0
    minutes: Seconds = 7 * 86_400.0
    route_minutes: Seconds = 25 * 3600.0
    clients: Seconds = 7 * 86_400.0
    alerts: Seconds = 30 * 86_400.0


class SequentialEnumeration(Section, frozen=True):
    """enumeration.sequential: the step test."""

    enabled: bool = True
    p0_start: Share = 0.05
    p0_min: Share = 0.02
    p0_max: Share = 0.75
    off_above: Share = 0.77
    """Learned share of near steps above which the test is off on a route."""
    near: Count = 8
    """Largest distance of two neighbouring ids."""
    memory: Count = 4
    """Earlier ids that a new one is compared with."""
    threshold: Annotated[float, Meta(gt=0)] = 13.816
    medium_objects: Count = 5
    high_objects: Count = 8
    small_space: Count = 200
    """Routes with at most so many known objects are exempt."""


class MissEnumeration(Section, frozen=True):
    """enumeration.miss: the miss test on objects that are new to the principal."""

    enabled: bool = True
    p0_start: Share = 0.05
    p0_min: Share = 0.02
    p0_max: Share = 0.75
    off_above: Share = 0.78
    threshold: Annotated[float, Meta(gt=0)] = 13.816
    medium_objects: Count = 5
    high_objects: Count = 8


class DistinctObjects(Section, frozen=True):
    """scraping.distinct-objects: more distinct objects in a window than others ever read."""

    enabled: bool = True
    floor_10m: Count = 30
    floor_1h: Count = 40
    floor_24h: Count = 100
    p99_factor: Annotated[float, Meta(ge=1.0)] = 2.0
    distinct_share: Share = 0.80
    unpopular_share: Share = 0.50
    high_factor: Annotated[float, Meta(ge=1.0)] = 4.0
    warm_windows: Count = 300
    warm_time: Seconds = 3 * 86_400.0
    """Age of a parameter from which on few windows are enough: hardly anybody uses it."""


class LogIn(Section, frozen=True):
    """auth.brute-force, auth.credential-stuffing and auth.password-spray: one test of log-in failures."""

    enabled: bool = True
    p0_start: Share = 0.15
    p0_min: Share = 0.05
    p0_max: Share = 0.30
    p1: Share = 0.90
    off_above: Share = 0.64
    threshold: Annotated[float, Meta(gt=0)] = 13.816
    min_failures: Count = 4
    stuffing_users: Count = 3
    """From so many target users on it is stuffing or spray."""
    spray_tries_per_user: Annotated[float, Meta(ge=1.0)] = 2.0


class Fuzzing(Section, frozen=True):
    """recon.endpoint-fuzzing: refused or missing targets that nobody ever got an answer from."""

    enabled: bool = True
    p0: Share = 0.03
    p1: Share = 0.60
    threshold: Annotated[float, Meta(gt=0)] = 13.816


class FuzzHit(Section, frozen=True):
    """recon.fuzz-hit: the first answer to a client that recon.endpoint-fuzzing has found."""

    enabled: bool = True


class Injection(Section, frozen=True):
    """recon.injection-probe: code where data belongs."""

    enabled: bool = True
    medium_families: Count = 2
    medium_distinct: Count = 3
    usual_factor: Count = 4
    """How many times more payloads are needed where others send such text, too."""


class KnownPath(Section, frozen=True):
    """recon.known-path: secret files, shells, backups, known holes, admin pages."""

    enabled: bool = True
    medium_paths: Count = 3
    window: Seconds = 600.0


class ScannerAgent(Section, frozen=True):
    """recon.scanner-agent: tools that name themselves."""

    enabled: bool = True


class Tampering(Section, frozen=True):
    """recon.parameter-tampering: parameters that no honest client sends."""

    enabled: bool = True
    medium_distinct: Count = 3


class Verbs(Section, frozen=True):
    """recon.verb-anomaly: methods that a path never answered."""

    enabled: bool = True
    medium_refused: Count = 3
    low_garbage: Count = 5
    """Request lines that are no HTTP, refused, that make a low alert."""


class PopulationTest(Section, frozen=True):
    """A test of one share over all clients of a route: one vote per client and minute (log-in routes: ten minutes)."""

    enabled: bool = True
    p0: Share = 0.10
    """Share of hits before traffic has taught it."""
    rise: Annotated[float, Meta(gt=0)] = 0.20
    """p1 - p0."""
    warm_votes: Count = 300
    memory: Count = 2_000
    """Votes over which the learned share is an exponential average, once warm."""
    threshold: Annotated[float, Meta(gt=0)] = 14.0
    quiet: Seconds = 1_800.0
    """After a signal."""
    off_above: Share = 0.50
    """Learned share above which the test is blind on a route."""


class LogInFailures(PopulationTest, frozen=True):
    """population.login-failures: first tries that fail."""

    p0: Share = 0.12
    warm_votes: Count = 200


class MissShare(PopulationTest, frozen=True):
    """population.miss: objects that do not exist."""


class UnpopularShare(PopulationTest, frozen=True):
    """population.unpopular: objects that hardly anybody reads."""

    p0: Share = 0.30


class ContextFree(PopulationTest, frozen=True):
    """population.context-free: suspicious requests of clients that do nothing else."""

    p0_log_in: Share = 0.20
    """`p0` of log-in routes."""


class FlowAbandonment(PopulationTest, frozen=True):
    """population.flow-abandonment: first steps of a log-in, sign-up or reset without the second one."""

    p0: Share = 0.15
    warm_votes: Count = 200
    within: Seconds = 300.0
    """In which the second step must follow."""


class Campaign(Section, frozen=True):
    """campaign.cluster: who takes part, and when alerts of single clients become one row."""

    enabled: bool = True
    lift: Annotated[float, Meta(ge=1.0)] = 3.0
    """Share of a cell over its usual share."""
    min_clients: Count = 5
    """Different clients without other business that a campaign needs."""
    min_requests: Count = 20
    of_one_client: Share = 0.34
    """Share of the suspicious votes that one client may have."""
    known_good: Share = 0.05
    """Share of known-good clients above which a cell is dropped."""
    alerts_per_minute: Count = 5
    """More new alerts of one family on one route become one row."""


class Detectors(Section, frozen=True):
    """One section per detector, under its name."""

    sequential: SequentialEnumeration = field(name="enumeration.sequential", default_factory=SequentialEnumeration)
    miss: MissEnumeration = field(name="enumeration.miss", default_factory=MissEnumeration)
    foreign: accounts.ForeignObject = field(name="enumeration.foreign-object", default_factory=accounts.ForeignObject)
    lookup: accounts.LookupOracle = field(name="enumeration.lookup-oracle", default_factory=accounts.LookupOracle)
    distinct: DistinctObjects = field(name="scraping.distinct-objects", default_factory=DistinctObjects)
    log_in: LogIn = field(name="auth.log-in", default_factory=LogIn)
    targeted: accounts.AccountTargeted = field(name="auth.account-targeted", default_factory=accounts.AccountTargeted)
    takeover: accounts.AccountTakeover = field(name="auth.account-takeover", default_factory=accounts.AccountTakeover)
    reset_accounts: accounts.ResetAccounts = field(
        name="recovery.many-accounts", default_factory=accounts.ResetAccounts
    )
    codes: accounts.CodeGuessing = field(name="recovery.code-guessing", default_factory=accounts.CodeGuessing)
    reset_log_in: accounts.ResetThenLogIn = field(
        name="recovery.reset-then-login", default_factory=accounts.ResetThenLogIn
    )
    predecessor: accounts.MissingPredecessor = field(
        name="identity.missing-predecessor", default_factory=accounts.MissingPredecessor
    )
    mixed_auth: accounts.MixedAuth = field(name="identity.mixed-auth", default_factory=accounts.MixedAuth)
    roaming: accounts.TokenRoaming = field(name="identity.token-roaming", default_factory=accounts.TokenRoaming)
    many_users: accounts.ManyUsers = field(name="identity.many-users", default_factory=accounts.ManyUsers)
    newcomers: inventory.NewOnClosedRoute = field(
        name="identity.new-on-closed-route", default_factory=inventory.NewOnClosedRoute
    )
    shadow: inventory.ShadowEndpoint = field(name="inventory.shadow-endpoint", default_factory=inventory.ShadowEndpoint)
    zombie: inventory.ZombieVersion = field(name="inventory.zombie-version", default_factory=inventory.ZombieVersion)
    hosts: inventory.UnknownHost = field(name="inventory.unknown-host", default_factory=inventory.UnknownHost)
    fuzzing: Fuzzing = field(name="recon.endpoint-fuzzing", default_factory=Fuzzing)
    fuzz_hit: FuzzHit = field(name="recon.fuzz-hit", default_factory=FuzzHit)
    injection: Injection = field(name="recon.injection-probe", default_factory=Injection)
    known_path: KnownPath = field(name="recon.known-path", default_factory=KnownPath)
    scanner_agent: ScannerAgent = field(name="recon.scanner-agent", default_factory=ScannerAgent)
    tampering: Tampering = field(name="recon.parameter-tampering", default_factory=Tampering)
    verbs: Verbs = field(name="recon.verb-anomaly", default_factory=Verbs)
    principal_surge: amounts.PrincipalSurge = field(
        name="volume.principal-surge", default_factory=amounts.PrincipalSurge
    )
    route_surge: amounts.RouteSurge = field(name="volume.route-surge", default_factory=amounts.RouteSurge)
    error_surge: amounts.ErrorSurge = field(name="volume.error-surge", default_factory=amounts.ErrorSurge)
    latency_abuse: amounts.LatencyAbuse = field(name="volume.latency-abuse", default_factory=amounts.LatencyAbuse)
    principal_bytes: amounts.PrincipalBytes = field(
        name="exfiltration.principal-bytes", default_factory=amounts.PrincipalBytes
    )
    oversized: amounts.OversizedResponse = field(
        name="exfiltration.oversized-response", default_factory=amounts.OversizedResponse
    )
    log_in_failures: LogInFailures = field(name="population.login-failures", default_factory=LogInFailures)
    miss_share: MissShare = field(name="population.miss", default_factory=MissShare)
    unpopular_share: UnpopularShare = field(name="population.unpopular", default_factory=UnpopularShare)
    context_free: ContextFree = field(name="population.context-free", default_factory=ContextFree)
    flow_abandonment: FlowAbandonment = field(name="population.flow-abandonment", default_factory=FlowAbandonment)
    campaign: Campaign = field(name="campaign.cluster", default_factory=Campaign)


class Dashboard(Section, frozen=True):
    """The terminal interface."""

    refresh: Annotated[float, Meta(ge=0.25, le=10.0)] = 1.0
    window: str = "5m"
    """First window: 1m, 5m, 15m or 1h."""
    ascii: bool = False
    mouse: bool = True
    theme: str = "auto"
    """auto, dark, light, ansi or ansi-light."""
    keys: dict[str, str] = field(default_factory=dict)
    """Id of a key binding -> its keys instead of the usual ones, in the words of Textual, joined by commas."""


class Block(Section, frozen=True):
    """Block queue and guard rails."""

    ttl: Seconds = 3600.0
    repeat_ttl: Seconds = 4 * 3600.0
    """Of a network that was blocked before, for each block that ran out."""
    max_ttl: Seconds = 7 * 86_400.0
    allow: tuple[str, ...] = ()
    """Addresses and networks that are never blocked."""
    vpn: tuple[str, ...] = ()
    """Networks of VPN services: a block of one that lasts for more than an hour is warned of (S3)."""
    allow_private: bool = False
    widest_v4: Annotated[int, Meta(ge=16, le=32)] = 24
    """Shortest IPv4 prefix without a typed override; /16 is the hard limit."""
    widest_v6: Annotated[int, Meta(ge=32, le=128)] = 48
    most_collateral: Annotated[float, Meta(ge=0, le=100)] = 10.0
    """Percent of the last hour's answered requests that clients without an alert may lose by one list."""
    targets: dict[str, dict[str, str]] = field(default_factory=dict)
    """What is applied by `apiwatch block apply`: target -> option -> text. Secrets are named, not held."""
    templates: dict[str, dict[str, str]] = field(default_factory=dict)
    """Lists of the user's own: name -> `file`, `suffix`, `per_entry`."""
    apply_command: tuple[str, ...] = ()
    """What the dashboard runs to apply; empty: it only writes files."""
    plan_command: tuple[str, ...] = ()
    """What the dashboard runs to hear what an apply would change; empty: it reads the firewall itself if it may."""
    audit_log: str | None = None
    """None: `audit.jsonl` beside the state file."""


class Settings(Section, frozen=True):
    """The whole file."""

    db: str | None = None
    """State file; default: under $XDG_STATE_HOME/apiwatch/."""
    sources: Sources = field(default_factory=Sources)
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)
    routes: RouteSettings = field(default_factory=RouteSettings)
    detectors: Detectors = field(default_factory=Detectors)
    alerts: Alerts = field(default_factory=Alerts)
    classes: accounts.Classes = field(default_factory=accounts.Classes)
    dashboard: Dashboard = field(default_factory=Dashboard)
    block: Block = field(default_factory=Block)
