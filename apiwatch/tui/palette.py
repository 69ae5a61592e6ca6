"""The palette: a list in which commands, and what the screen shows, are found by a few of their letters.

It is Textual's command palette. Whatever it is given as `str` it takes for markup, and it passes control characters on:
so all texts go to it as `Content` of `measured` text.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from rich.cells import cell_len
from textual.command import (
    CommandInput,
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Matcher,
    Provider,
    SearchIcon,
)
from textual.content import Content

from apiwatch.tui.commands import VERBS, Args, CommandContext, Kind, Verb, verb_of
from apiwatch.tui.keynames import key_name
from apiwatch.tui.line import CUT, fit
from apiwatch.tui.measured import measured

__all__ = ["HasCommands", "Palette"]

_COMMAND_CELLS, _KEY_CELLS = 22, 3
_WIDEST = 110

_SHOWN = 120
"""Characters of a text."""

_KINDS = {Kind.CLIENT: "client", Kind.ALERT: "alert", Kind.USER: "user", Kind.ROUTE: "route", Kind.AGENT: "agent"}
"""What is found besides verbs, and the verb that opens it."""


@runtime_checkable
class HasCommands(Protocol):
    """A screen on which commands work."""

    @property
    def commands(self) -> CommandContext:
        """What commands do there."""
        ...


class _Entry(NamedTuple):
    text: str
    help: str
    run: Callable[[], None]
    key: str = ""


class Commands(Provider):
    """Commands that are possible on the screen below, and the clients, alerts, users, routes and agents of a window."""

    _findable: Mapping[Kind, Mapping[str, str]] = MappingProxyType({})

    async def startup(self) -> None:
        """Look up what there is beside what the screen shows."""
        if self._context is not None:
            self._findable = await self._context.findable()

    async def discover(self) -> Hits:
        """Commands that are possible now."""
        for entry in self._verbs():
            yield DiscoveryHit(_beside(Content(entry.text), entry, self._width), entry.run, text=entry.text)

    async def search(self, query: str) -> Hits:
        """What has the letters of the query in their order."""
        matcher = self.matcher(query)
        for entries in (self._verbs(), self._things()):
            for entry in entries:
                score = max(matcher.match(entry.text), matcher.match(entry.help) / 2)
                if score > 0:
                    shown = _beside(self._highlighted(matcher, entry.text), entry, self._width)
                    yield Hit(score, shown, entry.run, text=entry.text)

    def _highlighted(self, matcher: Matcher, text: str) -> Content:
        # `Matcher.highlight` takes the text for markup.
        content = Content(text)
        score, offsets = matcher.fuzzy_search.match(matcher.query, text)
        if score and self.match_style is not None:
            for offset in offsets:
                content = content.stylize(self.match_style, offset, offset + 1)
        return content

    @property
    def _width(self) -> int:
        return min(self.app.size.width, _WIDEST) - 2

    @property
    def _context(self) -> CommandContext | None:
        return self.screen.commands if isinstance(self.screen, HasCommands) else None

    def _verbs(self) -> Iterator[_Entry]:
        context = self._context
        if context is None:
            return
        keys: dict[str, str] = {}
        for key, found in self.screen.active_bindings.items():
            keys.setdefault(found.binding.id or "", key_name(key))
        for verb in VERBS:
            if context.can(verb.name):
                key = keys.get(verb.binding, "") if verb.binding else ""
                yield _Entry(verb.short, verb.help, partial(_start, verb, context), key)

    def _things(self) -> Iterator[_Entry]:
        context = self._context
        if context is None:
            return
        for kind, name in _KINDS.items():
            verb = verb_of(name)
            if verb is None or not context.can(verb.name):
                continue
            argument = verb.arguments[0].name
            found = self._findable.get(kind, {})
            for value in dict.fromkeys((*context.known(kind), *found)):
                run = partial(verb.run, context, Args({argument: value}))
                told = measured(found.get(value, ""), _SHOWN) or verb.help
                yield _Entry(f"{verb.name} {measured(value, _SHOWN)}", told, run)


def _beside(text: Content, entry: _Entry, width: int) -> Content:
    """A command, its key, and what it does, in one line of at most `width` cells."""
    if text.cell_length > width:
        return text.truncate(width - 1) + CUT
    gap = " " * max(2, _COMMAND_CELLS - text.cell_length)
    told = f"{gap}{entry.key:<{_KEY_CELLS}}  {entry.help}"
    return text + Content.styled(fit(told, min(cell_len(told), width - text.cell_length)), "dim")


def _start(verb: Verb, context: CommandContext) -> None:
    """Do what needs no word more; else have the operator go on in the command line."""
    if verb.complete:
        verb.run(context, Args({}))
    else:
        context.ask(f"{verb.name} ")


class Palette(CommandPalette):
    """The palette in our colours and without pictures: `app.push_screen(Palette(ascii_only=...))`."""

    DEFAULT_CSS = """
    Palette { background: $background 0%; }
    Palette > Vertical { margin-top: 2; width: 100%; max-width: 110; background: $background; }
    Palette #--input { border: none; background: $panel; height: 1; }
    Palette SearchIcon { margin: 0 0 0 1; color: $text-primary; }
    Palette CommandInput, Palette CommandInput:focus { border: none; height: 1; padding: 0; background: $panel; }
    Palette CommandList { border: none; padding: 0; max-height: 60vh; background: $surface; scrollbar-size: 0 0; }
    Palette CommandList:focus { border: none; }
    Palette CommandList { text-wrap: nowrap; text-overflow: clip; }
    Palette CommandList > .option-list--option { padding: 0 1; text-style: none; }
    Palette CommandList > .option-list--option-highlighted { text-style: reverse; }
    Palette LoadingIndicator { display: none; }
    """
    _HEAD: ClassVar[str] = "letters of a command, client, route, user or alert"

    def __init__(self) -> None:
        super().__init__([Commands], placeholder=self._HEAD)

    def _action_command_list(self, action: str) -> None:
        """Move in the list once it is laid out: Textual 8.2.8 raises KeyError for a page key before that."""
        if action not in ("page_up", "page_down") or self.query_one(CommandList)._index_to_line:
            super()._action_command_list(action)

    def on_mount(self) -> None:
        """Nothing blinks, and every sign is ASCII."""
        self.query_one(SearchIcon).icon = ">"
        self.query_one(CommandInput).cursor_blink = False
