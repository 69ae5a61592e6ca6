"""The probe tests on one request: from what was suspicious about it to signals."""

from collections.abc import Iterator
from hashlib import blake2b

from apiwatch.config.settings import Detectors
from apiwatch.detect.recon.fuzzhit import FUZZ_HIT, fuzz_hit_signal
from apiwatch.detect.recon.injection import INJECTION, injection_signal, is_odd_size
from apiwatch.detect.recon.knownpath import HARD_BIT, KNOWN_PATH, known_path_signal
from apiwatch.detect.recon.looking import HeaderLook, TargetLook
from apiwatch.detect.recon.paths import HARD
from apiwatch.detect.recon.payloads import Payload
from apiwatch.detect.recon.probes import ProbeTrack, RouteProbes, becomes_usual, is_usual, noted, renounced
from apiwatch.detect.recon.scanner import SCANNER, scanner_signal
from apiwatch.detect.recon.tampering import TAMPERING, tampering_signal, unknown_keys
from apiwatch.detect.recon.verbs import GARBAGE, VERBS, garbage_signal, verb_signal
from apiwatch.detect.signal import Detector, Signal
from apiwatch.detect.state import Principal, RouteState, Sample, keep_sample
from apiwatch.model import Outcome, Request, Severity

__all__ = ["ProbeTests"]

OK, ERR = int(Outcome.OK), int(Outcome.ERR)
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_WORKS = 10
"""Answers for each error that a working route has given."""


class ProbeTests:
    """The probe tests under one set of settings; all state is in the principal and the route."""

    def __init__(self, settings: Detectors) -> None:
        self._settings = settings

    def target(
        self, look: TargetLook, request: Request, time: float, line: Sample, principal: Principal, route: RouteState,
        outcome: int,
    ) -> Iterator[Signal]:  # fmt: skip
        """Signals of a target that is not ordinary."""
        path = request.path
        if look.payloads:
            yield from self._payloads(look.payloads, path, request, time, line, principal, route, outcome)
        if look.known is not None:
            yield from self._known(look.known, request, time, line, principal, route, outcome)
        if look.tampered is not None:
            kind = f"tamper:{look.tampered}"
            usual = is_usual(route.probes, kind)
            probes = _probes_of(route)
            becomes_usual(probes, kind, principal.pid)
            if not usual:
                track = _track(principal, TAMPERING, time)
                if noted(track, look.tampered, _identity(request.target or ""), time):
                    keep_sample(track.samples, line)
                    yield tampering_signal(track, self._settings.tampering)

    def header(
        self, look: HeaderLook, request: Request, time: float, line: Sample, principal: Principal, route: RouteState,
        outcome: int,
    ) -> Iterator[Signal]:  # fmt: skip
        """Signals of a user agent or referer that is not ordinary."""
        if look.scanner is not None:
            track = _track(principal, SCANNER, time)
            noted(track, look.scanner, _identity(look.scanner), time)
            keep_sample(track.samples, line)
            yield scanner_signal(track)
        if look.payloads:
            yield from self._payloads(look.payloads, "header", request, time, line, principal, route, outcome)

    def verb(self, request: Request, time: float, line: Sample, principal: Principal, answered: bool) -> Signal | None:
        """The signal of a method that was never answered on this path."""
        track = _track(principal, VERBS, time)
        noted(track, request.method or "", _identity(f"{request.method} {request.path}"), time)
        keep_sample(track.samples, line)
        return verb_signal(track, self._settings.verbs, answered=answered)

    def unknown_keys(
        self, known: frozenset[str], request: Request, time: float, line: Sample, principal: Principal,
        route: RouteState,
    ) -> Iterator[Signal]:  # fmt: skip
        """Signals of query keys that the specification of a route does not know; what several clients send is usual."""
        for key in unknown_keys(request.query, known):
            kind = f"key:{key}"
            usual = is_usual(route.probes, kind)
            becomes_usual(_probes_of(route), kind, principal.pid)
            if not usual:
                track = _track(principal, TAMPERING, time)
                if noted(track, "unknown-key", _identity(f"{route.route.id} {key}"), time):
                    keep_sample(track.samples, line)
                    yield tampering_signal(track, self._settings.tampering)

    def garbage(self, time: float, line: Sample, principal: Principal) -> Signal | None:
        """The signal of a request line that is no HTTP."""
        track = _track(principal, GARBAGE, time)
        noted(track, GARBAGE, _identity(line[3]), time)
        keep_sample(track.samples, line)
        return garbage_signal(track, self._settings.verbs)

    def found(self, request: Request, time: float, line: Sample, principal: Principal, outcome: int) -> Signal | None:
        """The signal of a fuzzer's first answer."""
        track = _track(principal, FUZZ_HIT, time)
        if not noted(track, "error" if outcome == ERR else "answer", _identity(request.path), time):
            return None
        keep_sample(track.samples, line)
        return fuzz_hit_signal(track)

    def _payloads(
        self, payloads: tuple[Payload, ...], place: str, request: Request, time: float, line: Sample,
        principal: Principal, route: RouteState, outcome: int,
    ) -> Iterator[Signal]:  # fmt: skip
        settings = self._settings.injection
        track = _track(principal, INJECTION, time)
        new = [
            noted(track, payload.family, _identity(f"{place} {payload.family} {payload.text}"), time)
            for payload in payloads
        ]
        failed = outcome == ERR and _works(route)
        if not any(new) and not failed:
            return
        keep_sample(track.samples, line)
        odd = route.route.matched and is_odd_size(route, request.bytes, outcome)
        signal = injection_signal(track, route.probes, settings, failed=failed, odd=odd)
        if signal is None or signal.severity < Severity.MEDIUM:
            if route.route.matched and outcome == OK:
                probes = _probes_of(route)
                for payload in payloads:
                    becomes_usual(probes, f"inject:{payload.family}", principal.pid)
        elif route.probes is not None:
            renounced(route.probes, principal.pid)
        if signal is not None:
            yield signal

    def _known(
        self, kind: str, request: Request, time: float, line: Sample, principal: Principal, route: RouteState,
        outcome: int,
    ) -> Iterator[Signal]:  # fmt: skip
        matched = route.route.matched
        answered = outcome == OK and 200 <= request.status < 300
        usual = f"known:{request.path}"[:200] if not matched else "known"
        if kind not in HARD and (outcome == OK or request.status in _ELSEWHERE):
            return
        if is_usual(route.probes, usual) or (matched and principal.kind in {"user", "token"}):
            return
        opened = answered and request.bytes != 0 and request.method != "HEAD"
        if opened and route.probes is not None and route.probes.is_catch_all(request.bytes):
            return
        if answered and matched:
            becomes_usual(_probes_of(route), usual, principal.pid)
        track = _track(principal, KNOWN_PATH, time)
        place = request.path if kind in HARD else f"{request.path}?{request.query}"
        new = noted(track, kind, _identity(place) << 1 | (kind in HARD and HARD_BIT), time)
        if new or opened:
            keep_sample(track.samples, line)
            yield known_path_signal(track, self._settings.known_path, opened=opened)


def _track(principal: Principal, what: Detector | str, time: float) -> ProbeTrack:
    if principal.probes is None:
        principal.probes = {}
    name = what if isinstance(what, str) else what.name
    track = principal.probes.get(name)
    if track is None:
        track = principal.probes[name] = ProbeTrack(time, time)
    return track


def _probes_of(route: RouteState) -> RouteProbes:
    if route.probes is None:
        route.probes = RouteProbes()
    return route.probes


def _works(route: RouteState) -> bool:
    """Whether a route answers far more often than it fails, this failure not counted."""
    return route.outcomes[OK] >= max(1, _WORKS * (route.outcomes[ERR] - 1))


def _identity(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")
