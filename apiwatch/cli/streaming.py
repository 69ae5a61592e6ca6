"""The dashboard without a screen: a line for each new alert, for screen readers and pipes."""

import asyncio
import errno
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from apiwatch.cli.options import Show
from apiwatch.errors import StoreError

if TYPE_CHECKING:
    from apiwatch.cli.child import Child
    from apiwatch.cli.telling import News
    from apiwatch.config import Settings
    from apiwatch.store import Overview, Reader

__all__ = ["stream"]

_EVERY_S = 1.0
_ALERTS = 2000
"""Open alerts that are looked at: as many as the engine keeps open."""


def stream(path: Path, settings: "Settings", how: Show, *, child: "Child | None") -> int:
    """Print the open alerts, and then what is new, until a signal, the end of our collector, or of our reader.

    The exit code is that of our collector when it ended by itself; SIGTERM and SIGHUP end it with 0. Raises
    KeyboardInterrupt, BrokenPipeError when nobody reads any more, StoreError, StoreVersionError.
    """
    return asyncio.run(_stream(path, settings, how, child))


class _Printer:
    """Lines on standard output, each flushed."""

    def __init__(self, json_lines: bool) -> None:
        from apiwatch.cli.terminal import draws_utf8

        self._json = json_lines
        self._encoding = "utf-8" if json_lines or draws_utf8(os.environ) else "ascii"
        self._poll = select.poll()
        self._poll.register(sys.stdout.fileno(), 0)

    def tell(self, news: "list[News]") -> None:
        """Print what is new."""
        import msgspec

        from apiwatch.cli.alertjson import alert_view_fields
        from apiwatch.cli.output import write_lines
        from apiwatch.cli.telling import alert_line

        if self._json:
            write_lines([msgspec.json.encode({**alert_view_fields(one.view), "why": one.why or None}) for one in news])
        else:
            write_lines([alert_line(one).encode(self._encoding, "backslashreplace") for one in news])

    def require_reader(self) -> None:
        """Raise BrokenPipeError when whoever read our lines has gone."""
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in self._poll.poll(0)):
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


async def _stream(path: Path, settings: "Settings", how: Show, child: "Child | None") -> int:
    from msgspec.structs import replace

    from apiwatch.cli.output import say
    from apiwatch.cli.reading import reading
    from apiwatch.cli.telling import States, Teller
    from apiwatch.store import read_only_control
    from apiwatch.tui.session import Session

    printer, teller, states = _Printer(how.json), Teller(), States()
    with _ending() as ended:
        async with reading(path, migrates=not how.read_only) as reader:
            session = Session(
                reader,
                read_only_control(),
                settings=replace(settings, db=str(path)),
                actor="",
                guard=_nothing_blocked,
                compare=_nothing_blocked,
                ended=child.ended if child is not None else lambda: None,
                owns_collector=child is not None,
                read_only=True,
            )
            read: object = None
            while True:
                over = ended.is_set() or (child is not None and child.ended() is not None)
                try:
                    if await reader.changed() or over:
                        overview = await _overview(reader)
                        session.took(overview)
                        # Alerts come from lines: a heartbeat alone brings none.
                        if over or _progress(overview) != read:
                            printer.tell(teller.news(await reader.alerts(limit=_ALERTS)))
                            read = _progress(overview)
                    session.read_done()
                except StoreError as error:
                    session.read_failed(str(error))
                for said in states.changes(session.link(), at_once=over):
                    say(said)
                if over:
                    code = child.code() if child is not None and not ended.is_set() else None
                    return 1 if code is not None and code < 0 else code or 0
                printer.require_reader()
                try:
                    await asyncio.wait_for(ended.wait(), _EVERY_S)
                except TimeoutError:
                    continue


async def _overview(reader: "Reader") -> "Overview":
    """What tells the state of the picture; nobody looks at the totals."""
    from apiwatch.store import Mix, Overview

    return Overview(
        health=await reader.health(),
        sources=tuple(await reader.sources()),
        total=Mix(),
        window=Mix(),
        window_minutes=5,
        clients_total=0,
        clients_window=0,
        open_alerts={},
        queued_blocks=0,
        timeline=(),
    )


def _progress(overview: "Overview") -> object:
    health = overview.health
    return health and (health.pid, health.lines, health.watermark)


def _nothing_blocked(*_: object) -> NoReturn:
    raise AssertionError("nothing is blocked here")


@contextmanager
def _ending() -> Iterator[asyncio.Event]:
    """An event that is set by SIGTERM and SIGHUP."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
