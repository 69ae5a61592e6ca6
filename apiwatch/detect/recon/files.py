"""File trees: places where each target is answered once, so that no route is learned and a missing one is a file gone.

What several principals were answered that no route matched is told by method, first folder, depth and ending of the
name. A word list does not profit: it would have to find files there first, and under several names.
"""

import re

from apiwatch.detect.recon.probes import RouteProbes, becomes_usual

__all__ = ["file_kind", "holds_files", "saw_file"]

_ENDING = re.compile(r".*(\.[A-Za-z][A-Za-z0-9]{0,5})", re.DOTALL).fullmatch
_FOLDERS = 2
_SHARED_AT = 3
"""Principals that were answered, from which on it is a file tree: as for missing objects."""


def file_kind(method: str, path: str) -> str | None:
    """The kind of a file below at least two folders; None for what is no such file.

    >>> file_kind("DELETE", "/dav/alice/notes/a1.txt"), file_kind("GET", "/api/users"), file_kind("GET", "/backup.zip")
    ('file:DELETE dav 4 .txt', None, None)
    """
    segments = path.strip("/").split("/")
    if len(segments) <= _FOLDERS:
        return None
    ending = _ENDING(segments[-1])
    return None if ending is None else f"file:{method} {segments[0][:64]} {len(segments)} {ending[1].lower()}"


def saw_file(host: RouteProbes, kind: str, pid: int) -> None:
    """A harmless principal was answered a file that no route of the host matches."""
    becomes_usual(host, kind, pid)


def holds_files(host: RouteProbes | None, kind: str) -> bool:
    """Whether several principals were answered files of this kind, each another one."""
    return host is not None and len(host.usual.get(kind, ())) >= _SHARED_AT
