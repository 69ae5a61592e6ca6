"""The terminal under the dashboard: what was on descriptors 0, 1 and 2 is kept aside, and the tty put in its place.

Textual reads keys from 0, takes the size from 1 and draws on 2; a pipe there would eat the keyboard, freeze the size or
swallow the picture.
"""

import contextlib
import os
import select
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from apiwatch.cli.options import Show
from apiwatch.errors import UsageError

__all__ = ["Streams", "draws_blocks", "draws_utf8", "on_terminal", "require_terminal", "stage"]

_PATIENCE_S = 1.0
_INSTEAD = (
    "add --plain for one line per alert, or use `apiwatch collect` to collect without a dashboard, or "
    "`apiwatch replay` to read a log once"
)


class Streams(Struct, frozen=True):
    """The descriptors that the program was started with."""

    stdin: int
    stdout: int
    stderr: int

    def print(self, lines: Sequence[str]) -> None:
        """Write lines to the real standard output; a closed pipe, or a terminal that takes nothing, is no error."""
        with contextlib.suppress(OSError):
            for line in lines:
                data = f"{line}\n".encode("utf-8", "backslashreplace")
                while data:
                    if _is_tty(self.stdout) and not select.select([], [self.stdout], [], _PATIENCE_S)[1]:
                        return
                    data = data[os.write(self.stdout, data) :]


def draws_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale says that the terminal understands UTF-8; one that says nothing is taken at its best.

    Python's own idea of the encoding does not tell: it takes C for UTF-8 (PEP 540).

    >>> draws_utf8({"LANG": "de_DE.UTF-8"}), draws_utf8({"LC_ALL": "C"}), draws_utf8({"LANG": "de_DE"}), draws_utf8({})
    (True, False, False, True)
    """
    name = next((found for key in ("LC_ALL", "LC_CTYPE", "LANG") if (found := environment.get(key))), "")
    charset = name.partition(".")[2].partition("@")[0]
    return not name or charset.lower().replace("-", "") == "utf8"


def draws_blocks(environment: Mapping[str, str]) -> bool:
    """Whether it also has the blocks that charts are made of; the font of Linux's own console has only a few."""
    return draws_utf8(environment) and environment.get("TERM") != "linux"


def require_terminal() -> int:
    """A descriptor of the terminal. Raises UsageError, with what to use instead, when there is none.

    Behind `su -c` there is no controlling one, and yet one that was inherited.
    """
    if os.environ.get("TERM", "") in {"", "dumb"}:
        raise UsageError(f"the dashboard needs a terminal that can place text (TERM is unset or `dumb`); {_INSTEAD}")
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        inherited = next((descriptor for descriptor in (2, 1, 0) if _is_tty(descriptor)), None)
        if inherited is None:
            raise UsageError(f"the dashboard needs a terminal, and this process has none; {_INSTEAD}") from None
        return os.dup(inherited)


@contextlib.contextmanager
def stage(how: Show) -> Iterator[Streams]:
    """Where it is shown: on the terminal, unless lines or a browser are wanted. Raises UsageError without one."""
    if how.streams:
        yield Streams(0, 1, 2)
    elif how.served:
        # Standard output belongs to the driver, which sends the picture through it.
        yield Streams(0, 2, 2)
    else:
        with on_terminal() as streams:
            yield streams


@contextlib.contextmanager
def on_terminal() -> Iterator[Streams]:
    """While it lasts, the terminal is on 0, 1 and 2; the real streams are in the result, and come back at the end."""
    tty = require_terminal()
    kept = [_kept(descriptor) for descriptor in range(3)]
    replaced = [descriptor for descriptor in range(3) if not _is_tty(descriptor)]
    size = {name: os.environ.pop(name, None) for name in ("COLUMNS", "LINES")}
    try:
        for descriptor in replaced:
            os.dup2(tty, descriptor)
        yield Streams(*kept)
    finally:
        for descriptor in replaced:
            os.dup2(kept[descriptor], descriptor)
        for descriptor in (tty, *kept):
            os.close(descriptor)
        os.environ.update({name: value for name, value in size.items() if value is not None})


def _kept(descriptor: int) -> int:
    try:
        return os.dup(descriptor)
    except OSError:
        return os.open(os.devnull, os.O_RDWR)


def _is_tty(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
