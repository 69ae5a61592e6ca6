"""The tests that need an OpenAPI file: methods and query keys that it does not know."""

from apiwatch.detect.recon.verbs import DEBUG, REFUSED
from apiwatch.detect.state import Principal, sample_of
from apiwatch.engine.endpoints import EndpointVerdicts
from apiwatch.engine.verdicts import Event
from apiwatch.model import Outcome
from apiwatch.routes.openapi import Match, Operation

__all__ = ["SpecifiedVerdicts"]

_OK = int(Outcome.OK)
_NEUTRAL = frozenset({"HEAD", "OPTIONS"})


class SpecifiedVerdicts(EndpointVerdicts):
    """The tests on what OpenAPI files specify, of one shard."""

    def judge_specified(self, event: Event, principal: Principal) -> None:
        """A request on a path that the files know."""
        request = event[0]
        match = self.routes.specification.find(request.host or "", request.path)
        if match is None or request.method is None:
            return
        operation = match.operation(request.method)
        if operation is None:
            self._judge_method(event, principal, request.method)
        elif request.query and operation.keys is not None:
            self._judge_keys(event, principal, operation)

    def judge_verb(self, event: Event, principal: Principal) -> None:
        """See `Verdicts.judge_verb`; where a file knows the path, it also knows the methods."""
        request = event[0]
        if request.method in DEBUG or self._specified(event) is None:
            super().judge_verb(event, principal)

    def _specified(self, event: Event) -> Match | None:
        return self.routes.specification.find(event[0].host or "", event[0].path)

    def _judge_method(self, event: Event, principal: Principal, method: str) -> None:
        request, time, raw, source, _, route, outcome = event
        if not self.settings.detectors.verbs.enabled or method in _NEUTRAL or method in DEBUG:
            return
        answered = outcome == _OK or request.status == 500
        if not (answered or request.status in REFUSED) or (route.route.matched and route.outcomes[_OK] > answered):
            return
        line = sample_of(time, source, request.line, raw)
        signal = self._probe_tests.verb(request, time, line, principal, answered)
        if signal is not None:
            self._signal(event, principal, signal)

    def _judge_keys(self, event: Event, principal: Principal, operation: Operation) -> None:
        request, time, raw, source, _, route, _ = event
        if not self.settings.detectors.tampering.enabled:
            return
        line = sample_of(time, source, request.line, raw)
        keys = operation.keys or frozenset()
        for signal in self._probe_tests.unknown_keys(keys, request, time, line, principal, route):
            self._signal(event, principal, signal)
