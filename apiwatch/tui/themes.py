"""Colours: two themes of our own, the terminal's own sixteen colours, and what the styles of pieces look like."""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import NamedTuple

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

__all__ = ["THEMES", "piece_style", "theme_name", "without_colour"]

DARK = Theme(
    name="apiwatch-dark",
    primary="#5fafd7",
    secondary="#87afaf",
    warning="#e5b455",
    error="#ff6f61",
    success="#7fbf7f",
    accent="#5fafd7",
    foreground="#d6d6d6",
    background="#121416",
    surface="#1c2024",
    panel="#262b30",
    dark=True,
)
LIGHT = Theme(
    name="apiwatch-light",
    primary="#005f9e",
    secondary="#3f5f5f",
    warning="#8a5a00",
    error="#b3261e",
    success="#1e6b2b",
    accent="#005f9e",
    foreground="#1d2125",
    background="#fbfbf8",
    surface="#efefea",
    panel="#e2e2dc",
    dark=False,
)


def _sixteen(name: str, base: str, primary: str, success: str, warning: str, error: str) -> Theme:
    """A theme of the terminal's own colours; those that Textual takes are hard to read, such as blue on black."""
    theme = BUILTIN_THEMES[base]
    texts = {"text-primary": primary, "text-success": success, "text-warning": warning, "text-error": error}
    return replace(theme, name=name, primary=primary, variables={**theme.variables, **texts})


ANSI_DARK = _sixteen(
    "apiwatch-ansi-dark", "ansi-dark", "ansi_bright_cyan", "ansi_bright_green", "ansi_bright_yellow", "ansi_bright_red"
)
# On white neither of the greens and yellows can be read.
ANSI_LIGHT = _sixteen("apiwatch-ansi-light", "ansi-light", "ansi_blue", "ansi_default", "ansi_magenta", "ansi_red")

THEMES = {"dark": DARK, "light": LIGHT, "ansi": ANSI_DARK, "ansi-light": ANSI_LIGHT}
"""Word of the settings -> theme; `auto` is none of its own."""


class _Look(NamedTuple):
    colour: str = "foreground"
    """A variable of Textual's themes, which contrasts with the background; `dim` fades into it."""
    bold: bool = False
    reverse: bool = False


_DIM = "dim"
_FADE = 0.66
_LOOKS = {
    "dim": _Look(_DIM),
    "strong": _Look(bold=True),
    "accent": _Look("text-primary"),
    "good": _Look("text-success"),
    "warn": _Look("text-warning"),
    "bad": _Look("text-error", bold=True),
    "critical": _Look("text-error", bold=True),
    "high": _Look("text-error"),
    "medium": _Look("text-warning"),
    "low": _Look("text-primary"),
    "info": _Look(_DIM),
    "rule": _Look(_DIM),
    "title": _Look(),
    "active": _Look("text-primary", bold=True),
    "columns": _Look(_DIM),
    "cursor": _Look(reverse=True),
    "mark": _Look("text-warning", bold=True),
    "key": _Look("text-primary", bold=True),
}


def piece_style(name: str, base: Style, variables: Mapping[str, str]) -> Style:
    """How a piece looks on a widget with the style `base`; `variables` are those of the theme in use.

    Component classes would say the same, but cost a matching of every rule for every widget and style whenever a
    class or the focus changes: a third of the time that opening a screen takes (measured).
    """
    look = _LOOKS.get(name)
    if look is None:
        return base
    background = Color.parse(variables["background"])
    if look.colour != _DIM:
        colour = Color.parse(variables[look.colour])
    elif background.ansi is not None:
        # The console of Linux draws dim text in a grey that is too dark to read.
        return base + Style(dim=os.environ.get("TERM") != "linux")
    else:
        colour = background.blend(background.get_contrast_text(1.0), _FADE)
    return base + Style(color=colour.rich_color, bold=look.bold or None, reverse=look.reverse or None)


def theme_name(setting: str, colours: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """Textual's name of a theme of the settings; an unknown one counts as `auto`.

    `auto` takes the terminal's own colours when `colours`, the colour system of rich, has no more than sixteen, and a
    light theme when COLORFGBG, which rxvt, Konsole and others set, tells of a light background.
    """
    if setting not in THEMES:
        light = _is_light(environment.get("COLORFGBG", ""))
        few = ("ansi-light" if light else "ansi") if colours == "standard" else ""
        setting = few or ("light" if light else "dark")
    return THEMES[setting].name


def _is_light(colorfgbg: str) -> bool:
    """Of the sixteen colours, 7 and those above 8 are light."""
    background = colorfgbg.rpartition(";")[2]
    return background == "7" or (background.isdecimal() and 9 <= int(background) <= 15)


def without_colour(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Whether NO_COLOR forbids colours: set and not empty.

    An empty one is removed, because Textual would obey it.
    """
    if environment.get("NO_COLOR"):
        return True
    environment.pop("NO_COLOR", None)
    return False
