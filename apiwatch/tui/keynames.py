"""How keys are written for people, and which key an action has at the moment."""

from collections.abc import Mapping, Sequence

from textual.binding import ActiveBinding

__all__ = ["key_name", "named_keys", "pressed"]

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "escape": "Esc",
    "backspace": "Backspace",
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
    "delete": "Del",
    "f1": "F1",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
}


def key_name(key: str) -> str:
    """Textual's name of a key as people write it: '?' for 'question_mark', '^e' for 'ctrl+e'."""
    return _NAMES.get(key, f"^{key[5:]}" if key.startswith("ctrl+") else key)


def pressed(name: str) -> str:
    """Textual's name of a key that is written for people.

    >>> [pressed(name) for name in ("?", "^e", "Enter", "b")]
    ['question_mark', 'ctrl+e', 'enter', 'b']
    """
    keys = {shown: key for key, shown in _NAMES.items()}
    return keys.get(name, f"ctrl+{name[1:]}" if len(name) > 1 and name[0] == "^" else name)


def named_keys(wanted: Sequence[tuple[str, str]], active: Mapping[str, ActiveBinding]) -> list[tuple[str, str]]:
    """(keys, what they do) of bindings that work now.

    `wanted`: (ids of bindings, separated by blanks; what they do)."""
    keys: dict[str, str] = {}
    for key, found in active.items():
        if found.enabled and found.binding.id:
            keys.setdefault(found.binding.id, key_name(key))
    return [
        (" ".join(keys[one] for one in ids.split()), label)
        for ids, label in wanted
        if all(one in keys for one in ids.split())
    ]
