"""A screen with one document, on which the keys of a row act too."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from apiwatch.text import plain
from apiwatch.tui.screens.acting import ActingScreen
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.prompt import Mode, Prompt
from apiwatch.tui.widgets.text import Document

__all__ = ["PageScreen"]

_MATCH_TIP = "next, previous match"


class PageScreen(ActingScreen):
    """A document below the head."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("help", "help"),
        ("back", "back"),
        ("open", "client"),
        ("line-down line-up", "scroll"),
        ("find", "find"),
        ("find-next find-previous", "match"),
        ("why", "why"),
        ("acknowledge", "ack"),
        ("block", "block"),
        ("copy", "copy"),
        ("pause", "pause"),
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, so that the line has the keys before the next one is looked at.
        Binding("slash", "find", "find", id="find", show=False, priority=True, tooltip="find a text in these lines"),
        Binding("n", "find_next(1)", "next", id="find-next", show=False, tooltip=_MATCH_TIP),
        Binding("N", "find_next(-1)", "previous", id="find-previous", show=False, tooltip=_MATCH_TIP),
    ]

    def __init__(self, session: Session, origin: str, heading: str) -> None:
        super().__init__(session)
        self.origin = origin
        self.document = Document(heading)
        self.prompt = Prompt()
        self._wanted = ""

    def body(self) -> Iterable[Widget]:
        """The document, and the line for what is looked for in it."""
        yield self.document
        yield self.prompt

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A sign in the line is a letter."""
        if action == "find" and self.prompt.has_focus:
            return False
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        """Ask for a text."""
        self.prompt.open(Mode("/", hint=lambda _text: "a text; n N next, previous match"), "")

    def action_find_next(self, step: int) -> None:
        """Go to the next or previous match."""
        if not self._wanted:
            self.action_find()
        elif not self.document.find_next(step):
            self.say(f"'{plain(self._wanted, 60)}' is not here")

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        """Go to the first match; an empty text ends the search."""
        self._wanted = event.value.strip()
        self._leave_prompt()
        if not self.document.find(self._wanted) and self._wanted:
            self.say(f"'{plain(self._wanted, 60)}' is not here")

    def on_prompt_left(self) -> None:
        """The keys go back to the document."""
        self._leave_prompt()

    def _leave_prompt(self) -> None:
        self.prompt.close()
        self.document.focus()

    def on_mount(self) -> None:
        """Give it the keys."""
        super().on_mount()
        self.document.focus()
