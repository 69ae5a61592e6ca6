"""Waiting for somebody to keep an apply: a word that is typed, a command elsewhere, or a probe of the connection."""

import os
import select
import termios
import time
from collections.abc import Callable, Sequence

from apiwatch.blocklist.applying.records import KEPT, Record, Records
from apiwatch.blocklist.applying.who import Connection, is_stuck
from apiwatch.errors import UsageError
from apiwatch.text import plain

__all__ = ["check_url", "forget_typed", "probed", "typed_keep"]

_WORD = b"keep"
_POLL_S = 0.2
_LINE = 4096
_HEALTH_S = 5.0


def forget_typed(stream: int) -> None:
    """What was typed before the question is no answer to it."""
    if os.isatty(stream):
        termios.tcflush(stream, termios.TCIFLUSH)


def typed_keep(records: Records, record: Record, stream: int | None, clock: Callable[[], float]) -> str | None:
    """Wait until the deadline for a line `keep` on a stream; how it was confirmed, or None.

    None at once when the apply is decided elsewhere, or when another word is typed. A stream that ends says nothing:
    the confirmation can still come from elsewhere.
    """
    begun = b""
    deadline = records.deadline(record)
    while clock() < deadline and records.outcome(record.id) is None:
        if stream is None:
            time.sleep(_POLL_S)
            continue
        ready, _, _ = select.select([stream], [], [], _POLL_S)
        if not ready:
            continue
        piece = os.read(stream, _LINE)
        if not piece:
            stream = None
        begun = (begun + piece)[-_LINE:]
        *lines, begun = begun.split(b"\n")
        words = [line.strip().lower() for line in lines if line.strip()]
        if words:
            return "typed" if words[0] == _WORD else None
    return "elsewhere" if records.outcome(record.id) == KEPT else None


def check_url(url: str) -> str:
    """The address of a health check; UsageError when it is none."""
    import httpx

    try:
        parsed = httpx.URL(url)
        known = parsed.scheme in ("http", "https") and bool(parsed.host) and parsed.port != 0
    except (httpx.InvalidURL, ValueError):
        known = False
    if not known or not url.isprintable():
        raise UsageError(f"--health-url: `{plain(url, 100)}` is no address; write for example http://127.0.0.1/health")
    return url


def probed(
    connections: Sequence[Connection], url: str | None, speak: Callable[[], None], *, seconds: float, pause: float = 0.5
) -> str:
    """Watch the SSH connections for some seconds, then ask the health check; half a sentence why not, or ''.

    `speak` writes to the terminal: whether the other end confirms that is what tells a connection from a dead one. The
    health check has to answer 2xx: a redirection is what a site also answers that sends everybody to its log-in.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        speak()
        time.sleep(pause)
    if stuck := [connection.peer for connection in connections if is_stuck(connection)]:
        return f"the SSH connection from {stuck[0]} no longer gets through"
    if url is None:
        return ""
    import httpx

    try:
        with httpx.stream("GET", url, timeout=_HEALTH_S, follow_redirects=False) as answer:
            status = answer.status_code
    except httpx.HTTPError as error:
        return f"the health check does not answer ({type(error).__name__})"
    return "" if 200 <= status < 300 else f"the health check answers {status}"
