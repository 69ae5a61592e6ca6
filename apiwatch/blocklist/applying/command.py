"""Applying through another program, such as sudo: a dashboard needs no right to change the firewall itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from apiwatch.errors import ApplyError, UsageError
from apiwatch.text import plain

__all__ = ["apply_lines"]

_LONGEST_LINE = 1 << 16


async def apply_lines(command: Sequence[str], keep: asyncio.Event) -> AsyncIterator[str]:
    """Run `block.apply_command` and yield what it says, line by line, as plain text.

    When `keep` is set, it is told to keep the list; when the iteration is given up, it hears nothing, and its dead-man
    takes the list back. The command gets no terminal and nothing else: what it applies is fixed by whoever wrote it.
    Raises UsageError when none is set, ApplyError when it cannot be started or ends with another code than 0.
    """
    if not command:
        raise UsageError("`block.apply_command` is not set, so nothing is applied from here; write a file instead")
    name = plain(command[0], 100)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
    except OSError as error:
        raise ApplyError(f"{name} cannot be started ({error.strerror}); check `block.apply_command`") from None
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  both are pipes
    telling = asyncio.create_task(_tell(process.stdin, keep))
    last = ""
    try:
        async for line in process.stdout:
            last = plain(line.decode("utf-8", "replace").rstrip("\r\n"))
            yield last
        code = await process.wait()
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
        process.stdin.close()
    if code:
        raise ApplyError(f"{name} ended with code {code}{f': {last}' if last else ''}")


async def _tell(stream: asyncio.StreamWriter, keep: asyncio.Event) -> None:
    await keep.wait()
    with contextlib.suppress(OSError):
        stream.write(b"keep\n")
        await stream.drain()
