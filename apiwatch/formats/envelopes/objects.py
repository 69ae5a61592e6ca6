"""JSON around a line: docker's json-file, journald, Fluent Bit, Fluentd, Vector, Filebeat, Cloud Logging."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from apiwatch.formats.caches import Cache
from apiwatch.formats.envelopes.peeled import Peeled, stamped
from apiwatch.formats.keyed.names import role_of
from apiwatch.formats.times import Moment, epoch_number

__all__ = ["peel_object"]

_DECODER = msgspec.json.Decoder()

_TEXTS = ("event.original", "log", "message", "MESSAGE", "msg", "textPayload", "_raw", "line", "event")
_SHORT = 20
"""Texts up to this length are no access line; `log` may be the name of one."""
_OBJECTS = ("message", "log", "log_processed", "jsonPayload", "_source", "result", "event")
"""Keys under which shippers leave an object that they have decoded already."""
_LEVELS = (
    "level", "severity", "lvl", "L", "levelname", "loglevel", "log.level", "severityText", "severity_text", "logger",
)  # fmt: skip
_TIMES = (
    "time", "@timestamp", "timestamp", "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "ts", "date",
)  # fmt: skip
_DOCKER = frozenset({"log", "stream", "time", "attrs"})
_PARTIAL = ("partial_message", "CONTAINER_PARTIAL_MESSAGE")
_PARTIAL_ID = ("partial_id", "CONTAINER_PARTIAL_ID")
_PARTIAL_LAST = ("partial_last", "CONTAINER_PARTIAL_LAST")
_CONTAINERS = ("container_id", "CONTAINER_ID_FULL", "CONTAINER_ID", "kubernetes", "docker", "file", "filename")
_CONTAINER_KEYS = ("docker_id", "container_id", "pod_id", "pod_name", "container_name")
_LONGEST_KEY = 256
_MOST_KEYS = 256
"""Keys that are looked at to tell a record."""
_STATUS = re.compile(r"\d{1,3}", re.ASCII)


def peel_object(text: str) -> Peeled | None:
    r"""The text in a JSON object; None for what is no object, holds no text, or looks like an access record itself.

    An object that has a level but no text is an application's message: its text is ''. A null MESSAGE of
    `journalctl -o json` is a text that journalctl left out, so that nothing is known of it.

    >>> peel_object('{"log":"192.0.2.7 - - [x]\\n","stream":"stdout","time":"2026-11-24T03:11:03Z"}').text
    '192.0.2.7 - - [x]'
    """
    value = _decode(text) if text[:1] == "{" else None
    if value is None:
        return None
    log = value.get("log")
    docker = isinstance(log, str) and "stream" in value and "time" in value and value.keys() <= _DOCKER
    if not docker and _is_record(value):
        return None
    inner = log if docker else _text(value)
    other = not docker and _is_application(value)
    if inner is None:
        return Peeled("", _moment(value), other=True) if other else None
    unfinished, finishes = _parts(value, docker)
    if unfinished is None:
        inner = inner.removesuffix("\n").removesuffix("\r")
    return Peeled(inner, _moment(value), unfinished, other, finishes)


def _decode(text: str) -> dict[str, Any] | None:
    value: object = None
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        # Bytes that are no UTF-8 and control characters that are not escaped.
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            return None
    except RecursionError:
        return None
    return value if isinstance(value, dict) else None


def _text(value: dict[str, Any]) -> str | None:
    texts = [found for key in _TEXTS if (found := _string(_at(value, key))) is not None]
    for limit in (_SHORT, 0):
        for found in texts:
            if len(found) > limit:
                return found
    for key in _OBJECTS:
        inner = value.get(key)
        if isinstance(inner, dict):
            try:
                return json.dumps(inner, ensure_ascii=False, separators=(",", ":"))
            except RecursionError:
                return None
    return "" if texts else None


def _at(value: dict[str, Any], key: str) -> object:
    if key in value:
        return value[key]
    outer, _, rest = key.partition(".")
    nested = value.get(outer)
    return nested.get(rest) if rest and isinstance(nested, dict) else None


def _string(value: object) -> str | None:
    """A text; of journald's arrays the bytes, or the first of several texts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value:
        return None
    if isinstance(value[0], str | list):
        return value[0] if isinstance(value[0], str) else _bytes(value[0])
    return _bytes(value)


def _bytes(value: list[Any]) -> str | None:
    try:
        return bytes(value).decode("utf-8", "surrogateescape")
    except (TypeError, ValueError):
        return None


def _is_application(value: dict[str, Any]) -> bool:
    return any(_at(value, key) is not None for key in _LEVELS)


def _is_record(value: dict[str, Any]) -> bool:
    """Whether an object says what was asked for, and what came of it or who asked: then it is a record itself, even
    if no format reads it."""
    fields: set[str] = set()
    for path, item in islice(_walk(value, "", 1), _MOST_KEYS):
        field = _FIELDS[path]
        if field == "status":
            if (isinstance(item, int) and 0 <= item <= 999) or (isinstance(item, str) and _STATUS.fullmatch(item)):
                fields.add("status")
        elif field is not None and isinstance(item, str | dict):
            fields.add(field)
    asked = not fields.isdisjoint({"method", "request", "target"})
    return asked and ("status" in fields or fields >= {"client", "agent"})


def _walk(value: dict[str, Any], outer: str, depth: int) -> Iterator[tuple[str, object]]:
    for key, item in value.items():
        # Loggers of Node.js write `req` and `res`.
        path = outer + ("response" if key == "res" else key)
        yield path, item
        if isinstance(item, dict) and depth < 3 and key not in _OBJECTS:
            yield from _walk(item, path + ".", depth + 1)


def _field(path: str) -> str | None:
    role = role_of((path,))
    return role.field if role is not None else None


_FIELDS: Cache[str | None] = Cache(_field, 1_024)


def _moment(value: dict[str, Any]) -> Moment | None:
    for key in _TIMES:
        found = _time(value.get(key))
        if found is not None:
            return found
    return None


def _time(value: object) -> Moment | None:
    if isinstance(value, str):
        if not (len(value) <= _SHORT and value.isascii() and value.replace(".", "", 1).isdigit()):
            return stamped(value)
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = epoch_number(value)
    return None if seconds is None else (seconds, 0)


def _parts(value: dict[str, Any], docker: bool) -> tuple[str | None, str | None]:
    """(key of the stream that an unfinished part belongs to, key of the stream whose parts end here).

    Sources: docker's drivers json-file (a part has no LF), fluentd and journald (`partial_*`, `CONTAINER_PARTIAL_*`);
    the CRI tag as the parsers of Fluent Bit (`_p`) and Fluentd (`logtag`) name it.
    """
    if docker:
        stream = _key(value)
        return (None, stream) if value["log"].endswith("\n") else (stream, None)
    tag = value.get("_p", value.get("logtag"))
    if isinstance(tag, str) and tag[:1] in {"F", "P"}:
        stream = _key(value)
        return (stream, None) if tag[0] == "P" else (None, stream)
    name = _first(value, _PARTIAL_ID)
    if name is not None:
        going_on = _is_true(_first(value, _PARTIAL)) and not _is_true(_first(value, _PARTIAL_LAST))
        return (_safe(name), None) if going_on else (None, _safe(name))
    return None, None


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> object:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _is_true(value: object) -> bool:
    return value is True or value == "true"


def _key(value: dict[str, Any]) -> str:
    names = [value.get("stream")]
    for key in _CONTAINERS:
        item = value.get(key)
        names += [item.get(name) for name in _CONTAINER_KEYS] if isinstance(item, dict) else [item]
    return _safe("/".join(name for name in names if isinstance(name, str)))


def _safe(name: object) -> str:
    return str(name)[:_LONGEST_KEY].encode("utf-8", "backslashreplace").decode()
