"""What the arguments of verbs are, and how their texts are read."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Protocol

from msgspec import Struct

from apiwatch.config.values import THEMES, parse_duration, parse_path
from apiwatch.errors import UsageError
from apiwatch.store.filters import List, parse
from apiwatch.store.filters.fields import nearest
from apiwatch.store.filters.values import network_of
from apiwatch.text import one_line, plain

__all__ = ["GROUPINGS", "VIEWS", "WINDOWS", "Argument", "Kind", "Known", "read", "words_for"]

VIEWS: dict[str, List] = {
    "alerts": List.ALERTS,
    "clients": List.CLIENTS,
    "routes": List.ROUTES,
    "auth": List.SUSPECTS,
    "inventory": List.ROUTES,
    "live": List.LINES,
    "block": List.BLOCKS,
    "sources": List.SOURCES,
}
"""Views by the order of their keys 1 to 8, and the list that a filter narrows there."""

WINDOWS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60, "24h": 1440}
"""Window -> minutes."""

_LONGEST = 300
_ALERT = re.compile(r"[0-9a-f]{16}", re.ASCII)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?Z?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


GROUPINGS = ("net", "agent", "user", "none")
"""What clients are put together by."""


class Kind(Enum):
    """What an argument is; the value says what to write."""

    CLIENT = "an address such as 203.0.113.7"
    NETWORK = "an address or network such as 203.0.113.0/24"
    SUBJECT = "an address, or the id of an alert"
    ALERT = "the id of an alert"
    ROUTE = "a route such as GET /users/{int}"
    USER = "a user name"
    AGENT = "a user agent"
    WINDOW = "a window: 1m, 5m, 15m, 1h or 24h"
    DURATION = "a duration such as 90s, 15m, 1h or 7d"
    TIME = "a time such as 13:40 or 2026-09-20T13:40Z (UTC), or how long ago, such as 20m"
    SORT = "an order of this list"
    GROUP = "net, agent, user or none"
    THEME = "a theme: auto, dark, light, ansi or ansi-light"
    TARGET = "a firewall such as nftables"
    FILE = "the name of a file"
    SECONDS = "seconds from 0.25 to 10"
    FILTER = "a filter such as sev>=high route:/users"
    TEXT = "a text"


_REST = (Kind.FILTER, Kind.TEXT, Kind.ROUTE, Kind.AGENT)
"""Kinds that take the rest of the line."""


class Argument(Struct, frozen=True):
    """One argument of a verb."""

    name: str
    kind: Kind
    optional: bool = True

    @property
    def rest(self) -> bool:
        """Whether it takes the rest of the line."""
        return self.kind in _REST


class Known(Protocol):
    """What the screen knows, for reading and completing."""

    @property
    def now(self) -> float:
        """Event time at which the picture ends."""
        ...

    @property
    def over(self) -> List:
        """The list that a filter narrows now."""
        ...

    def known(self, kind: Kind) -> Sequence[str]:
        """Clients, routes, users, ids of alerts and so on that the screen shows, and the orders of its list."""
        ...


Value = str | float


def read(kind: Kind, text: str, screen: Known, *, sure: bool = False) -> Value:
    """The value of an argument. Raises UsageError with what is expected.

    With `sure` a word is only taken that cannot be anything else: an address, what the screen knows.
    """
    text = plain(text.strip(), _LONGEST)
    reader = _READERS.get(kind)
    if reader is None:
        if sure and text not in screen.known(kind):
            raise UsageError(_wanted(kind, text))
        return text
    try:
        return reader(text, screen)
    except UsageError:
        if sure or kind not in (Kind.CLIENT,) or not text:
            raise
        return text


def words_for(kind: Kind, screen: Known) -> Sequence[str]:
    """Words that an argument may be, best first."""
    if kind is Kind.WINDOW:
        return tuple(WINDOWS)
    if kind is Kind.GROUP:
        return GROUPINGS
    if kind is Kind.THEME:
        return THEMES
    if kind is Kind.TARGET:
        return _targets()
    if kind is Kind.DURATION:
        return ("1h", "15m", "24h", "7d")
    if kind is Kind.SUBJECT:
        return (*screen.known(Kind.CLIENT), *screen.known(Kind.ALERT))
    if kind is Kind.NETWORK:
        return screen.known(Kind.CLIENT)
    return screen.known(kind)


def _wanted(kind: Kind, text: str) -> str:
    return f"expected {kind.value}; `{one_line(text, 40)}` is none"


def _address(text: str, _screen: Known) -> str:
    network = network_of(text)
    if network is None or network.prefixlen != network.max_prefixlen:
        raise UsageError(_wanted(Kind.CLIENT, text))
    return str(network.network_address)


def _network(text: str, _screen: Known) -> str:
    network = network_of(text)
    if network is None:
        raise UsageError(_wanted(Kind.NETWORK, text))
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _alert(text: str, screen: Known) -> str:
    word = text.removeprefix("#").lower()
    found = [key for key in screen.known(Kind.ALERT) if key.startswith(word)] if len(word) >= 4 else []
    if len(found) == 1:
        return found[0]
    if _ALERT.fullmatch(word):
        return word
    raise UsageError(f"`{one_line(text, 40)}` begins several ids" if found else _wanted(Kind.ALERT, text))


def _subject(text: str, screen: Known) -> str:
    for reader in (_address, _alert):
        try:
            return reader(text, screen)
        except UsageError:
            continue
    if text in screen.known(Kind.CLIENT):
        return text
    raise UsageError(_wanted(Kind.SUBJECT, text))


def _window(text: str, _screen: Known) -> float:
    minutes = {"60m": 60, "1d": 1440}.get(text, WINDOWS.get(text))
    if minutes is None:
        raise UsageError(_wanted(Kind.WINDOW, text))
    return float(minutes)


def _duration(text: str, _screen: Known) -> float:
    if text.isdecimal():
        raise UsageError(_wanted(Kind.DURATION, text))
    seconds = parse_duration(text)
    if seconds < 1.0:
        raise UsageError(_wanted(Kind.DURATION, text))
    return seconds


def _time(text: str, screen: Known) -> float:
    found = _TIME.fullmatch(text)
    if found is not None:
        now = datetime.fromtimestamp(screen.now, UTC)
        moment = now.replace(hour=int(found[1]), minute=int(found[2]), second=int(found[3] or 0), microsecond=0)
        return (moment if moment <= now else moment - timedelta(days=1)).timestamp()
    if _DATE.match(text):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    try:
        return screen.now - _duration(text.removeprefix("-"), screen)
    except UsageError:
        raise UsageError(_wanted(Kind.TIME, text)) from None


def _sort(text: str, screen: Known) -> str:
    return _one_of(Kind.SORT, text, screen.known(Kind.SORT))


def _group(text: str, _screen: Known) -> str:
    return _one_of(Kind.GROUP, text, GROUPINGS)


def _theme(text: str, _screen: Known) -> str:
    return _one_of(Kind.THEME, text, THEMES)


def _target(text: str, _screen: Known) -> str:
    return _one_of(Kind.TARGET, text, _targets())


def _targets() -> Sequence[str]:
    from apiwatch.blocklist.targets import TARGETS

    return tuple(TARGETS)


def _one_of(kind: Kind, text: str, names: Sequence[str]) -> str:
    begun = [name for name in names if text and name.startswith(text.lower())]
    if text.lower() in names or len(begun) == 1:
        return text.lower() if text.lower() in names else begun[0]
    near = nearest(text, names)
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(names) or 'none here'}"
    raise UsageError(f"`{one_line(text, 40)}` is not {kind.value.partition(':')[0].partition(' such')[0]}; {hint}")


def _file(text: str, _screen: Known) -> str:
    return parse_path(text)


def _seconds(text: str, _screen: Known) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = 0.0
    if not 0.25 <= seconds <= 10.0:
        raise UsageError(_wanted(Kind.SECONDS, text))
    return seconds


def _filter(text: str, screen: Known) -> str:
    return parse(text, screen.over).text


_READERS: dict[Kind, Callable[[str, Known], Value]] = {
    Kind.CLIENT: _address,
    Kind.NETWORK: _network,
    Kind.SUBJECT: _subject,
    Kind.ALERT: _alert,
    Kind.WINDOW: _window,
    Kind.DURATION: _duration,
    Kind.TIME: _time,
    Kind.SORT: _sort,
    Kind.GROUP: _group,
    Kind.THEME: _theme,
    Kind.TARGET: _target,
    Kind.FILE: _file,
    Kind.SECONDS: _seconds,
    Kind.FILTER: _filter,
}
