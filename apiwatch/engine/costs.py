"""Errors and slow requests: what a principal costs the service."""

from hashlib import blake2b

from apiwatch.detect.samples import SAMPLES, keep_sample, sample_of
from apiwatch.detect.signal import Signal
from apiwatch.detect.state import Principal
from apiwatch.detect.volume.errors import PRINCIPAL, ErrorTrack, RouteErrors, as_outage, of_principal, of_route
from apiwatch.detect.volume.latency import RouteTime, TimeTrack, slow_request
from apiwatch.engine.clients import LAST, Client
from apiwatch.engine.surges import COLD, Surges
from apiwatch.engine.verdicts import Event
from apiwatch.model import Outcome

__all__ = ["FAILED", "Costs"]

FAILED = frozenset({int(Outcome.LIMIT), int(Outcome.ERR)})
"""Outcomes that `Costs.judge_error` is about."""

_OK = int(Outcome.OK)
_ROUTES_KEPT = 8
_LOOK_BACK = 1_800.0


class Costs(Surges):
    """The tests on errors and request times of one shard."""

    def judge_error(self, event: Event, principal: Principal) -> None:
        """A request that was answered with 5xx or 429."""
        request, time, raw, source, client, route, _ = event
        settings = self.settings.detectors.error_surge
        if not settings.enabled:
            return
        errors = route.errors
        if errors is None:
            errors = route.errors = RouteErrors()
        label = route.route.label
        line = sample_of(time, source, request.line, raw) if len(errors.samples) < SAMPLES else None
        known = _is_answered(client, label, time - _LOOK_BACK)
        signal = of_route(errors, route.outcomes, principal.key, time, line, settings, known=known)
        if signal is not None:
            host = route.route.host
            ill = (one.errors for one in self.route_states.values() if one.route.host == host)
            signal = as_outage(signal, ill, time)
            _add_line(signal, event)
            if signal.facts["scope"] != PRINCIPAL:
                self.enter_route(event, signal, whole_host=known)
                return
        if principal.kind == "nat" or not route.route.matched:
            return
        tracks = principal.errors
        if tracks is None:
            tracks = principal.errors = {}
        track = tracks.get(route.route.id)
        mine = client.routes.get(label)
        requests = sum(mine[:6]) if mine is not None else 0
        if track is None:
            if len(tracks) >= _ROUTES_KEPT:
                del tracks[min(tracks, key=lambda at: (tracks[at].since, at))]
            track = tracks[route.route.id] = ErrorTrack(client.address)
        elif track.client != client.address:
            track.client, track.requests = client.address, 0
        text = f"{request.method} {request.target}".encode("utf-8", "surrogatepass")
        target = int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1
        line = line or (sample_of(time, source, request.line, raw) if len(track.samples) < SAMPLES else None)
        own = of_principal(track, errors, route.outcomes, target, requests, time, line, settings)
        signal = own or signal
        if signal is not None:
            _add_line(signal, event)
            self._signal(event, principal, signal)

    def judge_time(self, event: Event, principal: Principal, seconds: float) -> None:
        """A request that took long."""
        request, time, raw, source, client, route, _ = event
        settings = self.settings.detectors.latency_abuse
        if not settings.enabled or request.status == 101 or not route.route.matched or principal.kind == "nat":
            return
        total = route.time
        if total is None:
            total = route.time = RouteTime()
        tracks = principal.time
        if tracks is None:
            tracks = principal.time = {}
        track = tracks.get(route.route.id)
        if track is None:
            if len(tracks) >= _ROUTES_KEPT:
                del tracks[min(tracks, key=lambda at: (tracks[at].start, at))]
            track = tracks[route.route.id] = TimeTrack(time)
        learning = time - self.log_start() < COLD or self.is_staff(client.address)
        line = sample_of(time, source, request.line, raw) if len(track.samples) < SAMPLES else None
        signal = slow_request(track, total, principal.pid, seconds, time, line, settings, learning=learning)
        if signal is not None:
            _add_line(signal, event)
            self._signal(event, principal, signal)


def _add_line(signal: Signal, event: Event) -> None:
    """Let the line that a signal was given for be the last of its samples; others are kept only while there are few."""
    request, time, raw, source, *_ = event
    if not signal.samples or signal.samples[-1][1:3] != (source, request.line):
        keep_sample(signal.samples, sample_of(time, source, request.line, raw))


def _is_answered(client: Client, label: str, since: float) -> bool:
    """Whether a client is answered on another route as well, of late."""
    return any(counts[_OK] and counts[LAST] >= since for name, counts in client.routes.items() if name != label)
