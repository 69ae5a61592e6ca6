"""A filter against values in memory: for lists that no table holds, and for what SQL cannot say."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

from apiwatch.store.filters.fields import Kind
from apiwatch.store.filters.terms import Filter, Term, Value
from apiwatch.store.filters.values import fold

__all__ = ["Record", "holds", "kept", "matches"]

Record = Mapping[str, str | float | tuple[str, ...] | tuple[float, ...]]
"""Field name -> text, texts, number, numbers, or (ages) a time in seconds since the epoch.

`*` holds more texts for free words; `%` is what percentages are of (default: `reqs`). A missing field matches nothing.
"""

T = TypeVar("T")


def kept(where: Filter, rows: Iterable[T], record: Callable[[T], Record], now: float) -> list[T]:
    """The rows that pass."""
    return [row for row in rows if matches(where, record(row), now)] if where else list(rows)


def matches(where: Filter, record: Record, now: float) -> bool:
    """Whether a row passes a filter; ages are counted back from `now`."""
    return all(holds(term, record, now) for term in where.terms)


def holds(term: Term, record: Record, now: float) -> bool:
    """Whether one term holds."""
    if term.field is None:
        texts = [fold(text) for value in record.values() for text in _texts(value)]
        found = any(value.text in text for value in term.values for text in texts)
    elif term.field.kind in (Kind.TEXT, Kind.ADDRESS):
        texts = [fold(text) for text in _texts(record.get(term.field.name, ()))]
        found = any(_text_holds(term.op, value, text) for value in term.values for text in texts)
    else:
        found = any(
            _number_holds(term.op, value, now - number if term.field.kind is Kind.AGE else number, record)
            for value in term.values
            for number in _numbers(record.get(term.field.name, ()))
        )
    return found is not term.inverted


def _text_holds(op: str, value: Value, text: str) -> bool:
    if value.network is not None:
        address = _address(text)
        return (
            address is not None
            and address.version == value.network.version
            and (address.network_address in value.network and address.prefixlen >= value.network.prefixlen)
        )
    return text == value.text if op == "=" else value.text in text


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _number_holds(op: str, value: Value, number: float, record: Record) -> bool:
    if value.share:
        total = sum(_numbers(record.get("%", record.get("reqs", 0.0))))
        if total <= 0:
            return False
        number = 100.0 * number / total
    if op == "=":
        return value.number <= number <= value.upper
    return {
        ">": number > value.upper,
        ">=": number >= value.number,
        "<": number < value.number,
        "<=": number <= value.upper,
    }[op]


def _texts(value: str | float | tuple[str, ...] | tuple[float, ...]) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(each for each in value if isinstance(each, str))
    return (value,) if isinstance(value, str) else ()


def _numbers(value: str | float | tuple[str, ...] | tuple[float, ...]) -> tuple[float, ...]:
    if isinstance(value, tuple):
        return tuple(float(each) for each in value if not isinstance(each, str))
    return () if isinstance(value, str) else (float(value),)
