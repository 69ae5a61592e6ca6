"""The tests of the inventory family on one request, and when any of them is needed.

A request is looked at if it is the first one of its client on a route on that day, or if its route is remarkable: new,
woken up, specified, or the one that stands for all unknown targets. All other requests cost two comparisons.
"""

from hashlib import blake2b

from apiwatch.config import Settings
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

__all__ = ["InventoryVerdicts"]

_OK = int(Outcome.OK)
_SLOT = 60
_COUNT = 0b11
_NEWER = 5
_MIXED_KEPT = 512


class InventoryVerdicts(SpecifiedVerdicts):
    """The tests on hosts, routes and versions of one shard."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.day_start = 0.0
        """Event time at which the day began."""

    def begin_minute(self, time: float) -> None:
        """See `Clock.begin_minute`."""
        super().begin_minute(time)
        self.day_start = time // DAY * DAY

    def judge_inventory(self, event: Event, principal: Principal, before: int) -> None:
        """A request that is the first one of its client on its route today, or on a route that is looked at.

        `before` is the second of the client's previous request on the route, 0 if there was none.
        """
        request, time, _, _, _, route, outcome = event
        matched = route.route.matched
        watch = route.inventory
        first = day_of(before) < day_of(time)
        if watch is not None and watch.until and time > watch.until:
            route.inventory = watch = None
        if watch is None and not first:
            return
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
        if not specified and (outcome == _OK or matched or request.status == 500):
            self.judge_endpoint(event, principal)
        if "/v" in request.path or "/2" in request.path or route.route.deprecated:
            self._judge_version(event, principal)

    def _judge_unknown_target(self, event: Event, before: int) -> None:
        """The vote of a client on the unknown targets of a host: whether it asked for what hardly anybody asks for."""
        table = self.popularity_of(TARGETS)
        count = table.young.get(target_of(event[0]), 0) & _COUNT
        if count:
            self.judge_population(event, (), before, unpopular=count < POPULAR)

    def _judge_silence(self, event: Event) -> None:
        """The first request of a client on a route today: whether it is an old version that wakes up."""
        _, time, _, _, _, route, _ = event
        visits = route.visits
        settings = self.settings.detectors.zombie
        if visits is None or visits.day < 0 or not settings.enabled:
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
        names = [f"v{number}" for number in range(version + 1, version + _NEWER + 1)] if version < 1_000 else []
        return any(self.routes.find(route.host, route.method, f"{before}/{name}{rest}") for name in names)

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
        if route.route.matched:
            found = version_of(route.route.template)
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
        if not mixed and not any(
            counts[LAST] >= time - settings.window and _is_other(label, request.method, found)
            for label, counts in client.routes.items()
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
        if usual or time - self._log_start() < self.settings.detectors.shadow.learning:
            return
        if track is None:
            track = principal.versions = VersionTrack()
        signal = mixed_versions(track, rest, sample_of(time, source, request.line, raw), settings)
        if signal is not None:
            self._signal(event, principal, signal)


def _is_other(label: str, method: str | None, found: tuple[str, int, str]) -> bool:
    """Whether a label is that of the same path under another version."""
    its_method, _, template = label.partition(" ")
    if its_method != method:
        return False
    other = version_of(template)
    return other is not None and other[0] == found[0] and other[2] == found[2] and other[1] != found[1]


def _identity(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")
