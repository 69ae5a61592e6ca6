"""`inventory.shadow-endpoint`: a route answers that is not specified, or that nobody knew when routes were learned.

A release brings many new routes at once. They are one row for each first part of their paths, and no threat while those
use them who use the rest as well.
"""

from apiwatch.config.inventory import ShadowEndpoint
from apiwatch.detect.inventory.track import Part
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["QUIET_S", "SHADOW", "answered"]

QUIET_S = 86_400.0
"""Seconds without a new route after which the next one begins another burst."""

_KEPT = 64
_RIPE_S = 600.0
_FEW = 2


def answered(
    part: Part, label: str, pid: int, time: float, size: int, line: Sample, settings: ShadowEndpoint, *,
    known: bool, sensitive: bool, specified: bool,
) -> Signal:  # fmt: skip
    """The signal of one answer of a new route. `known`: its client has other business; `specified`: files say no."""
    if time - part.last > QUIET_S:
        part.since, part.total, part.hits, part.largest, part.sensitive = time, 0, 0, 0, False
        part.routes, part.strangers, part.regulars, part.lines = {}, [], [], []
    part.last = max(part.last, time)
    if label not in part.routes:
        part.total += 1
        if len(part.routes) < _KEPT:
            part.routes[label] = 1
    clients = part.regulars if known else part.strangers
    if pid not in clients and len(clients) < _KEPT:
        clients.append(pid)
    part.hits += 1
    part.largest = max(part.largest, size)
    part.sensitive = part.sensitive or (sensitive and size > 0 and (specified or not known))
    keep_sample(part.lines, line)
    strangers, regulars = len(part.strangers), len(part.regulars)
    facts: Facts = {
        "hits": part.hits,
        "routes": part.total,
        "strangers": strangers,
        "regulars": regulars,
        "bytes": part.largest,
        "specified": float(specified),
        "sensitive": float(part.sensitive),
        "release": float(not specified and regulars >= settings.release_clients and regulars >= strangers),
        "limit": settings.medium_principals,
        "large": settings.medium_bytes,
    }
    severity = _severity(part, time, settings, specified=specified, release=bool(facts["release"]))
    return Signal(SHADOW, severity, 1.0, facts, part.since, part.lines)


def _severity(part: Part, time: float, settings: ShadowEndpoint, *, specified: bool, release: bool) -> Severity:
    if release:
        return Severity.INFO
    if part.sensitive:
        return Severity.HIGH
    strangers, clients = len(part.strangers), len(part.strangers) + len(part.regulars)
    large = part.largest >= settings.medium_bytes
    if specified:
        return Severity.MEDIUM if large or clients >= settings.medium_principals else Severity.INFO
    lonely = large and part.hits > 1 and clients <= _FEW and time - part.since >= _RIPE_S
    if strangers >= settings.medium_principals or (strangers and large) or lonely:
        return Severity.MEDIUM
    return Severity.INFO


def _tell(facts: Facts, route: str) -> Story:
    below = "/" + route.partition("/")[2].partition("/")[0]
    routes = f"{facts['routes']:.0f}"
    many = facts["routes"] > 1
    what = "that are not specified" if facts["specified"] else "that nobody knew"
    if facts["release"]:
        title = f"{routes} new routes under {below}: looks like a release"
    elif many:
        title = f"{routes} routes under {below} answer {what}"
    else:
        title = f"{route} answers, which {'is not specified' if facts['specified'] else 'nobody knew'}"
    about = "; it is about people or administration" if facts["sensitive"] else ""
    return Story(
        title=title,
        why="a route that is not part of the documented or usual API is often forgotten, unprotected or not meant for"
        f" the public{about}",
        numbers=(
            Number(
                name="answers of new routes",
                value=f"{facts['hits']:.0f}, to {facts['strangers']:.0f} clients without other business and"
                f" {facts['regulars']:.0f} with it",
                baseline="not in the OpenAPI files" if facts["specified"] else "not seen while routes were learned",
                threshold=f"{facts['limit']:.0f} clients, or {facts['large']:.0f} bytes",
                now=facts["hits"],
            ),
            Number(
                name="largest answer",
                value=f"{facts['bytes']:.0f} bytes",
                baseline="-",
                threshold=f"{facts['large']:.0f} bytes",
                now=facts["bytes"],
            ),
        ),
        counter_evidence=(
            ("clients with other business use them, too: a release does that",)
            if facts["regulars"]
            else ("a release brings new routes; its first visitors look the same",)
        ),
        clears_when="a day without such an answer; add the route to the OpenAPI file, or an allow-list entry",
        reason=f"inventory: {routes} unknown routes answer",
    )


SHADOW = Detector(
    name="inventory.shadow-endpoint",
    family="inventory",
    group="recon",
    tags=Tags(owasp=("API9:2023",), oat=(), attack=("T1595", "T1190")),
    tell=_tell,
    capped_when_cold=False,
)
