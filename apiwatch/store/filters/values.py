"""Reading the values of terms: numbers with units, severities, statuses, durations, networks."""

import re
from collections.abc import Callable
from ipaddress import ip_network

from apiwatch.model import SEVERITIES
from apiwatch.store.filters.fields import Kind
from apiwatch.store.filters.terms import Network, Value

__all__ = ["EXAMPLES", "fold", "network_of", "read_value"]

_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)([kmgt]?)(%?)", re.ASCII)
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(s|min|m|h|d|w)", re.ASCII)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_STATUS = re.compile(r"([1-5])(\d\d|xx)", re.ASCII)
_SHORT_SEVERITIES = {"crit": "critical", "med": "medium", "inf": "info", "hi": "high", "lo": "low"}

EXAMPLES = {
    Kind.TEXT: "a text",
    Kind.ADDRESS: "an address such as 203.0.113.7 or a network such as 203.0.113.0/24",
    Kind.NUMBER: "a number such as 50, 1.5k or 20%",
    Kind.SHARE: "a percentage such as 50",
    Kind.STATUS: "a status such as 401 or 4xx",
    Kind.SEVERITY: "info, low, medium, high or critical",
    Kind.AGE: "a duration such as 90s, 10m, 1h or 7d",
}
"""What to write as a value of each kind."""


def fold(text: str) -> str:
    """Text in the case in which texts are compared: ASCII letters small, as SQL's LOWER has them everywhere.

    >>> fold("GET /Users")
    'get /users'
    """
    return text.translate(_UPPER)


def network_of(text: str) -> Network | None:
    """The network of an address or CIDR; None for anything else.

    >>> network_of("203.0.113.7/24"), network_of("203.0.113")
    (IPv4Network('203.0.113.0/24'), None)
    """
    if "%" in text or len(text) > 49:
        return None
    try:
        return ip_network(text.strip("[]") if text.startswith("[") else text, strict=False)
    except ValueError:
        return None


def read_value(kind: Kind, text: str) -> Value | None:
    """The value of a term; None when the text cannot be one of this kind."""
    return _READERS[kind](text)


def _text(text: str) -> Value | None:
    return Value(text=fold(text)) if text else None


def _address(text: str) -> Value | None:
    network = network_of(text)
    return Value(network=network) if network is not None else _text(text)


def _number(text: str) -> Value | None:
    found = _NUMBER.fullmatch(text.lower())
    if found is None:
        return None
    number = float(found[1]) * _SCALES[found[2]]
    return Value(number=number, upper=number, share=bool(found[3]))


def _percentage(text: str) -> Value | None:
    found = _number(text)
    return Value(number=found.number, upper=found.number, share=True) if found is not None else None


def _status(text: str) -> Value | None:
    found = _STATUS.fullmatch(text.lower())
    if found is None:
        return None
    first = int(found[1]) * 100
    if found[2] == "xx":
        return Value(number=first, upper=first + 99)
    return Value(number=first + int(found[2]), upper=first + int(found[2]))


def _severity(text: str) -> Value | None:
    word = text.lower().rstrip("!")
    word = _SHORT_SEVERITIES.get(word, word)
    if word not in SEVERITIES:
        return None
    rank = float(SEVERITIES.index(word))
    return Value(number=rank, upper=rank)


def _age(text: str) -> Value | None:
    position, seconds, word = 0, 0.0, text.lower()
    while found := _DURATION.match(word, position):
        seconds += float(found[1]) * _SECONDS[found[2]]
        position = found.end()
    return Value(number=seconds, upper=seconds) if word and position == len(word) else None


_READERS: dict[Kind, Callable[[str], Value | None]] = {
    Kind.TEXT: _text,
    Kind.ADDRESS: _address,
    Kind.NUMBER: _number,
    Kind.SHARE: _percentage,
    Kind.STATUS: _status,
    Kind.SEVERITY: _severity,
    Kind.AGE: _age,
}
