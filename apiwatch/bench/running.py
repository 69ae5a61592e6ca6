"""Simulated traffic through the real engine, in this process: one warm-up per replay, then every grade from there."""

import resource
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from operator import itemgetter
from time import process_time

import msgspec
from msgspec.structs import replace

from apiwatch.bench.baselines import BASELINES, Rule, knowledge
from apiwatch.bench.judging import Found, Mistake, Truth, family_of, is_complete
from apiwatch.bench.learned import Knowledge
from apiwatch.bench.storing import Stored
from apiwatch.bench.traffic import START, WARM_S, Normal, attack, pace_of
from apiwatch.bench.variants import VARIANTS
from apiwatch.config import Settings
from apiwatch.model import Action, Alert, AlertEvent, Batch
from apiwatch.simulate import BLOCKED, DECLARED, REPLAYS, TRAPS, Actor, Hit, Stage, joined, stormy, topology, writer

__all__ = ["Attempt", "Job", "Outcome", "Quiet", "run"]

_BATCH = 2_000
_SALT = b"bench"
_SOURCE = "bench.log"
_RECEIVED = START + 365 * 86_400.0
_TWIN_S = 1_800.0
_COLD_S = 1_800.0
"""Everything is new for half an hour: what is said then does not count as false."""


_TRAPS_RATE = 5.0
"""Normal requests per second below which traps come more seldom, too."""


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
    shares: tuple[float, ...] = ()
    """Attackers' shares of the clients of the attacked route, at each of which the grade g4 is played as well."""
    traps: bool = False
    """Normal traffic with a release, an outage, a surge and the like."""
    minutes: float = 0.0
    variant: str = ""
    """One of `VARIANTS`."""
    stored: bool = False
    """Also write the state file, and say how large it becomes."""


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
    unexplained: tuple[str, ...]
    """Detectors of alerts whose explanation lacks a part."""
    named: int
    """Attackers among the members of the right alerts."""
    members: int
    attackers: int
    mistakes: list[Mistake]
    """Alerts of this run that name no attacker; those about a twin come back in every grade."""
    baselines: dict[str, int]
    """Peers' rules that fired on an attacker, and after how many of the requests of the attack."""
    share: float | None = None
    """Attackers' share of the clients of the attacked route, where it was set."""


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
    stored_bytes: int = 0
    """Of the state file, for `stored_events`."""
    stored_events: int = 0


class _Feed:
    """An engine, the lines it was given so far, and what it cost."""

    def __init__(self, job: Job, stored: Stored | None = None) -> None:
        self._variant = VARIANTS[job.variant]
        self._settings = self._variant.settings(_declared(job.settings) if job.traps else job.settings)
        self._write = writer(self._variant.log_format, users_logged=self._variant.log_format != "common")
        self._stored = stored
        self.engine = self._variant.engine(self._settings, salt=_SALT)
        if job.traps:
            self.engine.act(_blocks())
        self.line = 0
        self.alerts: dict[str, Alert] = {}
        """Alerts as they are now, of those that changed since the engine began or was set back."""
        self.cpu_s = 0.0
        self.events = 0

    def feed(self, hits: Iterable[Hit], truth: Truth | None = None) -> list[AlertEvent]:
        """Alerts that these requests raise; the truth is told about those of attackers."""
        raised: list[AlertEvent] = []
        source = iter(hits)
        write, said = self._write, self._variant.line
        while block := list(islice(source, _BATCH)):
            lines: list[bytes] = []
            for number, hit in enumerate(block, self.line + 1):
                time = START + hit.time
                lines.append(said(write(time, hit)).encode())
                if truth is not None and (hit.truth or hit.client in truth.expected):
                    truth.add(number, time, hit)
            begin = process_time()
            self.engine.feed(Batch(_SOURCE, 0, str(self.line), str(self.line + len(lines)), lines, _RECEIVED))
            if self._stored is None:
                delta = self.engine.take(with_state=False)
                raised += delta.events
                self.alerts.update((alert.id, alert) for alert in delta.alerts)
            self.cpu_s += process_time() - begin
            self.line += len(lines)
            self.events += len(lines)
            if self._stored is not None:
                raised += self._stored.write(self.engine, self.line)
        return raised

    def mark(self) -> Iterator[None]:
        """From now on the engine stands again where it is, before each step of this iterator."""
        line, state = self.line, self.engine.snapshot()
        while True:
            self.line = line
            self.alerts = {}
            self.engine = self._variant.engine(self._settings, salt=_SALT)
            self.engine.restore(state)
            yield


def run(job: Job) -> Outcome:
    """Do a job; the same job brings the same, except for time and memory."""
    if job.stored:
        with Stored(job.settings, _SOURCE) as stored:
            feed = _Feed(job, stored)
            quiet = _normal(job, feed)
            return Outcome([], [quiet], 0, 0.0, _peak_mb(), stored.size(), feed.events)
    feed = _Feed(job)
    if job.replay:
        attempts, twins = _replay(job, feed)
    else:
        attempts, twins = [], [_normal(job, feed)]
    return Outcome(attempts, twins, feed.events, feed.cpu_s, _peak_mb())


def _declared(settings: Settings) -> Settings:
    """Whoever has a help desk, kiosks, partners or load tests has said so."""
    known = {kind: (*getattr(settings.classes, kind), *clients) for kind, clients in DECLARED.items()}
    return replace(settings, classes=replace(settings.classes, **known))


def _blocks() -> list[Action]:
    """What operators said before the log begins."""
    return [
        Action(seq, f"block-{seq}", START, "bench", "block", f"{client}/32", None, "", f"entry-{seq}")
        for seq, client in enumerate(BLOCKED, 1)
    ]


def _peak_mb() -> float:
    """Linux counts ru_maxrss in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _replay(job: Job, feed: _Feed) -> tuple[list[Attempt], list[Quiet]]:
    replay = REPLAYS[job.replay]
    normal = Normal(job.seed, job.layout, job.rate, job.history_days, replay.twin)
    warmed = Truth((), normal.twin_clients, normal.trap_clients)
    known = knowledge()
    # History stands for `apiwatch learn`, which raises nothing.
    raised = [event for event in feed.feed(_learning(normal.before(), known), warmed) if event.time >= START]
    here = feed.mark()
    next(here)
    twin = list(normal.after((), WARM_S + _TWIN_S))
    raised += feed.feed(twin, warmed)
    mistakes = [mistake for mistake in warmed.mistakes(raised) if mistake.source == "twin"]
    hours = (WARM_S + _TWIN_S) / 3600
    watch = _Watch(known)
    ours = sum(1 for _ in watch.hits(hit for hit in twin if hit.client in normal.twin_clients))
    quiet = [Quiet(job.replay, job.seed, job.layout, hours, ours, mistakes, watch.fired)]
    attempts: list[Attempt] = []
    for grade in job.grades:
        next(here)
        attempts.append(_attempt(job, grade, replay.attacker(grade), feed, normal, known))
    for share in job.shares if "g4" in replay.grades else ():
        pace = pace_of(attack(replay.attacker("g4"), job.seed, job.layout)[0], twin, share)
        if pace is not None:
            next(here)
            attempts.append(_attempt(job, "g4", replay.attacker("g4", pace), feed, normal, known, share))
    return attempts, quiet


def _learning(hits: Iterable[Hit], known: Knowledge) -> Iterator[Hit]:
    """The same requests; those at the full rate teach the peers' rules."""
    for hit in hits:
        if hit.time >= 0.0:
            known.learn(hit)
        yield hit


def _attempt(
    job: Job, grade: str, actor: Actor, feed: _Feed, normal: Normal, known: Knowledge, share: float | None = None
) -> Attempt:
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
        unexplained=tuple(sorted({event.alert.detector for event in raised if not is_complete(event.alert)})),
        named=named,
        members=members,
        attackers=attackers,
        mistakes=truth.mistakes(raised),
        baselines=_first_fired(hits, known),
        share=share,
    )


def _normal(job: Job, feed: _Feed) -> Quiet:
    """Normal traffic for `minutes` after half an hour for which everything is new; never all of it in memory."""
    stage = Stage(job.seed, START, _COLD_S + job.minutes * 60.0, job.rate)
    api = topology(job.layout)
    actors = (*api.machines(stage), *(map(api.actor, TRAPS) if job.traps else ()))
    traps = frozenset(client for actor in actors if actor.role == "trap" for client in actor.clients)
    rarer = stage._replace(thinned=max(1.0, _TRAPS_RATE / job.rate))
    few = merge(*(actor.hits(rarer) for actor in actors), key=itemgetter(0))
    many = stormy(stage, api) if job.traps else api.population(stage)
    watch = _Watch(knowledge(), _COLD_S)
    truth = Truth((), frozenset(), traps)
    raised = [event for event in feed.feed(watch.hits(joined(many, few)), truth) if event.time >= START + _COLD_S]
    name = "traps" if job.traps else "benign"
    return Quiet(name, job.seed, job.layout, job.minutes / 60, watch.count, truth.mistakes(raised), watch.fired)


class _Watch:
    """Peers' rules, asked about requests on their way; those before a time only teach."""

    def __init__(self, known: Knowledge, since: float = -1e12) -> None:
        self._known, self._since = known, since
        self._rules: list[tuple[str, Rule]] = [(name, make(known)) for name, make in BASELINES.items()]
        self.fired = dict.fromkeys(BASELINES, 0)
        self.count = 0

    def hits(self, hits: Iterable[Hit]) -> Iterator[Hit]:
        """The same requests."""
        for hit in hits:
            self.count += 1
            if hit.time < self._since:
                self._known.learn(hit)
            else:
                for name, rule in self._rules:
                    if rule(hit):
                        self.fired[name] += 1
            yield hit


def _first_fired(hits: Sequence[Hit], known: Knowledge) -> dict[str, int]:
    """Rules that look at one address or user at a time: those of the attackers decide about them alone."""
    fired: dict[str, int] = {}
    for name, make in BASELINES.items():
        rule = make(known)
        requests = 0
        for hit in hits:
            requests += hit.truth > 0
            if rule(hit):
                fired[name] = requests
                break
    return fired
