"""The scraping family: who reads more distinct objects than anybody else.

`scraping.distinct-objects` compares the distinct objects of a principal in 10 minutes, 1 hour and 24 hours with a
floor and with twice the 99th percentile of other principals' closed windows. Each window is kept as two halves that
overlap by half, since tumbling windows lose a slow attack at their borders.
"""

from collections.abc import Mapping

from apiwatch.config.settings import DistinctObjects
from apiwatch.detect.classes import PARTNER_DOUBT
from apiwatch.detect.kit import Histogram
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.detect.state import ObjectTrack, ParamState, Window
from apiwatch.model import Number, Severity, Tags

__all__ = ["DISTINCT", "SPANS", "close_window", "distinct_signal", "limit_of", "observe", "start_at"]

SPANS = (600.0, 3600.0, 86_400.0)
NAMES = ("10 min", "1 h", "24 h")

_START_AT = 24


def start_at(settings: DistinctObjects) -> int:
    """Distinct objects from which windows are kept: below the lowest floor nothing can fire."""
    return min(_START_AT, settings.floor_10m, settings.floor_1h, settings.floor_24h)


def observe(track: ObjectTrack, stamp: int, time: float, popular: bool) -> None:
    """Count one request in the windows of a track that reads many objects.

    `stamp` is the earlier value of `track.recent` for this object, -1 if there was none. What the principal remembers
    from an earlier window is read again, and not another object that it takes.
    """
    windows = track.windows
    if windows is None:
        windows = track.windows = _opened(track, time)
        return
    for window in windows:
        for half in (0, 1):
            start = window.starts[half]
            if time >= start + window.span:
                shift = window.span / 2 if half else 0.0
                start = (time - shift) // window.span * window.span + shift
                window.starts[half] = start
                window.distinct[half] = window.total[half] = window.unpopular[half] = 0
            window.total[half] += 1
            if stamp < 0:
                window.distinct[half] += 1
                if not popular:
                    window.unpopular[half] += 1


def distinct_signal(track: ObjectTrack, param: ParamState, settings: DistinctObjects, time: float) -> Signal | None:
    """The signal of the widest excess over the limit of a window, if there is one."""
    if track.windows is None:
        return None
    best: tuple[float, Facts] | None = None
    floors = (settings.floor_10m, settings.floor_1h, settings.floor_24h)
    for index, window in enumerate(track.windows):
        half = 0 if window.distinct[0] >= window.distinct[1] else 1
        distinct, total = window.distinct[half], window.total[half]
        if distinct <= floors[index]:
            continue
        histogram = param.histograms[index]
        if window.learned != histogram.total:
            own = None if track.closed is None else track.closed[index]
            young = time - param.since < settings.warm_time
            window.limit, window.usual = limit_of(histogram, floors[index], settings, own, young=young)
            window.learned = histogram.total
        limit, usual = window.limit, window.usual
        if distinct <= limit or distinct <= settings.distinct_share * total:
            continue
        if window.unpopular[half] < settings.unpopular_share * distinct:
            continue
        ratio = distinct / limit
        if best is None or ratio > best[0]:
            facts = {
                "objects": float(distinct),
                "total": float(total),
                "limit": limit,
                "usual": usual,
                "closed": float(histogram.total),
                "window": float(index),
                "unpopular": float(window.unpopular[half]),
            }
            best = (ratio, facts)
    if best is None:
        return None
    severity = Severity.HIGH if best[0] >= settings.high_factor else Severity.MEDIUM
    return Signal(DISTINCT, severity, best[0] / 2, best[1], track.first, track.samples)


def close_window(track: ObjectTrack, param: ParamState, index: int, start: float) -> None:
    """Add the distinct objects that the track touched since `start` to what is usual in windows of this span."""
    since = int(start) << 1
    touched = sum(map(since.__le__, track.recent.values()))
    if touched:
        bucket = param.histograms[index].add(touched)
        if track.closed is None:
            track.closed = {}, {}, {}
        own = track.closed[index]
        own[bucket] = own.get(bucket, 0) + 1


def _opened(track: ObjectTrack, time: float) -> list[Window]:
    """Windows seeded from the recent touches of the track."""
    windows: list[Window] = []
    for span in SPANS:
        starts = [time // span * span, (time - span / 2) // span * span + span / 2]
        distinct = [0, 0]
        unpopular = [0, 0]
        for stamp in track.recent.values():
            touched = stamp >> 1
            for half in (0, 1):
                if touched >= int(starts[half]):
                    distinct[half] += 1
                    unpopular[half] += stamp & 1
        spread = track.total / max(1, track.distinct)
        total = [round(n * spread) for n in distinct]
        windows.append(Window(span, starts, distinct, total, unpopular))
    return windows


def limit_of(
    histogram: Histogram,
    floor: int,
    settings: DistinctObjects,
    own: Mapping[int, int] | None = None,
    *,
    young: bool = True,
) -> tuple[float, float]:
    """(limit, usual 99th percentile) of a window. `own` do not count.

    Doubled until enough windows are closed, or the parameter is not `young` any more.
    """
    usual = histogram.p99(own)
    limit = max(float(floor), settings.p99_factor * usual)
    if young and histogram.total < settings.warm_windows:
        limit *= 2
    return limit, usual


def _tell(facts: Facts, route: str) -> Story:
    span = NAMES[int(facts["window"])]
    return Story(
        title=f"reads {facts['objects']:.0f} distinct objects in {span} on {route}",
        why="reads far more different objects than any other client does, each about once",
        numbers=(
            Number(
                name=f"distinct objects in {span}",
                value=f"{facts['objects']:.0f} in {facts['total']:.0f} requests",
                baseline=f"99 % of other clients stay below {facts['usual']:.0f} ({facts['closed']:.0f} windows)",
                threshold=f"> {facts['limit']:.0f}",
                now=facts["objects"],
            ),
            Number(
                name="objects that hardly anybody else reads",
                value=f"{facts['unpopular']:.0f} of {facts['objects']:.0f}",
                baseline="users share popular objects",
                threshold=">= 50 %",
                now=facts["unpopular"],
            ),
        ),
        counter_evidence=_counter_evidence(facts),
        clears_when=f"a window of {span} below the limit, or an allow-list entry as crawler or partner",
        reason=f"scraping: {facts['objects']:.0f} objects in {span}, limit {facts['limit']:.0f}",
    )


def _counter_evidence(facts: Facts) -> tuple[str, ...]:
    reread = facts["total"] - facts["objects"]
    found = ["a new partner or crawler looks the same in a log"]
    if reread > 0:
        found.append(f"{reread:.0f} of {facts['total']:.0f} requests read an object again")
    if facts.get("service"):
        found.append(PARTNER_DOUBT)
    if facts.get("blind"):
        found.append("objects are not visible in this log: each request counts as a new one")
    return tuple(found)


DISTINCT = Detector(
    name="scraping.distinct-objects",
    family="scraping",
    group="object",
    tags=Tags(owasp=("API6:2023", "API4:2023"), oat=("OAT-011",), attack=("T1119", "T1213")),
    tell=_tell,
)
