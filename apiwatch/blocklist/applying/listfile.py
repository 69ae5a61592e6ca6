"""A list as a file that somebody else reads: replaced as a whole, read back, put back."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact
from apiwatch.blocklist.writing import place, replace_file
from apiwatch.errors import ApplyError, GuardError, UsageError
from apiwatch.text import plain

__all__ = ["ListFile"]

_ABSENT, _PRESENT = b"-", b"+"


class ListFile:
    """Applier of a target whose list is one file; option `path`. What is in it now must be such a list, or nothing."""

    counts = False
    expires = False

    def __init__(self, name: str, parse: Callable[[bytes], frozenset[str]], options: Mapping[str, str]) -> None:
        if unknown := sorted(options.keys() - {"path"}):
            raise UsageError(f"`block.targets.{name}.{plain(unknown[0], 40)}` is not known; the only option is `path`")
        if not options.get("path", "").startswith("/"):
            raise UsageError(f"`block.targets.{name}.path` must be the absolute path of the list; set it")
        self._name = name
        self._parse = parse
        self._path = place(Path(options["path"]))

    def read(self) -> dict[str, Held]:
        """See `Applier.read`."""
        content = self._content()
        try:
            return {net: Held(net) for net in self._parse(content)} if content else {}
        except GuardError:
            raise ApplyError(
                f"{plain(str(self._path))} is no {self._name} list of apiwatch, so it is left as it is; set another "
                f"`block.targets.{self._name}.path`, or move it away"
            ) from None

    def snapshot(self) -> bytes:
        """See `Applier.snapshot`."""
        content = self._content()
        return _ABSENT if content is None else _PRESENT + content

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """See `Applier.apply`."""
        (artifact,) = artifacts
        self._replace(artifact.content, artifact.mode)

    def restore(self, snapshot: bytes) -> None:
        """See `Applier.restore`."""
        if snapshot[:1] == _PRESENT:
            self._replace(snapshot[1:], 0o640)
        else:
            self.remove()

    def remove(self) -> None:
        """See `Applier.remove`."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error) from None

    def _content(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(error) from None

    def _replace(self, content: bytes, mode: int) -> None:
        try:
            replace_file(self._path, content, mode)
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> ApplyError:
        return ApplyError(f"{plain(str(self._path))} cannot be used: {error.strerror}; it holds what it held before")
