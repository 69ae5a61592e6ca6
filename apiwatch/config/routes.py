"""Settings of routes: what OpenAPI files and operators know about paths, so that nothing has to be learned."""

import re

from apiwatch.config.section import Section
from apiwatch.config.values import quoted
from apiwatch.errors import UsageError

__all__ = ["RouteSettings", "parse_template"]

_SEGMENT = re.compile(r"(?:[^{}/?#\s]|\{[A-Za-z_][A-Za-z0-9_.-]{0,63}\})+", re.ASCII)
_LONGEST = 500


class RouteSettings(Section, frozen=True):
    """Where path templates come from beside what is learned."""

    openapi: tuple[str, ...] = ()
    """OpenAPI 3.0 or 3.1 files, YAML or JSON."""
    pin: tuple[str, ...] = ()
    """Templates that always win, after the OpenAPI files."""
    forbid: tuple[str, ...] = ()
    """Templates that are never learned: their segments stay as they are."""


def parse_template(text: str) -> str:
    """A path template such as `/users/{name}/posts`. Raises UsageError.

    >>> parse_template("/users/{name}/posts/")
    '/users/{name}/posts'
    """
    example = "write for example /users/{name}/posts"
    if not text.startswith("/"):
        raise UsageError(f"{quoted(text)} is not a path template, because it does not start with /; {example}")
    if len(text) > _LONGEST:
        raise UsageError(f"{quoted(text)} is longer than {_LONGEST} characters; {example}")
    segments = [segment for segment in text.split("/") if segment]
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise UsageError(f"{quoted(text)} is not a path template, because of {quoted(segment)}; {example}")
    if not segments:
        raise UsageError(f"{quoted(text)} has no segment; {example}")
    return "/" + "/".join(segments)
