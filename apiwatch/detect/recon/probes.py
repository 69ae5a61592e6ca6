"""What the probe detectors remember: per principal and detector, and per route."""

import msgspec

__all__ = ["ProbeTrack", "RouteProbes", "becomes_usual", "is_usual", "noted", "renounced", "within"]

SEEN_KEPT = 64
USUAL_AT = 5
"""Principals that do a thing on a route before it is usual there."""

_KINDS_KEPT = 32
_SIZES_KEPT = 64
_FORGOTTEN = 86_400.0


class ProbeTrack(msgspec.Struct, array_like=True, gc=False):
    """Probes of one kind that one principal sent."""

    since: float
    last: float
    kinds: dict[str, int] = msgspec.field(default_factory=dict)
    """Kind -> distinct probes; at most 32."""
    seen: dict[int, float] = msgspec.field(default_factory=dict)
    """Identity of a distinct probe -> its latest time; at most 64."""
    count: int = 0
    samples: list[tuple[int, str, int, str]] = msgspec.field(default_factory=list)


class RouteProbes(msgspec.Struct, gc=False):
    """What harmless clients do on one route that looks like a probe, and what it answers to anything."""

    usual: dict[str, list[int]] = msgspec.field(default_factory=dict)
    """Kind -> principals, at most 5: then it is usual. At most 32 kinds."""
    sizes: dict[int, int] = msgspec.field(default_factory=dict)
    """Size of a 2xx answer to a target that matched no route -> how often; at most 64."""

    def answered(self, size: int) -> None:
        """Learn the size of an answer to a target that nobody got an answer to before."""
        if size not in self.sizes and len(self.sizes) >= _SIZES_KEPT:
            del self.sizes[min(self.sizes, key=self.sizes.__getitem__)]
        self.sizes[size] = self.sizes.get(size, 0) + 1

    def is_catch_all(self, size: int | None) -> bool:
        """Whether several other targets got an answer of exactly this size: one page for everything."""
        return size is not None and self.sizes.get(size, 0) >= 2


def noted(track: ProbeTrack, kind: str, identity: int, time: float) -> bool:
    """Count one probe; whether it is a distinct one. A day without probes makes the past forgotten."""
    if time - track.last > _FORGOTTEN:
        track.kinds.clear()
        track.seen.clear()
        track.samples.clear()
        track.count = 0
        track.since = time
    track.last = max(track.last, time)
    track.count += 1
    new = identity not in track.seen
    if new:
        if len(track.seen) >= SEEN_KEPT:
            del track.seen[next(iter(track.seen))]
        if kind in track.kinds or len(track.kinds) < _KINDS_KEPT:
            track.kinds[kind] = track.kinds.get(kind, 0) + 1
    track.seen[identity] = time
    return new


def within(track: ProbeTrack, seconds: float) -> list[int]:
    """Identities of the distinct probes of the latest so many seconds."""
    return [identity for identity, time in track.seen.items() if track.last - time <= seconds]


def is_usual(route: RouteProbes | None, kind: str) -> bool:
    """Whether several harmless principals did this on the route."""
    return route is not None and len(route.usual.get(kind, ())) >= USUAL_AT


def becomes_usual(route: RouteProbes, kind: str, pid: int) -> None:
    """A principal did this on the route."""
    pids = route.usual.get(kind)
    if pids is None:
        if len(route.usual) >= _KINDS_KEPT:
            return
        pids = route.usual[kind] = []
    if pid not in pids and len(pids) < USUAL_AT:
        pids.append(pid)


def renounced(route: RouteProbes, pid: int) -> None:
    """A principal turned out to be no harmless one: what it did before is not usual, unless it is so by now."""
    for pids in route.usual.values():
        if pid in pids and len(pids) < USUAL_AT:
            pids.remove(pid)
