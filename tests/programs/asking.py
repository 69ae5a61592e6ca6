"""Requests as the bytes that go over the wire, and the answers as they came."""

import base64
import contextlib
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["SECRET", "Answered", "Ask", "asked", "basic", "request"]

SECRET = "s3cret-Value-0123456789"  # noqa: S105  test data
"""Stands in every credential of a request; must stand in no record."""

_WAIT_S = 5.0


@dataclass(frozen=True)
class Ask:
    """One request, and what it says."""

    name: str
    raw: bytes
    method: bytes | None
    """None when the bytes are no request line."""
    target: bytes | None
    agent: bytes = b""
    referer: bytes = b""
    user: bytes = b""
    forwarded: bytes = b""
    host: bytes = b""
    names: str = ""
    """Where a credential stands that names who asks: 'target', 'header', or '' for nowhere."""


@dataclass(frozen=True)
class Answered:
    """What came back."""

    ask: Ask
    status: int | None
    """None when the answer has no status line (HTTP/0.9, or nothing)."""
    size: int
    """Bytes of the body."""
    wire: int
    """Bytes of the whole answer."""
    start: float
    end: float
    peer: str


def request(
    name: str,
    target: bytes,
    *,
    method: bytes = b"GET",
    version: bytes = b" HTTP/1.1",
    body: bytes = b"",
    names: str = "",
    user: bytes = b"",
    **headers: bytes,
) -> Ask:
    """A request; headers by name with `_` for `-`, in the order given. Host and Content-Length come by themselves."""
    fields = {"Host": b"api.example.com:8080", **{key.replace("_", "-"): value for key, value in headers.items()}}
    if body:
        fields["Content-Length"] = b"%d" % len(body)
    lines = [b"%s: %s" % (key.encode(), value) for key, value in fields.items() if value or key != "Host"]
    raw = b"\r\n".join([method + b" " + target + version, *lines, b"", b""]) + body
    return Ask(
        name, raw, method, target, fields.get("User-Agent", b""), fields.get("Referer", b""), user,
        fields.get("X-Forwarded-For", b""), fields["Host"], names or ("header" if "Authorization" in fields else ""),
    )  # fmt: skip


def basic(user: bytes, password: bytes) -> bytes:
    """The value of an Authorization header."""
    return b"Basic " + base64.b64encode(user + b":" + password)


def asked(
    address: tuple[str, int], asks: Sequence[Ask], *, before: bytes = b"", source: str = ""
) -> Iterator[Answered]:
    """Send requests one after another on one connection; each waits for the answer to the one before.

    `before` is sent ahead of the first (a PROXY header). The connection is closed at the end.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as wire:
        wire.settimeout(_WAIT_S)
        if source:
            wire.bind((source, 0))
        wire.connect(address)
        peer = wire.getsockname()[0]
        for ask in asks:
            start = time.time()
            wire.sendall(before + ask.raw)
            before = b""
            if ask.method is None:
                with contextlib.suppress(OSError):
                    wire.shutdown(socket.SHUT_WR)
            status, size, whole = _answer(wire, ask)
            yield Answered(ask, status, size, whole, start, time.time(), peer)


def _answer(wire: socket.socket, ask: Ask) -> tuple[int | None, int, int]:
    """(status, bytes of the body, of the whole answer); the status is None when there is no status line."""
    data = _until(wire, lambda data: len(data) >= 5)
    if not data.startswith(b"HTTP/"):
        size = len(data + _until(wire, lambda _: False))
        return None, size, size
    data += _until(wire, lambda more: b"\r\n\r\n" in data + more)
    head, _, body = data.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    bodyless = ask.method == b"HEAD" or status in {204, 304}
    wanted = 0 if bodyless else int(length[1]) if length is not None else 1 << 62
    body += _until(wire, lambda more: len(body) + len(more) >= wanted)
    return status, len(body), len(head) + 4 + len(body)


def _until(wire: socket.socket, enough: Callable[[bytes], bool]) -> bytes:
    """What comes until it is enough, or to the end of the connection."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while not enough(data) and (more := wire.recv(65_536)):
            data += more
    return data
