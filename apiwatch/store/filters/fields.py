"""The words of a filter: which fields there are, what they hold, and which list has which of them."""

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

__all__ = ["FIELDS", "LISTS", "Field", "Kind", "List", "field_of", "nearest"]


class Kind(Enum):
    """What the values of a field are, and so which operators it takes."""

    TEXT = "text"
    ADDRESS = "an address, a network, or a part of an address"
    NUMBER = "a number"
    SHARE = "a percentage"
    STATUS = "a status such as 401 or 4xx"
    SEVERITY = "a severity"
    AGE = "a duration such as 10m"


class Field(Struct, frozen=True):
    """One field of a filter."""

    name: str
    kind: Kind
    about: str
    also: tuple[str, ...] = ()
    """Other names of it."""


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("sev", Kind.SEVERITY, "severity: info, low, medium, high or critical", ("severity",)),
        Field("score", Kind.NUMBER, "score from 0 to 100"),
        Field("client", Kind.ADDRESS, "address or network of the client", ("ip", "net", "addr", "address")),
        Field("host", Kind.TEXT, "host that was asked"),
        Field("route", Kind.TEXT, "route: method and path", ("path", "url")),
        Field("method", Kind.TEXT, "method of the request"),
        Field("status", Kind.STATUS, "status of the answer"),
        Field("outcome", Kind.TEXT, "outcome: ok, miss, deny, limit or err"),
        Field("ua", Kind.TEXT, "user agent", ("agent", "user_agent")),
        Field("user", Kind.TEXT, "user name"),
        Field("detector", Kind.TEXT, "test that leans towards it or raised an alert", ("det", "rule")),
        Field("state", Kind.TEXT, "state: open, acknowledged, muted, closed; of an entry or a source: its own"),
        Field("last", Kind.AGE, "time since the last request: since:10m is within the last ten minutes", ("since",)),
        Field("first", Kind.AGE, "time since the first request: first:1h is new within the last hour", ("new",)),
        Field("reqs", Kind.NUMBER, "requests: clients in the window, alerts suspicious ones", ("requests", "req")),
        Field("ok", Kind.NUMBER, "requests that got what they asked for"),
        Field("miss", Kind.NUMBER, "requests for what does not exist"),
        Field("deny", Kind.NUMBER, "refused requests", ("denied",)),
        Field("limit", Kind.NUMBER, "requests over a limit", ("limited",)),
        Field("err", Kind.NUMBER, "requests that broke", ("error", "errors")),
        Field("fail", Kind.NUMBER, "failed requests: miss, deny, limit and err", ("failed", "fails")),
        Field("4xx", Kind.SHARE, "percentage of requests that were missing, refused or limited"),
        Field("5xx", Kind.SHARE, "percentage of requests that broke"),
        Field("bytes", Kind.NUMBER, "bytes sent: 10M is ten million", ("size",)),
        Field("ms", Kind.NUMBER, "duration of the request in milliseconds", ("duration",)),
        Field("clients", Kind.NUMBER, "number of clients"),
        Field("alerts", Kind.NUMBER, "number of open alerts"),
        Field("ids", Kind.NUMBER, "distinct object ids tried, or users tried", ("objects", "users")),
        Field("evidence", Kind.NUMBER, "evidence: from 1 on it is an alert"),
        Field("role", Kind.TEXT, "role of the route, such as login", ("roles",)),
        Field("origin", Kind.TEXT, "origin of the route's template: learned, pinned or openapi"),
        Field("by", Kind.TEXT, "operator", ("actor",)),
        Field("why", Kind.TEXT, "title, reason or message", ("reason", "title", "message", "note")),
        Field("source", Kind.TEXT, "file, stream or socket", ("file",)),
        Field("format", Kind.TEXT, "log format"),
        Field("lines", Kind.NUMBER, "lines read"),
        Field("unparsed", Kind.SHARE, "percentage of lines that no format understood"),
        Field("dropped", Kind.NUMBER, "lines lost", ("drop",)),
    )
}
"""Name -> field."""


class List(Enum):
    """A list that filters narrow."""

    ALERTS = "alerts"
    CLIENTS = "clients"
    ROUTES = "routes"
    SUSPECTS = "suspects"
    LINES = "lines"
    BLOCKS = "blocks"
    SOURCES = "sources"


_OUTCOMES = "ok miss deny limit err fail 4xx 5xx"

LISTS: dict[List, tuple[str, ...]] = {
    each: tuple(names.split())
    for each, names in {
        List.ALERTS: "sev score client host route detector state status ua user last first reqs clients by why",
        List.CLIENTS: f"sev score client ua user host route detector last first reqs {_OUTCOMES} bytes alerts",
        List.ROUTES: f"sev route host role origin clients last first reqs {_OUTCOMES} alerts why",
        List.SUSPECTS: "client host route detector ua user last first reqs ok fail ids evidence alerts why",
        List.LINES: "client host route method status outcome ua user last bytes ms source",
        List.BLOCKS: "client state by why last",
        List.SOURCES: "source state format why last lines reqs unparsed dropped",
    }.items()
}
"""Which fields a list has, the most useful first."""

_NAMES = {name: field for field in FIELDS.values() for name in (field.name, *field.also)}


def field_of(name: str) -> Field | None:
    """The field of a name or of another name of it, whatever its case."""
    return _NAMES.get(name.lower())


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that somebody probably meant; '' when none is near.

    >>> nearest("sevrity", ["sev", "severity", "score"]), nearest("zzz", ["sev"])
    ('severity', '')
    """
    import difflib

    known = list(names)
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    begun = [name for name in known if word and (name.startswith(word.lower()) or word.lower().startswith(name))]
    return (near or begun or [""])[0]
