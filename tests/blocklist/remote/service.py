"""A service on a real socket that a test scripts: it keeps what it was asked, and fails when it is told to."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from apiwatch.blocklist import TARGETS
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import run
from tests.blocklist.kit import NOW, plan_of

__all__ = ["Asked", "Reply", "Service", "applier_of", "put", "serving"]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Service:
    """`handle` answers; before it, `troubles` are answered, one a request."""

    def __init__(self, handle: Callable[[Asked], Reply]) -> None:
        self.handle = handle
        self.asked: list[Asked] = []
        self.troubles: list[Reply | None] = []
        """None: the connection is cut without an answer."""
        self.url = ""

    def methods(self) -> list[str]:
        return [asked.method for asked in self.asked]


@contextmanager
def serving(handle: Callable[[Asked], Reply]) -> Iterator[Service]:
    service = Service(handle)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
            body = dict(parse_qsl(raw.decode())) if form else json.loads(raw) if raw else None
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body)
            service.asked.append(asked)
            reply = service.troubles.pop(0) if service.troubles else service.handle(asked)
            if reply is None:
                self.close_connection = True
                return
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def applier_of(name: str, **options: str) -> Applier:
    make = TARGETS[name].applier
    assert make is not None
    return make(options, run)


def put(applier: Applier, name: str, *nets: str) -> None:
    made = plan_of(*nets)
    applier.apply(TARGETS[name].render(made, ()), made, NOW)
