"""The population family: per-route tests of a share over all clients, for campaigns that no single client betrays.

Each is a Bernoulli CUSUM (design of detection, section 5.3): S <- max(0, S + log-likelihood ratio of p1 against p0),
where p0 is learned from the votes of the route itself and p1 = p0 + .20. A client votes once in a minute, on log-in
routes once in ten minutes, with the first answer that it got in that time.
"""

from apiwatch.config.settings import ContextFree, Detectors, PopulationTest
from apiwatch.detect.crowds import Cusum
from apiwatch.detect.kit import weights
from apiwatch.detect.signal import Detector, Facts, Story
from apiwatch.model import Number, Severity, Tags

__all__ = [
    "CONTEXT_FREE",
    "LOG_IN_FAILURES",
    "MISS_SHARE",
    "POPULATION_TESTS",
    "UNPOPULAR_SHARE",
    "ShareTest",
    "population_severity",
    "share_tests",
]

_PRIOR_VOTES = 50.0
_LOWEST, _HIGHEST = 0.02, 0.97
_BELIEVED = 2.0
"""Times its start value that a share may be while the test is warming up."""

_CALM = 0.25
"""Share of the threshold up to which votes teach."""

_RESTART = 0.5
"""Share of the threshold at which a test goes on after it fired."""

_BELIEVED_FOR = 86_400.0
"""Seconds after which a test that fired before it knew the route learns anew: what goes on that long is usual there."""

_LEARNED_ANEW = 50
"""Votes of which it then takes the share."""

_OUTAGE = 3.0
"""Log-likelihood ratio of the votes of known-good clients alone."""

_STEPS = 1_000


class ShareTest:
    """One population test under one set of settings."""

    def __init__(self, index: int, settings: PopulationTest, start: float, *, early: bool) -> None:
        self.index = index
        """Place in `POPULATION_TESTS`."""
        self._settings = settings
        self._kept = 1.0 - 1.0 / settings.memory
        self._start = start
        self._early = early
        """Whether it may fire while it is warming up: only tests whose usual share hardly differs between routes."""
        self._weights: dict[int, tuple[float, float]] = {}
        self.threshold = settings.threshold
        self.calm = _CALM * settings.threshold
        self.rise = settings.rise

    def usual(self, cusum: Cusum) -> float:
        """The share that the next vote is judged against; above `off_above` the test is blind."""
        if cusum.p0 >= 0.0:
            return cusum.p0
        return min(self._mean(cusum), _BELIEVED * self._start)

    def is_blind(self, cusum: Cusum) -> bool:
        """Whether so many clients give a hit in normal times that a campaign could not be seen among them."""
        return self._settings.enabled and self.usual(cusum) > self._settings.off_above

    def pass_by(self, cusum: Cusum) -> None:
        """`vote` of a client that gives no hit to a warm test at 0: it only teaches."""
        cusum.votes += 1
        cusum.p0 *= self._kept

    def vote(self, cusum: Cusum, hit: bool, time: float, *, known: bool, alone: bool) -> bool:
        """Count one vote; whether the test fires.

        Before the route is known a hit only counts against clients that are `alone`, with nothing else to do.
        """
        settings = self._settings
        if not settings.enabled:
            return False
        warming = cusum.p0 < 0.0
        if cusum.score > 0.0 or hit:
            off = warming and (not self._early or cusum.fired_at < 0.0)
            self._judge(cusum, hit, time, known, off=off, counts=alone or not warming)
        cusum.votes += 1
        if warming:
            self._learn(cusum, hit, time)
        elif cusum.score <= self.calm:
            cusum.p0 *= self._kept
            if hit:
                cusum.p0 += 1.0 - self._kept
        if cusum.score < settings.threshold:
            return False
        if time < cusum.quiet_until:
            cusum.score = settings.threshold
            return False
        return True

    def fire(self, cusum: Cusum, time: float) -> None:
        """The signal of the latest vote is believed: half of the evidence stays, and the test rests."""
        cusum.score = _RESTART * self.threshold
        cusum.quiet_until = time + self._settings.quiet
        if cusum.p0 < 0.0 and cusum.fired_at == 0.0:
            cusum.fired_at = time

    def is_outage(self, cusum: Cusum) -> bool:
        """Whether known-good clients do what the test is about as well: the service is to blame, and no campaign.

        Then the evidence stays where it is until the outage ends.
        """
        of_hit, of_other = self._weights_at(self.usual(cusum))
        tendency = cusum.known_hits * of_hit + (cusum.known - cusum.known_hits) * of_other
        if 2 * cusum.known_hits <= cusum.seen_hits and tendency < _OUTAGE:
            return False
        cusum.score = self.threshold
        return True

    def _learn(self, cusum: Cusum, hit: bool, time: float) -> None:
        """One vote while the test is warming up."""
        cusum.hits += hit
        if cusum.fired_at < 0.0:
            if cusum.votes >= _LEARNED_ANEW:
                cusum.p0 = cusum.hits / cusum.votes
        elif cusum.fired_at > 0.0:
            if time - cusum.fired_at >= _BELIEVED_FOR:
                cusum.fired_at = -1.0
                cusum.votes = cusum.hits = 0
        elif cusum.votes >= self._settings.warm_votes:
            cusum.p0 = self._mean(cusum)

    def _judge(self, cusum: Cusum, hit: bool, time: float, known: bool, *, off: bool, counts: bool) -> None:
        p0 = self.usual(cusum)
        if off or p0 > self._settings.off_above:
            cusum.score = 0.0
            return
        if cusum.score <= 0.0:
            cusum.since = time
            cusum.seen = cusum.seen_hits = cusum.known = cusum.known_hits = 0
        cusum.seen += 1
        cusum.seen_hits += hit
        if known:
            cusum.known += 1
            cusum.known_hits += hit
        if hit and not counts:
            return
        of_hit, of_other = self._weights_at(p0)
        cusum.score = max(0.0, cusum.score + (of_hit if hit else of_other))

    def _mean(self, cusum: Cusum) -> float:
        return (cusum.hits + _PRIOR_VOTES * self._start) / (cusum.votes + _PRIOR_VOTES)

    def _weights_at(self, share: float) -> tuple[float, float]:
        step = int(share * _STEPS + 0.5)
        found = self._weights.get(step)
        if found is None:
            p0 = min(max(step / _STEPS, _LOWEST), _HIGHEST - 0.01)
            of = weights(p0, min(_HIGHEST, p0 + self.rise))
            found = self._weights[step] = of.hit, of.other
        return found


def share_tests(detectors: Detectors, *, log_in: bool) -> tuple[ShareTest, ...]:
    """The tests in the order of `POPULATION_TESTS`, for log-in routes or for others."""
    free: ContextFree = detectors.context_free
    return (
        ShareTest(0, detectors.log_in_failures, detectors.log_in_failures.p0, early=True),
        ShareTest(1, detectors.miss_share, detectors.miss_share.p0, early=True),
        ShareTest(2, detectors.unpopular_share, detectors.unpopular_share.p0, early=False),
        ShareTest(3, free, free.p0_log_in if log_in else free.p0, early=False),
    )


def population_severity(detector: Detector, *, named: bool) -> Severity:
    """High for log-ins, and for every campaign whose members are named."""
    return Severity.HIGH if named or detector is LOG_IN_FAILURES else Severity.MEDIUM


def _story(facts: Facts, route: str, what: str, why: str) -> Story:
    members, hits = facts["members"], facts["hits"]
    spread = f"{members:.0f} addresses in {facts['networks']:.0f} networks, {facts['cells']:.0f} kinds of request"
    who = f"campaign of {members:.0f} addresses" if members else "many clients at once"
    return Story(
        title=f"{who} on {route}: {hits:.0f} {what}",
        why=why,
        numbers=(
            Number(
                name=what,
                value=f"{facts['share_hits']:.0f} of {facts['share_seen']:.0f} clients",
                baseline=f"{facts['p0']:.0%} (this route, {facts['null']:.0f} votes)",
                threshold=f"evidence >= {facts['threshold']:.1f}",
                now=round(facts["statistic"], 2),
            ),
            Number(
                name="members",
                value=spread if members else "not known yet",
                baseline="clients that do nothing else here, by agent, answer, size and network",
                threshold=f"kinds {facts['lift']:.0f} x as frequent as usual, {facts['enough']:.0f} requests",
                now=members,
            ),
        ),
        counter_evidence=_counter_evidence(facts),
        clears_when="the share falls back to what is usual on this route, or an allow-list entry",
        reason=f"part of a campaign: {what} on {route}",
    )


def _counter_evidence(facts: Facts) -> tuple[str, ...]:
    found: list[str] = []
    if facts["known"]:
        found.append(
            f"{facts['known_hits']:.0f} of {facts['known']:.0f} clients that also do other things here did the same"
        )
    if facts["warming"]:
        found.append("little is known yet of what is usual on this route")
    if facts["successes"]:
        found.append(f"{facts['successes']:.0f} log-ins of members succeeded: accounts taken over, or users among them")
    return tuple(found) or ("no client that does other things here did the same",)


def _tell_log_in_failures(facts: Facts, route: str) -> Story:
    return _story(
        facts,
        route,
        "first log-ins failed",
        "far more clients than usual fail at their first try: stolen passwords, tried from many addresses",
    )


def _tell_miss(facts: Facts, route: str) -> Story:
    return _story(
        facts,
        route,
        "requests for missing objects",
        "far more clients than usual ask for objects that do not exist: ids or addresses guessed from many addresses",
    )


def _tell_unpopular(facts: Facts, route: str) -> Story:
    return _story(
        facts,
        route,
        "requests for unpopular objects",
        "far more clients than usual ask for objects that hardly anybody reads: a catalogue copied from many addresses",
    )


def _tell_context_free(facts: Facts, route: str) -> Story:
    return _story(
        facts,
        route,
        "suspicious requests without context",
        "far more clients than usual come for this route alone and fail, or read what hardly anybody reads",
    )


_SCRAPE = Tags(owasp=("API6:2023", "API1:2023"), oat=("OAT-011",), attack=("T1119", "T1090.003"))
LOG_IN_FAILURES = Detector(
    name="population.login-failures",
    family="population",
    group="account",
    tags=Tags(owasp=("API2:2023",), oat=("OAT-008",), attack=("T1110.004", "T1090.003")),
    tell=_tell_log_in_failures,
    capped_when_cold=False,
)
MISS_SHARE = Detector(name="population.miss", family="population", group="object", tags=_SCRAPE, tell=_tell_miss)
UNPOPULAR_SHARE = Detector(
    name="population.unpopular", family="population", group="object", tags=_SCRAPE, tell=_tell_unpopular
)
CONTEXT_FREE = Detector(
    name="population.context-free",
    family="population",
    group="object",
    tags=Tags(owasp=("API6:2023", "API2:2023"), oat=("OAT-011", "OAT-008"), attack=("T1090.003",)),
    tell=_tell_context_free,
)
POPULATION_TESTS = (LOG_IN_FAILURES, MISS_SHARE, UNPOPULAR_SHARE, CONTEXT_FREE)
"""In the order of `RoutePopulation.tests`."""
