"""What is wrong with the keymap of the settings.

Every binding has an id (`Binding(id=...)`); `dashboard.keys` maps ids to keys, and Textual's keymap applies them. The
same id on several widgets means the same thing there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from textual.binding import Binding
from textual.dom import DOMNode

from apiwatch.store.filters.fields import nearest
from apiwatch.text import one_line
from apiwatch.tui.keynames import key_name

__all__ = ["Problem", "View", "binding_ids", "problems_of"]

View = tuple[str, Sequence[type[DOMNode]]]
"""The name of a view, and the classes whose keys work in it: its screen, its widgets, the application."""


class Problem(NamedTuple):
    """What is wrong with one entry of `dashboard.keys`."""

    binding: str
    text: str
    """Half a sentence behind the name of the setting."""


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
            taken.setdefault(_long(key), set()).add(binding.id or binding.action)
    for name, keys in keymap.items():
        usual = {binding.key for binding in binding_ids(classes).get(name, ())}
        for pressed in keys.split(","):
            key = _long(pressed)
            there = taken.get(key, set())
            if key not in usual and name in there and len(there) > 1:
                other = min(there - {name})
                shown = one_line(key_name(key), 20)
                yield Problem(
                    name, f"gives `{shown}` a second meaning in {view}, where it is `{other}`; choose another"
                )
                break


def _long(key: str) -> str:
    """A key as Textual names it: 'question_mark' for '?'."""
    return next(iter(Binding.make_bindings([Binding(key, "")]))).key


def _bindings(classes: Iterable[type[DOMNode]]) -> Iterator[Binding]:
    for cls in classes:
        for base in cls.__mro__:
            bindings: Any = base.__dict__.get("BINDINGS", ()) if base.__module__.startswith("apiwatch.") else ()
            yield from Binding.make_bindings(bindings)
