"""Paths that were written down by people: templates with names in braces, and which of them a path follows."""

import re
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from apiwatch.routes.segments import KINDS, Param, decoded, param, segment_type, unused_name

__all__ = ["Patterns", "display", "params_of", "segments_of"]

T = TypeVar("T")

_BRACES = re.compile(r"\{([^{}]*)\}")
_LONGEST_MIXED = 200
"""Characters of a segment up to which it is compared with a pattern such as `{name}.json`."""


class _Node(Generic[T]):
    """One place of the tree: what may follow, and what ends here."""

    __slots__ = ("anything", "here", "literal", "mixed")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[T]] = {}
        self.mixed: list[tuple[int, str, re.Pattern[str], _Node[T]]] = []
        self.anything: _Node[T] | None = None
        self.here: list[T] = []


class Patterns(Generic[T]):
    """Values by path pattern. At each segment a literal beats a mixed segment, and that beats a bare parameter."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, template: str, value: T) -> None:
        """Enter a template such as `/users/{id}/report.{format}`; an earlier value of an equal pattern comes first."""
        node = self._root
        for segment in segments_of(template):
            node = _step(node, segment)
        node.here.append(value)

    def find(self, segments: Sequence[str]) -> Iterator[tuple[T, tuple[str, ...]]]:
        """Values whose pattern a path follows, best first, each with the texts of its parameters."""
        yield from _follow(self._root, segments, 0, ())


def segments_of(path: str) -> list[str]:
    """The segments of a path as routes see them: `//` and a trailing `/` folded, `;` parameters dropped, decoded once.

    >>> segments_of("//users/a%20b;v=1/")
    ['users', 'a b']
    """
    found: list[str] = []
    for segment in path.split("/"):
        text = decoded(segment.partition(";")[0])
        if text:
            found.append(text)
    return found


def display(template: str, kinds: dict[str, str]) -> str:
    """A template as routes are shown: names of a known kind as that, any other name as `{slug}`.

    >>> display("/users/{id}/{name}/{uuid}.json", {"id": "int"})
    '/users/{int}/{slug}/{uuid}.json'
    """

    def shown(match: re.Match[str]) -> str:
        name = match[1]
        kind = kinds.get(name, name)
        return f"{{{kind if kind in KINDS else 'slug'}}}"

    return "/" + "/".join(_BRACES.sub(shown, segment) for segment in segments_of(template))


def params_of(template: str, texts: Sequence[str]) -> tuple[Param, ...]:
    """The object parameters of a path that follows `template`, named after the literal in front of each."""
    found: list[Param] = []
    previous = ""
    values = iter(texts)
    for segment in template.split("/")[1:]:
        names = len(_BRACES.findall(segment))
        if not names:
            previous = segment
            continue
        for _ in range(names):
            value = next(values)
            found.append(param(unused_name(previous, found), segment_type(value) or "slug", value))
    return tuple(found)


def _step(node: _Node[T], segment: str) -> _Node[T]:
    """The place behind a segment of a template, made on first use."""
    if "{" not in segment:
        return node.literal.setdefault(segment, _Node())
    if _BRACES.fullmatch(segment):
        if node.anything is None:
            node.anything = _Node()
        return node.anything
    shape = _BRACES.sub("{}", segment)
    for _, known, _, following in node.mixed:
        if known == shape:
            return following
    pieces = shape.split("{}")
    pattern = re.compile("(.+?)".join(re.escape(piece) for piece in pieces), re.DOTALL)
    made: _Node[T] = _Node()
    node.mixed.append((sum(map(len, pieces)), shape, pattern, made))
    node.mixed.sort(key=lambda entry: (-entry[0], entry[1]))
    return made


def _follow(
    node: _Node[T], segments: Sequence[str], at: int, texts: tuple[str, ...]
) -> Iterator[tuple[T, tuple[str, ...]]]:
    """Each place is visited once at most, since its depth is the number of segments behind it."""
    if at == len(segments):
        for value in node.here:
            yield value, texts
        return
    segment = segments[at]
    literal = node.literal.get(segment)
    if literal is not None:
        yield from _follow(literal, segments, at + 1, texts)
    if len(segment) <= _LONGEST_MIXED:
        for _, _, pattern, following in node.mixed:
            if match := pattern.fullmatch(segment):
                yield from _follow(following, segments, at + 1, (*texts, *match.groups()))
    if node.anything is not None:
        yield from _follow(node.anything, segments, at + 1, (*texts, segment))
