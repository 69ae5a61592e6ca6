"""Whom an operator or a setting means: networks, users, tokens, principals, user agents, routes."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Generic, NamedTuple, TypeVar

__all__ = ["Subject", "Targets"]

V = TypeVar("V")
_EXACT = ("user", "token", "principal")


class Subject(NamedTuple):
    """Who did something, and where."""

    principal: str
    client: str
    user: str | None
    token: str | None
    agent: str | None
    host: str
    route: str
    """Label of the route."""


class Targets(Generic[V]):
    """Values by target, `kind:value` as `config.parse_target` writes it; several may fit one subject."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], list[V]] = {}
        self._networks: list[tuple[IPv4Network | IPv6Network, V]] = []
        self._patterns: list[tuple[str, str, V]] = []
        """(agent or route, pattern, value)."""

    def __bool__(self) -> bool:
        return bool(self._exact or self._networks or self._patterns)

    def add(self, target: str, value: V) -> None:
        """Enter a value; a target that is none of the known kinds fits nobody."""
        kind, _, text = target.partition(":")
        if kind == "network":
            self._networks.append((ip_network(text), value))
        elif kind in _EXACT:
            self._exact.setdefault((kind, text), []).append(value)
        elif kind in ("agent", "route"):
            self._patterns.append((kind, text, value))

    def find(self, subject: Subject) -> Iterator[V]:
        """The values of all targets that fit."""
        if self._networks:
            try:
                address = ip_address(subject.client)
            except ValueError:
                pass
            else:
                yield from (value for network, value in self._networks if address in network)
        if self._exact:
            for kind, text in (
                ("user", subject.user),
                ("token", subject.token),
                ("principal", subject.principal),
                tuple(subject.principal.split(":", 1)) if ":" in subject.principal else ("", None),
            ):
                if text is not None and (kind, text) in self._exact:
                    yield from self._exact[kind, text]
        for kind, pattern, value in self._patterns:
            if kind == "agent":
                if subject.agent is not None and fnmatchcase(subject.agent, pattern):
                    yield value
            elif fnmatchcase(subject.route, pattern) or fnmatchcase(f"{subject.host} {subject.route}", pattern):
                yield value
