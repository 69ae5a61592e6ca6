"""Options of a target from the settings (`block.targets.NAME`), read with an error that says which one is wrong."""

import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from apiwatch.blocklist.appliers.common import reject_unknown
from apiwatch.errors import UsageError
from apiwatch.text import one_line

__all__ = ["Options"]

_SHOWN = 60


class Options:
    """The options of one target; UsageError for one that is not in `known`."""

    def __init__(self, target: str, given: Mapping[str, str], known: Sequence[str]) -> None:
        self._target = target
        self._given = given
        reject_unknown(target, given, known)

    def path(self, name: str, default: str = "") -> str:
        """An absolute path; UsageError for another one, and when there is neither the option nor a default."""
        path = self._given.get(name, default)
        if not path.startswith("/"):
            raise UsageError(f"{self._key(name)} must be an absolute path; set it")
        return path

    def command(self, name: str, default: str) -> list[str]:
        """A program and its arguments, quoted as in a shell; nothing else of a shell is understood."""
        text = self._given.get(name, default)
        try:
            words = shlex.split(text)
        except ValueError:
            words = []
        if not words:
            raise UsageError(f"{self._key(name)} is no command; write it like `{default}`")
        return words

    def url(self, name: str, default: str | None = None) -> str | None:
        """An http(s) address without a slash at its end; None when neither it nor a default is there."""
        text = self._given.get(name, default)
        if text is None:
            return None
        try:
            parsed = urlsplit(text)
            fine = parsed.scheme in ("http", "https") and bool(parsed.hostname) and parsed.port != 0
        except ValueError:
            fine = False
        if not fine:
            raise UsageError(f"{self._key(name)} is no address; write it like http://127.0.0.1:8080")
        return text.rstrip("/")

    def _key(self, name: str) -> str:
        return f"`block.targets.{self._target}.{one_line(name, _SHOWN)}`"
