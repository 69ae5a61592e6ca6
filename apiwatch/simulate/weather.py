"""What happens to a whole service on some days, and must not look like an attack.

A release moves part of the API, an outage answers everybody with 502, a marketing mail brings five times the visitors.
"""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from apiwatch.simulate.model import Hit, Stage
from apiwatch.simulate.topology import Topology

__all__ = ["stormy"]

_RELEASE, _OUTAGE, _SURGE = 0.35, 0.55, 0.7
"""When each begins, as a share of the simulation."""

_OUTAGE_S, _SURGE_S = 180.0, 600.0
_SURGE_FACTOR = 4.0


def stormy(stage: Stage, api: Topology) -> Iterator[Hit]:
    """The population through a release, an outage and a marketing surge."""
    surge = _SURGE * stage.duration
    length = min(_SURGE_S, stage.duration - surge)
    extra = Stage(stage.seed + 1_000_003, stage.start + surge, length, _SURGE_FACTOR * stage.rate)
    more = (hit._replace(time=hit.time + surge) for hit in api.population(extra))
    for hit in merge(api.population(stage), more, key=itemgetter(0)):
        yield _changed(hit, stage, api)


def _changed(hit: Hit, stage: Stage, api: Topology) -> Hit:
    outage = _OUTAGE * stage.duration
    if outage <= hit.time < outage + _OUTAGE_S and hit.target.startswith(api.api):
        return hit._replace(status=502, size=157)
    before, behind = api.moved
    if hit.time >= _RELEASE * stage.duration and hit.target.startswith(before):
        return hit._replace(target=behind + hit.target.removeprefix(before))
    return hit
