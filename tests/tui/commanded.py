"""A screen on which commands work, and which takes note of what they ask for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from apiwatch.store.filters import List, typed
from apiwatch.tui.commands import CommandContext, Kind
from apiwatch.tui.glyphs import UNICODE, Glyphs
from apiwatch.tui.history import History
from apiwatch.tui.palette import Palette
from apiwatch.tui.prompting import command_mode, filter_mode, obey
from apiwatch.tui.themes import DARK
from apiwatch.tui.widgets.prompt import Prompt
from tests.tui.fakes import NOW
from tests.tui.pilot import text_of

KNOWN = {
    Kind.CLIENT: ("203.0.113.7", "198.51.100.23"),
    Kind.ALERT: ("a1b2c3d4e5f60001", "a1b2c3d4e5f60002"),
    Kind.ROUTE: ("GET /users/{int}",),
    Kind.USER: ("[/x]\x1b]52;c;aGk=\x07\u202ebob", "alice"),
    Kind.SORT: ("score", "requests"),
}


class Recorder:
    """A context that takes note of every call as (name, values)."""

    def __init__(self, ask: Callable[[str], None] = lambda _text: None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.impossible: set[str] = set()
        self.now = NOW
        self.over = List.ALERTS
        self.ask = ask

    def known(self, kind: Kind) -> Sequence[str]:
        return KNOWN.get(kind, ())

    async def findable(self) -> Mapping[Kind, Mapping[str, str]]:
        return {Kind.USER: {"carol\x1b": ""}, Kind.ALERT: {"a1b2c3d4e5f60009": "high auth.brute-force \x1b[31m"}}

    def can(self, verb: str, *, named: bool = False) -> bool:
        return verb not in self.impossible

    def forbidden(self, verb: str) -> str:
        return ""

    def __getattr__(self, name: str) -> Callable[..., None]:
        def called(*values: object, **named: object) -> None:
            self.calls.append((name, *values, *named.values()))

        return called


def context_of(recorder: Recorder) -> CommandContext:
    """The recorder as what it stands for."""
    return cast(CommandContext, recorder)


def shown(screen: Screen[Any]) -> str:
    """A screen as plain text."""
    return text_of(cast(Screen[object], screen))


class CommandScreen(Screen[None]):
    """A prompt at the foot; `:` and `/` open it, ^p the palette."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("colon", "command"),
        Binding("slash", "filter", id="filter"),
        ("q", "app.exit"),
        ("ctrl+p", "palette"),
    ]

    def __init__(self, history: History | None = None) -> None:
        super().__init__()
        self.prompt = Prompt()
        self.recorder = Recorder(lambda text: self.prompt.open(self.mode, text))
        self.mode = command_mode(self.commands, history)
        self.narrowed: list[int] = []

    @property
    def commands(self) -> CommandContext:
        return context_of(self.recorder)

    def compose(self) -> ComposeResult:
        yield self.prompt

    def action_command(self) -> None:
        self.prompt.open(self.mode)

    def action_filter(self) -> None:
        self.prompt.open(filter_mode(self.commands))

    def action_palette(self) -> None:
        self.app.push_screen(Palette())

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        if event.prompt.mode.sign == ":":
            obey(event.prompt, self.commands)

    def on_prompt_changed(self, event: Prompt.Changed) -> None:
        if event.prompt.mode.sign == "/":
            self.narrowed.append(len(typed(event.value, List.ALERTS).filter.terms))


class CommandApp(App[None]):
    """Holds one such screen."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, glyphs: Glyphs = UNICODE, history: History | None = None) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.animation_level = "none"
        self.glyphs = glyphs
        self.commanded = CommandScreen(history)

    def on_mount(self) -> None:
        self.push_screen(self.commanded)
