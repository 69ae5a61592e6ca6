"""Typed path segments: which parts of a path name an object, and of what kind.

Rules T1, T2 and T5 of the template design: a segment is typed by its own shape alone, so that the same path always
gives the same typed template. Versions (`v2`), dates at depth 1 and 2 and decimals at depth 1 stay literal: there
they name an API version.
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log2
from typing import NamedTuple

from apiwatch.routes.values import identity, number, unquote
from apiwatch.text import plain

__all__ = ["KINDS", "Param", "Typed", "decoded", "param", "segment_type", "typed_path", "unused_name"]


class Param(NamedTuple):
    """An object position of a path or a query, and the object that stands there."""

    name: str
    """The literal segment in front of it (`users` in /users/{int}), or the query key with a leading `?`."""
    kind: str
    """`int`, `uuid`, `email`, `slug` ...; `text` for a query value of no special shape."""
    value: str
    identity: int
    """Equal for equal objects in any spelling, see `values.identity`."""
    number: int | None
    """Position in the sequence of ids, None for ids without an order."""


class Typed(NamedTuple):
    """A path with its typed segments replaced, and the values that stood there, left to right."""

    template: str
    params: tuple[Param, ...]


_SHAPES = tuple(
    (kind, re.compile(pattern).fullmatch)
    for kind, pattern in (
        ("phone", r"\+\d{7,15}"),
        ("decimal", r"[+-]?\d+\.\d+"),
        ("int", r"[+-]?\d+"),
        ("uuid", r"\{?[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?"),
        ("ulid", r"[0-7][0-9A-HJKMNP-TV-Z]{25}"),
        ("objectid", r"[0-9a-f]{24}"),
        ("hash", r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}"),
        ("email", r"[^@/\s]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}"),
        ("vin", r"(?=[A-Z]*\d)[A-HJ-NPR-Z0-9]{17}"),
        ("date", r"\d{4}-\d{2}-\d{2}"),
        ("ip", r"\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]+:){7})[0-9a-fA-F:]{3,39}"),
        ("hex", r"(?=[a-fA-F]*\d)(?:[0-9a-f]{8,}|[0-9A-F]{8,})"),
        ("jwt", r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),
        ("locale", r"[a-z]{2}[-_][A-Z]{2}"),
        ("host", r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?:com|org|net|edu|gov|info|biz|io|eu)"),
    )
)
KINDS = frozenset(kind for kind, _ in _SHAPES) | {"slug", "token"}
"""Names of parameters that say what stands there."""

_FIRST = re.compile(r"[0-9+{a-zA-Z%:-]").match
_TOKEN = re.compile(r"[A-Za-z0-9_=+-]{16,}").fullmatch
_EXTENSION = re.compile(r"(.+)(\.[A-Za-z][A-Za-z0-9]{0,5})").fullmatch
_LANGUAGE = re.compile(
    r"(?:ar|bg|ca|cs|da|de|el|en|es|et|fi|fr|he|hi|hr|hu|it|ja|ko|lt|lv|nb|nl|no|pl|pt|ro|ru|sk|sl|sr|sv|th|tr|uk|vi|zh)"
    r"(?:[-_][a-zA-Z]{2})?"
).fullmatch
_LONG = 19
"""Digits from which on an integer does not fit into 63 bits."""

_LITERALS_KEPT = 100_000
_DEPTH_OF = {"date": 2, "decimal": 1}
"""Kind of segment -> depth down to which it names an API version: `/2017-06-30/`, `/1.1/`."""

_MIN_TOKEN_ENTROPY = 3.5
_LIST_KEPT = 50
_NO_OBJECT = frozenset({"locale"})
"""Kinds that stand for a choice of the client, not for an object."""

_DATE_TRIPLE = ["{int}"] * 3
_DEEPEST_ZOOM = 24
"""Of the maps that are served as tiles."""

_TILES = frozenset({"tile", "tiles", "xyz", "tms", "wmts", "wmtsrest"})
_TILE = re.compile(r"\{int\}(|\.(?:png|jpe?g|webp|avif|gif|pbf|mvt|terrain))").fullmatch


_literals: set[str] = set()
"""Segments that are literal at any depth, as a cache: what stands in it follows from the segment alone."""


def param(name: str, kind: str, value: str) -> Param:
    """A parameter with the identity and the number of its value."""
    return Param(name, kind, value, identity(kind, value), number(kind, value))


def _integer(name: str, value: str) -> Param:
    """`param` of a decimal number, without detours."""
    if len(value) >= _LONG:
        return param(name, "int", value)
    found = int(value)
    return Param(name, "int", value, found, found)


def segment_type(segment: str) -> str | None:
    """The kind of one decoded segment, None for a literal.

    >>> segment_type("123"), segment_type("users"), segment_type("iphone-15")
    ('int', None, None)
    """
    for kind, matches in _SHAPES:
        if matches(segment):
            return kind
    if _TOKEN(segment) and _looks_random(segment):
        return "token"
    return None


def typed_path(path: str, literal: int = 0) -> Typed:
    """Replace the typed segments of a path; `//` and a trailing `/` are folded, `;` parameters dropped, case kept.

    The first `literal` segments stay as they are.

    Segments are percent-decoded once; `/`, `;` and `%` that come from decoding stay encoded. A parameter is named after
    the literal in front of it, the second one of that name `name.2`. Applied to its own template it changes nothing.

    >>> found = typed_path("/v1/users/42/orders/7.json")
    >>> found.template, [(param.name, param.value) for param in found.params]
    ('/v1/users/{int}/orders/{int}.json', [('users', '42'), ('orders', '7')])
    """
    pieces: list[str] = []
    params: list[Param] = []
    previous = ""
    for segment in path.split("/"):
        if not segment:
            continue
        if segment in _literals:
            pieces.append(segment)
            previous = segment
        elif literal and len(pieces) < literal:
            previous = decoded(segment.partition(";")[0])
            if previous:
                pieces.append(previous)
        elif segment.isascii() and segment.isdecimal():
            pieces.append("{int}")
            params.append(_integer(unused_name(previous, params), segment))
            if len(segment) == 2 and pieces[-3:] == _DATE_TRIPLE:
                _fold_date(pieces, params)
        elif _untyped(segment, pieces, params, previous):
            previous = pieces[-1]
    if len(params) > 2 and len(pieces) > 2 and pieces[-2] == pieces[-3] == "{int}":
        _fold_tile(pieces, params)
    return Typed("/" + "/".join(pieces), tuple(params))


def unused_name(previous: str, params: Sequence[Param]) -> str:
    """`previous`, or `previous.2` and so on: parameters of one path never share a name."""
    if not params:
        return previous
    taken = {found.name for found in params}
    name, number = previous, 2
    while name in taken:
        name = f"{previous}.{number}"
        number += 1
    return name


def _untyped(segment: str, pieces: list[str], params: list[Param], previous: str) -> bool:
    """Append one segment that is neither a known literal nor a plain integer; whether it is a literal."""
    text = segment.partition(";")[0]
    if not text:
        return False
    text = decoded(text)
    if not pieces and _LANGUAGE(text):
        pieces.append("{locale}")
        return False
    kind = segment_type(text) if _FIRST(text) else None
    is_version = kind is not None and len(pieces) < _DEPTH_OF.get(kind, 0)
    if kind is not None and not is_version:
        pieces.append("{" + kind + "}")
        if kind not in _NO_OBJECT:
            params.append(param(unused_name(previous, params), kind, text))
        return False
    if not is_version and (found := _inside(text, previous, params)) is not None:
        piece, objects = found
        pieces.append(piece)
        params.extend(objects)
        return False
    if text == segment and not is_version and not _LANGUAGE(text):
        if len(_literals) >= _LITERALS_KEPT:
            _literals.clear()
        _literals.add(segment)
    pieces.append(text)
    return True


def decoded(text: str) -> str:
    """A segment, percent-decoded once."""
    if "%" not in text:
        return text
    return plain(unquote(text).replace("%", "%25").replace("/", "%2F").replace(";", "%3B"))


def _inside(text: str, previous: str, params: list[Param]) -> tuple[str, list[Param]] | None:
    """Segments that hold an object beside something else: `1,2,3`, `Orders(12)`, `@name`, `7.json`."""
    if "," in text:
        elements = text.split(",")
        if all(segment_type(element) == "int" for element in elements):
            name = unused_name(previous, params)
            return "{int}", [param(name, "int", element) for element in elements[:_LIST_KEPT]]
    if text[0] == "@" and len(text) > 1 and text[1] != "{":
        return "@{slug}", [param(unused_name("@", params), "slug", text[1:])]
    if text[-1] == ")" and "(" in text:
        name, _, value = text[:-1].partition("(")
        value = value.strip("'")
        kind = segment_type(value)
        if name and kind is not None:
            return f"{name}({{{kind}}})", [param(unused_name(name, params), kind, value)]
    with_extension = _EXTENSION(text)
    if with_extension is not None:
        stem, extension = with_extension.groups()
        kind = segment_type(stem)
        if kind is not None and kind not in _NO_OBJECT:
            return "{" + kind + "}" + extension, [param(unused_name(previous, params), kind, stem)]
    return None


def _fold_date(pieces: list[str], params: list[Param]) -> None:
    """Make one object of kind date of three last integers that are written like a year, a month and a day."""
    if len(params) < 3:
        return
    year, month, day = (found.value for found in params[-3:])
    if (
        len(year) == 4
        and len(month) == 2
        and "1900" <= year <= "2100"
        and "01" <= month <= "12"
        and "01" <= day <= "31"
    ):
        pieces[-3:] = ["{yyyy}", "{mm}", "{dd}"]
        params[-3:] = [param(params[-3].name, "date", f"{year}-{month}-{day}")]


def _fold_tile(pieces: list[str], params: list[Param]) -> None:
    """Take zoom, column and row of a map tile for no object: whoever looks at a map reads them in rows.

    It is three last integers that fit (there are 2^zoom columns and rows), in a picture or below a name of tiles.
    """
    place, ending = params[-3:], _TILE(pieces[-1])
    if ending is None or not (ending[1] or (len(pieces) > 3 and pieces[-4].lower() in _TILES)):
        return
    zoom, column, row = (found.number for found in place)
    if zoom is None or column is None or row is None or not 0 <= zoom <= _DEEPEST_ZOOM:
        return
    if 0 <= column < 1 << zoom and 0 <= row < 1 << zoom:
        pieces[-3:] = ["{z}", "{x}", "{y}" + ending[1]]
        del params[-3:]


def _looks_random(text: str) -> bool:
    """Base64url-like: mixed case with digits, at least 3.5 bit of entropy per character."""
    if not (any(c.isdigit() for c in text) and any(c.isupper() for c in text) and any(c.islower() for c in text)):
        return False
    size = len(text)
    return -sum(n / size * log2(n / size) for n in Counter(text).values()) >= _MIN_TOKEN_ENTROPY
