"""Where a test cannot see, because normal clients do what it looks for: said with the route."""

from collections.abc import Iterator

from apiwatch.config.settings import Detectors
from apiwatch.detect.kit import Null, Votes
from apiwatch.detect.population import POPULATION_TESTS, ShareTest
from apiwatch.detect.state import RouteState

__all__ = ["SEPARATOR", "route_notes"]

SEPARATOR = "; "
_NOBODY = Votes()
_NO_DAY = -2


def route_notes(state: RouteState, tests: tuple[ShareTest, ...], detectors: Detectors) -> str:
    """Notes about a route, separated by `; `; '' when every test that applies to it can see."""
    return SEPARATOR.join((*_off(state, detectors), *_blind(state, tests)))


def _off(state: RouteState, detectors: Detectors) -> Iterator[str]:
    step, miss, log_in = detectors.sequential, detectors.miss, detectors.log_in
    nulls: list[tuple[str, Null, float, float]] = []
    for param in state.params.values():
        nulls.append((f"enumeration.sequential on {param.name}", param.step, step.p0_start, step.off_above))
        nulls.append((f"enumeration.miss on {param.name}", param.miss, miss.p0_start, miss.off_above))
    if state.route.is_login or state.basic:
        nulls.append(("auth.log-in", state.log_in, log_in.p0_start, log_in.off_above))
    for what, null, start, off_above in nulls:
        share = null.share(start, _NOBODY, _NO_DAY)
        if share > off_above:
            yield f"{what}: off here, normal clients do this too ({share:.0%})"


def _blind(state: RouteState, tests: tuple[ShareTest, ...]) -> Iterator[str]:
    if state.population is None:
        return
    for test, cusum in zip(tests, state.population.tests, strict=True):
        share = test.usual(cusum)
        if cusum.votes and test.is_blind(cusum):
            yield f"{POPULATION_TESTS[test.index].name}: population test blind here ({share:.0%})"
