"""From a parsed settings file to `Settings`: every problem is found, and each names its line, its key and a way out."""

import difflib
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from apiwatch.config import document as tree
from apiwatch.config import keys, values
from apiwatch.config.routes import parse_template
from apiwatch.config.settings import Detectors, Seconds, Settings
from apiwatch.config.values import quoted
from apiwatch.errors import UsageError

__all__ = ["RULES", "Problem", "checked", "is_duration", "leaves"]

RULES: dict[str, Callable[[str], str]] = {
    "db": values.parse_path,
    "sources.paths": values.parse_path,
    "sources.syslog": values.parse_syslog,
    "sources.syslog_tls.certificate": values.parse_path,
    "sources.syslog_tls.key": values.parse_path,
    "sources.syslog_tls.client_ca": values.parse_path,
    "sources.syslog_allow": values.parse_network,
    "sources.journal": values.parse_unit,
    "sources.since": values.parse_since,
    "sources.format": values.parse_text,
    "sources.log_format": values.parse_text,
    "sources.trusted_proxy": values.parse_network,
    "sources.client_header": values.parse_header,
    "sources.time_zone": values.parse_zone,
    "routes.openapi": values.parse_path,
    "routes.pin": parse_template,
    "routes.forbid": parse_template,
    "dashboard.window": values.parse_window,
    "dashboard.theme": values.parse_theme,
    "classes.staff": values.parse_network,
    "classes.partner": values.parse_member,
    "classes.monitor": values.parse_member,
    "classes.loadtest": values.parse_member,
    "block.allow": values.parse_network,
    "block.vpn": values.parse_network,
    "block.apply_command": values.parse_text,
    "block.plan_command": values.parse_text,
    "block.audit_log": values.parse_path,
}
"""What a text setting, or each text of a list, must also satisfy."""

_SECONDS_WITHIN_LIMITS = frozenset({"sources.poll_interval", "dashboard.refresh"})
_SHORTEST_RETENTION = 60.0
_HIGHEST_NULL = 0.90


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a settings file."""

    line: int
    text: str
    """Half a sentence: the key in backticks, what is wrong, what is right."""


@dataclass(slots=True)
class _Findings:
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)


def leaves(
    cls: type[msgspec.Struct] = Settings, sections: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every setting as (its sections and its key, field), in the order of the file."""
    for info in fields(cls):
        path = (*sections, info.encode_name)
        if section := _section(info.type):
            yield from leaves(section, path)
        else:
            yield path, info


def is_duration(key: str, hint: object) -> bool:
    """Whether a number of this setting counts seconds."""
    return bool(hint == Seconds) or key in _SECONDS_WITHIN_LIMITS


def checked(root: tree.Mapping) -> tuple[Settings, list[Problem]]:
    """The settings of a file, and its problems by line; with problems the settings are the defaults."""
    found = _Findings()
    plain = _build(Settings, root, "", found)
    if not found.problems:
        try:
            settings = msgspec.convert(plain, Settings)
        except msgspec.ValidationError as error:
            found.problems.append(Problem(root.line, f"cannot be used: {error}"))
        else:
            for keys, text in _contradictions(settings):
                line = min((found.lines[key] for key in keys if key in found.lines), default=root.line)
                found.problems.append(Problem(line, text))
            if not found.problems:
                return settings, []
    return Settings(), sorted(found.problems, key=lambda problem: problem.line)


def _section(hint: object) -> type[msgspec.Struct] | None:
    return hint if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else None


def _build(cls: type[msgspec.Struct], node: tree.Mapping, prefix: str, found: _Findings) -> dict[str, object]:
    known = {info.encode_name: info for info in fields(cls)}
    result: dict[str, object] = {}
    for key, line, value in node.entries:
        full = prefix + key
        found.lines[full] = line
        info = known.get(key)
        if info is None:
            found.problems.append(Problem(line, _unknown(full, key, prefix, list(known))))
        elif section := _section(info.type):
            if isinstance(value, tree.Mapping):
                result[key] = _build(section, value, f"{full}.", found)
            elif not (isinstance(value, tree.Scalar) and value.value is None):
                names = ", ".join(name.encode_name for name in fields(section)[:3])
                text = f"{quoted(full)} is a section; put its settings ({names}, ...) indented on the lines below it"
                found.problems.append(Problem(line, text))
        else:
            _leaf(full, info, line, value, result, found)
    return result


def _leaf(full: str, info: FieldInfo, line: int, node: tree.Node, result: dict[str, object], found: _Findings) -> None:
    if get_origin(info.type) is dict:
        nested = get_origin(get_args(info.type)[1]) is dict
        result[info.encode_name] = (_options if nested else _pairs)(full, line, node, found)
        return
    if _is_list(info.type):
        result[info.encode_name] = _texts(full, line, node, found)
        return
    try:
        result[info.encode_name] = _scalar(full, info.type, node)
    except UsageError as error:
        found.problems.append(Problem(line, f"{quoted(full)}: {error}"))


def _texts(full: str, line: int, node: tree.Node, found: _Findings) -> list[str]:
    if isinstance(node, tree.Scalar) and node.value is None:
        found.problems.append(Problem(line, f"{quoted(full)} has no value; write [] for an empty list"))
        return []
    if not isinstance(node, tree.Sequence):
        shape = f"{quoted(full)} must be a list; write each value on a line of its own with `- ` in front"
        found.problems.append(Problem(line, shape))
        return []
    result: list[str] = []
    rule = RULES.get(full, values.parse_text)
    for item in node.items:
        try:
            result.append(rule(_text(item)))
        except UsageError as error:
            found.problems.append(Problem(item.line, f"{quoted(full)}: {error}"))
    return result


def _pairs(full: str, line: int, node: tree.Node, found: _Findings) -> dict[str, str]:
    """Names of key bindings with their keys."""
    if not isinstance(node, tree.Mapping):
        shape = f"{quoted(full)} must hold lines such as `acknowledge: Y`; write {{}} to keep all keys"
        found.problems.append(Problem(line, shape))
        return {}
    result: dict[str, str] = {}
    for name, place, value in node.entries:
        found.lines[f"{full}.{name}"] = place
        try:
            if not isinstance(value, tree.Scalar) or not value.raw:
                raise UsageError('it has no key; write one such as A, f5 or ctrl+p, in quotes: "?"')
            result[keys.parse_binding_id(name)] = keys.parse_keys(value.raw)
        except UsageError as error:
            found.problems.append(Problem(place, f"{quoted(f'{full}.{name}')}: {error}"))
    return result


def _options(full: str, line: int, node: tree.Node, found: _Findings) -> dict[str, dict[str, str]]:
    """Names with options, which are texts."""
    shape = "must hold lines such as `plain: {path: /srv/blocked.txt}`; write {} for none"
    if not isinstance(node, tree.Mapping):
        found.problems.append(Problem(line, f"{quoted(full)} {shape}"))
        return {}
    result: dict[str, dict[str, str]] = {}
    for name, place, options in node.entries:
        found.lines[f"{full}.{name}"] = place
        if not isinstance(options, tree.Mapping):
            found.problems.append(Problem(place, f"{quoted(f'{full}.{name}')} {shape}"))
            continue
        result[name] = {}
        for option, where, value in options.entries:
            key = f"{full}.{name}.{option}"
            if isinstance(value, tree.Scalar) and value.value is not None and value.raw:
                result[name][option] = value.raw
            else:
                found.problems.append(Problem(where, f"{quoted(key)} must be a text; give it one or remove the line"))
    return result


def _scalar(full: str, hint: object, node: tree.Node) -> object:
    """The value of one setting; UsageError says what is wrong with it and what it may be."""
    expected = _expected(full, hint)
    if not isinstance(node, tree.Scalar):
        kind = "a list" if isinstance(node, tree.Sequence) else "a section"
        raise UsageError(f"this is {kind}, but must be {expected}")
    value: object = node.value
    if value is None:
        if type(None) in get_args(hint):
            return None
        raise UsageError(f"it has no value; write {expected}, or remove the line to keep the default")
    if full == "sources.since" and type(value) in (int, float):
        value = node.raw
    if is_duration(full, hint) and isinstance(value, str):
        value = values.parse_duration(value)
    try:
        converted: object = msgspec.convert(value, hint)
    except msgspec.ValidationError:
        raise UsageError(f"{quoted(node.raw)} is not possible; it must be {expected}") from None
    if is_duration(full, hint) and isinstance(converted, float) and converted > values.LONGEST:
        raise UsageError(f"{quoted(node.raw)} is longer than a hundred years; it must be {expected}")
    rule = RULES.get(full)
    return rule(converted) if rule is not None and isinstance(converted, str) else converted


def _text(node: tree.Node) -> str:
    if not isinstance(node, tree.Scalar):
        raise UsageError("every value of this list must be a text, not a list or a section")
    if node.value is None:
        raise UsageError("a value of this list is empty; give it a text or remove the line")
    if not isinstance(node.value, str):
        raise UsageError(f"{quoted(node.raw)} must be a text; put it in quotes if it is meant like this")
    return node.value


def _is_list(hint: object) -> bool:
    return get_origin(hint) is tuple


def _expected(full: str, hint: object) -> str:
    """What a setting may be, in a user's words with its range.

    >>> _expected("limits.clients", Annotated[int, msgspec.Meta(ge=1, le=9)])
    'a whole number from 1 to 9'
    """
    if hint == Seconds:
        return "a duration such as 15m, 1h or 7d, or a number of seconds, not negative"
    limits = ""
    if get_origin(hint) is Annotated:
        hint, *metas = get_args(hint)
        limits = "".join(_range(meta) for meta in metas)
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    number = "a number of seconds" if full in _SECONDS_WITHIN_LIMITS else "a number"
    words: dict[object, str] = {
        bool: "true or false",
        int: f"a whole number{limits}",
        float: f"{number}{limits}",
    }
    return words.get(hint, "a text (in quotes if it looks like a number)")


def _range(meta: msgspec.Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f" from {meta.ge:g} to {meta.le:g}" if isinstance(meta.ge, float) else f" from {meta.ge} to {meta.le}"
    if meta.gt is not None:
        return f" above {meta.gt:g}"
    return f" of at least {meta.ge:g}" if meta.ge is not None else ""


def _unknown(full: str, key: str, prefix: str, known: Sequence[str]) -> str:
    """Half a sentence about an unknown key: the nearest valid one, the section it belongs to, or all valid ones."""
    start = f"{quoted(full)} is not a setting"
    word = key.lower().replace("-", "_")
    longer = [name for name in known if name.startswith(f"{word}.")]
    near = longer or difflib.get_close_matches(word, known, n=1, cutoff=0.75)
    if near:
        return f"{start}; did you mean {_either(prefix + name for name in near)}?"
    paths = [path for path, _ in leaves()] + [("detectors", info.encode_name) for info in fields(Detectors)]
    if moved := [path for path in paths if path[-1] in (key, word) or ".".join(path) == key]:
        sections = _either(".".join(path[:-1]) for path in moved[:3])
        return f"{start} here; put {quoted(moved[0][-1])} on a line below the section {sections}"
    if near := difflib.get_close_matches(word, known, n=1, cutoff=0.5):
        return f"{start}; did you mean {quoted(prefix + near[0])}?"
    every = {path[-1]: ".".join(path) for path in reversed(paths)}
    longer = [name for name in every if name.startswith(f"{word}_") or name.endswith(f"_{word}")]
    if near := longer[:1] or difflib.get_close_matches(word, every, n=1, cutoff=0.75):
        return f"{start}; did you mean {quoted(every[near[0]])}?"
    return f"{start}; valid here: {', '.join(known)}"


def _either(names: Iterable[str]) -> str:
    return " or ".join(quoted(name) for name in names)


def _contradictions(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Settings that are possible one by one but not together, as (keys, half a sentence)."""
    for info in fields(Detectors):
        detector = getattr(settings.detectors, info.name)
        values_of = {part.encode_name: getattr(detector, part.name) for part in fields(detector)}
        for names, text in _impossible_test(values_of):
            keys = tuple(f"detectors.{info.encode_name}.{name}" for name in names)
            yield keys, f"{quoted(keys[0])} {text}"
    for part in fields(settings.retention):
        seconds = getattr(settings.retention, part.name)
        if seconds < _SHORTEST_RETENTION:
            key = f"retention.{part.encode_name}"
            yield (key,), f"{quoted(key)} must be at least 1m, because rows are counted per minute"
    block = settings.block
    if block.ttl <= 0:
        yield ("block.ttl",), "`block.ttl` must be longer than 0s; write for example 1h"
    elif block.ttl > block.max_ttl:
        longest = values.format_duration(block.max_ttl)
        yield ("block.ttl", "block.max_ttl"), f"`block.ttl` must not be longer than `block.max_ttl` ({longest})"


def _impossible_test(of: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What makes the sequential test of one detector impossible; `of` holds its settings.

    A test of p1 against p0 needs 0 < p0 < p1 < 1: its weights are logarithms of their ratios. Detectors without a p1 of
    their own put it above p0, up to 0.95.
    """
    if "p0_start" in of and not of["p0_min"] <= of["p0_start"] <= of["p0_max"]:
        text = f"must lie between p0_min ({of['p0_min']:g}) and p0_max ({of['p0_max']:g})"
        yield ("p0_start", "p0_min", "p0_max"), text
    for name in ("p0_min", "p0"):
        if of.get(name, 1.0) <= 0.0:
            yield (name,), "must be above 0"
    highest = "p0_max" if "p0_max" in of else "p0"
    if "p1" in of:
        if not of[highest] < of["p1"]:
            yield (highest, "p1"), f"must be smaller than p1 ({of['p1']:g})"
        if of["p1"] >= 1.0:
            yield ("p1",), "must be below 1"
    elif of.get(highest, 0.0) > _HIGHEST_NULL:
        yield (highest,), f"must be at most {_HIGHEST_NULL:.2f}"
    if "medium_objects" in of and of["medium_objects"] > of["high_objects"]:
        text = f"must not be larger than high_objects ({of['high_objects']})"
        yield ("medium_objects", "high_objects"), text
