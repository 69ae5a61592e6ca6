"""Options of a remote target (`block.targets.NAME` of the settings), and the secrets that they only point to."""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from apiwatch.errors import UsageError
from apiwatch.text import plain

__all__ = ["Options", "Secret"]

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}", re.ASCII)
_LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Secret:
    """A token or a password; it is not part of any text about it."""

    value: str = field(repr=False)
    where: str
    """Where it was found, for sentences: `the variable CF_TOKEN`."""


class Options:
    """The options of one target; UsageError when one is missing or not known.

    `points_to` names the secret: `token` is looked for where `token_env` or `token_file` say.
    """

    def __init__(
        self,
        target: str,
        given: Mapping[str, str],
        *,
        needed: Sequence[str] = (),
        optional: Sequence[str] = (),
        points_to: str = "",
    ) -> None:
        self._prefix = f"block.targets.{target}"
        self._given = given
        self._secret = points_to
        places = [f"{points_to}_env", f"{points_to}_file"] if points_to else []
        known = [*needed, *places, *optional]
        if unknown := sorted(given.keys() - set(known)):
            raise UsageError(
                f"`{self._prefix}.{plain(unknown[0], 40)}` is not known; the options are {', '.join(known)}"
            )
        for name in needed:
            if not given.get(name):
                raise UsageError(f"`{self._prefix}.{name}` is missing; set it (docs/blocking.md says to what)")

    def get(self, name: str, default: str = "") -> str:
        """An option, or the default where it is not given."""
        return self._given.get(name, default)

    def identifier(self, name: str) -> str:
        """An option that becomes part of an address; UsageError when it could mean another address."""
        text = self.get(name)
        if not _IDENTIFIER.fullmatch(text):
            raise UsageError(f"`{self._prefix}.{name}` must be letters, digits, `-`, `_` and `.`; correct it")
        return text

    def path(self, name: str) -> str:
        """The absolute path of a file, or '' where it is not given; UsageError for a relative one.

        The dead-man and a timer read it, too, and each of them runs in a directory of its own.
        """
        path = self.get(name)
        if path and not path.startswith("/"):
            raise UsageError(f"`{self._prefix}.{name}` must be an absolute path; correct it")
        return path

    def secret(self) -> Secret:
        """The secret, from the variable or the file that the options name.

        A file must not be readable by everybody. Raises UsageError when it is not there, empty, or not to be trusted.
        """
        variable, path = self.get(f"{self._secret}_env"), self.path(f"{self._secret}_file")
        if bool(variable) == bool(path):
            raise UsageError(
                f"set either `{self._prefix}.{self._secret}_env` (a variable of the environment) or "
                f"`{self._prefix}.{self._secret}_file` (a file of mode 0600) to where the {self._secret} is"
            )
        if variable:
            where = f"the variable {plain(variable, 80)}"
            value = os.environ.get(variable, "")
        else:
            where = f"the file {plain(path, 200)}"
            value = _from_file(Path(path), where)
        value = value.strip()
        if not value:
            raise UsageError(f"{where} holds no {self._secret}; put it there")
        if not (value.isascii() and value.isprintable()):
            raise UsageError(f"{where} holds more than one line, or other characters than a {self._secret} has; fix it")
        return Secret(value, where)


def _from_file(path: Path, where: str) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"{where} is no regular file; name one")
            if status.st_mode & stat.S_IROTH:
                raise UsageError(f"{where} can be read by everybody; `chmod 600` it")
            return file.read(_LARGEST).decode("ascii", "replace")
    except OSError as error:
        raise UsageError(f"{where} cannot be read: {error.strerror}") from None
