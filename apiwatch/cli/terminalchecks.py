"""What `apiwatch doctor` says about the terminal: what the dashboard can draw there, and what will not work."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping

from apiwatch.cli.checks import Check
from apiwatch.cli.terminal import draws_blocks, draws_utf8, require_terminal
from apiwatch.errors import ApiwatchError
from apiwatch.text import one_line

__all__ = ["checks_of", "terminal_checks", "tmux_clipboard"]

_ASKING_S = 2.0


def terminal_checks() -> Iterator[Check]:
    """Checks of the terminal of this process."""
    try:
        tty = require_terminal()
    except ApiwatchError as error:
        yield Check("terminal", "note", str(error))
        return
    try:
        columns, rows = os.get_terminal_size(tty)
    finally:
        os.close(tty)
    yield from checks_of(os.environ, columns, rows, tmux_clipboard)


def checks_of(
    environment: Mapping[str, str], columns: int, rows: int, clipboard_of_tmux: Callable[[], str]
) -> Iterator[Check]:
    """Checks of a terminal with this environment and this size in cells (0 when it does not tell)."""
    term = one_line(environment.get("TERM", ""), 40)
    yield _size(term, columns, rows)
    yield _encoding(environment)
    yield _colours(environment, term)
    if term == "linux":
        yield Check("mouse", "note", "the console of Linux has none; every function has a key")
    else:
        yield Check("mouse", "ok", "clicks and the wheel work; hold Shift to select text, or use --no-mouse")
    yield _clipboard(environment, term, clipboard_of_tmux)


def _size(term: str, columns: int, rows: int) -> Check:
    if not columns or not rows:
        return Check("terminal", "note", f"{term}: its size is unknown; `stty cols 120 rows 40` sets it")
    if columns < 60 or rows < 15:
        return Check("terminal", "note", f"{term}, {columns}x{rows}: the dashboard needs 60x15, and wants 80x24")
    small = columns < 80 or rows < 24
    advice = "; the dashboard wants 80x24" if small else ""
    return Check("terminal", "note" if small else "ok", f"{term}, {columns}x{rows}{advice}")


def _encoding(environment: Mapping[str, str]) -> Check:
    if not draws_utf8(environment):
        advice = "`export LC_ALL=C.UTF-8` if the terminal understands it"
        return Check("encoding", "note", f"the locale is not UTF-8: the dashboard draws in ASCII; {advice}")
    if not draws_blocks(environment):
        return Check("encoding", "ok", "UTF-8, with a font of few letters: the dashboard draws in ASCII")
    return Check("encoding", "ok", "UTF-8")


def _colours(environment: Mapping[str, str], term: str) -> Check:
    if environment.get("NO_COLOR"):
        return Check("colours", "ok", "off (NO_COLOR)")
    if environment.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return Check("colours", "ok", "24 bit")
    if term.rpartition("-")[2] in {"256color", "kitty"}:
        return Check("colours", "ok", "256")
    return Check("colours", "ok", "16, those of the terminal; `dashboard.theme: ansi-light` if its background is light")


def _clipboard(environment: Mapping[str, str], term: str, clipboard_of_tmux: Callable[[], str]) -> Check:
    """Copying is an OSC 52 sequence; the terminal does not tell whether it took it."""
    if environment.get("TMUX"):
        setting = clipboard_of_tmux()
        if setting == "on":
            return Check("clipboard", "ok", "tmux passes on what is copied, if the terminal around it takes OSC 52")
        said = f"tmux does not pass on what is copied (set-clipboard is {setting or 'unknown'})"
        return Check("clipboard", "note", said, "tmux set-option -s set-clipboard on")
    if environment.get("STY") or term.split("-")[0].split(".")[0] == "screen":
        return Check("clipboard", "note", "GNU screen does not pass on what is copied; select with the mouse and Shift")
    if term == "linux" or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return Check("clipboard", "note", "this terminal does not take what is copied (OSC 52)")
    return Check("clipboard", "ok", "copied by OSC 52, if the terminal allows it; not every one does")


def tmux_clipboard() -> str:
    """What the tmux around us has for `set-clipboard`: on, external or off; '' when it does not say."""
    try:
        done = subprocess.run(  # the one on the user's path, as the user would call it
            ["tmux", "show-options", "-s", "-v", "set-clipboard"],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASKING_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return one_line(done.stdout.decode("ascii", "replace").strip(), 20)
