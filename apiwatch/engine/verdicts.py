"""The tests applied to one request, and what becomes of their signals."""

from hashlib import blake2b
from itertools import islice

import msgspec

from apiwatch.config import Settings
from apiwatch.detect.auth import LOG_INS_KEPT, LogInTest, refuses_by_status
from apiwatch.detect.classes import READING, doubt, severity_for
from apiwatch.detect.enumeration import MISS as MISSING
from apiwatch.detect.enumeration import SEQUENTIAL
from apiwatch.detect.kit import DAY, Null, Votes, weights
from apiwatch.detect.lookup import as_lookup, names_people
from apiwatch.detect.objects import LISTED_AT, UNSEEN, ObjectTests
from apiwatch.detect.popularity import POPULAR
from apiwatch.detect.recon.files import file_kind, holds_files, saw_file
from apiwatch.detect.recon.fuzzhit import EVERYBODYS
from apiwatch.detect.recon.fuzzing import FUZZING, fuzzing_signal, tried
from apiwatch.detect.recon.looking import Looks, TargetLook
from apiwatch.detect.recon.probes import RouteProbes
from apiwatch.detect.recon.probing import ProbeTests
from apiwatch.detect.recon.verbs import DEBUG, REFUSED, VERBS
from apiwatch.detect.scoring import HALF_LIFE, score
from apiwatch.detect.signal import Signal, suspicious
from apiwatch.detect.state import (
    LogInTrack,
    ParamState,
    Principal,
    ReconTrack,
    RouteState,
    keep_sample,
    sample_of,
)
from apiwatch.engine.clients import OBJECTS, Client
from apiwatch.engine.clock import WINDOW
from apiwatch.engine.life import Life
from apiwatch.engine.memory import TARGETS
from apiwatch.engine.principals import network_principal
from apiwatch.model import Outcome, Request, Severity
from apiwatch.routes import Param
from apiwatch.routes.roles import STATIC, shows_previews

__all__ = ["Event", "LogInAttempt", "Verdicts", "is_cold", "named_user", "target_of"]

OK, MISS, DENY, ERR = int(Outcome.OK), int(Outcome.MISS), int(Outcome.DENY), int(Outcome.ERR)

_UNKNOWN = frozenset({"user", "service"})
_COLD_MIN = 1_800.0
_COLD_MAX = 86_400.0
_NOTABLE_GROWTH = 17 / 16
_MALFORMED = 400
_GONE = frozenset({404, 410})
_OF_LISTS = frozenset({SEQUENTIAL.name, MISSING.name})
"""Detectors of what a list of files does to its previews; who reads too many of them is reported all the same."""

_REDIRECTED = frozenset({302, 303})
_FAIL_SIZES = 8
_WELCOMED = 10
"""Clients with one answer size that make it a welcome where logs hold nothing but log-ins."""

_USER_KEYS = frozenset({"?user", "?username", "?email", "?login", "?uid"})


Event = tuple[Request, float, bytes, str, Client, RouteState, int]
"""One request on its way through the tests: with its event time, clamped, its line and source, client, route, outcome.

A plain tuple, since one is made for every second line.
"""

LogInAttempt = tuple[Principal, LogInTrack, str | None, bool]
"""A log-in that was judged: network principal, its track, the user if the log holds one, whether it failed."""


class Verdicts(Life):
    """The detectors of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._object_tests = ObjectTests(settings)
        self._lookups = settings.detectors.lookup.enabled
        self._log_in_test = LogInTest(settings.detectors.log_in)
        fuzzing = settings.detectors.fuzzing
        self.fuzz_weights = weights(fuzzing.p0, fuzzing.p1)
        self.looks = Looks(settings.detectors)
        self._probe_tests = ProbeTests(settings.detectors)

    def judge_objects(self, event: Event, principal: Principal, params: tuple[Param, ...]) -> bool:
        """The tests on each object parameter of a request; whether hardly anybody touches one of the objects."""
        request, time, raw, source, client, route, outcome = event
        ten = int(time) // WINDOW
        objects = 0
        unpopular = False
        for param in params:
            param_state = route.params.get(param.name) or self.add_param(route, param.name)
            if param_state is None:
                continue
            key = param_state.key
            popularity = self.popularity[key]
            track, before, signals = self._object_tests.observe(
                principal, param_state, popularity, param, outcome, request, time, source, raw
            )
            if before == 0:
                self.remembered(popularity)
            if before < POPULAR:
                unpopular = True
            if track.window != ten:
                self.activate(principal.key, key, track, ten)
            if track.distinct > objects:
                objects = track.distinct
            if track.listed:
                principal.listed = True
                if signals is not None:
                    named = request.user is not None or request.token is not None
                    lookup = self._lookups and not named and names_people(param)
                    for signal in signals:
                        self._signal(event, principal, as_lookup(signal) if lookup else signal)
        mine = client.routes.get(route.route.label)
        if mine is not None and objects > mine[OBJECTS]:
            mine[OBJECTS] = objects
        return unpopular

    def judge_blind(self, event: Event, principal: Principal) -> None:
        """The tests on a route whose objects the log does not hold."""
        self.judge_objects(event, principal, (UNSEEN,))

    def judge_log_in(self, event: Event, params: tuple[Param, ...]) -> LogInAttempt | None:
        """The log-in test; keyed by the network principal, since there is no trusted user yet.

        None if the answer says neither yes nor no.
        """
        request, time, raw, source, client, route, outcome = event
        success = outcome == OK or (route.route.is_login and request.status in _REDIRECTED)
        failed = outcome in (DENY, MISS)
        if not (success or failed) or not self.settings.detectors.log_in.enabled:
            return None
        principal = self._network_principal(client, time)
        track = _log_in_track(principal, route.route.id, time)
        track.client = client.address
        test = self._log_in_test
        size = request.bytes
        user = request.user or named_user(params)
        if route.route.is_login and success and outcome == OK and size is not None and request.status != 204:
            line = sample_of(time, source, request.line, raw)
            if client.answered > track.run_activity:
                route.followed = True
            if test.repeats(track, route, size, client.answered, line) and not self._is_welcome(route, size):
                test.rescore(track, route, time, user)
                if size not in route.fail_sizes and len(route.fail_sizes) < _FAIL_SIZES:
                    route.fail_sizes.append(size)
                failed = True
        elif failed and route.route.is_login and request.status >= 400:
            route.refused += 1
            if route.fail_sizes and refuses_by_status(route):
                self._forget_fail_sizes(route)
        test.attempt(track, route, failed, time, user, vote=not (principal.signals or principal.silent))
        if failed:
            keep_sample(track.samples, sample_of(time, source, request.line, raw))
            if track.failures >= 3:
                track.listed = principal.listed = True
            signal = test.signal(track, route, time)
            if signal is not None:
                self._signal(event, principal, signal)
        return principal, track, user, failed

    def _is_welcome(self, route: RouteState, size: int) -> bool:
        """Whether many get an answer of this size, in a log that never shows what anybody does once logged in."""
        if route.followed:
            return False
        tracks = (principal.log_ins.get(route.route.id) for principal in self.principals.awake.values())
        same = (track for track in tracks if track is not None and track.size == size)
        return sum(1 for _ in islice(same, _WELCOMED)) == _WELCOMED

    def _forget_fail_sizes(self, route: RouteState) -> None:
        """The route turned out to refuse by status: what its sizes seemed to say was wrong, and so were the votes."""
        route.fail_sizes.clear()
        route.log_in = Null()
        self.touch_route(route)
        for principal in self.principals.values():
            track = principal.log_ins.get(route.route.id)
            if track is not None:
                track.votes = Votes()
                self.touch_principal(principal)

    def judge_target(self, event: Event, principal: Principal) -> None:
        """The unknown-target test; files of a page or a file tree, and what several clients miss, give no vote."""
        request, time, raw, source, client, route, _ = event
        probes = route.probes
        settings = self.settings.detectors.fuzzing
        path = request.path
        if not settings.enabled or not path or path.lower().endswith(STATIC):
            return
        if request.status in _GONE and (kind := file_kind(request.method or "", path)) and holds_files(probes, kind):
            return
        target = target_of(request)
        popularity = self.popularity_of(TARGETS)
        before = popularity.visit(target, principal.pid)
        if before == 0:
            self.remembered(popularity)
        track = principal.recon
        if track is None:
            client.watched = True
            track = principal.recon = ReconTrack(time, time, host=request.host or "")
        if before >= POPULAR or not tried(track, target, time, True, self.fuzz_weights):
            return
        track.client = client.address
        if track.score >= LISTED_AT:
            track.listed = principal.listed = True
        keep_sample(track.samples, sample_of(time, source, request.line, raw))
        signal = fuzzing_signal(track, settings)
        if signal is not None:
            self._signal(event, principal, signal)

    def judge_texts(self, event: Event, principal: Principal, look: TargetLook | None, known_agent: bool) -> None:
        """The tests on the words of a target, a new user agent, and a referer."""
        request, time, raw, source, _, route, outcome = event
        looks = self.looks
        agent = None if known_agent else looks.agent(request.user_agent)
        referer = None
        if request.referer is not None:
            try:
                referer = looks.referers[request.referer]
            except KeyError:
                referer = looks.referer(request.referer)
        if look is None and agent is None and referer is None:
            return
        line = sample_of(time, source, request.line, raw)
        tests = self._probe_tests
        if look is not None:
            for signal in tests.target(look, request, time, line, principal, route, outcome):
                self._signal(event, principal, signal)
        for header in (agent, referer):
            if header is not None:
                for signal in tests.header(header, request, time, line, principal, route, outcome):
                    self._signal(event, principal, signal)

    def judge_verb(self, event: Event, principal: Principal) -> None:
        """The test on a method that the path never answered."""
        request, time, raw, source, _, route, outcome = event
        if not self.settings.detectors.verbs.enabled:
            return
        if request.method is None:
            if request.status == _MALFORMED:
                line = sample_of(time, source, request.line, raw)
                signal = self._probe_tests.garbage(time, line, principal)
                if signal is not None:
                    self._signal(event, principal, signal)
            return
        answered = outcome == OK or request.status == 500
        method = request.method
        if not (answered or request.status in REFUSED) or (route.route.matched and route.outcomes[OK] > answered):
            return
        if method not in DEBUG:
            tried_before = principal.probes is not None and VERBS.name in principal.probes
            if answered and not tried_before and not principal.signals:
                return
            if not self.routes.answers_otherwise(request.host or "", method, request.path):
                return
        line = sample_of(time, source, request.line, raw)
        signal = self._probe_tests.verb(request, time, line, principal, answered)
        if signal is not None:
            self._signal(event, principal, signal)

    def judge_answer(self, event: Event, principal: Principal) -> None:
        """The first answer that anybody got from a target: what the host answers to anything, and a fuzzer's find."""
        request, time, raw, source, _, route, outcome = event
        matched = route.route.matched
        size = request.bytes
        if outcome == OK and not matched:
            if route.probes is None:
                route.probes = RouteProbes()
            if size is not None:
                route.probes.answered(size)
            if (kind := file_kind(request.method or "", request.path)) is not None:
                if holds_files(route.probes, kind):
                    return
                if not principal.signals:
                    saw_file(route.probes, kind, principal.pid)
        elif request.status != 500 or (matched and route.outcomes[OK]) or not route.outcomes[OK] > route.outcomes[ERR]:
            return
        if FUZZING.name not in principal.signals or not self.settings.detectors.fuzz_hit.enabled:
            return
        path = request.path.lower()
        if path in EVERYBODYS or path.endswith(STATIC):
            return
        signal = self._probe_tests.found(request, time, sample_of(time, source, request.line, raw), principal, outcome)
        if signal is not None:
            self._signal(event, principal, signal)

    def judge_population(self, event: Event, params: tuple[Param, ...], before: int, *, unpopular: bool) -> None:
        """The vote of a client among all those of a route; without tests of populations there is none."""

    def pass_quiet(self, event: Event, minutes: int) -> None:
        """So many minutes without a request count as votes against a campaign on the route of `event`."""

    def stand_in(self, key: str, kind: str, time: float, address: str) -> Principal:
        """The principal that stands for what alerts are about, when that is nobody who sends requests."""
        principal = self.principals.get(key) or self.add_principal(key, kind, time, address)
        principal.last = max(principal.last, time)
        principal.client = address
        self.touch_principal(principal)
        return principal

    def judge_reach(self, request: Request, time: float, client: Client, principal: Principal) -> None:
        """An answer to a principal that gave a signal before, on a route about people or accounts."""
        if self.desk.learning:
            return
        principal.reached = True
        client_class = self.class_of(request, client, principal.key, time)
        before = principal.score
        principal.score, points = score(principal.signals, time, client_class, reached=True)
        principal.points = msgspec.json.encode(points).decode()
        if client.score == before:
            client.score, client.scored_at, client.points = principal.score, time, principal.points

    def _network_principal(self, client: Client, time: float) -> Principal:
        key, kind = network_principal(client, time)
        principal = self.principals.get(key)
        if principal is None:
            principal = self.add_principal(key, kind, time, client.address)
        self.touch_principal(principal)
        principal.last = max(principal.last, time)
        principal.client = client.address
        return principal

    def _signal(self, event: Event, principal: Principal, signal: Signal) -> None:
        """Score the principal, and enter the signal in the alert book."""
        request, time, _, _, client, route_state, _ = event
        route = route_state.route
        detector = signal.detector
        if self.desk.learning:
            if not principal.signals:
                self._withdraw_votes(principal, time)
            principal.signals[detector.name] = (int(signal.severity), 1.0, "", time)
            return
        client_class = self.judge_welcome(request, client, route_state, principal, signal, time)
        if client_class is None:
            return
        severity = severity_for(client_class, detector, signal.severity)
        if (
            detector.name in READING
            and client_class in _UNKNOWN
            and doubt(signal.facts, client.family, time - principal.first)
            and client_class == "service"
        ):
            severity = min(severity, Severity.MEDIUM)
        if severity > Severity.MEDIUM and detector.capped_when_cold and is_cold(route_state, time):
            severity = Severity.MEDIUM
        if severity > Severity.LOW and detector.name in _OF_LISTS and shows_previews(route.template):
            severity = Severity.LOW
        if not principal.signals:
            self._withdraw_votes(principal, time)
        self._score(principal, signal, severity, route.label, time, client_class)
        if principal.score >= client.score * 0.5 ** (max(0.0, time - client.scored_at) / HALF_LIFE):
            client.score, client.scored_at, client.points = principal.score, time, principal.points
        self.enter(event, principal, signal, severity, client_class)

    def enter(
        self, event: Event, principal: Principal, signal: Signal, severity: Severity, client_class: str = "user"
    ) -> None:
        """Enter a signal in the alert book."""
        request, time, _, source, _, route, _ = event
        sample = signal.samples[-1]
        self.book.signal(
            principal, route.route, signal, severity, request.line, time, source, sample, client_class=client_class
        )

    def _score(
        self, principal: Principal, signal: Signal, severity: Severity, route: str, time: float, client_class: str
    ) -> None:
        """Renew score and points when the signal is stronger, a sixteenth larger, or ten minutes newer."""
        name, evidence, size = signal.detector.name, min(1.0, signal.evidence), suspicious(signal.facts)
        known = principal.signals.get(name)
        if known is not None and time - known[3] < WINDOW:
            if severity < known[0]:
                return
            if severity == known[0] and evidence <= known[1] and size < principal.renewed_at[name]:
                return
        if known is None or severity >= known[0] or time - known[3] >= DAY:
            reason = signal.detector.tell(signal.facts, route).reason
            principal.signals[name] = (int(severity), evidence, reason, time)
            principal.renewed_at[name] = size * _NOTABLE_GROWTH
        principal.score, points = score(principal.signals, time, client_class, reached=principal.reached)
        principal.points = msgspec.json.encode(points).decode()

    def _withdraw_votes(self, principal: Principal, time: float) -> None:
        """A principal that gave a signal does not shape what is usual; many may, but never for log-ins."""
        for key, track in principal.tracks.items():
            param: ParamState | None = self.params.get(key)
            if param is not None:
                param.step.withdraw(track.step_votes, time)
                param.miss.withdraw(track.miss_votes, time)
                self.touch_route(self.owners[key])
        for route_id, log_in in principal.log_ins.items():
            route = self.route_states.get(route_id)
            if route is not None:
                route.log_in.withdraw(log_in.votes)
                self.touch_route(route)


def target_of(request: Request) -> int:
    """Identity of the target of a request: host, method and path."""
    text = f"{request.host or ''} {request.method} {request.path}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1


def named_user(params: tuple[Param, ...]) -> str | None:
    """The user that a request names in its query."""
    return next((param.value for param in params if param.name in _USER_KEYS), None)


def _log_in_track(principal: Principal, route_id: int, time: float) -> LogInTrack:
    """The track of a principal on a log-in route; above the limit the one used longest ago is forgotten."""
    tracks = principal.log_ins
    track = tracks.get(route_id)
    if track is None:
        if len(tracks) >= LOG_INS_KEPT:
            del tracks[min(tracks, key=lambda known: (tracks[known].listed, tracks[known].last, known))]
        track = tracks[route_id] = LogInTrack(time, time)
    return track


def is_cold(route: RouteState, time: float) -> bool:
    """A route is cold for 30 minutes, and until 300 principals or 24 hours."""
    age = time - route.route.first_seen
    return age < _COLD_MIN or (age < _COLD_MAX and route.principals is not None)
