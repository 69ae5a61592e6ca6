"""Brute force, credential stuffing and password spray in one sequential test.

Observations are log-in attempts of one network principal on one route: refused or not. The test works at any pace; the
names of the target users, where the log holds them, tell the three apart.
"""

from apiwatch.config.settings import LogIn
from apiwatch.detect.kit import DAY, FLOOR, Scale, Weights, faded
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.detect.state import LogInTrack, RouteState, Sample, keep_sample
from apiwatch.model import Number, Severity, Tags

__all__ = ["BRUTE_FORCE", "LOG_INS_KEPT", "RUN", "SPRAY", "STUFFING", "LogInTest", "log_in_scale", "refuses_by_status"]

USERS_KEPT = 512
LOG_INS_KEPT = 16
"""Log-in routes that one principal is tracked on."""

RUN = 5
"""Equal sizes in a row that mean 'refused'."""

_REFUSALS = 5
_REFUSALS_SHARE = 0.01

_MIN_GAPS = 4
_EVEN = 0.5
"""Coefficient of variation of the time between attempts below which their pace is even."""


def log_in_scale(settings: LogIn) -> Scale:
    """Weights of the log-in test for every learned share of failures."""
    return Scale(settings.p0_min, settings.p0_max, settings.off_above, lambda _: settings.p1)


class LogInTest:
    """The log-in test under one set of settings."""

    def __init__(self, settings: LogIn) -> None:
        self._settings = settings
        self._scale = log_in_scale(settings)

    def attempt(
        self, track: LogInTrack, route: RouteState, failed: bool, time: float, user: str | None, *, vote: bool
    ) -> None:
        """Count one attempt; with `vote` it also teaches what is usual on the route."""
        day = int(time // DAY)
        weight = self._weight(track, route, day)
        gap = max(0.0, time - track.last)
        score = faded(track.score, gap)
        if track.failures or track.successes:
            track.gaps += 1
            track.gap_sum += gap
            track.gap_squares += gap * gap
        track.last += gap
        track.dirty = True
        if failed:
            if score <= 0.0:
                track.since = time
            score += weight.hit
            self._fail(track, user, 1)
        else:
            track.successes += 1
            score += weight.other
        track.score = 0.0 if weight.off else max(FLOOR, score)
        if vote:
            route.log_in.vote(track.votes, failed, day, self._settings.p0_start)

    def repeats(self, track: LogInTrack, route: RouteState, size: int, activity: int, line: Sample) -> bool:
        """Whether this 2xx answer completes a run of five equal sizes without any activity elsewhere since it began.

        `activity` counts the answered requests of the client outside log-in routes. A route that refuses by status
        has no such runs: there an equal size is an equal welcome.
        """
        if refuses_by_status(route):
            track.run.clear()
            return False
        if size != track.size or activity != track.run_activity:
            track.size, track.run_activity, track.run_score = size, activity, track.score
            track.run.clear()
        if len(track.run) < RUN - 1:
            track.run.append(line)
            return False
        return True

    def rescore(self, track: LogInTrack, route: RouteState, time: float, user: str | None) -> None:
        """The four answers before this one, which completes their run, were refusals after all."""
        day = int(time // DAY)
        earlier = len(track.run)
        score = track.run_score + self._weight(track, route, day).hit * earlier
        if track.run_score <= 0.0:
            track.since = float(track.run[0][0])
        track.score = max(FLOOR, score)
        track.successes -= earlier
        self._fail(track, user, earlier)
        route.log_in.recount(track.votes, earlier)
        for line in track.run:
            keep_sample(track.samples, line)
        track.run.clear()

    def signal(self, track: LogInTrack, route: RouteState, time: float) -> Signal | None:
        """The signal of the log-in test, under the name that the target users give it."""
        settings = self._settings
        if track.score < settings.threshold or track.failures < settings.min_failures:
            return None
        day = int(time // DAY)
        facts: Facts = {
            "failures": track.failures,
            "successes": track.successes,
            "users": track.users_total,
            "most": max(track.users.values(), default=0),
            "p0": self._weight(track, route, day).p0,
            "null": route.log_in.others(track.votes, day),
            "statistic": track.score,
            "threshold": settings.threshold,
        }
        detector = BRUTE_FORCE
        if track.users_total >= settings.stuffing_users:
            tries = track.failures / track.users_total
            few = tries <= settings.spray_tries_per_user and facts["most"] <= 2 * settings.spray_tries_per_user
            detector = SPRAY if few and _is_even(track) else STUFFING
        return Signal(detector, Severity.HIGH, track.score / settings.threshold, facts, track.since, track.samples)

    def _weight(self, track: LogInTrack, route: RouteState, day: int) -> Weights:
        return self._scale.at(route.log_in.share(self._settings.p0_start, track.votes, day))

    def _fail(self, track: LogInTrack, user: str | None, count: int) -> None:
        track.failures += count
        if user is None:
            return
        users = track.users
        if user in users:
            users[user] += count
        else:
            track.users_total += 1
            if len(users) < USERS_KEPT:
                users[user] = count


def refuses_by_status(route: RouteState) -> bool:
    """Whether a log-in route says no by its status: at least five times, and in at least 1 % of its answers."""
    return route.refused >= _REFUSALS and _REFUSALS_SHARE * sum(route.outcomes) <= route.refused


def _is_even(track: LogInTrack) -> bool:
    """Whether attempts come at an even pace, at any speed: a spray is timed to lock nobody out."""
    if track.gaps < _MIN_GAPS or track.gap_sum <= 0.0:
        return False
    mean = track.gap_sum / track.gaps
    return track.gap_squares / track.gaps - mean * mean < (_EVEN * mean) ** 2


def _numbers(facts: Facts) -> tuple[Number, ...]:
    attempts = facts["failures"] + facts["successes"]
    users = f"{facts['users']:.0f} users" if facts["users"] else "users are not logged"
    return (
        Number(
            name="failed log-ins",
            value=f"{facts['failures']:.0f} of {attempts:.0f}",
            baseline=f"{facts['p0']:.0%} (other clients, {facts['null']:.0f} attempts)",
            threshold=f"evidence >= {facts['threshold']:.1f}",
            now=round(facts["statistic"], 2),
        ),
        Number(
            name="target users",
            value=users,
            baseline="1 or 2 behind one client",
            threshold="3 and more: stuffing or spray",
            now=facts["users"],
        ),
    )


def _counter_evidence(facts: Facts) -> tuple[str, ...]:
    found: list[str] = []
    if facts["successes"]:
        found.append(f"{facts['successes']:.0f} log-ins succeeded: own users behind the same address, or taken over")
    if not facts["users"]:
        found.append("user names are not logged: brute force, stuffing and spray cannot be told apart")
    return tuple(found) or ("no log-in of this client succeeded",)


def _story(facts: Facts, what: str, why: str) -> Story:
    return Story(
        title=what,
        why=why,
        numbers=_numbers(facts),
        counter_evidence=_counter_evidence(facts),
        clears_when="about 8 successful log-ins in a row, or an allow-list entry",
        reason=f"log-ins: {facts['failures']:.0f} failures, {facts['successes']:.0f} successes",
    )


def _tell_brute_force(facts: Facts, route: str) -> Story:
    return _story(
        facts,
        f"brute force on {route}: {facts['failures']:.0f} failed log-ins",
        "fails to log in again and again; a user who forgot a password stops or succeeds",
    )


def _tell_stuffing(facts: Facts, route: str) -> Story:
    return _story(
        facts,
        f"credential stuffing on {route}: {facts['failures']:.0f} failures, {facts['users']:.0f} users",
        "tries many users and fails with most: a list of stolen passwords",
    )


def _tell_spray(facts: Facts, route: str) -> Story:
    return _story(
        facts,
        f"password spray on {route}: {facts['users']:.0f} users, {facts['failures']:.0f} failures",
        "tries few passwords on many users, slowly enough to lock nobody out",
    )


_OWASP = ("API2:2023",)
BRUTE_FORCE = Detector(
    name="auth.brute-force",
    family="auth",
    group="account",
    tags=Tags(owasp=_OWASP, oat=("OAT-007",), attack=("T1110.001",)),
    test="auth.log-in",
    tell=_tell_brute_force,
    capped_when_cold=False,
)
STUFFING = Detector(
    name="auth.credential-stuffing",
    family="auth",
    group="account",
    tags=Tags(owasp=_OWASP, oat=("OAT-008",), attack=("T1110.004",)),
    test="auth.log-in",
    tell=_tell_stuffing,
    capped_when_cold=False,
)
SPRAY = Detector(
    name="auth.password-spray",
    family="auth",
    group="account",
    tags=Tags(owasp=_OWASP, oat=("OAT-008",), attack=("T1110.003",)),
    test="auth.log-in",
    tell=_tell_spray,
    capped_when_cold=False,
)
