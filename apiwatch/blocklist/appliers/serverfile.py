"""A list in a file that a running web server includes: replaced, checked, taken up, and put back when that fails."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from apiwatch.blocklist.appliers.common import done
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.listfile import ListFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.planning import plan as plan_of
from apiwatch.blocklist.target import Artifact, Target
from apiwatch.errors import ApplyError, GuardError
from apiwatch.text import plain

__all__ = ["Reloaded", "Server", "ServerFile", "wait_for"]

_PATIENCE_S = 10.0
_PAUSE_S = 0.05


class Server(Protocol):
    """The program that reads the file."""

    def take(self, nets: frozenset[str]) -> None:
        """Make it use the file as it is now, which blocks `nets`.

        ApplyError when it refuses, or does not do so in time; as a rule it goes on with what it had.
        """
        ...

    def loaded(self) -> frozenset[str] | None:
        """Networks that the running server blocks by our list; None: it cannot say. ApplyError: it does not answer."""
        ...


class ServerFile:
    """Applier of a file target with its server.

    Servers refuse to start when an included file is missing, so a list is never deleted: `remove` leaves an empty one.
    """

    counts = False
    expires = False

    def __init__(self, target: Target, path: str, server: Server) -> None:
        self._target = target
        self._path = Path(path)
        self._file = ListFile(target.name, target.parse, {"path": path})
        self._server = server

    def read(self) -> dict[str, Held]:
        """See `Applier.read`: what the running server says, or else what the file says."""
        held = self._file.read()
        loaded = self._server.loaded()
        return held if loaded is None else {net: Held(net) for net in sorted(loaded)}

    def snapshot(self) -> bytes:
        """See `Applier.snapshot`."""
        return self._file.snapshot()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """See `Applier.apply`."""
        (artifact,) = artifacts
        try:
            nets = self._target.parse(artifact.content)
        except GuardError as error:
            raise ApplyError(f"{error}, so nothing was changed") from None
        before = self._file.snapshot()
        self._file.apply(artifacts, plan, at)
        try:
            self._server.take(nets)
        except ApplyError as error:
            try:
                self.restore(before)
            except ApplyError as second:
                raise ApplyError(f"{error}; the old file is back, but: {second}") from None
            raise ApplyError(f"{error}; the old file is back") from None

    def restore(self, snapshot: bytes) -> None:
        """See `Applier.restore`."""
        self._file.restore(snapshot)
        if not self._is_there():
            self._write_empty()
        self._server.take(self._listed())

    def remove(self) -> None:
        """See `Applier.remove`."""
        if self._is_there():
            self._write_empty()
            self._server.take(frozenset())

    def _is_there(self) -> bool:
        try:
            return self._path.exists()
        except OSError as error:
            raise ApplyError(f"{plain(str(self._path))} cannot be used: {error.strerror}") from None

    def _write_empty(self) -> None:
        empty = plan_of((), 0.0)
        self._file.apply(self._target.render(empty, ()), empty, 0.0)

    def _listed(self) -> frozenset[str]:
        return frozenset(self._file.read())


class Reloaded:
    """A server with a command that checks its whole configuration, and one that makes it read it again."""

    def __init__(self, run: Run, check: Sequence[str], reload: Sequence[str]) -> None:
        self._run = run
        self._check = check
        self._reload = reload

    def take(self, nets: frozenset[str]) -> None:
        """See `Server.take`."""
        done(self._run, self._check)
        done(self._run, self._reload)

    def loaded(self) -> frozenset[str] | None:
        """See `Server.loaded`: not known."""
        return None


def wait_for(nets: frozenset[str], loaded: Callable[[], frozenset[str]], otherwise: str) -> None:
    """Wait until a server has taken up a list; ApplyError with the text `otherwise` when it does not."""
    deadline = time.monotonic() + _PATIENCE_S
    while loaded() != nets:
        if time.monotonic() > deadline:
            raise ApplyError(otherwise)
        time.sleep(_PAUSE_S)
