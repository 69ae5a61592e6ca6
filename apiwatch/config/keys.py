"""Keys of the keyboard, as a user writes them: `A`, `?`, `ctrl+p`, `^p`, `PgUp`; several with commas between them."""

import re

from apiwatch.config.values import quoted
from apiwatch.errors import UsageError

__all__ = ["parse_binding_id", "parse_keys"]

_USUAL = (
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace", "tab"),
    *("enter", "escape", "space", "question_mark", "slash", "colon", "less_than_sign", "greater_than_sign", "minus"),
    *("left_square_bracket", "right_square_bracket"),
)
_NAMED = {
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "del": "delete",
    "ins": "insert",
    "return": "enter",
    "comma": "comma",
    "plus": "plus",
    **{name: name for name in _USUAL},
    **{f"f{number}": f"f{number}" for number in range(1, 25)},
}
_MODIFIERS = ("ctrl", "alt", "shift")
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
_EXAMPLES = "write one such as A, f, ?, space, pageup, f5 or ctrl+p, and a comma between two"


def parse_binding_id(text: str) -> str:
    """The name of a key binding, whatever it names. Raises UsageError."""
    name = text.strip().lower().replace("_", "-")
    if not _ID.fullmatch(name):
        raise UsageError(f"{quoted(text)} is not the name of a key binding; write one such as acknowledge")
    return name


def parse_keys(text: str) -> str:
    """Keys in the words of Textual, joined by commas. Raises UsageError.

    >>> parse_keys("p, ^P"), parse_keys("PgUp"), parse_keys("Shift+Tab")
    ('p,ctrl+t', 'pageup', 'shift+tab')
    """
    keys = [_key(part.strip()) for part in text.split(",")]
    return ",".join(dict.fromkeys(keys))


def _key(text: str) -> str:
    if len(text) == 1 and text.isprintable():
        return "space" if text == " " else text
    if len(text) == 2 and text[0] == "^":
        text = f"ctrl+{text[1]}"
    *modifiers, base = text.split("+")
    found = [modifier.strip().lower() for modifier in modifiers]
    base = base.strip()
    name = _NAMED.get(base.lower(), base.lower() if len(base) == 1 and base.isalnum() and base.isascii() else "")
    if not name or len(set(found)) != len(found) or any(modifier not in _MODIFIERS for modifier in found):
        raise UsageError(f"{quoted(text)} is not a key; {_EXAMPLES}")
    if found == ["shift"] and len(name) == 1:
        return name.upper()
    return "+".join([*(modifier for modifier in _MODIFIERS if modifier in found), name])
