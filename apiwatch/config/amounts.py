"""Settings of the detectors that watch amounts: bytes, requests, errors and time."""

from typing import Annotated

from msgspec import Meta

from apiwatch.config.section import Count, Section

__all__ = ["OversizedResponse", "PrincipalBytes"]


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
