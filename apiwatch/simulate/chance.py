"""Reproducible chance: independent streams and stateless hashes, the same on every machine for the same seed."""

from functools import cache
from math import exp
from random import Random

__all__ = ["DURATIONS", "SPREAD", "mix", "stream", "thinking"]

_MASK = (1 << 64) - 1
_NORMALS = 1024


def stream(seed: int, name: str) -> Random:
    """A generator of its own for one part of the simulation, so that no part disturbs another."""
    return Random(f"apiwatch/{seed}/{name}")  # noqa: S311  a simulation has to be reproducible


def mix(a: int, b: int) -> int:
    """64 well-mixed bits of two integers: what never changes about a user or an object needs no memory.

    Finalizer of SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
    """
    x = (a * 0x9E3779B97F4A7C15 ^ b * 0xC2B2AE3D27D4EB4F) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


@cache
def _normals() -> tuple[float, ...]:
    chance = stream(0, "normals")
    return tuple(chance.gauss(0.0, 1.0) for _ in range(_NORMALS))


def _log_normals(sigma: float, median: float = 1.0) -> tuple[float, ...]:
    return tuple(median * exp(sigma * z) for z in _normals())


SPREAD = _log_normals(0.35)
"""1 024 log-normal factors around 1, for body sizes."""

DURATIONS = tuple(round(value, 3) for value in _log_normals(0.7, 0.024))
"""1 024 request times in seconds: median 24 ms."""

_THINK = _log_normals(0.9, 6.0)


def thinking(chance: Random) -> float:
    """A think time in seconds, log-normal: median 6 s, mean 9 s."""
    return _THINK[int(chance.random() * _NORMALS)] * (0.75 + 0.5 * chance.random())
