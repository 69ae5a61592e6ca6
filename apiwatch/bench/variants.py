"""What is taken away in the ablation table, one piece of the design each, and the thresholds of the curve.

A piece is switched off by a setting, by an engine of which one part is replaced, or by a log that lacks a field. The
engine itself knows nothing of it.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import fields, replace

from apiwatch.config import Settings
from apiwatch.config.settings import Detectors
from apiwatch.detect.auth.log_in import LogInTest
from apiwatch.detect.kit import VOTES_PER_DAY, Votes
from apiwatch.detect.objects import ObjectTests
from apiwatch.detect.popularity import POPULAR, Popularity
from apiwatch.detect.signal import Signal
from apiwatch.detect.state import LogInTrack, ObjectTrack, ParamState, Principal, RouteState
from apiwatch.engine import Engine
from apiwatch.engine.clients import Client
from apiwatch.model import Request

__all__ = ["ABLATED_GRADES", "ABLATED_REPLAYS", "ABLATIONS", "CURVE", "VARIANTS", "Variant"]

ABLATED_REPLAYS = ("R1", "R2", "R4", "R6", "R16", "R17", "R18")
"""One or two per family: a variant that changes nothing here changes little anywhere."""

ABLATED_GRADES = ("g0", "g2", "g3")

_SIZE = re.compile(r',"body_bytes_sent":\d+')


class _Ungated(Popularity):
    """Every object stays unpopular."""

    __slots__ = ()

    def visit(self, identity: int, principal: int) -> int:
        return min(super().visit(identity, principal), POPULAR - 1)


class _NoGate(Engine):
    """Objects count as suspicious however many principals touch them."""

    def popularity_of(self, key: int) -> Popularity:
        known = key in self.popularity
        found = super().popularity_of(key)
        if not known and key > 0:
            found = self.popularity[key] = _Ungated()
        return found


class _ByAddress(Engine):
    """The address alone decides who somebody is: no user, no token, no shared addresses, no /64."""

    def add_client(self, address: str, request: Request, time: float) -> Client:
        client = super().add_client(address, request, time)
        client.key, client.kind = address, "ipv4"
        return client

    def _principal(self, client: Client, request: Request, time: float, outcome: int) -> Principal:
        found = super()._principal(client, replace(request, user=None, token=None), time, outcome)
        client.nat_until = 0.0
        return found


class _EveryStep(ObjectTests):
    """The step test counts a near step onto a popular object as well."""

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
        return super()._step(track, param, popularity, at, False, day, time, vote)


class _NoExemption(Engine):
    def __init__(self, settings: Settings, *, salt: bytes = b"") -> None:
        super().__init__(settings, salt=salt)
        self._object_tests = _EveryStep(settings)


def _more(votes: Votes) -> Votes:
    """Votes of a principal that has cast all it may: what follows counts as another one's."""
    return votes if votes.cast < VOTES_PER_DAY else Votes()


class _Uncapped(ObjectTests):
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
        track.step_votes = _more(track.step_votes)
        return super()._step(track, param, popularity, at, popular, day, time, vote)

    def _missing(
        self, track: ObjectTrack, param: ParamState, hit: bool, day: int, time: float, vote: bool
    ) -> Signal | None:
        track.miss_votes = _more(track.miss_votes)
        return super()._missing(track, param, hit, day, time, vote)


class _UncappedLogIn(LogInTest):
    def attempt(
        self, track: LogInTrack, route: RouteState, failed: bool, time: float, user: str | None, *, vote: bool
    ) -> None:
        track.votes = _more(track.votes)
        super().attempt(track, route, failed, time, user, vote=vote)


class _NoCap(Engine):
    """One principal may shape what is usual as much as it likes."""

    def __init__(self, settings: Settings, *, salt: bytes = b"") -> None:
        super().__init__(settings, salt=salt)
        self._object_tests = _Uncapped(settings)
        self._log_in_test = _UncappedLogIn(settings.detectors.log_in)


def _same(found: Detectors) -> Detectors:
    return found


def _fixed(found: Detectors) -> Detectors:
    """Every null hypothesis of the tests per principal is 5 %, whatever normal clients do."""
    sequential = replace(found.sequential, p0_start=0.05, p0_min=0.05, p0_max=0.05, off_above=1.0)
    miss = replace(found.miss, p0_start=0.05, p0_min=0.05, p0_max=0.05, off_above=1.0)
    log_in = replace(found.log_in, p0_start=0.05, p0_min=0.05, p0_max=0.05, off_above=1.0)
    return replace(found, sequential=sequential, miss=miss, log_in=log_in)


def _alone(found: Detectors) -> Detectors:
    """No test over all clients of a route."""
    names = [field.name for field in fields(Detectors) if field.encode_name.startswith(("population.", "campaign."))]
    return replace(found, **{name: replace(getattr(found, name), enabled=False) for name in names})


def _popular_too(found: Detectors) -> Detectors:
    return replace(found, distinct=replace(found.distinct, unpopular_share=0.0))


def _scaled(factor: float) -> Callable[[Detectors], Detectors]:
    """All thresholds of tests times a factor."""

    def change(found: Detectors) -> Detectors:
        distinct = found.distinct
        return replace(
            found,
            sequential=replace(found.sequential, threshold=factor * found.sequential.threshold),
            miss=replace(found.miss, threshold=factor * found.miss.threshold),
            log_in=replace(found.log_in, threshold=factor * found.log_in.threshold),
            fuzzing=replace(found.fuzzing, threshold=factor * found.fuzzing.threshold),
            distinct=replace(
                distinct,
                floor_10m=max(1, round(factor * distinct.floor_10m)),
                floor_1h=max(1, round(factor * distinct.floor_1h)),
                floor_24h=max(1, round(factor * distinct.floor_24h)),
            ),
            log_in_failures=replace(found.log_in_failures, threshold=factor * found.log_in_failures.threshold),
            miss_share=replace(found.miss_share, threshold=factor * found.miss_share.threshold),
            unpopular_share=replace(found.unpopular_share, threshold=factor * found.unpopular_share.threshold),
            context_free=replace(found.context_free, threshold=factor * found.context_free.threshold),
        )

    return change


class Variant(NamedTuple):
    """One way to run the engine."""

    detectors: Callable[[Detectors], Detectors] = _same
    engine: type[Engine] = Engine
    log_format: str = "nginx_json"
    sizes: bool = True
    """Whether the log holds the size of an answer: without it no outcome is inferred."""

    def settings(self, settings: Settings) -> Settings:
        """The user's settings, changed."""
        return replace(settings, detectors=self.detectors(settings.detectors))

    def line(self, text: str) -> str:
        """A line of the log as the engine gets it."""
        return text if self.sizes else _SIZE.sub("", text)


ABLATIONS: dict[str, Variant] = {
    "full": Variant(),
    "no popularity gate": Variant(engine=_NoGate),
    "keys by address": Variant(engine=_ByAddress),
    "fixed p0 = .05": Variant(_fixed),
    "no popularity exemption in the step test": Variant(engine=_NoExemption),
    "no population tier": Variant(_alone),
    "no outcome inference": Variant(sizes=False),
    "no vote cap": Variant(engine=_NoCap),
    "distinct test counts popular objects": Variant(_popular_too),
    "log without user, agent, host, request time": Variant(log_format="common"),
}
"""By the name in the table."""

CURVE: dict[str, Variant] = {
    f"thresholds x {factor:g}": Variant(_scaled(factor)) for factor in (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
}
"""Points of the curve: false alerts a day against requests of the attacker before the alert."""

VARIANTS: dict[str, Variant] = {"": Variant(), **ABLATIONS, **CURVE}
