"""The console script: runs a command and turns every way to end into one line and an exit code."""

import contextlib
import errno
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

import click

from apiwatch.cli.root import root
from apiwatch.errors import ApiwatchError
from apiwatch.text import plain

__all__ = ["main"]

_INTERRUPTED = 130
_CRASH_LOG_BYTES = 1 << 20
_OUTPUT_ERRORS = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit.

    Exit codes: 0 done, 1 a check found what it looks for (or an internal error), 2 usage, 3 no usable input,
    4 refused by a guard rail, 130 interrupted. A reader that closes our standard output ends us by SIGPIPE, quietly.
    """
    _tolerant_streams()
    if (instruction := os.environ.get("_APIWATCH_COMPLETE")) is not None:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(root, {}, "apiwatch", "_APIWATCH_COMPLETE", instruction))
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        _die_of_sigpipe()
    except OSError as error:
        _mute(sys.stdout)
        code = _fail(f"the output cannot be written: {error.strerror}", 1)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        with root.make_context("apiwatch", arguments) as context:
            result = root.invoke(context)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "apiwatch"
        return _fail(f"{error.format_message().rstrip('.')} (see `{command} --help`)", 2)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except ApiwatchError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except OSError as error:
        if error.filename is None and error.errno in _OUTPUT_ERRORS:
            raise
        return _crashed(error)
    except Exception as error:
        return _crashed(error)


def _fail(message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        print(f"apiwatch: {plain(' '.join(message.split()))}", file=sys.stderr, flush=True)
    return code


def _crashed(error: Exception) -> int:
    """One line on the terminal, the traceback in a file of the state directory."""
    text = "".join(traceback.format_exception(error))
    summary = f"internal error: {type(error).__name__}: {error}"
    try:
        path = _crash_log()
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"--- {time.strftime('%Y-%m-%dT%H:%M:%S%z')} pid {os.getpid()} {sys.argv!r}\n{text}")
    except (OSError, ApiwatchError):
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return _fail(summary, 1)
    return _fail(f"{summary}; the details are in {path}", 1)


def _crash_log() -> Path:
    from apiwatch.cli.places import state_directory

    directory = state_directory()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "crash.log"
    if path.exists() and path.stat().st_size > _CRASH_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def _tolerant_streams() -> None:
    """Text that the terminal's encoding lacks is spelled; a closed stream is as good as /dev/null."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  lives as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _die_of_sigpipe() -> NoReturn:
    """End as a program without a handler would: `apiwatch ... | head` is not an error."""
    _mute(sys.stdout)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    sys.exit(141)


def _mute(stream: TextIO) -> None:
    """Let the interpreter's last flush of a stream that cannot be written go to /dev/null."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
