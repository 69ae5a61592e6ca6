"""One request on one object parameter: the facts that the enumeration and scraping tests share, and the tests."""

from apiwatch.config import Settings
from apiwatch.detect.enumeration import miss_scale, miss_signal, near, sequential_signal, step_scale
from apiwatch.detect.kit import DAY, FLOOR, faded
from apiwatch.detect.points import Points
from apiwatch.detect.popularity import POPULAR, Popularity
from apiwatch.detect.scraping import distinct_signal, observe, start_at
from apiwatch.detect.signal import Signal
from apiwatch.detect.state import ObjectTrack, ParamState, Principal, keep_sample, sample_of
from apiwatch.model import Outcome, Request
from apiwatch.routes import Param

__all__ = ["LISTED_AT", "UNSEEN", "ObjectTests"]

OK, MISS, DENY = int(Outcome.OK), int(Outcome.MISS), int(Outcome.DENY)

LISTED_AT = 4.0
"""Test statistic from which a principal stands in the list of suspects."""

UNSEEN = Param("(not in the log)", "unseen", "", 0, None)
"""The object of a blind route: every request counts as a new one."""

RECENT_KEPT = 1024
TRACKS_KEPT = 64
"""Parameters that one principal is tracked on."""

_EXPIRED = 86_400.0
"""Seconds after an answer within which a 401 is an expired token."""

_SATURATED = 20
"""Requests per object of the largest small space, after which a space that is still small will stay small."""


class ObjectTests:
    """The tests on object parameters, under one set of settings."""

    def __init__(self, settings: Settings) -> None:
        detectors = settings.detectors
        self._sequential = detectors.sequential
        self._miss = detectors.miss
        self._distinct = detectors.distinct
        self._step_scale = step_scale(detectors.sequential)
        self._miss_scale = miss_scale(detectors.miss)
        self._windows_from = start_at(detectors.distinct)

    def observe(
        self,
        principal: Principal,
        param_state: ParamState,
        popularity: Popularity,
        param: Param,
        outcome: int,
        request: Request,
        time: float,
        source: str,
        raw: bytes,
    ) -> tuple[ObjectTrack, int, list[Signal] | None]:
        """Count one request; returns the track, how many principals had touched the object before, and the signals."""
        key = param_state.key
        try:
            track = principal.tracks[key]
        except KeyError:
            track = _add_track(principal, key, time)
            param_state.since = param_state.since or time
        if param is UNSEEN:
            object_id, before = -1 - track.total, 1
        else:
            object_id = param.identity
            before = popularity.visit(object_id, principal.pid)
        popular = before >= POPULAR
        recent = track.recent
        stamp = recent.get(object_id, -1)
        recent[object_id] = int(time) << 1 | (not popular)
        track.total += 1
        param_state.requests += 1
        track.dirty = True
        track.client = request.client
        if time > track.last:
            track.last = time
        if stamp >= 0:
            if track.windows is not None:
                observe(track, stamp, time, popular)
            return track, before, None
        if len(recent) > RECENT_KEPT:
            del recent[next(iter(recent))]
        track.distinct += 1
        if not popular:
            track.unpopular += 1
        quiet = time - track.observed
        if quiet > 0.0:
            track.observed = time
            if quiet >= 600.0:
                track.step = faded(track.step, quiet)
                track.miss = faded(track.miss, quiet)
        day = int(time // DAY)
        vote = not (principal.signals or principal.silent)
        signals: list[Signal] | None = None
        sampled = False
        at = param.number
        if at is not None and self._sequential.enabled:
            ids = track.ids
            if not ids:
                ids.append(at)
            else:
                sampled, signal = self._step(track, param_state, popularity, at, popular, day, time, vote)
                if signal is not None:
                    signals = [signal]
        status = request.status
        if outcome == OK:
            track.found += 1
            track.found_at = time
            if self._miss.enabled:
                self._missing(track, param_state, False, day, time, vote)
        elif outcome == MISS or (
            outcome == DENY and not (status == 401 and track.found and time - track.found_at < _EXPIRED)
        ):
            track.missed += 1
            if self._miss.enabled and not popular:
                sampled = True
                signal = self._missing(track, param_state, True, day, time, vote)
                if signal is not None:
                    signals = [*(signals or ()), signal]
        windows = track.distinct >= self._windows_from and principal.kind != "nat" and self._distinct.enabled
        if windows or sampled:
            keep_sample(track.samples, sample_of(time, source, request.line, raw))
        if windows:
            observe(track, stamp, time, popular)
            found = distinct_signal(track, param_state, self._distinct, time)
            if found is not None and (param is UNSEEN or not self._is_small(param_state, popularity)):
                track.ratio = found.facts["objects"] / found.facts["limit"]
                signals = [*(signals or ()), found]
        if not track.listed and (track.step >= LISTED_AT or track.miss >= LISTED_AT or track.ratio > 0.0):
            track.listed = True
        if track.listed and param is not UNSEEN:
            points = track.points
            if points is None:
                points = track.points = Points(at is not None)
            points.add(time, object_id if at is None else at, outcome == OK, request.client)
        if param is UNSEEN and signals is not None:
            for signal in signals:
                signal.facts["blind"] = 1.0
        return track, before, signals

    def _step(
        self,
        track: ObjectTrack,
        param: ParamState,
        popularity: Popularity,
        at: int,
        popular: bool,
        day: int,
        time: float,
        vote: bool,
    ) -> tuple[bool, Signal | None]:
        """The step test on an object that is new to the principal: whether it was a hit, and the signal."""
        settings = self._sequential
        ids = track.ids
        hit = near(ids, track.stride, at, settings.near)
        track.stride = at - ids[-1]
        ids.append(at)
        if len(ids) > settings.memory:
            del ids[0]
        if hit and (popular or self._is_small(param, popularity)):
            return False, None
        track.moves += 1
        weight = param.step.judge(track.step_votes, hit, day, settings.p0_start, self._step_scale, vote)
        step = track.step
        if not hit:
            step += weight.other
            track.step = 0.0 if weight.off else step if step > FLOOR else FLOOR
            return False, None
        if step <= 0.0 and track.miss <= 0.0:
            track.since = time
        track.near += 1
        step += weight.hit
        track.step = 0.0 if weight.off else step
        if track.step < settings.threshold:
            return True, None
        return True, sequential_signal(track, weight, param.step.others(track.step_votes, day), settings)

    def _missing(
        self, track: ObjectTrack, param: ParamState, hit: bool, day: int, time: float, vote: bool
    ) -> Signal | None:
        """The miss test on an object that is new to the principal; the signal, if there is one."""
        settings = self._miss
        weight = param.miss.judge(track.miss_votes, hit, day, settings.p0_start, self._miss_scale, vote)
        track.miss_seen += 1
        miss = track.miss
        if not hit:
            miss += weight.other
            track.miss = 0.0 if weight.off else miss if miss > FLOOR else FLOOR
            return None
        if miss <= 0.0 and track.step <= 0.0:
            track.since = time
        track.miss_hits += 1
        miss += weight.hit
        track.miss = 0.0 if weight.off else miss
        if track.miss < settings.threshold:
            return None
        return miss_signal(track, weight, param.miss.others(track.miss_votes, day), settings)

    def _is_small(self, param: ParamState, popularity: Popularity) -> bool:
        """Whether the parameter has few values (categories, languages), which everybody reads next to each other."""
        most = self._sequential.small_space
        return param.requests >= _SATURATED * most and len(popularity) <= most


def _add_track(principal: Principal, key: int, time: float) -> ObjectTrack:
    """A new track; above the limit the least suspicious one that was used longest ago is forgotten."""
    tracks = principal.tracks
    if len(tracks) >= TRACKS_KEPT:
        del tracks[min(tracks, key=lambda known: (tracks[known].listed, tracks[known].last, known))]
    track = tracks[key] = ObjectTrack(time, time, observed=time)
    return track
