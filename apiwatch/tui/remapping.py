"""Which views there are for the keymap of the settings."""

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from apiwatch.tui import screens
from apiwatch.tui.app import ApiwatchApp
from apiwatch.tui.keys import View
from apiwatch.tui.screens.base import LiveScreen
from apiwatch.tui.widgets.prompt import Prompt
from apiwatch.tui.widgets.table import KeyTable
from apiwatch.tui.widgets.text import Document

__all__ = ["known_views"]


def known_views() -> list[View]:
    """All full screens with what may have the keys on them, and the command line."""
    for module in iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")
    views: list[View] = [
        (_title(cls), (cls, KeyTable, Document, ApiwatchApp)) for cls in _leaves(LiveScreen) if cls is not LiveScreen
    ]
    return [*views, ("the command line", (Prompt,))]


def _leaves(cls: type[LiveScreen]) -> Iterator[type[LiveScreen]]:
    below = [each for each in cls.__subclasses__() if each.__module__.startswith("apiwatch.")]
    if not below:
        yield cls
    for each in below:
        yield from _leaves(each)


def _title(cls: type[LiveScreen]) -> str:
    """The view of `AlertListScreen`: 'alert list'."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__.removesuffix("Screen")).lower()
