"""YAML as a tree of plain values that know their line; the small, safe part of YAML that settings need.

Refused with a line: anchors and aliases (a few lines of them can stand for gigabytes), tags, duplicate keys, several
documents, deep nesting, and files above `LIMIT_BYTES`. Scalars follow YAML 1.2 where 1.1 surprises: `010` and `1:30`
are texts, not numbers.
"""

import errno
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from apiwatch.config.values import quoted
from apiwatch.errors import ConfigError
from apiwatch.text import plain

__all__ = ["LIMIT_BYTES", "Mapping", "Node", "Scalar", "Sequence", "Value", "document", "read_text", "resolve", "shown"]

LIMIT_BYTES = 256 * 1024
"""Largest settings file; the annotated defaults are about 10 KiB."""

_LIMIT_DEPTH = 16
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9](?:_?[0-9])*)", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(?:(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LONGEST_NUMBER = 64
_PLAIN_TAGS = frozenset({None, "!"})

Value = bool | int | float | str | None
"""What a scalar can be."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value."""

    line: int
    """1-based, as in an editor."""
    value: Value
    raw: str
    """As it stands in the file, without quotes."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A section: (key, line of the key, value) in the order of the file."""

    line: int
    entries: tuple[tuple[str, int, "Node"], ...]


Node = Scalar | Sequence | Mapping


def resolve(text: str) -> Value:
    """The value of a scalar that stands without quotes.

    >>> resolve("50_000"), resolve("0.5"), resolve("off"), resolve("~"), resolve("010"), resolve("1h")
    (50000, 0.5, False, None, '010', '1h')
    """
    if text in _NULLS:
        return None
    if len(text) <= _LONGEST_NUMBER:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text) and math.isfinite(number := float(text)):
            return number
    return _BOOLEANS.get(text.lower(), text)


def read_text(path: Path) -> str:
    """The text of a settings file; pipes and `/dev/null` work too.

    Raises ConfigError when it is missing, a directory, unreadable, larger than `LIMIT_BYTES` or not UTF-8;
    FileNotFoundError stays the cause of the first.
    """
    name = shown(path)
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError as error:
        message = f"{name} does not exist; `apiwatch config init` makes a settings file to start from."
        raise ConfigError(message) from error
    except IsADirectoryError:
        raise ConfigError(f"{name} is a directory; name the settings file in it.") from None
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        raise ConfigError(f"{name} cannot be read: {reason}.") from error
    if len(raw) > LIMIT_BYTES:
        message = f"{name} is larger than {LIMIT_BYTES // 1024} KiB, so it cannot be a settings file; check the path."
        raise ConfigError(message)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}, line {line}: this is not UTF-8 text; save the file as UTF-8.") from None


def shown(path: Path) -> str:
    """A path for the start of a message: printable whatever it holds."""
    return plain(str(path), 400)


def document(text: str, name: str) -> Mapping:
    """The top-level mapping of a YAML text; an empty text is an empty mapping.

    `name` is the file for messages. Raises ConfigError with the line.
    """
    try:
        node = _Composer(text, name).get_single_node()
        if node is None:
            return Mapping(1, ())
        found = _convert(node, name, "")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = f"U+{ord(text[error.position]):04X}"
        raise ConfigError(f"{name}, line {line}: the character {code} cannot stand in YAML; remove it.") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_explained(error, name)) from None
    if isinstance(found, Mapping):
        return found
    if isinstance(found, Scalar) and found.value is None:
        return Mapping(found.line, ())
    kind = "a list" if isinstance(found, Sequence) else "a single value"
    message = f"{name}, line {found.line}: this is {kind}; settings are lines of the form `key: value`."
    raise ConfigError(message)


class _Composer(yaml.BaseLoader):
    """PyYAML's composer without anchors, aliases, tags and deep nesting; scalars stay texts."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self._file = name
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it open
        at = f"{self._file}, line {event.start_mark.line + 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise ConfigError(f"{at}: anchors and aliases (& and *) are not supported; repeat the value, or quote it.")
        if getattr(event, "tag", None) not in _PLAIN_TAGS:
            raise ConfigError(f"{at}: tags (!) are not supported; write the plain value, or quote it.")
        if self._depth >= _LIMIT_DEPTH:
            raise ConfigError(f"{at}: this is nested too deeply; settings have at most four levels.")
        self._depth += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self._depth -= 1
        return node


def _explained(error: yaml.MarkedYAMLError, name: str) -> str:
    mark = error.problem_mark or error.context_mark
    at = f"{name}, line {mark.line + 1 if mark is not None else 1}"
    problem = str(error.problem or error.context or "cannot be understood")
    if "'\\t'" in problem:
        return f"{at}: a tab cannot indent YAML; use spaces."
    if "single document" in str(error.context or ""):
        return f"{at}: a second document starts here; keep one and remove the line `---`."
    if "mapping values are not allowed" in problem:
        return f"{at}: the colon is not allowed here; check the indentation, or put the value in quotes."
    return f"{at}: this is not valid YAML ({plain(problem)}); check indentation and quotes here and one line above."


def _convert(node: yaml.Node, name: str, path: str) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        value = node.value if node.style else resolve(node.value)
        return Scalar(line, value, node.value)
    if isinstance(node, yaml.SequenceNode):
        return Sequence(line, tuple(_convert(item, name, path) for item in node.value))
    return Mapping(line, tuple(_entries(node, name, path)))


def _entries(node: yaml.Node, name: str, path: str) -> Iterator[tuple[str, int, Node]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise ConfigError(f"{name}, line {line}: a key must be a word, not a list or a mapping.")
        key = str(key_node.value)
        full = f"{path}.{key}" if path else key
        if key in seen:
            message = f"{name}, line {line}: {quoted(full)} stands twice, first on line {seen[key]}; keep one of them."
            raise ConfigError(message)
        seen[key] = line
        yield key, line, _convert(value_node, name, full)
