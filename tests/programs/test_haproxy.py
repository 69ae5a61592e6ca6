"""HAProxy: `option httplog` from a file, and sent by syslog to apiwatch's own sources."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from socket import SOCK_DGRAM

import pytest

from apiwatch.formats import LineParser, time_of
from apiwatch.sources import Feed, FeedOptions
from tests.programs.asking import Answered, asked
from tests.programs.catalogue import KEPT_ALIVE, ODD
from tests.programs.comparing import Writer, differences, records
from tests.programs.running import free_port, grown, log_lines, program, running, workspace

SETTINGS = """
global
    log stdout len 16384 format raw local0
    log 127.0.0.1:{syslog} len 16384 format rfc3164 local0
    log 127.0.0.1:{syslog} len 16384 format rfc5424 local0
    nbthread 1
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
    log global
    option httplog
userlist users
    user alice insecure-password right
frontend public
    bind 127.0.0.1:{port}
    bind ::1:{port}
    capture request header Host len 64
    capture request header User-Agent len 128
    capture request header X-Forwarded-For len 64
    http-request auth realm x if {{ path_beg /basic/ }} !{{ http_auth(users) }}
    http-request return status 404 content-type text/plain string missing if {{ path_beg /missing }}
    http-request return status 200 content-type text/plain string fine
"""
_CAPTURED = 128
_LONGEST_URI = 1024


def escaped(text: bytes) -> str:
    """As in %r and in captures; a backslash stays."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"#{|}' else f"#{byte:02X}" for byte in text)


def is_bad(one: Answered) -> bool:
    """Whether HAProxy logs <BADREQ>, and nothing of the request."""
    return one.status == 400


def wanted(one: Answered) -> tuple[bytes | None, bytes | None]:
    if is_bad(one) or one.ask.target is None:
        return None, None
    return one.ask.method, one.ask.target.rstrip(b" ")


def header(one: Answered, value: bytes) -> str:
    return "" if is_bad(one) else escaped(value[:_CAPTURED])


def host(one: Answered) -> str | None:
    return None if is_bad(one) else one.ask.host.decode().partition(":")[0].lower() or None


WRITER = Writer(
    escaped,
    wanted=wanted,
    header=header,
    host=host,
    size=None,
    lacks=frozenset({"referer", "user"}),
    perhaps=frozenset({"user_agent"}),
    resolution=0.001,
    cut=frozenset({"long"}),
)


@pytest.fixture(scope="module")
def run() -> Iterator[tuple[list[bytes], list[bytes], list[Answered]]]:
    """Lines of the file, lines that the feed delivered, and what was answered."""
    haproxy = program("haproxy")
    with workspace() as directory:
        port, syslog = free_port(), free_port(SOCK_DGRAM)
        settings = directory / "haproxy.cfg"
        settings.write_text(SETTINGS.format(port=port, syslog=syslog))
        with running(haproxy, "-db", "-f", str(settings), ports=(port,), directory=directory) as log:
            sent, answered = asyncio.run(_received(port, syslog, log))
        yield log_lines(log), sent, answered


async def _received(port: int, syslog: int, log: Path) -> tuple[list[bytes], list[Answered]]:
    """Ask while a feed listens; what it delivered, and what was answered."""
    answered: list[Answered] = []

    def ask_all() -> None:
        for ask in ODD:
            answered.extend(asked(("127.0.0.1", port), [ask]))
            grown(log, len(answered))
        for address in ("127.0.0.1", "::1"):
            answered.extend(asked((address, port), KEPT_ALIVE))
            grown(log, len(answered))

    feed = Feed(FeedOptions(paths=(), syslog=(f"udp://127.0.0.1:{syslog}",)), offsets={}, time_of=time_of)
    await feed.open()
    try:
        asking = asyncio.create_task(asyncio.to_thread(ask_all))
        lines: list[bytes] = []
        async with asyncio.timeout(30):
            while not asking.done() or len(lines) < 2 * len(answered):
                try:
                    lines += (await asyncio.wait_for(anext(feed), 0.1)).lines
                except TimeoutError:
                    continue
        await asking
        assert feed.statuses()[0].dropped == 0
    finally:
        await feed.aclose()
    return lines, answered


@pytest.mark.parametrize("name", ["auto", "haproxy"])
def test_every_field_of_a_file(run: tuple[list[bytes], list[bytes], list[Answered]], name: str) -> None:
    lines, _, answered = run
    parser = LineParser(format=name, time_zone="UTC")
    found = records(lines, parser)
    assert parser.format == "haproxy"
    assert differences(found, answered, WRITER) == []
    for record, one in zip(found, answered, strict=True):
        # It counts headers in its own spelling, and nothing of an answer that it gives itself to a bad request.
        assert record.bytes is not None
        assert record.bytes == 0 if is_bad(one) else abs(record.bytes - one.wire) < 32


def test_every_field_of_what_came_by_syslog(run: tuple[list[bytes], list[bytes], list[Answered]]) -> None:
    _, lines, answered = run
    for sent in (lines[::2], lines[1::2]):
        parser = LineParser(time_zone="UTC")
        assert differences(records(sent, parser), answered, WRITER) == []
        assert parser.format == "haproxy"


def test_no_captured_header_names_the_client(run: tuple[list[bytes], list[bytes], list[Answered]]) -> None:
    """Captures have no names: what looks like the list of a proxy may be a user agent."""
    lines, _, answered = run
    at = next(index for index, one in enumerate(answered) if one.ask.name == "spoofed")
    for trusted in ([], ["127.0.0.0/8"]):
        (record,) = records([lines[at]], LineParser(trusted_proxy=trusted, time_zone="UTC"))
        assert record.client == record.peer == "127.0.0.1"
