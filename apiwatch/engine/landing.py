"""The end of a block: which networks are or were blocked, and how a client begins anew."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from math import inf

from apiwatch.detect.state import Principal
from apiwatch.detect.volume.rates import Rate

__all__ = ["NEVER", "BlockSpans", "calm", "calm_rate"]

NEVER = (inf, 0.0)
"""Since and until of an address that was never blocked."""


class BlockSpans:
    """Blocked networks by their length, so that an address is found among many thousands of them at once."""

    def __init__(self) -> None:
        self._lengths: dict[tuple[int, int], dict[int, tuple[float, float]]] | None = None

    def forget(self) -> None:
        """The networks have changed; they are read again when they are needed."""
        self._lengths = None

    def find(self, blocked: Mapping[str, tuple[float, float | None]], address: str) -> tuple[float, float]:
        """When an address came onto the block list, and when it left or leaves it; NEVER."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return NEVER
        if self._lengths is None:
            self._lengths = _by_length(blocked)
        value, found = int(parsed), []
        for (version, bits), known in self._lengths.items():
            if version == parsed.version and (span := known.get(value >> bits)) is not None:
                found.append(span)
        return (min(since for since, _ in found), max(until for _, until in found)) if found else NEVER


def _by_length(
    blocked: Mapping[str, tuple[float, float | None]],
) -> dict[tuple[int, int], dict[int, tuple[float, float]]]:
    """(IP version, bits of the host part) -> number of the network -> since, until."""
    found: dict[tuple[int, int], dict[int, tuple[float, float]]] = {}
    for text, (since, until) in blocked.items():
        network = ip_network(text)
        bits = network.max_prefixlen - network.prefixlen
        known = found.setdefault((network.version, bits), {})
        known[int(network.network_address) >> bits] = since, inf if until is None else until
    return found


def calm(principal: Principal) -> None:
    """Every test begins anew for a principal; what it taught about all of them stays."""
    principal.signals.clear()
    principal.reached = False
    principal.renewed_at.clear()
    principal.alerts.clear()
    principal.points, principal.score, principal.listed = "[]", 0, False
    principal.log_ins.clear()
    principal.recon = principal.probes = principal.recovery = principal.identity = principal.foreign = None
    principal.newcomer = principal.versions = principal.errors = principal.time = None
    for large in (principal.large or {}).values():
        large.score, large.hits, large.bytes, large.samples = 0.0, 0, 0, []
    for track in principal.tracks.values():
        track.step = track.miss = track.ratio = 0.0
        track.ids, track.stride = [], 0
        track.moves = track.near = track.miss_hits = track.miss_seen = track.missed = track.found = 0
        for window in track.windows or ():
            window.distinct, window.total, window.unpopular = [0, 0], [0, 0], [0, 0]
        track.listed = False
        track.samples = []


def calm_rate(rate: Rate | None) -> None:
    """The test of a rate begins anew."""
    if rate is not None:
        rate.run, rate.due, rate.samples = 0, None, []
