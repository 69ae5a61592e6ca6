"""The administration socket of HAProxy: an access list replaced by a transaction (management guide, section 9.3)."""

import re
import socket
from collections.abc import Iterator

from apiwatch.blocklist.networks import bare, canonical, order, parse_network
from apiwatch.errors import ApplyError, GuardError, UsageError
from apiwatch.text import one_line

__all__ = ["AdminSocket"]

_TIMEOUT_S = 10.0
_LINE = 12_000
"""Characters of one command line; HAProxy takes its buffer size, 16 384 by default."""

_NAME = re.compile(r"[A-Za-z0-9/_.@:+-]+", re.ASCII)
_DRAFT = re.compile(r"New version created: ([0-9]+)", re.ASCII)


class AdminSocket:
    """The list that the configuration of a running HAProxy reads from the file `name`."""

    def __init__(self, path: str, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                "`block.targets.haproxy.path` has a character that HAProxy's socket cannot be told; rename"
            )
        self._path = path
        self._name = name

    def take(self, nets: frozenset[str]) -> None:
        """See `Server.take`: what is in force changes by the commit alone."""
        draft = self._ask(f"prepare acl {self._name}")
        number = _DRAFT.search(draft)
        if number is None:
            raise ApplyError(f"HAProxy has no list {self._name} ({one_line(draft.strip(), 100)}); use it with `src -f`")
        version = f"@{number[1]} {self._name}"
        try:
            for line in _lines(f"add acl {version}", nets):
                if answer := self._ask(line).strip():
                    raise ApplyError(f"HAProxy does not take an entry: {one_line(answer, 100)}")
            if self._listed(version) != nets:
                raise ApplyError("HAProxy did not take every entry")
        except ApplyError:
            self._ask(f"clear acl {version}")
            raise
        answer = self._ask(f"commit acl {version}").strip()
        if answer or self.loaded() != nets:
            raise ApplyError(f"HAProxy did not put the list into force: {one_line(answer or 'it holds another', 100)}")

    def loaded(self) -> frozenset[str]:
        """See `Server.loaded`: `show acl`."""
        return self._listed(self._name)

    def _listed(self, which: str) -> frozenset[str]:
        """Lines are `ADDRESS_IN_MEMORY VALUE`."""
        answer = self._ask(f"show acl {which}")
        try:
            return frozenset(canonical(line.split()[1]) for line in answer.splitlines() if line.strip())
        except (IndexError, GuardError):
            raise ApplyError(
                f"HAProxy has no list {self._name} of apiwatch ({one_line(answer.strip(), 100)}); use it with `src -f`"
            ) from None

    def _ask(self, line: str) -> str:
        """One command line per connection; HAProxy closes it behind its answer."""
        pieces: list[bytes] = []
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(_TIMEOUT_S)
                connection.connect(self._path)
                connection.sendall(f"{line}\n".encode())
                while piece := connection.recv(65_536):
                    pieces.append(piece)
        except OSError as error:
            raise ApplyError(
                f"HAProxy's socket {one_line(self._path, 100)} cannot be used ({error.strerror or error}); the "
                "configuration needs `stats socket PATH level admin`"
            ) from None
        return b"".join(pieces).decode("utf-8", "replace")


def _lines(command: str, nets: frozenset[str]) -> Iterator[str]:
    """Several commands a line, as long as it may be."""
    line = ""
    for network in sorted(map(parse_network, nets), key=order):
        piece = f"{command} {bare(network)}"
        if line and len(line) + len(piece) > _LINE:
            yield line
            line = ""
        line = f"{line};{piece}" if line else piece
    if line:
        yield line
