"""Settings of the detectors that watch amounts: bytes, requests, errors and time."""

from typing import Annotated

from msgspec import Meta

from apiwatch.config.section import Count, Seconds, Section, Share

__all__ = [
    "ErrorSurge",
    "LatencyAbuse",
    "OversizedResponse",
    "PrincipalBytes",
    "PrincipalSurge",
    "RouteSurge",
    "Surge",
]


class OversizedResponse(Section, frozen=True):
    """exfiltration.oversized-response: one answer far larger than any on its route."""

    enabled: bool = True
    factor: Annotated[float, Meta(ge=1.0)] = 10.0
    """Times the size that one answer in a thousand exceeds."""
    min_bytes: Count = 100_000
    min_answers: Count = 200
    """Of the route, from which on its largest ones mean something."""


class PrincipalBytes(Section, frozen=True):
    """exfiltration.principal-bytes: answer after answer that is far larger than what others get."""

    enabled: bool = True
    threshold: Annotated[float, Meta(gt=0)] = 8.0
    slack: Annotated[float, Meta(gt=0)] = 0.5
    """Standard deviations that each answer takes back."""
    cap: Annotated[float, Meta(gt=0)] = 6.0
    """Most standard deviations that one answer counts."""
    min_bytes: Count = 100_000
    """Bytes in large answers that an alert needs in any case."""
    min_answers: Count = 200


class Surge(Section, frozen=True):
    """Far more requests per ten seconds than usual."""

    enabled: bool = True
    buckets: Count = 3
    """Surprising ones in a row, of ten seconds each."""
    factor: Annotated[float, Meta(ge=1.0)] = 3.0
    """Times the usual number."""
    rise: Annotated[float, Meta(gt=0)] = 20.0
    """Requests per second above the usual number."""
    tail: Annotated[float, Meta(gt=0)] = 1e-6
    """Chance of so many requests."""
    memory: Annotated[float, Meta(ge=60.0)] = 3_600.0
    """Seconds over which the usual number is averaged."""


class PrincipalSurge(Surge, frozen=True):
    """volume.principal-surge: of one client."""

    rise: Annotated[float, Meta(gt=0)] = 5.0


class RouteSurge(Surge, frozen=True):
    """volume.route-surge: of all clients of a route."""


class ErrorSurge(Section, frozen=True):
    """volume.error-surge: far more errors (5xx) and refusals (429) than usual."""

    enabled: bool = True
    p0: Annotated[float, Meta(gt=0, le=0.5)] = 0.02
    """Share of errors before traffic has taught it."""
    rise: Annotated[float, Meta(gt=0)] = 0.10
    """p1 - p0."""
    threshold: Annotated[float, Meta(gt=0)] = 14.0
    min_errors: Count = 20
    """That an alert needs in any case."""
    window: Seconds = 300.0
    """In which a principal must give them."""


class LatencyAbuse(Section, frozen=True):
    """volume.latency-abuse: one principal uses up the server's time on a route."""

    enabled: bool = True
    seconds: Annotated[float, Meta(gt=0)] = 60.0
    """Of request time within a minute."""
    share: Share = 0.30
    """Of the time of all slow requests on the route."""
    slow: Annotated[float, Meta(gt=0)] = 1.0
    """Seconds from which on a request is added up."""
