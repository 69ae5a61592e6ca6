"""Amounts: how much a principal is sent, asks for and costs. An ordinary request costs a few comparisons."""

from hashlib import blake2b

from apiwatch.config import Settings
from apiwatch.detect.exfiltration.answers import large_series, oversized
from apiwatch.detect.exfiltration.sizes import ByteTrack, RouteSizes, bucket_of, learn, noticed, usual_for_others
from apiwatch.detect.state import Principal, RouteState, sample_of
from apiwatch.engine.costs import FAILED, Costs
from apiwatch.engine.verdicts import Event
from apiwatch.model import Outcome, Request
from apiwatch.routes.personal import is_personal

__all__ = ["Amounts"]

_OK = int(Outcome.OK)
_NEVER = 1 << 62
_ROUTES_KEPT = 16


class Amounts(Costs):
    """The tests on amounts of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._slow = settings.detectors.latency_abuse.slow
        self._oversized = settings.detectors.oversized
        self._principal_bytes = settings.detectors.principal_bytes
        self._min_answers = min(self._oversized.min_answers, self._principal_bytes.min_answers)
        self._by_size = self._oversized.enabled or self._principal_bytes.enabled

    def notable(self, request: Request, route: RouteState, outcome: int) -> bool:
        """Whether a request has to be judged by `judge_amount`. Called for every request."""
        if outcome == _OK:
            size = request.bytes
            if size is not None and size > route.large:
                return True
        elif outcome in FAILED:
            return True
        if self.watched:
            return True
        seconds = request.duration_s
        return seconds is not None and seconds >= self._slow

    def judge_amount(self, event: Event, principal: Principal) -> None:
        """The tests on a request that is notable for its amount."""
        request, _, _, _, _, route, outcome = event
        if outcome == _OK and request.bytes is not None and request.bytes > route.large:
            self._judge_size(event, principal, request.bytes)
        seconds = request.duration_s
        if seconds is not None and seconds >= self._slow:
            self.judge_time(event, principal, seconds)
        if outcome in FAILED:
            self.judge_error(event, principal)
        if self.watched:
            self.judge_surge(event, principal)

    def _judge_size(self, event: Event, principal: Principal, size: int) -> None:
        """An answer that is large, or one of a route whose sizes are being learned."""
        request, _, _, _, client, route, _ = event
        known = route.route
        if not known.matched or not self._by_size:
            route.large = _NEVER
            return
        if not 200 <= request.status < 300 or request.method == "HEAD":
            return
        sizes = route.answers
        if sizes is None:
            sizes = route.answers = RouteSizes()
        answers = route.outcomes[_OK]
        # The smallest size that either test can be about; `top` is 0 until something is known.
        if size > sizes.top > 0.0 and not self.is_staff(client.address):
            self._judge_large(event, principal, sizes, size, answers)
        if not principal.signals:
            limit = learn(sizes, principal.pid, size, answers)
            if limit is not None:
                route.large = limit

    def _judge_large(self, event: Event, principal: Principal, sizes: RouteSizes, size: int, answers: int) -> None:
        request, time, raw, source, client, route, _ = event
        if answers < self._min_answers or usual_for_others(sizes, size, principal.pid):
            return
        known = route.route
        tracks = principal.large
        if tracks is None:
            tracks = principal.large = {}
        track = tracks.get(known.id)
        if track is None:
            if len(tracks) >= _ROUTES_KEPT:
                del tracks[min(tracks, key=lambda at: (tracks[at].day, tracks[at].since, at))]
            track = tracks[known.id] = ByteTrack(client.address, time)
        mine = client.routes.get(known.label)
        requests = sum(mine[:6]) if mine is not None else 0
        if track.client != client.address:
            # What it asked for from elsewhere is not known: nothing is taken back for that.
            track.client, track.requests = client.address, requests - 1
        line = sample_of(time, source, request.line, raw)
        sensitive = "export" in known.roles or is_personal(known.template)
        one = many = None
        if self._oversized.enabled:
            one = oversized(sizes, size, answers, time, line, self._oversized, sensitive=sensitive)
        if self._principal_bytes.enabled:
            text = f"{request.path} {bucket_of(size)}".encode("utf-8", "surrogatepass")
            document = int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1
            many = large_series(
                track, sizes, size, document, requests, answers, time, line, self._principal_bytes,
                sensitive=sensitive,
            )  # fmt: skip
        found = [signal for signal in (one, many) if signal is not None]
        if noticed(track, size, time, signalled=bool(found or principal.signals)):
            return
        for signal in found:
            self._signal(event, principal, signal)
