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
_LONGEST = 512
"""Characters of a text that is remembered: whoever sends long ones must not fill the memory with them."""


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
        found = TargetLook(payloads, known, odd) if payloads or known or odd else None
        if len(target) > _LONGEST:
            return found
        if len(self.targets) >= _KEPT:
            self.targets.clear()
            self.targets[None] = None
        self.targets[request.target] = found
        return found

    def agent(self, agent: str | None) -> HeaderLook | None:
        """The verdict on a user agent; None for an ordinary one."""
        if agent in self.agents:
            return self.agents[agent]
        text = agent or ""
        payloads = in_header(text) if self._settings.injection.enabled else ()
        scanner = scanner_in(text) if self._settings.scanner_agent.enabled else None
        found = HeaderLook(payloads, scanner) if payloads or scanner else None
        if len(text) <= _LONGEST:
            if len(self.agents) >= _KEPT:
                self.agents.clear()
            self.agents[agent] = found
        return found

    def referer(self, referer: str) -> HeaderLook | None:
        """The verdict on a referer; None for an ordinary one."""
        payloads = in_header(referer) if self._settings.injection.enabled else ()
        found = HeaderLook(payloads, None) if payloads else None
        if len(referer) <= _LONGEST:
            if len(self.referers) >= _KEPT:
                self.referers.clear()
            self.referers[referer] = found
        return found
