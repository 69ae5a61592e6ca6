"""What a filter means: terms that all hold, each with alternatives. Immutable; made by `grammar`."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from apiwatch.errors import UsageError
from apiwatch.store.filters.fields import Field

__all__ = ["ANY", "Filter", "FilterError", "Network", "Term", "Value"]

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Value:
    """One alternative of a term: of its fields one is set, by the kind of the term's field."""

    text: str = ""
    """Folded: see `fold`."""
    network: Network | None = None
    number: float = 0.0
    """A count, a rank of severity, a status, or seconds of an age."""
    upper: float = 0.0
    """The largest number that counts as equal: 499 for the status 4xx, else the number itself."""
    share: bool = False
    """The number is a percentage of all requests."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. A field of None is a free word: it may stand in any column."""

    field: Field | None
    op: str
    """'=', '>', '>=', '<' or '<='; of texts '~' (contains) or '='."""
    values: tuple[Value, ...]
    """One of them must hold."""
    inverted: bool = False
    start: int = 0
    """Where it stands in the text: first character, and the one behind the last."""
    end: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold; without terms everything passes. It is false when there are none."""

    terms: tuple[Term, ...] = ()
    text: str = field(default="", compare=False)
    """As it was typed."""

    def __bool__(self) -> bool:
        return bool(self.terms)


ANY = Filter()
"""Everything passes."""


class FilterError(UsageError):
    """A filter that cannot mean anything; `start` and `end` enclose the wrong word."""

    def __init__(self, text: str, start: int, end: int) -> None:
        super().__init__(text)
        self.start = start
        self.end = end
