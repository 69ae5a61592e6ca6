"""Configurations of web servers on this machine: read with their includes, and nothing of them executed."""

import glob
import os
import re
from itertools import islice
from pathlib import Path

from apiwatch.errors import InputError
from apiwatch.formats.configs import Configuration, apache_configuration, nginx_configuration, server_of

__all__ = ["configuration_of"]

_MOST_BYTES = 4 * 1024 * 1024
_MOST_FILES = 2_000
_SAMPLE = 64 * 1024
_EXPORT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)=(['\"]?)([^'\"\s;]*)\2\s*$", re.MULTILINE)


def configuration_of(path: Path) -> Configuration | None:
    """What the configuration of nginx or Apache in a file says; None when the file is something else.

    Raises InputError for a configuration that cannot be read.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            sample = file.read(_SAMPLE)
        if b"\0" in sample or server_of(_decoded(sample)) is None:
            return None
        files = _Files(path.parent)
        text = files.text(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if server_of(text) == "nginx":
        return nginx_configuration(text, str(path), files.matching)
    return apache_configuration(text, str(path), files.matching, _environment(path.parent))


class _Files:
    """Included files; relative patterns start at the directory of the main file."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._number = 0

    def matching(self, pattern: str) -> list[tuple[str, str]]:
        """(name, text) of the files; of a directory all files below it. Raises InputError."""
        wanted = os.path.join(self._base, pattern)  # noqa: PTH118  patterns are text
        if not glob.has_magic(wanted) and not os.path.lexists(wanted):
            raise InputError(f"there is no {wanted} to include")
        found: list[tuple[str, str]] = []
        for name in sorted(glob.glob(wanted)):  # noqa: PTH207
            path = Path(name)
            files = sorted(islice(path.rglob("*"), _MOST_FILES)) if path.is_dir() else [path]
            found += [(os.path.normpath(one), self.text(one)) for one in files if one.is_file()]
        return found

    def text(self, path: Path) -> str:
        """Text of one file. Raises InputError."""
        self._number += 1
        if self._number > _MOST_FILES:
            raise InputError(f"more than {_MOST_FILES} files are included; name a smaller part of the configuration")
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}; run doctor as root") from None
        if len(data) > _MOST_BYTES:
            raise InputError(f"{path} is too long for a configuration")
        return _decoded(data)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _environment(directory: Path) -> dict[str, str]:
    """Variables that Debian's `envvars` sets next to apache2.conf; `$SUFFIX`, for second instances, is left out."""
    try:
        text = (directory / "envvars").read_text("utf-8", "surrogateescape")
    except OSError:
        return {}
    return {name: value.replace("$SUFFIX", "") for name, _, value in _EXPORT.findall(text)}
