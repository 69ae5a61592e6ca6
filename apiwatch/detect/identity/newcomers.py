"""`identity.new-on-closed-route`: a newcomer is answered on a route that only a fixed circle uses.

A route is closed when hardly any of its users of a week were new anywhere. A newcomer there is remarkable, no more; to
read what others work with is more; to change what belongs to another is an attack.
"""

from functools import lru_cache
from hashlib import blake2b
from struct import Struct

import msgspec

from apiwatch.config.inventory import NewOnClosedRoute
from apiwatch.detect.inventory.track import Visits, day_of
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = [
    "NEWCOMER",
    "Newcomer",
    "arrived",
    "did_harm",
    "is_closed",
    "knows",
    "share_of_newcomers",
    "visit",
    "visited_on",
]

_DAYS = 7
_FILTER_BYTES = 1_024
_BITS = _FILTER_BYTES * 8 - 1
_FOUR = Struct(">4H").unpack
_OBJECTS_KEPT = 64


class Newcomer(msgspec.Struct, gc=False):
    """What one newcomer did on closed routes."""

    routes: dict[int, int] = msgspec.field(default_factory=dict)
    """Id of a closed route -> 1; at most 16."""
    own: dict[int, int] = msgspec.field(default_factory=dict)
    """Objects that nobody touched before -> 1; the latest 64."""
    others: dict[int, int] = msgspec.field(default_factory=dict)
    """Rarely read objects that somebody else touched first -> 1; the latest 64."""
    writes: int = 0
    """Changes of what another touched first."""
    admin: bool = False
    """Whether a closed route is about administration."""
    share: float = 0.0
    clients: int = 0
    lines: list[Sample] = msgspec.field(default_factory=list)


def knows(visits: Visits, key: str) -> bool:
    """Whether a principal was answered here before; in one of 40 cases wrongly yes when there are a thousand."""
    known = visits.known
    if not known:
        return False
    one, two, three, four = _places(key)
    return bool(
        known[one >> 3] & 1 << (one & 7)
        and known[two >> 3] & 1 << (two & 7)
        and known[three >> 3] & 1 << (three & 7)
        and known[four >> 3] & 1 << (four & 7)
    )


def visit(visits: Visits, key: str, time: float, *, fresh: bool) -> None:
    """A principal was answered for the first time today; `fresh`: it was first seen anywhere within a day."""
    visited_on(visits, day_of(time))
    visits.clients += 1
    visits.fresh += fresh
    if not visits.known:
        visits.known = bytearray(_FILTER_BYTES)
    for at in _places(key):
        visits.known[at >> 3] |= 1 << (at & 7)


def visited_on(visits: Visits, day: int) -> None:
    """Begin a day of visits, unless it has begun."""
    if day > visits.day:
        if visits.clients:
            visits.days = [*visits.days[1 - _DAYS :], (visits.day, visits.clients, visits.fresh)]
        visits.day, visits.clients, visits.fresh = day, 0, 0


def share_of_newcomers(visits: Visits, time: float) -> tuple[float, int]:
    """(share of newcomers, daily visitors in all) of the last seven days before today."""
    today = day_of(time)
    known = (*visits.days, (visits.day, visits.clients, visits.fresh))
    days = [entry for entry in known if today - _DAYS <= entry[0] < today]
    clients = sum(entry[1] for entry in days)
    return (sum(entry[2] for entry in days) / clients if clients else 1.0), clients


def is_closed(visits: Visits, first_seen: float, requests: int, time: float, settings: NewOnClosedRoute) -> bool:
    """Whether only a fixed circle uses a route."""
    if time - first_seen < settings.age or requests < settings.requests:
        return False
    share, clients = share_of_newcomers(visits, time)
    return clients > 0 and share <= settings.newcomers


def arrived(
    newcomer: Newcomer,
    visits: Visits,
    route: int,
    time: float,
    line: Sample,
    settings: NewOnClosedRoute,
    *,
    admin: bool,
) -> Signal | None:
    """The signal of the first answer on one more closed route; None for one that was counted already."""
    if route in newcomer.routes or len(newcomer.routes) >= 16:
        return None
    newcomer.routes[route] = 1
    newcomer.admin = newcomer.admin or admin
    newcomer.share, newcomer.clients = share_of_newcomers(visits, time)
    return _signal(newcomer, line, settings)


def did_harm(
    newcomer: Newcomer, identity: int, line: Sample, settings: NewOnClosedRoute, *, touched: bool, popular: bool,
    writes: bool,
) -> Signal | None:  # fmt: skip
    """The signal of an answer about one object. `touched`: somebody else touched it first; `popular`: many did."""
    if identity in newcomer.own:
        return None
    if not touched:
        _keep(newcomer.own, identity)
        return None
    if writes:
        newcomer.writes += 1
    elif popular or identity in newcomer.others:
        return None
    _keep(newcomer.others, identity)
    if not newcomer.writes and len(newcomer.others) < settings.objects:
        return None
    return _signal(newcomer, line, settings)


def _keep(objects: dict[int, int], identity: int) -> None:
    if len(objects) >= _OBJECTS_KEPT and identity not in objects:
        del objects[next(iter(objects))]
    objects[identity] = 1


def _signal(newcomer: Newcomer, line: Sample, settings: NewOnClosedRoute) -> Signal:
    keep_sample(newcomer.lines, line)
    severity = Severity.LOW
    if newcomer.writes or newcomer.admin:
        severity = Severity.HIGH
    elif len(newcomer.others) >= settings.objects:
        severity = Severity.MEDIUM
    facts: Facts = {
        "hits": len(newcomer.routes),
        "others": len(newcomer.others),
        "writes": newcomer.writes,
        "admin": float(newcomer.admin),
        "share": newcomer.share,
        "clients": newcomer.clients,
        "limit": settings.newcomers,
        "objects limit": settings.objects,
    }
    return Signal(NEWCOMER, severity, 1.0, facts, newcomer.lines[0][0], newcomer.lines)


def _tell(facts: Facts, route: str) -> Story:
    harm = ""
    if facts["writes"]:
        harm = f", changes {facts['writes']:.0f} times what others own"
    elif facts["others"]:
        harm = f", reads {facts['others']:.0f} objects of others"
    return Story(
        title=f"a newcomer on {route}, which only a fixed circle uses{harm}",
        why="whoever can register for what is meant for partners or staff gets at the data of all others",
        numbers=(
            Number(
                name="closed routes that answered a newcomer",
                value=f"{facts['hits']:.0f}",
                baseline=f"{facts['share']:.1%} newcomers among {facts['clients']:.0f} daily users of the week before",
                threshold=f"1 where that is <= {facts['limit']:.0%}",
                now=facts["hits"],
            ),
            Number(
                name="objects that others touched first",
                value=f"{facts['others']:.0f}, {facts['writes']:.0f} changes",
                baseline="newcomers begin with objects of their own",
                threshold=f"{facts['objects limit']:.0f} objects, or 1 change",
                now=facts["others"],
            ),
        ),
        counter_evidence=("a new dealer, partner or member of staff begins in the same way",),
        clears_when="ask who this is; closes after a day, or by an allow-list entry",
        reason=f"identity: new on {facts['hits']:.0f} closed routes{harm}",
    )


@lru_cache(maxsize=8_192)
def _places(key: str) -> tuple[int, int, int, int]:
    """Bits of the filter that stand for a principal."""
    one, two, three, four = _FOUR(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return one & _BITS, two & _BITS, three & _BITS, four & _BITS


NEWCOMER = Detector(
    name="identity.new-on-closed-route",
    family="identity",
    group="identity",
    tags=Tags(owasp=("API5:2023", "API1:2023"), oat=(), attack=("T1078", "T1190")),
    tell=_tell,
)
