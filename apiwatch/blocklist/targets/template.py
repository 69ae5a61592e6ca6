"""A user's own list: a text with one place for the entries, and a line for each of them. No template language.

`block.templates.NAME` of the settings: `{file: PATH, suffix: conf, per_entry: "deny @net@; # @comment@"}`. The file has
one line `@entries@`. Everything else that stands between two `@` must be one of the words below; values are canonical
addresses, numbers, times and comments in the charset that is safe everywhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from apiwatch.blocklist.comments import comment, utc
from apiwatch.blocklist.conditions import percent, unpercent
from apiwatch.blocklist.networks import bare, parse_network
from apiwatch.blocklist.planning import Plan, Row, key_of
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.errors import UsageError
from apiwatch.model.condition import Condition, parse_condition
from apiwatch.text import one_line, plain

__all__ = ["Template", "template_of"]

_COMMENT = 100
_LARGEST = 1 << 20
_ANY = 1_000_000
"""A line for each entry has room for every condition."""
_WORD = re.compile(r"@([a-z_]+)@", re.ASCII)
_SUFFIX = re.compile(r"[a-z0-9-]{1,16}", re.ASCII)

_ADDRESS = r"[0-9a-f.:]{2,45}"
_OF_ENTRY = {
    "net": rf"(?P<net>{_ADDRESS}/[0-9]{{1,3}})",
    "bare": rf"(?P<bare>{_ADDRESS}(?:/[0-9]{{1,3}})?)",
    "address": _ADDRESS,
    "prefix": "[0-9]{1,3}",
    "netmask": _ADDRESS,
    "family": "[46]",
    "seconds": "[0-9]+",
    "expires": "[0-9TZ:-]+|never",
    "id": "[A-Za-z0-9._:/@=+,-]*",
    "comment": "[A-Za-z0-9 ._:/@=+,-]*",
    **{name: rf"(?P<{name}>[A-Za-z0-9._:/@=+,%-]*)" for name in ("host", "path", "agent")},
}
"""Words of `per_entry`, and what their values look like. `net` always has a prefix length, `bare` only a network.

What a condition asks is percent-encoded but for letters, digits and `._:/@=+,-`; it is empty where it asks nothing.
"""

_OF_LIST = {"revision": "[0-9]+", "at": "[0-9TZ:-]+", "count": "[0-9]+"}
"""Words of the file besides `entries`."""


class Template(Target):
    """A target that the settings describe."""

    caps = Caps(comment=_COMMENT, layer="record", sees="both")

    def __init__(self, name: str, head: str, per_entry: str, tail: str, suffix: str) -> None:
        self.name = name  # type: ignore[misc]
        self.title = f"template {name}"  # type: ignore[misc]
        self.suffix = suffix  # type: ignore[misc]
        if {"host", "path", "agent"} <= set(_WORD.findall(per_entry)):
            self.caps = replace(self.caps, conditions=_ANY)  # type: ignore[misc]
        self._head, self._line, self._tail = head, f"{per_entry}\n", tail
        self._head_shape = re.compile(_shape(head, _OF_LIST), re.ASCII)
        self._line_shape = re.compile(_shape(self._line, _OF_ENTRY), re.ASCII)
        self._tail_shape = re.compile(_shape(tail, _OF_LIST), re.ASCII)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        about = {"revision": str(plan.revision), "at": utc(plan.at), "count": str(len(plan.rows))}
        lines = [_filled(self._line, _values(plan, row)) for row in plan.rows]
        return _filled(self._head, about) + "".join(lines) + _filled(self._tail, about)

    def _parsed(self, text: str) -> Sequence[str]:
        head = self._head_shape.match(text)
        if not head:
            raise unexpected(text[:80])
        found: list[str] = []
        at = head.end()
        while line := self._line_shape.match(text, at):
            values = line.groupdict("")
            parts = (unpercent(values.get(name, "")) for name in ("host", "path", "agent"))
            network = parse_network(values.get("net") or line["bare"])
            found.append(key_of(network, parse_condition(str(Condition(*parts)))))
            at = line.end()
        if not self._tail_shape.fullmatch(text, at):
            raise unexpected(text[at : at + 80])
        return found

    def commands(self, paths: Sequence[str]) -> Commands:
        """What reads the file decides how it is applied."""
        path = quoted_path(paths)
        undo = f"apiwatch block export --target {self.name} --withdraw-all -o {path}"
        return Commands(
            apply=(f"# let the program that reads {path} read it again; it may not expire by itself",),
            verify=(f"wc -l {path}",),
            undo=(f"# withdraw all entries, then: {undo}",),
        )


def template_of(name: str, options: Mapping[str, str]) -> Template:
    """The target of `block.templates.NAME`; UsageError says what is wrong with it or with its file."""
    key = f"block.templates.{plain(name, 40)}"
    if not _SUFFIX.fullmatch(name):
        raise UsageError(f"`{key}`: a template's name is made of a-z, 0-9 and `-`; give it another")
    if wrong := sorted(options.keys() ^ {"file", "suffix", "per_entry"}):
        state = "is not known" if wrong[0] in options else "is missing"
        raise UsageError(f"`{key}.{plain(wrong[0], 40)}` {state}; a template has `file`, `suffix` and `per_entry`")
    if not _SUFFIX.fullmatch(options["suffix"]):
        raise UsageError(f"`{key}.suffix` must be a few of a-z, 0-9 and `-`, such as conf; correct it")
    per_entry = options["per_entry"]
    _check(f"`{key}.per_entry`", per_entry, _OF_ENTRY)
    if len(_WORD.findall(per_entry)) - len(set(_WORD.findall(per_entry))):
        raise UsageError(f"`{key}.per_entry` names a word twice; name each once")
    if not {"net", "bare"} & set(_WORD.findall(per_entry)) or "\n" in per_entry:
        raise UsageError(f"`{key}.per_entry` must be one line with @net@ or @bare@ in it; correct it")
    if _adjoining(per_entry):
        raise UsageError(f"`{key}.per_entry`: put something between two words, so that the line can be read back")
    shown = plain(options["file"], 200)
    text = _read(Path(options["file"]).expanduser(), shown)
    head, mark, tail = text.partition("@entries@\n")
    if not mark or (head and not head.endswith("\n")) or "@entries@" in tail:
        raise UsageError(f"{shown} must have one line that is @entries@ and nothing else; add it")
    _check(shown, head + tail, _OF_LIST)
    return Template(name, head, per_entry, tail, options["suffix"])


def _read(path: Path, shown: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"the template {shown} cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise UsageError(f"the template {shown} is larger than a mebibyte; is it the right file?")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"the template {shown} is no text in UTF-8; write it so") from None
    return text if text.endswith("\n") or not text else f"{text}\n"


def _check(where: str, text: str, words: Mapping[str, str]) -> None:
    for word in _WORD.findall(text):
        if word not in words:
            known = ", ".join(f"@{each}@" for each in words)
            raise UsageError(f"{where}: @{one_line(word, 40)}@ means nothing; known are {known}")


def _adjoining(per_entry: str) -> bool:
    return re.search(r"@[a-z_]+@@[a-z_]+@", per_entry, re.ASCII) is not None


def _values(plan: Plan, row: Row) -> dict[str, str]:
    network = row.network
    remaining = plan.remaining(row)
    words = comment(Row(network, None, row.ids[:1], ""), _COMMENT).split()
    return {
        "net": row.net,
        "bare": bare(network),
        "address": str(network.network_address),
        "prefix": str(network.prefixlen),
        "netmask": str(network.netmask),
        "family": str(network.version),
        "seconds": "0" if remaining is None else str(remaining),
        "expires": "never" if row.expires is None else utc(row.expires),
        "id": words[0] if words else "",
        "comment": comment(row, _COMMENT),
        **{name: percent(value) for name, value in asdict(row.condition).items()},
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _WORD.sub(lambda word: values[word[1]], text)


def _shape(text: str, words: Mapping[str, str]) -> str:
    """A pattern for what `_filled` makes of a text."""
    parts = _WORD.split(text)
    return "".join(f"(?:{words[part]})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
