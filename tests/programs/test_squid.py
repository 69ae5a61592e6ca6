"""Squid in front of an API: its native log of real requests."""

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from apiwatch.formats import LineParser
from tests.programs.asking import Answered, Ask, asked
from tests.programs.catalogue import FORGED, KEPT_ALIVE, ODD
from tests.programs.comparing import Writer, differences, records
from tests.programs.running import free_port, grown, log_lines, program, running, workspace

SETTINGS = """
http_port 127.0.0.1:{port} accel defaultsite=api.example.com
http_port [::1]:{port} accel defaultsite=api.example.com
cache_peer 127.0.0.1 parent {origin} 0 no-query originserver
pid_filename {directory}/squid.pid
cache_log {directory}/cache.log
access_log stdio:{directory}/native.log squid
access_log stdio:{directory}/combined.log combined
coredump_dir {directory}
visible_hostname api.example.com
strip_query_terms off
buffered_logs off
pinger_enable off
cache deny all
acl missing urlpath_regex ^/missing
deny_info 404:ERR_INVALID_REQ missing
http_access deny missing
http_access allow all
never_direct allow all
shutdown_lifetime 0 seconds
"""


class Origin(http.server.BaseHTTPRequestHandler):
    """The API behind it."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"fine")

    do_HEAD = do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silence."""


def text(raw: bytes) -> str:
    """Bytes that are not ASCII are percent-escaped."""
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def wanted(one: Answered) -> tuple[bytes | None, bytes | None]:
    """The absolute URL without blanks and password; nothing where Squid says `error:invalid-request`."""
    ask: Ask = one.ask
    if ask.name in {"controls", "word"} or ask.target is None:
        return None, None
    method = b"GET" if ask.method == b"get" else ask.method
    target = ask.target.translate(None, b" \t")
    if target.startswith(b"http://"):
        scheme, _, rest = target.partition(b"://")
        return method, scheme + b"://" + rest.rpartition(b"@")[2]
    return method, b"http://" + (ask.host.lower() or b"api.example.com") + target


WRITER = Writer(
    text,
    wanted=wanted,
    size=lambda one: one.wire,
    status=lambda one: one.status or 0,
    lacks=frozenset({"referer", "user_agent", "user"}),
    resolution=0.001,
)


class Run(NamedTuple):
    """What became of a server."""

    directory: Path
    answered: list[Answered]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    squid = program("squid")
    with workspace() as directory, http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin) as origin:
        threading.Thread(target=origin.serve_forever, daemon=True).start()
        port = free_port()
        settings = SETTINGS.format(directory=directory, port=port, origin=origin.server_address[1])
        if os.geteuid() == 0:
            directory.chmod(0o777)
            settings += "cache_effective_user proxy\n"
        (directory / "squid.conf").write_text(settings)
        # A service name of its own, so that two of them do not share what they keep in memory.
        command = (squid, "-N", "-n", f"apiwatch{port}", "-f", str(directory / "squid.conf"))
        with running(*command, ports=(port,), directory=directory):
            answered: list[Answered] = []
            # What is too long is logged at some later time, out of order; of `*` an URL is made that is none.
            for ask in (ask for ask in ODD if ask.name not in {"too long", "asterisk"}):
                answered += asked(("127.0.0.1", port), [ask])
                grown(directory / "native.log", len(answered))
            for address in ("127.0.0.1", "::1"):
                answered += asked((address, port), KEPT_ALIVE)
                grown(directory / "native.log", len(answered))
        origin.shutdown()
        yield Run(directory, answered)


@pytest.mark.parametrize("name", ["auto", "squid"])
def test_every_field(run: Run, name: str) -> None:
    lines = log_lines(run.directory / "native.log")
    parser = LineParser(format=name)
    found = records(lines, parser)
    assert parser.format == "squid"
    assert differences(found, run.answered, WRITER) == []


def test_no_client_can_write_a_record_of_another_into_the_combined_log(run: Run) -> None:
    """It escapes no quotes there, so that fields may be lost, but never the client."""
    lines = log_lines(run.directory / "combined.log")
    for record, one in zip(records(lines, LineParser()), run.answered, strict=True):
        assert record.client == one.peer != FORGED
