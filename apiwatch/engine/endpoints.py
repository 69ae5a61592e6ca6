"""The test on routes that are not specified, or that appear after the others were learned."""

from msgspec.structs import replace

from apiwatch.detect.inventory.shadow import answered
from apiwatch.detect.inventory.track import Arrivals, Part, RouteWatch
from apiwatch.detect.inventory.words import is_ordinary, is_sensitive
from apiwatch.detect.kit import DAY
from apiwatch.detect.objects import LISTED_AT
from apiwatch.detect.state import Principal, RouteState, sample_of
from apiwatch.engine.clients import LAST, OTHER, Client
from apiwatch.engine.hosts import HostVerdicts
from apiwatch.engine.verdicts import Event
from apiwatch.model import Outcome, Severity
from apiwatch.routes import UNMATCHED, Route, roles_of

__all__ = ["EndpointVerdicts"]

_OK, _MISS, _DENY = int(Outcome.OK), int(Outcome.MISS), int(Outcome.DENY)
_PARTS = 5
"""How many times the new paths that are allowed below a first path part are allowed in a host."""

_PARTS_KEPT = 1_024
_LABELS_KEPT = 512
_FOR_EVERYBODY = frozenset({"login", "code", "reset", "signup"})
"""Roles of routes that people without an account use."""

_SKIPPED = frozenset({"HEAD", "OPTIONS"})
_LOOK_BACK = 1_800.0
_OTHER_BUSINESS = 2
"""Known routes that answered a client lately, from which on it has other business."""

_NO_BUSINESS = frozenset({UNMATCHED, OTHER})
_REFUSALS = 3
"""Refusals of unknown targets, more than misses, above which a host refuses whatever is asked."""


class EndpointVerdicts(HostVerdicts):
    """The test on unknown routes of one shard."""

    def add_route(self, route: Route) -> RouteState:
        """See `Memory.add_route`; notes what is remarkable about a route from its first request on."""
        found = super().add_route(route)
        if not route.matched or route.origin == "openapi":
            found.inventory = RouteWatch(0.0)
        elif route.origin == "learned" and self.routes.specification.covers(route.host):
            found.inventory = RouteWatch(route.first_seen + DAY, new=True)
        elif route.origin == "learned" and not route.collapsed and not is_ordinary(route.template):
            if self._is_new(route.host, route.method, route.template, route.first_seen):
                found.inventory = RouteWatch(route.first_seen + DAY, new=True)
            self._part_of(route.host, route.template, route.first_seen)
            self.inventory_changed = True
        return found

    def judge_endpoint(self, event: Event, principal: Principal) -> None:
        """An answer of a route that nobody learned, or that is not specified."""
        request, time, raw, source, client, route, outcome = event
        settings = self.settings.detectors.shadow
        status, method, path, host = request.status, request.method, request.path, request.host or ""
        if not settings.enabled or method is None or method in _SKIPPED or is_ordinary(path):
            return
        matched = route.route.matched
        refused = status in {401, 403}
        if not ((outcome == _OK and 200 <= status < 300) or status == 500 or (refused and matched)):
            return
        if outcome != _OK and refused and not self._chooses(host, time):
            return
        size = request.bytes or 0
        if outcome == _OK and self._answers_all(route, host, time, request.bytes):
            return
        specification = self.routes.specification
        specified = specification.covers(host)
        template = route.route.template if matched else self.routes.template(host, method, path)
        if specified:
            if specification.find(host, path) is not None or route.route.origin == "pinned":
                return
        elif matched:
            if route.inventory is None or not route.inventory.new:
                return
        else:
            is_new = self._is_new(host, method, template, time)
            self._part_of(host, template, time).arrivals.count(time)
            self.inventory.parts[_part_key(host, "")].arrivals.count(time)
            self.inventory_changed = True
            if not is_new:
                return
        part = self._part_of(host, template, time)
        self.inventory_changed = True
        label = f"{method} {template}"
        sensitive = is_sensitive(template) and _FOR_EVERYBODY.isdisjoint(roles_of(method, template))
        known = self._has_business(client, principal, time)
        self._remember_label(label, time)
        signal = answered(
            part, label, principal.pid, time, size if outcome == _OK else 0,
            sample_of(time, source, request.line, raw), settings,
            known=known, sensitive=sensitive, specified=specified,
        )  # fmt: skip
        first = _first_part(template)
        if not matched:
            shown = RouteState(replace(route.route, label=label, template=template))
            event = (request, time, raw, source, client, shown, outcome)
        self._signal(event, self.stand_in(f"routes:{host}{first}", "route", time, client.address), signal)

    def _has_business(self, client: Client, principal: Principal, time: float) -> bool:
        """Whether a client uses the known routes, too, and did nothing wrong."""
        if any(severity >= Severity.MEDIUM for severity, *_ in principal.signals.values()):
            return False
        if principal.recon is not None and principal.recon.score >= LISTED_AT:
            return False
        labels = self.inventory.labels
        elsewhere = (
            name
            for name, counts in client.routes.items()
            if counts[LAST] >= time - _LOOK_BACK and counts[_OK] and name not in labels and name not in _NO_BUSINESS
        )
        return sum(1 for _ in elsewhere) >= _OTHER_BUSINESS

    def _remember_label(self, label: str, time: float) -> None:
        labels = self.inventory.labels
        if label not in labels:
            if len(labels) >= _LABELS_KEPT:
                del labels[min(labels, key=lambda known: (labels[known], known))]
            labels[label] = time

    def _is_new(self, host: str, method: str, template: str, time: float) -> bool:
        """Whether a route that appears now is remarkable: the others were learned, and new ones are rare here.

        Never while routes are forgotten for want of room, since those come back.
        """
        settings = self.settings.detectors.shadow
        parts = self.inventory.parts
        whole = parts.get(_part_key(host, ""))
        if whole is None or self.routes.refused or self.routes.has_other_method(host, method, template):
            return False
        mine = parts.get(_part_key(host, _first_part(template)))
        return whole.arrivals.is_settled(time, settings.learning, _PARTS * settings.settled) and (
            mine is None or mine.arrivals.is_settled(time, 0.0, settings.settled)
        )

    def _part_of(self, host: str, template: str, time: float) -> Part:
        """The first path part of a template in a host, made on first use; so is the host as a whole."""
        parts = self.inventory.parts
        key = _part_key(host, _first_part(template))
        found = parts.get(key)
        if found is None:
            whole = parts.get(_part_key(host, ""))
            if whole is None:
                self._add_part(_part_key(host, ""), time)
            found = self._add_part(key, time)
        return found

    def _add_part(self, key: str, time: float) -> Part:
        parts = self.inventory.parts
        if len(parts) >= _PARTS_KEPT:
            oldest = min(
                (name for name in parts if name[-1] != "\n"), key=lambda name: (parts[name].last, name), default=""
            )
            parts.pop(oldest or next(iter(parts)))
        found = parts[key] = Part(Arrivals(time))
        return found

    def _chooses(self, host: str, time: float) -> bool:
        """Whether a host refuses some targets only: else a refusal does not tell that there is anything."""
        pseudo = self.route_states.get(self.routes.unmatched(host, time).id)
        return pseudo is None or pseudo.outcomes[_DENY] <= pseudo.outcomes[_MISS] + _REFUSALS

    def _answers_all(self, route: RouteState, host: str, time: float, size: int | None) -> bool:
        """Whether a host answers to anything with a page of this size."""
        if route.route.matched:
            pseudo = self.route_states.get(self.routes.unmatched(host, time).id)
            probes = None if pseudo is None else pseudo.probes
        else:
            probes = route.probes
        return probes is not None and probes.is_catch_all(size)


def _first_part(template: str) -> str:
    return "/" + template.partition("/")[2].partition("/")[0]


def _part_key(host: str, first: str) -> str:
    return f"{host}\n{first}"
