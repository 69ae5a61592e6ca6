"""Settings of the detectors that know what should be there: routes, versions, hosts, and who uses a closed route."""

from typing import Annotated

from msgspec import Meta

from apiwatch.config.section import Count, Seconds, Section, Share

__all__ = ["NewOnClosedRoute", "ShadowEndpoint", "UnknownHost", "ZombieVersion"]


class ShadowEndpoint(Section, frozen=True):
    """inventory.shadow-endpoint: a route that is not specified, or that is new after learning, answers."""

    enabled: bool = True
    learning: Seconds = 86_400.0
    """How long the routes below a first path part are only learned."""
    settled: Count = 3
    """From so many new routes below it in a day on, its routes are learned for another day."""
    medium_principals: Count = 2
    medium_bytes: Count = 1_024
    """A larger answer is medium."""
    release_clients: Count = 5
    """Clients with other business that make new routes a release."""


class ZombieVersion(Section, frozen=True):
    """inventory.zombie-version: a forgotten or deprecated version answers, or one client tries several versions."""

    enabled: bool = True
    silence: Seconds = 7 * 86_400.0
    window: Seconds = 600.0
    medium: Count = 2
    in_use: Annotated[int, Meta(ge=2, le=64)] = 10
    """Clients a day from which on a version is in use."""


class UnknownHost(Section, frozen=True):
    """inventory.unknown-host: a host that nobody knew, or that was silent, or whose name says that it is not public."""

    enabled: bool = True
    learning: Seconds = 86_400.0
    silence: Seconds = 7 * 86_400.0
    settled: Count = 3
    """From so many new hosts in a day on, hosts are learned for another day."""
    medium: Count = 2
    busy_clients: Annotated[int, Meta(ge=2, le=64)] = 10
    """Clients in a day from which on a host is in use."""


class NewOnClosedRoute(Section, frozen=True):
    """identity.new-on-closed-route: a newcomer on a route that only old hands use."""

    enabled: bool = True
    age: Seconds = 7 * 86_400.0
    requests: Count = 1_000
    newcomers: Share = 0.02
    """Share of a day's principals that may be new."""
    first_seen: Seconds = 86_400.0
    """How long somebody is new."""
    objects: Count = 5
    """Rarely read objects of others that make it medium."""
