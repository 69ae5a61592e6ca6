"""Rows of routes, minutes, sources and suspects, made from the engine's state."""

from collections.abc import Callable, Iterable

import msgspec

from apiwatch.config.settings import Detectors
from apiwatch.detect.points import Points
from apiwatch.detect.state import LogInTrack, ObjectTrack, Principal, ReconTrack, RouteState
from apiwatch.engine.state import SourceState
from apiwatch.model import MinuteRow, PointsRow, RouteRow, SourceRow, SuspectRow
from apiwatch.routes import Route, Specification

__all__ = ["MINUTE_BYTES", "MINUTE_PLACES", "minute_row", "route_row", "source_row", "suspect_rows"]

PRINCIPALS_COUNTED = 300

MINUTE_BYTES = 36
"""Place of the bytes in the counters of a minute."""

MINUTE_PLACES = 38
"""Counters of a minute; the last one tells whether it changed."""


def route_row(state: RouteState, notes: str, specification: Specification) -> RouteRow:
    """The row of one route."""
    route = state.route
    clients = PRINCIPALS_COUNTED if state.principals is None else len(state.principals)
    ok, miss, deny, limited, err, neutral = state.outcomes
    seen = int(route.first_seen), int(route.last_seen)
    counts = sum(state.outcomes), clients, ok, miss, deny, limited, err, neutral
    declared = -1
    if route.matched and specification.covers(route.host):
        declared = int(route.origin == "openapi")
    row = RouteRow(route.host, route.label, " ".join(route.roles), *seen, *counts)
    return row._replace(
        origin=route.origin,
        notes=notes,
        declared=declared,
        deprecated=int(route.deprecated),
        first_client=state.first_client,
    )


def minute_row(minute: int, counts: list[int]) -> MinuteRow:
    """The row of one minute from its counters: six outcomes of each status class (others first), then bytes."""
    other, s1, s2, s3, s4, s5 = (sum(counts[at : at + 6]) for at in range(0, MINUTE_BYTES, 6))
    ok, miss, deny, limited, err, neutral = (sum(counts[at:MINUTE_BYTES:6]) for at in range(6))
    requests = ok + miss + deny + limited + err + neutral
    size = counts[MINUTE_BYTES]
    return MinuteRow(minute, requests, s1, s2, s3, s4, s5, other, ok, miss, deny, limited, err, neutral, size)


def source_row(source: SourceState) -> SourceRow:
    """The row of one source."""
    return SourceRow(
        source.name,
        source.format,
        source.lines,
        source.requests,
        source.unparsed,
        source.skipped,
        source.late,
        source.cut,
        int(source.first_time),
        int(source.last_time),
    )


def suspect_rows(
    principal: Principal,
    detectors: Detectors,
    route_of: Callable[[int], Route | None],
    param_of: Callable[[int], tuple[Route, str] | None],
    points: list[PointsRow],
) -> list[SuspectRow]:
    """Rows of the changed tests of one principal that lean towards suspicion; afterwards they count as written.

    Their objects over time are appended to `points`.

    `route_of` knows a route by its id, `param_of` the route and the name of a parameter by its key.
    """
    rows: list[SuspectRow] = []
    for key, track in principal.tracks.items():
        if track.listed and track.dirty and (found := param_of(key)) is not None:
            rows.extend(_object_rows(principal, *found, track, detectors))
            if track.points is not None and track.points.dirty:
                points.append(_points_row(principal, *found, track.points))
        track.dirty = False
    for route_id, log_in in principal.log_ins.items():
        if log_in.listed and log_in.dirty and (route := route_of(route_id)) is not None:
            rows.append(_log_in_row(principal, route, log_in, detectors.log_in.threshold))
        log_in.dirty = False
    recon = principal.recon
    if recon is not None:
        if recon.listed and recon.dirty:
            rows.append(_recon_row(principal, recon, detectors.fuzzing.threshold))
        recon.dirty = False
    return rows


def _object_rows(
    principal: Principal, route: Route, name: str, track: ObjectTrack, detectors: Detectors
) -> Iterable[SuspectRow]:
    for detector, evidence, hits, seen in (
        ("enumeration.sequential", track.step / detectors.sequential.threshold, track.near, track.moves),
        ("enumeration.miss", track.miss / detectors.miss.threshold, track.miss_hits, track.miss_seen),
        ("scraping.distinct-objects", track.ratio, track.distinct, track.total),
    ):
        yield SuspectRow(
            detector, detector.partition(".")[0], principal.key, track.client, route.host, route.label, name,
            max(0.0, evidence), hits, seen, track.distinct, track.missed, track.found,
            int(track.first), int(track.last), "",
        )  # fmt: skip


def _points_row(principal: Principal, route: Route, name: str, points: Points) -> PointsRow:
    """Nothing in it may change between two points: it is written only when there is another one."""
    points.dirty = False
    return PointsRow(
        principal.key, route.host, route.label, name, points.client, points.flat[-3], int(points.ordered),
        points.stride, msgspec.msgpack.encode(points.flat),
    )  # fmt: skip


def _log_in_row(principal: Principal, route: Route, track: LogInTrack, threshold: float) -> SuspectRow:
    return SuspectRow(
        "auth.log-in", "auth", principal.key, track.client, route.host, route.label, "",
        max(0.0, track.score / threshold), track.failures, track.failures + track.successes, track.users_total,
        track.failures, track.successes, int(track.first), int(track.last),
        "" if track.users_total else "users are not logged",
    )  # fmt: skip


def _recon_row(principal: Principal, track: ReconTrack, threshold: float) -> SuspectRow:
    return SuspectRow(
        "recon.endpoint-fuzzing", "recon", principal.key, track.client, track.host, "", "",
        max(0.0, track.score / threshold), track.hits, track.seen, track.hits, track.hits,
        track.seen - track.hits, int(track.first), int(track.last), "",
    )  # fmt: skip
