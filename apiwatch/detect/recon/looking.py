"""A first look at the texts of a request, remembered per text: most are ordinary, and then nothing else is asked."""

from typing import NamedTuple

from apiwatch.config.settings import Detectors
from apiwatch.detect.recon.paths import known_path
from apiwatch.detect.recon.payloads import Payload, in_header, in_target
from apiwatch.detect.recon.scanner import scanner_in
from apiwatch.detect.recon.tampering import tampered
from apiwatch.model import Request

__all__ = ["HeaderLook", "Looks", "TargetLook"]

_KEPT = 20_000


class TargetLook(NamedTuple):
    """What is suspicious about a request target."""

    payloads: tuple[Payload, ...]
    known: str | None
    tampered: str | None


class HeaderLook(NamedTuple):
    """What is suspicious about a user agent or referer."""

    payloads: tuple[Payload, ...]
    scanner: str | None


class Looks:
    """Verdicts per text under one set of settings; pure functions of the text behind bounded caches."""

    def __init__(self, settings: Detectors) -> None:
        self._settings = settings
        self.targets: dict[str | None, TargetLook | None] = {None: None}
        self.agents: dict[str | None, HeaderLook | None] = {None: None}
        self.referers: dict[str, HeaderLook | None] = {}

    def target(self, request: Request) -> TargetLook | None:
        """The verdict on the target; None for an ordinary one."""
        settings, target = self._settings, request.target or ""
        payloads = in_target(target) if settings.injection.enabled else ()
        known = known_path(request.path, request.query) if settings.known_path.enabled else None
        odd = tampered(request.path, request.query) if settings.tampering.enabled else None
        if len(self.targets) >= _KEPT:
            self.targets.clear()
            self.targets[None] = None
        found = self.targets[request.target] = TargetLook(payloads, known, odd) if payloads or known or odd else None
        return found

    def agent(self, agent: str | None) -> HeaderLook | None:
        """The verdict on a user agent; None for an ordinary one."""
        if agent in self.agents:
            return self.agents[agent]
        if len(self.agents) >= _KEPT:
            self.agents.clear()
        text = agent or ""
        payloads = in_header(text) if self._settings.injection.enabled else ()
        scanner = scanner_in(text) if self._settings.scanner_agent.enabled else None
        found = self.agents[agent] = HeaderLook(payloads, scanner) if payloads or scanner else None
        return found

    def referer(self, referer: str) -> HeaderLook | None:
        """The verdict on a referer; None for an ordinary one."""
        if len(self.referers) >= _KEPT:
            self.referers.clear()
        payloads = in_header(referer) if self._settings.injection.enabled else ()
        found = self.referers[referer] = HeaderLook(payloads, None) if payloads else None
        return found
