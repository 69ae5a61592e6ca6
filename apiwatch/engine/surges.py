"""Requests per ten seconds: counted with each request, judged when a bucket closes, told at the next request."""

from msgspec.structs import replace

from apiwatch.config import Settings
from apiwatch.detect.campaign import Crowd
from apiwatch.detect.samples import SAMPLES, keep_sample
from apiwatch.detect.scoring import score
from apiwatch.detect.signal import Signal
from apiwatch.detect.state import Principal, RouteState, sample_of
from apiwatch.detect.volume.rates import BUCKET, Rate
from apiwatch.detect.volume.surges import bucket_closed, principal_surge, route_surge
from apiwatch.engine.clients import LAST, Client
from apiwatch.engine.recovery import RecoveryVerdicts
from apiwatch.engine.verdicts import Event

__all__ = ["COLD", "Surges"]

COLD = 1_800.0
"""Seconds after the first event of a log, and of a route, in which rates are learned only."""

_CLIENT_FLOOR, _ROUTE_FLOOR = 10, 20
"""Requests per bucket from which on a rate is kept; below, it is taken for half of that."""


class Surges(RecoveryVerdicts):
    """The tests on rates of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.bucket = 0.0
        """Event time at which the current bucket began; earlier events are not counted in it."""
        self.watched: set[str | int] = set()
        """Addresses of clients and ids of routes whose next request is sampled, or gives a signal."""
        self._turn = 0
        """Number of the current bucket; those without any request have none."""
        self._busy_clients: list[Client] = []
        self._busy_routes: list[RouteState] = []
        self._principal_surge = settings.detectors.principal_surge
        self._route_surge = settings.detectors.route_surge

    def count(self, client: Client, route: RouteState) -> None:
        """Count a request in the current bucket. Called for every request."""
        turn = self._turn
        if client.turn == turn:
            client.pace += 1
            if client.pace == _CLIENT_FLOOR:
                self._busy_clients.append(client)
        else:
            client.turn = turn
            client.pace = 1
            self.globals.traffic = True
        if route.turn == turn:
            route.pace += 1
            if route.pace == _ROUTE_FLOOR:
                self._busy_routes.append(route)
        else:
            route.turn = turn
            route.pace = 1

    def begin_minute(self, time: float) -> None:
        """See `Clock.begin_minute`; it is called again at the end of each bucket."""
        super().begin_minute(time)
        start = time // BUCKET * BUCKET
        if start > self.bucket:
            if self.globals.traffic:
                self._close_bucket(self.bucket)
                self.globals.traffic = False
                self.globals.turn += 1
                self._turn = self.globals.turn
            self.bucket = start
        self.minute_end = start + BUCKET

    def resume(self) -> None:
        """Go on after the state was restored."""
        self._turn = turn = self.globals.turn
        self.bucket = self.globals.watermark // BUCKET * BUCKET
        for client in self.clients.values():
            if client.turn == turn and client.pace >= _CLIENT_FLOOR:
                self._busy_clients.append(client)
            if client.rate is not None:
                self._watch(client.address, client.rate)
        for route in self.route_states.values():
            if route.turn == turn and route.pace >= _ROUTE_FLOOR:
                self._busy_routes.append(route)
            if route.rate is not None:
                self._watch(route.route.id, route.rate)

    def judge_surge(self, event: Event, principal: Principal) -> None:
        """A request while somebody is watched."""
        request, time, raw, source, client, route, _ = event
        rate = client.rate
        if client.address in self.watched and rate is not None:
            facts = rate.due
            keep_sample(rate.samples, sample_of(time, source, request.line, raw))
            rate.due = None
            if facts is not None:
                self._signal(event, principal, principal_surge(rate, facts))
            if not _is_watched(rate):
                self.watched.discard(client.address)
        rate = route.rate
        if route.route.id in self.watched and rate is not None:
            facts = rate.due
            keep_sample(rate.samples, sample_of(time, source, request.line, raw))
            rate.due = None
            if facts is not None:
                self.enter_route(event, route_surge(rate, facts))
            if not _is_watched(rate):
                self.watched.discard(route.route.id)

    def enter_route(self, event: Event, signal: Signal, *, whole_host: bool = False) -> None:
        """Enter a signal about a route in the alert book; with `whole_host` those of all its routes are one row."""
        request, time, _, source, _, state, _ = event
        route = replace(state.route, prefix="") if whole_host else state.route
        severity = signal.severity
        subject = Principal(0, signal.detector.name, "route", time, time, "")
        if self.is_crowd_welcome(state, subject, signal, time):
            return
        subject.score = score({signal.detector.name: (int(severity), signal.evidence, "", time)}, time)[0]
        crowd = Crowd("route", route.label, [], 0)
        sample = signal.samples[-1]
        self.book.signal(subject, route, signal, severity, request.line, time, source, sample, crowd)

    def log_start(self) -> float:
        """When the first event of all sources happened: then, everybody is new."""
        return min((source.first_time for source in self.sources.values() if source.first_time), default=0.0)

    def _close_bucket(self, start: float) -> None:
        """Judge what was busy in the bucket that began at `start`."""
        cold = start - self.log_start() < COLD
        if self._principal_surge.enabled:
            for client in self._busy_clients:
                if self.clients.get(client.address) is client and start >= client.nat_until:
                    self._close_client(client, start, cold)
        if self._route_surge.enabled and self._busy_routes:
            self._close_routes(start, cold)
        self._busy_clients.clear()
        self._busy_routes.clear()
        for key in list(self.watched):
            self._check(key)

    def _close_client(self, client: Client, start: float, cold: bool) -> None:
        rate = client.rate
        if rate is None:
            rate = client.rate = Rate.start(start, self._turn, client.pace if cold else _CLIENT_FLOOR / 2)
        spared = cold or self.is_load_test(client, start)
        if bucket_closed(rate, self._turn, client.pace, start, self._principal_surge, learning=spared):
            self._watch(client.address, rate)
        self.touch_client(client)

    def _close_routes(self, start: float, cold: bool) -> None:
        usual = requests = 0.0
        surges: list[tuple[RouteState, Rate, float]] = []
        for route in self._busy_routes:
            if self.route_states.get(route.route.id) is not route:
                continue
            rate = route.rate
            new = cold or start - route.route.first_seen < COLD
            if rate is None:
                rate = route.rate = Rate.start(start, self._turn, route.pace if new else _ROUTE_FLOOR / 2)
            usual += rate.mean
            requests += route.pace
            surges.append((route, rate, rate.mean))
            if bucket_closed(rate, self._turn, route.pace, start, self._route_surge, learning=new):
                self._watch(route.route.id, rate)
            self.touch_route(route)
        for route, rate, mean in surges:
            if rate.due is None:
                continue
            if self._has_one_cause(route, route.pace - mean, start):
                rate.due = None
            else:
                others = (requests - route.pace) / (usual - mean) if usual > mean else 0.0
                rate.due = {**rate.due, "others": others}

    def _has_one_cause(self, route: RouteState, more: float, start: float) -> bool:
        """Whether one client sends most of what is `more` than usual: it has an alert of its own, or is spared."""
        for client in self._busy_clients:
            surging = client.rate is not None and client.rate.run > 0
            if 2 * client.pace > more and (surging or self.is_load_test(client, start)):
                mine = client.routes.get(route.route.label)
                if mine is not None and mine[LAST] >= start:
                    return True
        return False

    def _watch(self, key: str | int, rate: Rate) -> None:
        if _is_watched(rate):
            self.watched.add(key)

    def _check(self, key: str | int) -> None:
        """What was no longer surprising in the bucket that closes is not watched any more."""
        if isinstance(key, str):
            client = self.clients.get(key)
            rate = None if client is None else client.rate
            if client is not None:
                self.touch_client(client)
        else:
            route = self.route_states.get(key)
            rate = None if route is None else route.rate
            if route is not None:
                self.touch_route(route)
        if rate is not None and rate.last < self._turn:
            rate.run = 0
            rate.due = None
        if rate is None or not _is_watched(rate):
            self.watched.discard(key)


def _is_watched(rate: Rate) -> bool:
    return rate.run > 0 and (rate.due is not None or len(rate.samples) < SAMPLES)
