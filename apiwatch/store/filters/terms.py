"""What a filter means: terms that all hold, each with alternatives. Immutable; made by `grammar`."""

from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct

from apiwatch.errors import UsageError
from apiwatch.store.filters.fields import Field

__all__ = ["ANY", "Filter", "FilterError", "Network", "Term", "Value"]

Network = IPv4Network | IPv6Network


class Value(Struct, frozen=True):
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


class Term(Struct, frozen=True):
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


class Filter(Struct, frozen=True, eq=False):
    """Terms that must all hold; without terms everything passes. It is false when there are none.

    Two are equal when their terms are, however they were typed.
    """

    terms: tuple[Term, ...] = ()
    text: str = ""
    """As it was typed."""

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)


ANY = Filter()
"""Everything passes."""


class FilterError(UsageError):
    """A filter that cannot mean anything; `start` and `end` enclose the wrong word."""

    def __init__(self, text: str, start: int, end: int) -> None:
        super().__init__(text)
        self.start = start
        self.end = end
