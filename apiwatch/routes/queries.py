"""Objects in the query: by the name of the key, or by how its values behave (design of detection, section 4)."""

import re
from urllib.parse import unquote_plus

import msgspec

from apiwatch.routes.segments import Param, param, segment_type
from apiwatch.text import plain

__all__ = ["QueryKey", "holds_no_object", "query_params"]

_BY_NAME = re.compile(
    r"(?i:id|uid|user|uuid|email|e-mail|mail|phone|msisdn|account|order|invoice|vin|tag|sku|username|servicetag"
    r"|[a-z0-9]{1,30}_id)|[A-Za-z0-9]{1,30}(?:Id|ID)"
).fullmatch
_NEVER = re.compile(
    r"(?i:page|offset|limit|cursor|since|until|ts|t|_|nonce|v|utm_.*|x|y|z|lat|lon|width|height|size|count|per_page|q"
    r"|[a-z0-9_]{1,30}_(?:since|until|before|after|at|ts|time|date))"
).fullmatch

_PAIRS = 16
"""Pairs of a query that are looked at."""

_OBJECTS = 4
"""Objects of a query that are counted."""

_KEYS_KEPT = 16
"""Keys watched per route."""

_DISTINCT = 50
_DISTINCT_SHARE = 0.3
_WATCHED = 1_000
"""Values after which a key that does not behave like an identifier is no longer watched."""

_NAMES_KEPT = 10_000
_names: dict[str, bool | None] = {}
"""Key -> whether its name says that it is an object, or that it never is; a cache."""

_KINDS_KEPT = 10_000
_kinds: dict[str, str | None] = {}
"""Value -> its kind; a cache."""


class QueryKey(msgspec.Struct, gc=False):
    """What is known of one query key of one route, while its behaviour is watched."""

    total: int = 0
    values: list[int] = msgspec.field(default_factory=list)
    """Identities of its distinct values, until it is decided."""
    is_object: bool | None = None
    """None while undecided."""


def query_params(query: str, keys: dict[str, QueryKey]) -> tuple[Param, ...]:
    """Object parameters of a query; `keys` is what the route knows of its keys, and is updated.

    A value without a key (`/node?1742`) has the key ''.

    >>> [(found.name, found.kind, found.value) for found in query_params("email=a%40example.org&page=2", {})]
    [('?email', 'email', 'a@example.org')]
    """
    found: list[Param] = []
    for pair in query.split("&", _PAIRS)[:_PAIRS]:
        key, equals, value = pair.partition("=")
        if not equals:
            key, value = "", pair
        if not value or len(value) > 256:
            continue
        named = _names[key] if key in _names else _judge(key)
        if named is False:
            continue
        state = None if named else keys.get(key)
        if state is not None and state.is_object is False:
            continue
        text = plain(unquote_plus(value)) if "%" in value or "+" in value else value
        kind = _kinds[text] if text in _kinds else _kind_of(text)
        if named or (kind is not None and _behaves(key, keys, kind, text)):
            found.append(param("?" + key, kind or "text", text))
            if len(found) == _OBJECTS:
                break
    return tuple(found)


def holds_no_object(query: str) -> bool:
    """Whether the names of all keys say that no value of a query can be an object, whatever is learned later.

    >>> holds_no_object("page=2&limit=50"), holds_no_object("page=2&code=17")
    (True, False)
    """
    for pair in query.split("&", _PAIRS)[:_PAIRS]:
        key = pair.partition("=")[0]
        if (_names[key] if key in _names else _judge(key)) is not False:
            return False
    return True


def _kind_of(value: str) -> str | None:
    if len(_kinds) >= _KINDS_KEPT:
        _kinds.clear()
    kind = _kinds[value] = segment_type(value)
    return kind


def _judge(key: str) -> bool | None:
    """Whether a key is an object (True) or never one (False) by its name; None when the name does not tell."""
    if len(_names) >= _NAMES_KEPT:
        _names.clear()
    verdict = False if _NEVER(key) else True if _BY_NAME(key) else None
    _names[key] = verdict
    return verdict


def _behaves(key: str, keys: dict[str, QueryKey], kind: str, value: str) -> bool:
    """Whether a key of no telling name has shown at least 50 distinct typed values, more than 30 % of all."""
    state = keys.get(key)
    if state is None:
        if len(keys) >= _KEYS_KEPT or len(key) > 64:
            return False
        state = keys[key] = QueryKey()
    if state.is_object is not None:
        return state.is_object
    state.total += 1
    if (identity := param(key, kind, value).identity) not in state.values:
        state.values.append(identity)
    if len(state.values) >= _DISTINCT and len(state.values) > _DISTINCT_SHARE * state.total:
        state.is_object = True
        state.values.clear()
        return True
    if state.total >= _WATCHED or len(state.values) > _DISTINCT / _DISTINCT_SHARE:
        state.is_object = False
        state.values.clear()
    return False
