"""Objects with the usual field names: which key holds what, worked out once for each set of keys."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from apiwatch.formats.build import MAX_INT, Builder
from apiwatch.formats.credentials import from_header
from apiwatch.formats.keyed.names import Role, plain_name, role_of
from apiwatch.formats.keyed.profiles import Profile, profile_of
from apiwatch.formats.keyed.units import DurationUnit
from apiwatch.formats.matcher import Skipped
from apiwatch.formats.times import Moment, any_time
from apiwatch.model import Request
from apiwatch.patterns import late

__all__ = ["Plan", "PlanCache", "record_of"]

Path = tuple[str, ...]
Value = str | int | float

_KEPT = 512
_DEEPEST = 5
_FLAT_START = ("time", "client")
_FLAT_END = ("status", "bytes", "referer", "agent", "host", "user", "forwarded", "duration")
_OPTIONAL = frozenset({"", "referer", "agent", "host", "user", "forwarded", "duration"})
_CODES = {str(code): code for code in range(100, 1_000)}
_NUMBER = late(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_LONGEST_NUMBER = 16
_ABSENT = frozenset({"", "-"})
_DURATION_TYPES = frozenset({float, int, type(None)})
_MOST_KEYS = 400
_FIRST = -1
_LAST = 1_000
_HUGE = 1 << 64
_LONGEST_SHAPE = 4_096
_SPAN = late(r"(\d{1,15}(?:\.\d{1,15})?)\s?(ns|us|\u00b5s|ms|s)?", re.ASCII)
_UNITS = {"ns": 1e9, "us": 1e6, "\u00b5s": 1e6, "ms": 1e3, "s": 1.0}
_STATUS = late(r"-1|0{1,3}|[1-9]\d\d", re.ASCII)


class Plan:
    """Where the fields are in objects of one shape."""

    def __init__(self, fields: dict[str, list[tuple[Path, str]]], profile: Profile | None) -> None:
        self.profile = profile
        self._time = fields.get("time", [])
        self._client = [path for path, _ in fields.get("client", [])]
        self._forwarded = [path for path, _ in fields.get("forwarded", [])]
        self._request = [path for path, _ in fields.get("request", [])]
        self._method = [path for path, _ in fields.get("method", [])]
        self._target = [path for path, _ in fields.get("target", [])]
        self._query = [path for path, _ in fields.get("query", [])]
        self._status = [path for path, _ in fields.get("status", [])]
        self._bytes = [path for path, _ in fields.get("bytes", [])]
        self._referer = [path for path, _ in fields.get("referer", [])]
        self._agent = [path for path, _ in fields.get("agent", [])]
        self._host = [path for path, _ in fields.get("host", [])]
        self._user = [path for path, _ in fields.get("user", [])]
        self._credential = [path for path, _ in fields.get("credential", [])]
        self._duration = fields.get("duration", [])
        self._divisor = 1.0
        self._vague_host = False
        self._flat = self._flat_keys(fields)

    @property
    def is_access(self) -> bool:
        """Whether there is a status and a request line, or a status, a method and a target."""
        return bool(self._status and (self._request or (self._method and self._target)))

    def read_flat(self, value: dict[Any, Any], builder: Builder, line: int) -> Request | None:
        """The record of the usual object: one key a field, values of the usual types. None: `read` has to look."""
        keys = self._flat
        if keys is None:
            return None
        get = value.get
        time, client, method, asked, status, size, referer, agent, host, user, forwarded, duration = [
            get(key) for key in keys
        ]
        when = builder.times.texts[time] if type(time) is str else any_time(time, builder.times)
        if when is None or type(client) is not str or "," in client or type(asked) is not str:
            return None
        if type(status) is str:
            status = _CODES.get(status)
        if type(size) is str and size.isdecimal() and len(size) < _LONGEST_NUMBER:
            size = int(size)
        if type(duration) is str and _NUMBER.fullmatch(duration) is not None:
            duration = float(duration)
        if type(status) is not int or not 100 <= status <= 999:
            return None
        if type(size) is not int or not 0 <= size <= MAX_INT or type(duration) not in _DURATION_TYPES:
            return None
        for text in (referer, agent, host, user, forwarded):
            if text is not None and type(text) is not str:
                return None
        if host is not None and self._vague_host and not _is_site(host):
            host = None
        if asked in _ABSENT or (method is None) != (keys[2] is None) or method in _ABSENT:
            return None
        return builder.request(
            when,
            client,
            builder.requests[asked] if method is None else builder.targets[f"{method} {asked}"],
            status,
            line,
            forwarded=forwarded,
            size=size,
            referer=referer,
            user_agent=agent,
            host=host,
            user=user,
            duration_s=None if duration is None or duration < 0 else duration / self._divisor,
        )

    def _flat_keys(self, fields: dict[str, list[tuple[Path, str]]]) -> tuple[str | None, ...] | None:
        """The keys that `read_flat` reads, in its order; None when there is more to look at than one key a field.

        The fourth is the target when the third names the method, else the request line.
        """
        if fields.keys() & {"credential", "query"}:
            return None
        asked = ("method", "target") if fields.keys() >= {"method", "target"} else ("", "request")
        if asked[0] == "" and fields.keys() & {"method", "target"}:
            return None
        keys: list[str | None] = []
        for field in (*_FLAT_START, *asked, *_FLAT_END):
            found = fields.get(field, [])
            if len(found) > 1 or (found and len(found[0][0]) > 1) or (not found and field not in _OPTIONAL):
                return None
            keys.append(found[0][0][0] if found else None)
        self._vague_host = "host" in fields and fields["host"][0][0][0].lower() == "host"
        if "duration" in fields:
            unit = fields["duration"][0][1]
            if not unit:
                return None
            self._divisor = _UNITS[unit]
        return tuple(keys)

    def read(
        self, value: dict[str, Any], builder: Builder, line: int, received: float
    ) -> tuple[Request, float | None] | None:
        """The record and, if its duration has no unit, that number; None when the values are not those of a request."""
        status = _status(value, self._status)
        if status is None:
            return None
        method, target = _text(value, self._method), _text(value, self._target)
        request = _text(value, self._request)
        if method is not None and target is not None:
            if self._query and "?" not in target:
                query = _text(value, self._query)
                if query:
                    target = f"{target}?{query.removeprefix('?')}"
        elif target is None and method is not None and request is not None and request.startswith("/"):
            target = request
        elif request is None and not status:
            return None
        client = _text(value, self._client) or ""
        forwarded = _text(value, self._forwarded) if self._forwarded and builder.addresses.has_trusted else None
        if "," in client:
            before, _, client = client.rpartition(",")
            forwarded = forwarded or before
        credential = next(
            (found for path in self._credential if (found := from_header(_get(value, path))) is not None), None
        )
        duration, ambiguous = _duration(value, self._duration)
        return builder.request(
            self._moment(value, builder) or (received, 0),
            client,
            builder.wanted(method, target, request),
            status,
            line,
            forwarded=forwarded,
            size=_size(value, self._bytes),
            referer=_text(value, self._referer),
            user_agent=_text(value, self._agent),
            host=_host(value, self._host),
            user=_text(value, self._user),
            credential=credential,
            duration_s=duration,
        ), ambiguous

    def _moment(self, value: dict[str, Any], builder: Builder) -> Moment | None:
        for path, _ in self._time:
            found = any_time(_get(value, path), builder.times)
            if found is not None:
                return found
        return None


class PlanCache:
    """Plans by the shape of objects: their keys, also those of nested objects, in order."""

    def __init__(self, client_header: str | None) -> None:
        self._plans: dict[tuple[object, ...], Plan | None] = {}
        self._client_header = plain_name(client_header) if client_header else None

    def of(self, value: dict[str, Any]) -> Plan | None:
        """The plan for an object; None when it cannot be an access record."""
        shape = _shape(value, _DEEPEST)
        try:
            return self._plans[shape]
        except KeyError:
            plan = _plan(value, self._client_header)
        if len(self._plans) >= _KEPT:
            self._plans.clear()
        if len(value) <= _MOST_KEYS and sum(map(len, value)) <= _LONGEST_SHAPE:
            self._plans[shape] = plan
        return plan


def record_of(
    plan: Plan, value: dict[str, Any], builder: Builder, unit: DurationUnit, line: int, received: float
) -> Request | type[Skipped] | None:
    """The record of an object of the plan's shape; Skipped for an entry of another kind; None when it is no record."""
    record = plan.read_flat(value, builder, line)
    if record is None:
        found = plan.read(value, builder, line, received)
        if found is None:
            return None
        record, ambiguous = found
        if ambiguous is not None and (seconds := unit.seconds(ambiguous)) is not None:
            record = replace(record, duration_s=seconds)
    if plan.profile is None or plan.profile.finish is None:
        return record
    return plan.profile.finish(value, record, builder)


def _shape(value: dict[str, Any], depth: int) -> tuple[object, ...]:
    if not depth or dict not in map(type, value.values()):
        return tuple(value)
    inner = [(key, _shape(item, depth - 1)) for key, item in value.items() if type(item) is dict]
    return (*value, *inner)


def _plan(value: dict[str, Any], client_header: str | None) -> Plan | None:
    paths: list[Path] = []
    _collect(value, (), paths)
    dotted = {".".join(path): path for path in paths}
    profile = profile_of(frozenset(dotted))
    found = [entry for name, path in dotted.items() for entry in _roles(name, path, profile)]
    if client_header is not None:
        named = [path for path in paths if plain_name(path[-1]).removeprefix("http") == client_header]
        found += [(Role("forwarded", _FIRST), path) for path in named]
    fields: dict[str, list[tuple[Path, str]]] = {}
    for role, path in sorted(found, key=lambda entry: (entry[0].rank, len(entry[1]))):
        unit = role.unit
        if role.field == "duration" and not unit and profile is not None:
            unit = profile.unit
        fields.setdefault(role.field, []).append((path, unit))
    plan = Plan(fields, profile)
    return plan if plan.is_access else None


def _collect(value: dict[str, Any], before: Path, paths: list[Path]) -> None:
    for key, item in value.items():
        if len(paths) > _MOST_KEYS:
            return
        path = (*before, key)
        if isinstance(item, dict):
            if len(path) < _DEEPEST:
                _collect(item, path, paths)
        else:
            paths.append(path)


def _roles(name: str, path: Path, profile: Profile | None) -> Iterator[tuple[Role, Path]]:
    """What the value at a path holds: the product's own meaning, else what the name says."""
    if profile is not None and name in profile.roles:
        field = profile.roles[name]
        if field:
            yield Role(field, _FIRST), path
        return
    role = role_of(path)
    if role is not None:
        yield role, path
        if role.unit == "s" and path[-1] == "requestTime":
            # API Gateway calls the time of the request by the name that nginx gives to its duration.
            yield Role("time", _LAST), path


def _get(value: Any, path: Path) -> Value | None:
    """A scalar; the first one of a list."""
    for key in path:
        if type(value) is not dict:
            return None
        value = value.get(key)
    if type(value) is list:
        value = value[0] if value else None
    if type(value) is int:
        return value if -_HUGE < value < _HUGE else None
    return value if type(value) in {str, float} else None


def _text(value: dict[str, Any], paths: list[Path]) -> str | None:
    for path in paths:
        found = _get(value, path)
        if found is not None and found not in {"", "-"}:
            return found if isinstance(found, str) else str(found)
    return None


def _status(value: dict[str, Any], paths: list[Path]) -> int | None:
    for path in paths:
        found = _get(value, path)
        if found is not None:
            if isinstance(found, float):
                found = int(found) if found.is_integer() else ""
            text = str(found)
            if _STATUS.fullmatch(text):
                return max(int(text), 0)
            if text == "-":
                return 0
    return None


def _size(value: dict[str, Any], paths: list[Path]) -> int | None:
    for path in paths:
        found = _get(value, path)
        if isinstance(found, str):
            found = int(found) if found.isascii() and found.isdigit() and len(found) < 20 else None
        if found is not None and 0 <= found <= MAX_INT:
            return int(found)
    return None


def _host(value: dict[str, Any], paths: list[Path]) -> str | None:
    """The first that looks like a site: `host` is often the machine that sent the log."""
    for path in paths:
        found = _get(value, path)
        if isinstance(found, str) and (path[-1].lower() != "host" or _is_site(found)):
            return found
    return None


def _is_site(host: str) -> bool:
    """Whether a value of the key `host` is that of a request, and not the machine that sent the log."""
    return "." in host or ":" in host or host == "localhost"


def _duration(value: dict[str, Any], fields: list[tuple[Path, str]]) -> tuple[float | None, float | None]:
    """(seconds, None), or (None, number without unit)."""
    for path, unit in fields:
        found = _get(value, path)
        if isinstance(found, str):
            span = _SPAN.fullmatch(found)
            if span is None:
                continue
            found, unit = float(span[1]), span[2] or unit
        if found is not None and 0 <= found < 1e18:
            return (found / _UNITS[unit], None) if unit else (None, float(found))
    return None, None
