"""From the text of a filter to its terms.

    sev>=high route:/users status:401 since:10m client:203.0.113.0/24 ua:"python requests" !user:bob|alice 4xx>50

Words are parted by blanks and must all hold. `field:value` contains or equals, `=` equals, `!=` does not, `>`, `>=`,
`<`, `<=` compare; `|` between values is "or"; `!` or `-` in front inverts. An address or network alone is the client;
any other word alone may stand in any column. Quotes protect blanks and signs. The case of ASCII letters does not count.
"""

import re

from msgspec import Struct

from apiwatch.store.filters.fields import LISTS, Field, Kind, List, field_of, nearest
from apiwatch.store.filters.terms import ANY, Filter, FilterError, Term, Value
from apiwatch.store.filters.values import EXAMPLES, fold, network_of, read_value
from apiwatch.store.filters.words import Word, words_of
from apiwatch.text import one_line

__all__ = ["LONGEST", "Typed", "parse", "typed"]

LONGEST = 500
"""Characters that a filter may have."""

_MOST_VALUES = 64
"""Alternatives of one term, and terms of one filter."""

_HEAD = re.compile(r"([A-Za-z0-9_]+)(:?(?:>=|<=|!=|[<>=])|:)", re.ASCII)
_TEXT_KINDS = (Kind.TEXT, Kind.ADDRESS)
_NARROWEST_V6, _HOST_V6 = 64, 128


class Typed(Struct, frozen=True):
    """A filter that is still being typed."""

    filter: Filter
    """What is understood so far."""
    problem: FilterError | None = None
    """The first word that is not, and what was expected."""
    pending: bool = False
    """The problem is only that the last word is not complete yet."""


def parse(text: str, over: List) -> Filter:
    """The filter of a text for a list. Raises FilterError."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters", LONGEST, len(text))
    terms = [_term(word, over) for word in words_of(text)]
    if not terms:
        return ANY
    if len(terms) > _MOST_VALUES:
        last = terms[_MOST_VALUES]
        raise FilterError(f"a filter has at most {_MOST_VALUES} words", last.start, last.end)
    return Filter(tuple(terms), text.strip())


def typed(text: str, over: List) -> Typed:
    """What a text means while it is typed, at its end: words that are not understood are left out, never raised."""
    text = text[:LONGEST]
    words = words_of(text)[:_MOST_VALUES]
    terms: list[Term] = []
    problem: FilterError | None = None
    pending = False
    for word in words:
        last = word is words[-1] and word.end == len(text)
        try:
            if last and (named := _known(word.text, over)) is not None and word.signs == word.text:
                raise FilterError(f"`{named.name}` wants a sign and {EXAMPLES[named.kind]}", word.start, word.end)
            terms.append(_term(word, over))
        except FilterError as error:
            if problem is None:
                problem, pending = error, last and _incomplete(word, over)
    return Typed(Filter(tuple(terms), text.strip()) if terms else ANY, problem, pending)


def _known(name: str, over: List) -> Field | None:
    field = field_of(name)
    return field if field is not None and field.name in LISTS[over] else None


def _incomplete(word: Word, over: List) -> bool:
    """Whether more letters can make sense of a word."""
    body = word.rest(len(word.signs) - len(word.signs.lstrip("!-")))
    head = _HEAD.match(body.signs)
    if not word.closed or not body.text or _known(body.text, over) is not None:
        return True
    if head is None:
        return False
    field = _known(head[1], over)
    value = body.rest(head.end()).alternatives()[-1]
    return field is not None and (not value or (field.kind not in _TEXT_KINDS and _may_become(field.kind, value)))


def _may_become(kind: Kind, value: str) -> bool:
    if kind is Kind.SEVERITY:
        return any(name.startswith(value.lower()) for name in ("info", "low", "medium", "high", "critical"))
    endings = ("00", "0", "xx", "x") if kind is Kind.STATUS else ("1", "m", "s", "0m")
    return any(read_value(kind, value + ending) is not None for ending in endings)


def _term(word: Word, over: List) -> Term:
    if not word.closed:
        raise FilterError(f"the quote in {_quoted(word.text)} has no end", word.start, word.end)
    inverted = len(word.signs) - len(word.signs.lstrip("!-"))
    body = word.rest(inverted)
    if not body.text:
        raise FilterError(f"{_quoted(word.text)} inverts the word behind it: write it without a blank", *_place(word))
    if _networks(body) is None and (head := _HEAD.match(body.signs)) is not None:
        return _field_term(word, body.rest(head.end()), head[1], head[2], inverted % 2 == 1, over)
    return _free_term(body, inverted % 2 == 1, over)


def _networks(body: Word) -> list[Value] | None:
    """The values of a word that consists of addresses and networks; None for other words."""
    found = [network_of(part) for part in body.alternatives()]
    return None if None in found else [Value(network=network) for network in found]


def _free_term(body: Word, inverted: bool, over: List) -> Term:
    networks = _networks(body)
    if networks is not None and "client" in LISTS[over]:
        return Term(field_of("client"), "~", _checked(networks, body), inverted, body.start, body.end)
    texts = [Value(text=fold(part)) for part in body.alternatives() if part]
    if not texts:
        raise FilterError("a text was expected on one side of the bar", *_place(body))
    return Term(None, "~", _checked(texts, body), inverted, body.start, body.end)


def _field_term(word: Word, body: Word, name: str, sign: str, inverted: bool, over: List) -> Term:
    field = _known(name, over)
    if field is None:
        raise FilterError(_unknown(name, over), *_place(word))
    op = sign.lstrip(":") or ":"
    if op == "!=":
        op, inverted = "=", not inverted
    if field.kind in _TEXT_KINDS:
        if op not in (":", "="):
            raise FilterError(f"`{name}` is text: `{name}:` looks for a part of it, `{name}=` for all", *_place(word))
        op = "~" if op == ":" else "="
    elif op == ":":
        op = "<=" if field.kind is Kind.AGE else "="
    elif op == "=" and field.kind is Kind.AGE:
        op = "<="
    values: list[Value] = []
    for part in body.alternatives():
        value = read_value(field.kind, part)
        if value is None:
            said = f"{_quoted(part)} is none" if part else "it has no value"
            raise FilterError(f"`{name}{sign}` wants {EXAMPLES[field.kind]}; {said}", *_place(word))
        values.append(value)
    return Term(field, op, _checked(values, word), inverted, word.start, word.end)


def _checked(values: list[Value], word: Word) -> tuple[Value, ...]:
    if len(values) > _MOST_VALUES:
        raise FilterError(f"one word has at most {_MOST_VALUES} alternatives", *_place(word))
    for value in values:
        network = value.network
        if network is not None and network.version == 6 and _NARROWEST_V6 < network.prefixlen < _HOST_V6:
            raise FilterError(f"{network} is too narrow: IPv6 networks are /64 or wider, or one address", *_place(word))
    return tuple(values)


def _unknown(name: str, over: List) -> str:
    names = LISTS[over]
    aliases = [alias for each in names for alias in (each, *_aliases(each))]
    near = nearest(name, aliases)
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(names)}"
    return f"{_quoted(name)} is not a field of {over.value}; {hint}"


def _aliases(name: str) -> tuple[str, ...]:
    field = field_of(name)
    return field.also if field is not None else ()


def _place(word: Word) -> tuple[int, int]:
    return word.start, word.end


def _quoted(text: str) -> str:
    return f"`{one_line(text, 40)}`"
