"""`volume.principal-surge` and `volume.route-surge`: three surprising buckets in a row."""

from apiwatch.config.amounts import Surge
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.detect.volume.rates import BUCKET, Rate, learn, note_hour, surprise
from apiwatch.model import Number, Severity, Tags

__all__ = ["PRINCIPAL_SURGE", "ROUTE_SURGE", "bucket_closed", "principal_surge", "route_surge"]

_REPEATED = 6
"""Further surprising buckets after which a surge that goes on is told again."""

_SETTLED = 1_800 // BUCKET

RUSH = 2.0
"""How many times their usual number the requests of other routes must reach for a surge to be a rush on the site."""


def bucket_closed(rate: Rate, bucket: int, count: int, time: float, settings: Surge, *, learning: bool) -> bool:
    """Judge a bucket that began at `time`, and learn it if it is no surprise; whether it is one.

    While `learning` nothing is judged. Surprising buckets teach only what is usual at this hour of the day; when a
    surge has lasted for half an hour it is the usual level from then on.
    """
    facts = None if learning else surprise(rate, count, time, settings)
    note_hour(rate, count, time)
    if facts is None:
        rate.run = 0
        rate.due = None
        learn(rate, bucket, count, settings.memory)
        return False
    if rate.run == 0 or rate.last != bucket - 1:
        rate.run = 0
        rate.began = time
        rate.samples.clear()
    rate.run += 1
    rate.last = bucket
    if rate.run >= settings.buckets and (rate.run - settings.buckets) % _REPEATED == 0:
        rate.due = {**facts, "seconds": rate.run * BUCKET, "hits": facts["rate"] * BUCKET * rate.run}
    if rate.run >= _SETTLED:
        rate.run = 0
        rate.mean, rate.square = float(count), float(2 * count * count + count)
    return True


def principal_surge(rate: Rate, facts: Facts) -> Signal:
    """The signal of one principal."""
    return Signal(PRINCIPAL_SURGE, Severity.MEDIUM, 1.0, facts, rate.began, rate.samples)


def route_surge(rate: Rate, facts: Facts) -> Signal:
    """The signal of a route; information only when the rest of the site is as busy."""
    severity = Severity.INFO if facts["others"] >= RUSH else Severity.MEDIUM
    return Signal(ROUTE_SURGE, severity, 1.0, facts, rate.began, rate.samples)


def _number(facts: Facts) -> Number:
    rise, factor = f"{facts['rise']:.0f}", f"{facts['factor']:.0f}"
    return Number(
        name=f"requests per second, for {facts['seconds']:.0f} s",
        value=f"{facts['rate']:.0f} req/s",
        baseline=f"{facts['usual']:.1f} req/s",
        threshold=f"chance < {facts['limit']:.0e} and {factor} times the usual and {rise} req/s more",
        now=facts["rate"],
    )


def _tell_principal(facts: Facts, route: str) -> Story:
    rate = f"{facts['rate']:.0f} req/s"
    return Story(
        title=f"{rate} of one client on {route}, where it usually sends {facts['usual']:.1f}",
        why="sends many times more requests than it, or any new client, usually does: automated use or an overload",
        numbers=(_number(facts),),
        counter_evidence=("a load test or a batch looks the same: name its network under classes.loadtest",),
        clears_when="30 s at its usual rate, or an allow-list entry",
        reason=f"volume: {rate}",
    )


def _tell_route(facts: Facts, route: str) -> Story:
    rate = f"{facts['rate']:.0f} req/s"
    rush = facts["others"] >= RUSH
    others = f"the other busy routes have {facts['others']:.1f} times their usual number"
    if facts["others"] == 0.0:
        others = "no other route is busy enough to compare"
    return Story(
        title=f"{'rush on the whole site: ' if rush else ''}{rate} on {route}, where {facts['usual']:.1f} are usual",
        why="far more requests than usual, from all clients together"
        + (", here as on other routes: visitors, or a flood that does not choose" if rush else ", on this route alone"),
        numbers=(_number(facts),),
        counter_evidence=(others, "a marketing push looks the same; volume alone cannot tell"),
        clears_when="30 s at the usual rate, or an allow-list entry",
        reason=f"volume: {rate} on {route}",
    )


PRINCIPAL_SURGE = Detector(
    name="volume.principal-surge",
    family="volume",
    group="volume",
    tags=Tags(owasp=("API4:2023",), oat=("OAT-015",), attack=("T1499.002",)),
    tell=_tell_principal,
)
ROUTE_SURGE = Detector(
    name="volume.route-surge",
    family="volume",
    group="volume",
    tags=Tags(owasp=("API4:2023",), oat=("OAT-015",), attack=("T1499.003",)),
    tell=_tell_route,
)
