"""The tests of the inventory family on one request, and when any of them is needed.

A request is looked at if it is the first one of its client on a route on that day, or if its route is remarkable: new,
woken up, specified, or the one that stands for all unknown targets. All other requests cost two comparisons.
"""

from hashlib import blake2b

from apiwatch.config import Settings
from apiwatch.detect.identity.newcomers import visited_on
from apiwatch.detect.inventory.track import RouteWatch, VersionTrack, day_of
from apiwatch.detect.inventory.versions import mixed_versions, old_version_answered, tried
from apiwatch.detect.inventory.words import is_ordinary, version_of
from apiwatch.detect.kit import DAY
from apiwatch.detect.popularity import POPULAR
from apiwatch.detect.recon.fuzzing import UNKNOWN_STATUS
from apiwatch.detect.recon.probes import USUAL_AT
from apiwatch.detect.state import Principal, sample_of
from apiwatch.engine.clients import LAST
from apiwatch.engine.memory import TARGETS
from apiwatch.engine.specified import SpecifiedVerdicts
from apiwatch.engine.verdicts import Event, target_of
from apiwatch.model import Outcome
from apiwatch.routes import Route

__all__ = ["InventoryVerdicts"]

_OK = int(Outcome.OK)
_DAY = 86_400
_SLOT = 60
_COUNT = 0b11
_QUIET = 20
"""Most minutes without a request for an unknown target that count as votes of nobody."""

_NEWER = 5
_MIXED_KEPT = 512
_CACHED = 4_096


class InventoryVerdicts(SpecifiedVerdicts):
    """The tests on hosts, routes and versions of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.day_start = 0.0
        """Event time at which the day began."""
        self._other_versions: dict[int, tuple[int, tuple[str, ...]]] = {}
        """Route id -> (state of the route table, labels of its other versions): a cache."""

    def begin_minute(self, time: float) -> None:
        """See `Clock.begin_minute`."""
        super().begin_minute(time)
        start = time // DAY * DAY
        if start > self.day_start > 0.0:
            self._note_busy_routes()
        self.day_start = start

    def _note_busy_routes(self) -> None:
        """Another day begins: routes that many use were not looked at, but did not sleep."""
        for route in self.route_states.values():
            if route.principals is None and route.visits is not None:
                day = day_of(route.route.last_seen)
                if day > route.visits.day:
                    visited_on(route.visits, day)
                    self.touch_route(route)

    def judge_inventory(self, event: Event, principal: Principal, before: int) -> None:
        """A request that is the first one of its client on its route today, or on a route that is looked at.

        `before` is the second of the client's previous request on the route, 0 if there was none.
        """
        request, time, _, _, _, route, outcome = event
        matched = route.route.matched
        watch = route.inventory
        first = before // _DAY < time // _DAY
        if watch is not None and watch.until and time > watch.until:
            route.inventory = watch = None
        if watch is None and not first:
            return
        if not self.inventory.start:
            self.inventory.start = time
            self.inventory_changed = True
        if matched:
            if first:
                self._judge_silence(event)
                watch = route.inventory
            if first or (watch is not None and watch.until):
                self.judge_visit(event, principal, first=first)
        elif time // _SLOT > before // _SLOT and request.status in UNKNOWN_STATUS:
            self._judge_unknown_target(event, before)
        self.judge_host(event)
        specified = route.route.origin == "openapi"
        if self.routes.specification.size and (request.query or not specified):
            self.judge_specified(event, principal)
        remarkable = not matched or self.routes.specification.size or (watch is not None and watch.new)
        if not specified and remarkable and (outcome == _OK or matched or request.status == 500):
            self.judge_endpoint(event, principal)
        if "/v" in request.path or "/2" in request.path or route.route.deprecated:
            self._judge_version(event, principal)

    def _judge_unknown_target(self, event: Event, before: int) -> None:
        """The vote of a client on the unknown targets of a host: whether it asked for what hardly anybody asks for."""
        table = self.popularity_of(TARGETS)
        count = table.young.get(target_of(event[0]), 0) & _COUNT
        if not count:
            return
        time, watch = event[1], event[5].inventory
        if watch is not None:
            self.pass_quiet(event, min(_QUIET, int((time - watch.voted) // _SLOT)))
            watch.voted = max(watch.voted, time)
        self.judge_population(event, (), before, unpopular=count < POPULAR)

    def _judge_silence(self, event: Event) -> None:
        """The first request of a client on a route today: whether it is an old version that wakes up."""
        _, time, _, _, _, route, _ = event
        visits = route.visits
        settings = self.settings.detectors.zombie
        if visits is None or visits.day < 0 or route.inventory is not None or not settings.enabled:
            return
        if (day_of(time) - visits.day) * DAY >= settings.silence and self._has_newer(event):
            route.inventory = RouteWatch(time + DAY, woke=True)

    def _has_newer(self, event: Event) -> bool:
        """Whether there is a route with a higher version that is otherwise the same."""
        route = event[5].route
        found = version_of(route.template)
        if found is None:
            return False
        before, version, rest = found
        names = (f"v{number}" for number in range(version + 1, version + _NEWER + 1))
        return version < 1_000 and any(
            self.routes.find(route.host, route.method, f"{before}/{name}{rest}") for name in names
        )

    def _siblings_of(self, route: Route, found: tuple[str, int, str] | None) -> tuple[str, ...]:
        """Labels of the other versions of a route, as they are known now."""
        if found is None:
            return ()
        table = self.routes.state.next_id
        cached = self._other_versions.get(route.id)
        if cached is None or cached[0] != table:
            if len(self._other_versions) >= _CACHED:
                self._other_versions.clear()
            cached = self._other_versions[route.id] = table, self._siblings(route.host, route.method, found)
        return cached[1]

    def _siblings(self, host: str, method: str, found: tuple[str, int, str]) -> tuple[str, ...]:
        before, version, rest = found
        others = (
            self.routes.find(host, method, f"{before}/v{number}{rest}")
            for number in range(max(0, version - _NEWER), version + _NEWER + 1)
            if number != version
        )
        return tuple(other.label for other in others if other is not None) if version < 1_000 else ()

    def _judge_version(self, event: Event, principal: Principal) -> None:
        """A request on a path with a version."""
        request, time, raw, source, client, route, outcome = event
        settings = self.settings.detectors.zombie
        if not settings.enabled or is_ordinary(request.path):
            return
        watch = route.inventory
        answered = outcome == _OK and 200 <= request.status < 300
        if watch is not None and answered and (watch.woke or route.route.deprecated):
            visits = route.visits
            if visits is None or visits.day != day_of(time) or visits.clients < settings.in_use:
                line = sample_of(time, source, request.line, raw)
                known = self._has_business(client, principal, time)
                deprecated = route.route.deprecated
                signal = old_version_answered(watch, line, settings, deprecated=deprecated, known=known)
                self._signal(event, principal, signal)
        self._judge_mixture(event, principal)

    def _judge_mixture(self, event: Event, principal: Principal) -> None:
        """Whether a client asks for a path under several versions, which hardly anybody else does."""
        request, time, raw, source, client, route, _ = event
        settings = self.settings.detectors.zombie
        siblings: tuple[str, ...] = ()
        if route.route.matched:
            found = version_of(route.route.template)
            siblings = self._siblings_of(route.route, found)
            if not siblings and principal.versions is None:
                return
        else:
            found = version_of(self.routes.template(request.host or "", request.method or "", request.path))
        if found is None or principal.kind == "nat":
            return
        before, version, follows = found
        rest = _identity(f"{request.host} {request.method} {before} {follows}")
        track = principal.versions
        if track is None and not route.route.matched:
            track = principal.versions = VersionTrack()
        mixed = track is not None and tried(track, rest, version, time, settings.window)
        if not route.route.matched and not mixed:
            siblings = self._siblings(request.host or "", request.method or "", found)
        labels = client.routes
        if not mixed and not any(
            label in labels and labels[label][LAST] >= time - settings.window for label in siblings
        ):
            return
        self.touch_principal(principal)
        users = self.inventory.mixed.get(rest)
        if users is None:
            if len(self.inventory.mixed) >= _MIXED_KEPT:
                del self.inventory.mixed[next(iter(self.inventory.mixed))]
            users = self.inventory.mixed[rest] = []
        usual = len(users) >= USUAL_AT
        if principal.pid not in users and not usual and not principal.signals:
            users.append(principal.pid)
            self.inventory_changed = True
        if usual or time - self.inventory.start < self.settings.detectors.shadow.learning:
            return
        if track is None:
            track = principal.versions = VersionTrack()
        signal = mixed_versions(track, rest, sample_of(time, source, request.line, raw), settings)
        if signal is not None:
            self._signal(event, principal, signal)


def _identity(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")
