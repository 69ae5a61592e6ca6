"""Keys from the terminal, as soon as they come, and text to it without waiting for it."""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from apiwatch.tui.output import TerminalWriter
from apiwatch.tui.pasted import PastedText

__all__ = ["PromptDriver"]

_READ = 4096
_MARGIN_S = 0.001
"""By which the wait for the rest of an escape sequence outlasts the parser's own."""


class PromptDriver(LinuxDriver):
    """Textual's driver, but its input thread sleeps until there is input, and what it writes goes through `output`.

    Textual 8.2.8 looks ten times a second, so that Esc, which may begin a sequence, comes up to 0.1 s late whatever
    ESCDELAY says, and an idle dashboard wakes ten times a second. Input that is no UTF-8 is replaced, and ends nothing.
    """

    _ending: tuple[int, int] | None = None
    """A pipe (read, write) that ends the input thread."""

    output: TerminalWriter | None = None
    """While the terminal is taken."""

    def start_application_mode(self) -> None:
        """Take the terminal, and start to read from it."""
        if self._ending is None:
            self._ending = os.pipe()
        if self.output is None:
            assert self._file is not None  # noqa: S101  standard error of a program that is on a terminal
            self.output = TerminalWriter(self._file)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual leaves it so

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again if it was given back; else only draw on it, for the shell may have.

        A closed terminal sends SIGHUP and SIGCONT together; Textual 8.2.8 would start its output a second time, and
        then wait for ever for the thread that it has replaced.
        """
        if self._must_signal_resume:
            super()._sigcont_application()
        elif self.output is not None:
            self.send_message(self.SignalResume())

    def write(self, data: str) -> None:
        """Write to the terminal, in its turn."""
        if self.output is not None:
            self.output.write(data)

    def close(self) -> None:
        """Write what is left, if the terminal takes it."""
        output, self.output = self.output, None
        if output is not None:
            output.stop()
        super().close()

    def disable_input(self) -> None:
        """Stop reading."""
        ending, self._ending = self._ending, None
        if ending is not None:
            os.write(ending[1], b".")
        super().disable_input()
        for end in ending or ():
            os.close(end)

    def run_input_thread(self) -> None:
        """Read keys until `disable_input`; a terminal that is at its end is not read again."""
        if self._ending is None:
            return
        ending = self._ending[0]
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        cleaned = PastedText().cleaned
        with selectors.SelectSelector() as selector:
            selector.register(ending, selectors.EVENT_READ)
            selector.register(self.fileno, selectors.EVENT_READ)
            wait: float | None = None
            while ending not in (ready := [key.fd for key, _ in selector.select(wait)]):
                wait = None
                if self.fileno in ready:
                    data = os.read(self.fileno, _READ)
                    if data:
                        self._pass_on(parser.feed(cleaned(decode(data))))
                        wait = constants.ESCAPE_DELAY + _MARGIN_S
                    else:
                        selector.unregister(self.fileno)
                self._pass_on(parser.tick())

    def _pass_on(self, events: Iterable[Message]) -> None:
        for event in events:
            self.process_message(event)
