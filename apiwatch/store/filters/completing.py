"""What a filter that is being typed may go on with."""

import re
from collections.abc import Callable, Sequence

from apiwatch.model import OUTCOMES, SEVERITIES
from apiwatch.store.filters.fields import FIELDS, LISTS, Kind, List, field_of

__all__ = ["completions", "ghost"]

_LAST = re.compile(r"(?:^|[ \t])([!-]*)([^ \t]*)$")
_HEAD = re.compile(r"([A-Za-z0-9_]+)(:?(?:>=|<=|!=|[<>=])|:)(?:[^|]*\|)*([^|]*)$", re.ASCII)
_SIGNS = {Kind.NUMBER: ">", Kind.SHARE: ">", Kind.SEVERITY: ">="}
_STATES = {
    List.ALERTS: ("open", "acknowledged", "muted", "closed"),
    List.BLOCKS: ("queued", "expired", "withdrawn"),
    List.SOURCES: ("following", "waiting", "rotated", "gone", "denied", "reading", "ended", "error"),
}
_ORIGINS = ("learned", "pinned", "openapi")
_AGES = ("1m", "5m", "10m", "1h", "24h")


def _nothing(_field: str) -> Sequence[str]:
    return ()


def completions(text: str, over: List, known: Callable[[str], Sequence[str]] = _nothing) -> list[str]:
    """Whole texts that a text may become, best first; `known` gives values of a field that are on the screen.

    >>> completions("sco", List.ALERTS), completions("sev>=c", List.ALERTS)
    (['score>'], ['sev>=critical'])
    """
    last = _LAST.search(text)
    if last is None or not last[2]:
        return []
    head = _HEAD.match(last[2])
    if head is None:
        word = last[2].lower()
        found = [name for name in _names(over) if name.startswith(word)]
        return [text[: last.start(2)] + name + _SIGNS.get(_kind(name), ":") for name in found]
    field = field_of(head[1])
    if field is None or field.name not in LISTS[over]:
        return []
    begun = head[3]
    stem = text[: len(text) - len(begun)]
    values = (*_values(field.name, field.kind, over), *known(field.name))
    fitting = [value for value in values if value.lower().startswith(begun.lower()) and len(value) > len(begun)]
    parted = [value for value in fitting if " " in value or "|" in value]
    return [stem + value for value in fitting if value not in parted] + (
        [] if begun else [f'{stem}"{value}"' for value in parted]
    )


def ghost(text: str, over: List, known: Callable[[str], Sequence[str]] = _nothing) -> str:
    """What to show behind a text as its likely end; '' when nothing is likely."""
    for whole in completions(text, over, known):
        if whole.startswith(text):
            return whole[len(text) :]
    return ""


def _names(over: List) -> list[str]:
    names = LISTS[over]
    return [*names, *(alias for name in names for alias in FIELDS[name].also)]


def _kind(name: str) -> Kind:
    field = field_of(name)
    return field.kind if field is not None else Kind.TEXT


def _values(name: str, kind: Kind, over: List) -> Sequence[str]:
    if kind is Kind.SEVERITY:
        return SEVERITIES
    if kind is Kind.AGE:
        return _AGES
    return {"state": _STATES.get(over, ()), "outcome": OUTCOMES, "origin": _ORIGINS}.get(name, ())
