"""Simulated traffic through the real engine, in this process: one warm-up per replay, then every grade from there."""

import resource
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from time import process_time

import msgspec

from apiwatch.bench.baselines import BASELINES
from apiwatch.bench.judging import Found, Mistake, Truth, family_of
from apiwatch.bench.traffic import START, WARM_S, Normal, attack
from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import Alert, AlertEvent, Batch
from apiwatch.simulate import REPLAYS, TRAPS, Hit, Stage, World, joined, population, services, stormy, writer
from apiwatch.simulate.topology import topology

__all__ = ["Attempt", "Job", "Outcome", "Quiet", "run"]

_BATCH = 2_000
_SALT = b"bench"
_SOURCE = "bench.log"
_RECEIVED = START + 365 * 86_400.0
_TWIN_S = 1_800.0


class Job(msgspec.Struct, frozen=True):
    """What one process works on in one go."""

    seed: int
    layout: str
    rate: float
    """Normal requests per second."""
    history_days: float
    settings: Settings
    replay: str = ""
    """Empty: normal traffic only, for `minutes`."""
    grades: tuple[str, ...] = ()
    traps: bool = False
    """Normal traffic with a release, an outage, a surge and the like."""
    minutes: float = 0.0
    log_format: str = "nginx_json"


class Attempt(msgspec.Struct, frozen=True):
    """One replay in one grade with one seed."""

    replay: str
    grade: str
    seed: int
    layout: str
    expect: tuple[str, ...]
    requests: int
    """Of the attack in all."""
    must_requests: int | None
    must_seconds: float | None
    found: Found | None
    """By an expected family."""
    other: Found | None
    """By any family, when no expected one found it."""
    exposed: int
    """Records of others that the attack was given in all."""
    detectors: tuple[str, ...]
    """All that raised or updated a right alert."""
    severity: int
    """The highest of the right alerts; -1 when there is none."""
    named: int
    """Attackers among the members of the right alerts."""
    members: int
    attackers: int
    mistakes: list[Mistake]
    """Alerts of this run that name no attacker; those about a twin come back in every grade."""
    baselines: dict[str, int]
    """Peers' rules that fired on an attacker, and after how many of the requests of the attack."""


class Quiet(msgspec.Struct, frozen=True):
    """Traffic without an attack."""

    name: str
    """`benign`, `traps`, or the replay whose twin it is."""
    seed: int
    layout: str
    hours: float
    requests: int
    mistakes: list[Mistake]
    baselines: dict[str, int]
    """Peers' rules and how often they fired."""


class Outcome(msgspec.Struct):
    """What a job brought."""

    attempts: list[Attempt]
    quiet: list[Quiet]
    events: int
    cpu_s: float
    """Processor time inside the engine."""
    peak_mb: float


class _Feed:
    """An engine, the lines it was given so far, and what it cost."""

    def __init__(self, job: Job) -> None:
        self._settings = job.settings
        self._write = writer(job.log_format, users_logged=job.log_format != "common")
        self.engine = Engine(job.settings, salt=_SALT)
        self.line = 0
        self.alerts: dict[str, Alert] = {}
        """Alerts as they are now, of those that changed since the engine began or was set back."""
        self.cpu_s = 0.0
        self.events = 0

    def feed(self, hits: Iterable[Hit], truth: Truth | None = None) -> list[AlertEvent]:
        """Alerts that these requests raise; the truth is told about those of attackers."""
        raised: list[AlertEvent] = []
        source = iter(hits)
        write = self._write
        while block := list(islice(source, _BATCH)):
            lines: list[bytes] = []
            for number, hit in enumerate(block, self.line + 1):
                time = START + hit.time
                lines.append(write(time, hit).encode())
                if truth is not None and (hit.truth or hit.client in truth.expected):
                    truth.add(number, time, hit)
            begin = process_time()
            self.engine.feed(Batch(_SOURCE, 0, str(self.line), str(self.line + len(lines)), lines, _RECEIVED))
            delta = self.engine.take(with_state=False)
            raised += delta.events
            self.alerts.update((alert.id, alert) for alert in delta.alerts)
            self.cpu_s += process_time() - begin
            self.line += len(lines)
            self.events += len(lines)
        return raised

    def mark(self) -> Iterator[None]:
        """From now on the engine stands again where it is, before each step of this iterator."""
        line, state = self.line, self.engine.snapshot()
        while True:
            self.line = line
            self.alerts = {}
            self.engine = Engine(self._settings, salt=_SALT)
            self.engine.restore(state)
            yield


def run(job: Job) -> Outcome:
    """Do a job; the same job brings the same, except for time and memory."""
    feed = _Feed(job)
    if job.replay:
        attempts, quiet = _replay(job, feed)
    else:
        attempts, quiet = [], [_normal(job, feed)]
    # Linux counts ru_maxrss in KiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Outcome(attempts, quiet, feed.events, feed.cpu_s, peak)


def _replay(job: Job, feed: _Feed) -> tuple[list[Attempt], list[Quiet]]:
    replay = REPLAYS[job.replay]
    normal = Normal(job.seed, job.layout, job.rate, job.history_days, replay.twin)
    warmed = Truth((), normal.twin_clients, normal.trap_clients)
    # History stands for `apiwatch learn`, which raises nothing.
    raised = [event for event in feed.feed(normal.before(), warmed) if event.time >= START]
    here = feed.mark()
    next(here)
    twin = list(normal.after((), WARM_S + _TWIN_S))
    raised += feed.feed(twin, warmed)
    mistakes = [mistake for mistake in warmed.mistakes(raised) if mistake.source == "twin"]
    hours = (WARM_S + _TWIN_S) / 3600
    ours = [hit for hit in twin if hit.client in normal.twin_clients]
    quiet = [Quiet(job.replay, job.seed, job.layout, hours, len(ours), mistakes, _fired(ours))]
    attempts: list[Attempt] = []
    for grade in job.grades:
        next(here)
        attempts.append(_attempt(job, grade, feed, normal))
    return attempts, quiet


def _attempt(job: Job, grade: str, feed: _Feed, normal: Normal) -> Attempt:
    actor = REPLAYS[job.replay].attacker(grade)
    hits, end = attack(actor, job.seed, job.layout)
    truth = Truth(actor.clients, normal.twin_clients, normal.trap_clients)
    raised = feed.feed(normal.after(hits, end), truth)
    families = frozenset(map(family_of, actor.expect))
    found = truth.found(raised, families)
    every = frozenset(event.alert.family for event in raised)
    right = [event.alert for event in raised if truth.is_right(event.alert)]
    named, members, attackers = truth.members(feed.alerts.values(), every)
    return Attempt(
        replay=job.replay,
        grade=grade,
        seed=job.seed,
        layout=job.layout,
        expect=actor.expect,
        requests=truth.requests,
        must_requests=actor.must_detect_requests,
        must_seconds=actor.must_detect_seconds,
        found=found,
        other=truth.found(raised, every) if found is None else None,
        exposed=sum(hit.truth == 2 for hit in hits),
        detectors=tuple(sorted({alert.detector for alert in right})),
        severity=max((int(alert.severity) for alert in right), default=-1),
        named=named,
        members=members,
        attackers=attackers,
        mistakes=truth.mistakes(raised),
        baselines=_first_fired(hits),
    )


def _normal(job: Job, feed: _Feed) -> Quiet:
    """Normal traffic for `minutes` after half an hour for which everything is new."""
    cold = 1_800.0
    world = World(job.seed, job.rate)
    stage = Stage(job.seed, START, cold + job.minutes * 60.0, job.rate)
    actors = (*services(world), *(TRAPS if job.traps else ()))
    traps = frozenset(client for actor in actors if actor.role == "trap" for client in actor.clients)
    few = sorted((hit for actor in actors for hit in actor.hits(stage)), key=lambda hit: hit.time)
    many = stormy(stage, world) if job.traps else population(stage, world)
    rename = topology(job.layout)
    hits = [hit if rename is None else rename(hit) for hit in joined(many, iter(few))]
    truth = Truth((), frozenset(), traps)
    raised = [event for event in feed.feed(hits, truth) if event.time >= START + cold]
    name = "traps" if job.traps else "benign"
    return Quiet(name, job.seed, job.layout, job.minutes / 60, len(hits), truth.mistakes(raised), _fired(hits))


def _fired(hits: Sequence[Hit]) -> dict[str, int]:
    return {name: sum(rule(hit) for hit in hits) for name, rule in ((name, make()) for name, make in BASELINES.items())}


def _first_fired(hits: Sequence[Hit]) -> dict[str, int]:
    """Rules that look at one address or user at a time: those of the attackers decide about them alone."""
    fired: dict[str, int] = {}
    for name, make in BASELINES.items():
        rule = make()
        requests = 0
        for hit in hits:
            requests += hit.truth > 0
            if rule(hit):
                fired[name] = requests
                break
    return fired
