"""Keys as the operator may have them: names to show, the keymap of the settings, and what is wrong with it.

Every binding has an id (`Binding(id=...)`); `dashboard.keys` maps ids to keys, and Textual's keymap applies them. The
same id on several widgets means the same thing there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from textual.binding import Binding
from textual.dom import DOMNode

from apiwatch.store.filters.fields import nearest
from apiwatch.text import one_line

__all__ = ["Problem", "View", "binding_ids", "key_name", "keys_of", "problems_of"]

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "comma": ",",
    "plus": "+",
    "minus": "-",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "Esc",
    "backspace": "Backspace",
    "delete": "Del",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift-Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
_LONG = {short: long for long, short in _NAMES.items() if len(short) == 1}

View = tuple[str, Sequence[type[DOMNode]]]
"""The name of a view, and the classes whose keys work in it: its screen, its widgets, the application."""


class Problem(NamedTuple):
    """What is wrong with one entry of `dashboard.keys`."""

    binding: str
    text: str
    """Half a sentence behind the name of the setting."""


def key_name(key: str) -> str:
    """A key for a reader: '?', 'Esc', '^p', 'A'."""
    if key.startswith("ctrl+"):
        return f"^{key_name(key[5:])}"
    return _NAMES.get(key, key)


def keys_of(binding: str, usual: str, keymap: Mapping[str, str]) -> str:
    """What to press for a binding, for a line of keys: its usual keys (`w W`), or those of the settings.

    >>> keys_of("help", "?", {}), keys_of("help", "?", {"help": "f1,H"})
    ('?', 'F1 H')
    """
    keys = keymap.get(binding)
    return usual if keys is None else " ".join(key_name(key) for key in keys.split(","))


def binding_ids(classes: Iterable[type[DOMNode]]) -> dict[str, list[Binding]]:
    """Ids of all bindings of some classes, inherited ones included, each with a binding per key."""
    found: dict[str, list[Binding]] = {}
    for binding in _bindings(classes):
        if binding.id:
            found.setdefault(binding.id, []).append(binding)
    return found


def problems_of(keymap: Mapping[str, str], views: Iterable[View]) -> list[Problem]:
    """What is wrong with a keymap: names that no view has, and keys that would have two meanings in one view."""
    every = list(views)
    known = {name for _, classes in every for name in binding_ids(classes)}
    found = [Problem(name, _unknown(name, known)) for name in keymap if name not in known]
    for view, classes in every:
        found += [
            each for each in _clashes(keymap, view, classes) if each.binding not in {one.binding for one in found}
        ]
    return found


def _unknown(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = nearest(name, names)
    return "is no key binding; " + (f"did you mean `{near}`?" if near else f"there are {', '.join(names)}")


def _clashes(keymap: Mapping[str, str], view: str, classes: Sequence[type[DOMNode]]) -> Iterator[Problem]:
    taken: dict[str, set[str]] = {}
    for binding in _bindings(classes):
        for key in keymap.get(binding.id or "", binding.key).split(","):
            taken.setdefault(_LONG.get(key, key), set()).add(binding.id or binding.action)
    for name, keys in keymap.items():
        usual = {binding.key for binding in binding_ids(classes).get(name, ())}
        for pressed in keys.split(","):
            key = _LONG.get(pressed, pressed)
            there = taken.get(key, set())
            if key not in usual and name in there and len(there) > 1:
                other = min(there - {name})
                shown = one_line(key_name(key), 20)
                yield Problem(
                    name, f"gives `{shown}` a second meaning in {view}, where it is `{other}`; choose another"
                )
                break


def _bindings(classes: Iterable[type[DOMNode]]) -> Iterator[Binding]:
    for cls in classes:
        for base in cls.__mro__:
            bindings: Any = base.__dict__.get("BINDINGS", ()) if base.__module__.startswith("apiwatch.") else ()
            yield from Binding.make_bindings(bindings)
