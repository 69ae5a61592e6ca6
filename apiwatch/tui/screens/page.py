"""A screen with one document, on which the keys of a row act too."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from apiwatch.tui.screens.acting import ActingScreen
from apiwatch.tui.session import Session
from apiwatch.tui.widgets.text import Document

__all__ = ["PageScreen"]


class PageScreen(ActingScreen):
    """A document below the head."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("help", "help"),
        ("back", "back"),
        ("open", "client"),
        ("line-down line-up", "scroll"),
        ("why", "why"),
        ("acknowledge", "ack"),
        ("block", "block"),
        ("copy", "copy"),
        ("pause", "pause"),
    )

    def __init__(self, session: Session, origin: str, heading: str) -> None:
        super().__init__(session)
        self.origin = origin
        self.document = Document(heading)

    def body(self) -> Iterable[Widget]:
        """The document."""
        yield self.document

    def on_mount(self) -> None:
        """Give it the keys."""
        super().on_mount()
        self.document.focus()
