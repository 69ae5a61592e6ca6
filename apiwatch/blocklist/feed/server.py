"""A small HTTP/1.1 server (RFC 9110, 9112): GET and HEAD, a request per connection, bounded in number and patience."""

import asyncio
import hashlib
import hmac
import re
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

from apiwatch.blocklist.feed.contents import PATHS, Contents, Served

__all__ = ["Listening", "serve"]

_MOST = 64
"""Connections at a time."""
_MOST_EACH = 16
"""Of one address."""
_HEAD_BYTES = 8192
_HEAD_S = 5.0
_BODY_S = 30.0
_REQUEST = re.compile(r"([A-Z]{1,16}) (\S{1,4096}) HTTP/1\.[01]", re.ASCII)
_PHRASES = {
    200: "OK", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and for whom to listen."""

    host: str
    """An IP address."""
    port: int
    """0: any free one."""
    token: str | None = None
    """Asked of everybody; None: everybody may fetch."""
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class _Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def serve(contents: Contents, listening: Listening, ready: Callable[[int], object]) -> None:
    """Serve until cancelled; `ready` gets the port. OSError when the address cannot be listened on."""
    feed = _Server(contents, listening.token)
    server = await asyncio.start_server(
        feed.meet,
        listening.host,
        listening.port,
        limit=_HEAD_BYTES,
        ssl=listening.tls,
        ssl_handshake_timeout=_HEAD_S if listening.tls is not None else None,
        backlog=_MOST,
    )
    async with server:
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()


class _Server:
    """Answers connections."""

    def __init__(self, contents: Contents, token: str | None) -> None:
        self._contents = contents
        self._token = _digest(token) if token is not None else None
        self._open: Counter[str] = Counter()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its end."""
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        self._open[peer] += 1
        try:
            is_crowded = self._open.total() > _MOST or self._open[peer] > _MOST_EACH
            method, answer = ("GET", _refusal(503, "too many connections")) if is_crowded else await self._hear(reader)
            if answer is not None:
                writer.write(_encoded(answer, with_body=method != "HEAD"))
                await asyncio.wait_for(writer.drain(), _BODY_S)
            writer.close()
            await asyncio.wait_for(writer.wait_closed(), _BODY_S)
        except (OSError, TimeoutError):
            writer.transport.abort()
        finally:
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]

    async def _hear(self, reader: asyncio.StreamReader) -> tuple[str, _Answer | None]:
        """The method and the answer to a request; no answer for somebody who left."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_S)
        except asyncio.IncompleteReadError:
            return "", None
        except asyncio.LimitOverrunError:
            return "GET", _refusal(431, f"a request has at most {_HEAD_BYTES} bytes")
        except TimeoutError:
            return "GET", _refusal(408, f"a request takes at most {_HEAD_S:.0f} seconds")
        first, *rest = head.decode("latin-1").split("\r\n")
        asked = _REQUEST.fullmatch(first)
        if asked is None:
            return "GET", _refusal(400, "this is no HTTP/1.1 request")
        headers: dict[str, str] = {}
        for line in rest:
            name, colon, value = line.partition(":")
            if colon:
                headers.setdefault(name.lower(), value.strip())
        return asked[1], await self._answer(asked[1], asked[2], headers)

    async def _answer(self, method: str, target: str, headers: Mapping[str, str]) -> _Answer:
        try:
            parts = urlsplit(target)
            query = dict(parse_qsl(parts.query, max_num_fields=20))
        except ValueError:
            return _refusal(400, "the address is not right")
        if not self._admits(headers.get("authorization", ""), query.get("token")):
            answer = _refusal(401, "the token is missing or wrong")
            answer.headers["WWW-Authenticate"] = 'Bearer realm="apiwatch"'
            return answer
        if parts.path not in PATHS:
            return _refusal(404, f"there are {', '.join(PATHS)}")
        if method not in ("GET", "HEAD"):
            answer = _refusal(405, "lists can be fetched, nothing else")
            answer.headers["Allow"] = "GET, HEAD"
            return answer
        served = await self._contents.current()
        if served is None:
            answer = _refusal(503, f"there is no list that can be vouched for: {self._contents.problem}")
            answer.headers["Retry-After"] = "30"
            return answer
        return _list(served, parts.path, headers)

    def _admits(self, authorization: str, asked: str | None) -> bool:
        """Whether the token is there, in constant time."""
        if self._token is None:
            return True
        scheme, _, credentials = authorization.partition(" ")
        shown = credentials.strip() if scheme.lower() == "bearer" else asked
        return shown is not None and hmac.compare_digest(_digest(shown), self._token)


def _list(served: Served, path: str, headers: Mapping[str, str]) -> _Answer:
    etag = served.etag(path)
    answer = _Answer(
        200,
        {
            "ETag": etag,
            "Last-Modified": formatdate(served.modified, usegmt=True),
            "Cache-Control": "no-cache",
            "X-Apiwatch-State": "stale" if served.problem else "current",
            "X-Apiwatch-Entries": str(served.entries),
        },
    )
    if served.problem:
        answer.headers["X-Apiwatch-Problem"] = _ascii(served.problem)
    if _is_known(headers, etag, served.modified):
        answer.status = 304
        return answer
    kind = "application/x-ndjson" if path == "/json" else "text/plain; charset=utf-8"
    answer.headers |= {"Content-Type": kind, "X-Content-Type-Options": "nosniff"}
    answer.body = served.bodies[path]
    return answer


def _is_known(headers: Mapping[str, str], etag: str, modified: float) -> bool:
    """RFC 9110, 13.2.2: If-None-Match decides where it is given, else If-Modified-Since."""
    tags = headers.get("if-none-match")
    if tags is not None:
        return "*" in tags or etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    try:
        return parsedate_to_datetime(headers.get("if-modified-since", "")).timestamp() >= int(modified)
    except (ValueError, OverflowError):
        return False


def _refusal(status: int, text: str) -> _Answer:
    return _Answer(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{_ascii(text)}\n".encode())


def _encoded(answer: _Answer, *, with_body: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_PHRASES[answer.status]}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status != 304:
        lines.append(f"Content-Length: {len(answer.body)}")
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("ascii")
    return head + (answer.body if with_body and answer.status != 304 else b"")


def _ascii(text: str) -> str:
    """One line of a header: what is not printable ASCII becomes a question mark."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
