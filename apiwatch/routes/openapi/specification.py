"""What one or more OpenAPI files say: a path of a host -> its operations by method."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from apiwatch.routes.patterns import Patterns, params_of, segments_of
from apiwatch.routes.segments import Param

__all__ = ["NOTHING", "Match", "Operation", "PathItem", "Specification"]


class Operation(NamedTuple):
    """One method of one path."""

    roles: tuple[str, ...]
    """What its operationId and its tags say that it is for."""
    deprecated: bool
    keys: frozenset[str] | None
    """Query keys that it takes; None when any key may be one of them."""


class PathItem(NamedTuple):
    """One path behind one base path."""

    template: str
    """With kinds for names: `/v1/users/{int}`."""
    hosts: frozenset[str] | None
    """In lower case; None: of any host."""
    operations: Mapping[str, Operation]
    """By method, in upper case."""


class Match(NamedTuple):
    """The specified path that a request follows."""

    template: str
    params: tuple[Param, ...]
    operations: Mapping[str, Operation]

    def operation(self, method: str) -> Operation | None:
        """The operation of a method; what answers GET answers HEAD as well (RFC 9110, section 9.3.2)."""
        found = self.operations.get(method)
        return self.operations.get("GET") if found is None and method == "HEAD" else found


class Specification:
    """The specified paths of all files: at each segment a literal beats a parameter, longer base paths come first."""

    def __init__(self, items: Iterable[tuple[str, PathItem]] = ()) -> None:
        """`items` are (pattern with its base path, path item), the most special base path first."""
        self._patterns: Patterns[PathItem] = Patterns()
        self._hosts: set[str] = set()
        self._anywhere = False
        self._items: list[PathItem] = []
        self.size = 0
        """Operations in all."""
        for pattern, item in items:
            self._patterns.add(pattern, item)
            self._items.append(item)
            self.size += len(item.operations)
            if item.hosts is None:
                self._anywhere = True
            else:
                self._hosts |= item.hosts

    def declared(self) -> Iterator[tuple[str, str, Operation]]:
        """(host, route label, operation) of every operation, in the order of the files; host '' stands for any."""
        for item in self._items:
            for host in sorted(item.hosts) if item.hosts is not None else ("",):
                for method, operation in item.operations.items():
                    yield host, f"{method} {item.template}", operation

    def covers(self, host: str) -> bool:
        """Whether this host is specified: it is named by a server, or the servers name none, or the log has no host."""
        return self._anywhere or (bool(self._hosts) and (not host or _name(host) in self._hosts))

    def names(self, host: str) -> bool:
        """Whether a server has exactly this host."""
        return _name(host) in self._hosts

    def find(self, host: str, path: str) -> Match | None:
        """The specified path that a path of a host follows, whatever the method."""
        if not self.size:
            return None
        for item, texts in self._patterns.find(segments_of(path)):
            if item.hosts is None or not host or _name(host) in item.hosts:
                return Match(item.template, params_of(item.template, texts), item.operations)
        return None


def _name(host: str) -> str:
    """The name of a host without its port, in lower case."""
    return host.partition(":")[0].lower()


NOTHING = Specification()
"""No file was given."""
