"""Routes that nobody has to learn: those of OpenAPI files, those that settings pin, and what they forbid to learn."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from apiwatch.routes.openapi import NOTHING, Operation, Specification
from apiwatch.routes.patterns import Patterns, display, params_of, segments_of
from apiwatch.routes.segments import Param

__all__ = ["Forbidden", "Known", "KnownRoutes", "Origin"]

Origin = Literal["learned", "pinned", "openapi"]
"""Where a route comes from."""


class Known(NamedTuple):
    """The template of a path that is known without learning."""

    template: str
    params: tuple[Param, ...]
    origin: Origin
    """Of this method: a method that a file does not specify has to be learned, as any other route."""
    operation: Operation | None


class Forbidden:
    """Templates that must never be learned: their segments stay as they are."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._templates = [segments_of(template) for template in templates]

    def __bool__(self) -> bool:
        return bool(self._templates)

    def covers(self, segments: list[str]) -> int:
        """How many leading segments of a path stay literal."""
        return max((len(one) for one in self._templates if _follows(segments, one)), default=0)

    def keeps(self, prefix: list[str]) -> bool:
        """Whether the children of a path stay literal."""
        return any(
            len(one) > len(prefix) and "{" in one[len(prefix)] and _follows(prefix, one[: len(prefix)])
            for one in self._templates
        )


class KnownRoutes:
    """OpenAPI files first, then pinned templates in the order of the settings."""

    def __init__(self, specification: Specification = NOTHING, pinned: Iterable[str] = ()) -> None:
        self.specification = specification
        self._pinned: Patterns[str] = Patterns()
        self._any_pinned = False
        for template in pinned:
            self._pinned.add(template, display(template, {}))
            self._any_pinned = True

    def __bool__(self) -> bool:
        return bool(self.specification.size) or self._any_pinned

    def find(self, host: str, method: str, path: str) -> Known | None:
        """The known template of a path, None for one that has to be learned."""
        match = self.specification.find(host, path)
        if match is not None:
            operation = match.operation(method)
            return Known(match.template, match.params, "learned" if operation is None else "openapi", operation)
        if self._any_pinned:
            for template, texts in self._pinned.find(segments_of(path)):
                return Known(template, params_of(template, texts), "pinned", None)
        return None


def _follows(segments: list[str], template: list[str]) -> bool:
    return len(segments) >= len(template) and all(
        "{" in wanted or wanted == found for wanted, found in zip(template, segments, strict=False)
    )
