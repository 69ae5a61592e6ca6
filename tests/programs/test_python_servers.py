"""gunicorn and uvicorn in front of a Python application."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pytest

from apiwatch.formats import LineParser
from tests.programs.asking import Answered, Ask, asked
from tests.programs.catalogue import ODD
from tests.programs.comparing import Writer, differences, records
from tests.programs.running import free_port, grown, log_lines, program, running, workspace

WSGI = """
def app(environ, start_response):
    missing = environ["PATH_INFO"].startswith("/missing")
    start_response("404 Not Found" if missing else "200 OK", [("Content-Length", "4")])
    return [b"none" if missing else b"fine"]
"""
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        status = 404 if scope["path"].startswith("/missing") else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"fine"})
"""
_REFUSED = frozenset(
    {
        "blanks", "blank at the end", "forged target", "no version", "tls", "tls with a line end", "word", "line end",
        "nothing",
    }
)  # fmt: skip
"""What both answer, if at all, without a line in the access log."""


def sent_to(port: int, log: Path, asks: list[Ask]) -> list[Answered]:
    """Ask one after another, each when the line of the one before is written."""
    answered: list[Answered] = []
    for ask in asks:
        answered += asked(("127.0.0.1", port), [ask])
        grown(log, len(answered))
    return answered


@pytest.fixture
def directory() -> Iterator[Path]:
    with workspace() as path:
        yield path


def latin(raw: bytes) -> str:
    """gunicorn escapes quotes and nothing else, and takes bytes for Latin-1."""
    return raw.decode("latin-1").replace('"', '\\"')


def readable(text: str) -> str:
    """What can be had back: a backslash before a quote looks like an escaped backslash, and the quote like the end."""
    found = re.match(r'[^"\\]*(?:\\.[^"\\]*)*', text)
    return found[0] if found is not None else ""


def test_gunicorn(directory: Path) -> None:
    gunicorn, port, log = program("gunicorn"), free_port(), directory / "access.log"
    (directory / "served.py").write_text(WSGI)
    command = (gunicorn, "--bind", f"127.0.0.1:{port}", "--access-logfile", str(log), "--chdir", str(directory))
    asks = [ask for ask in ODD if ask.name not in {*_REFUSED, "long", "too long"}]
    with running(*command, "served:app", ports=(port,), directory=directory):
        answered = sent_to(port, log, asks)
    writer = Writer(
        latin,
        wanted=lambda one: ((one.ask.method or b"").upper(), one.ask.target),
        lacks=frozenset({"duration_s"}),
        header=lambda one, value: readable(latin(value)),
    )
    for parser in (LineParser(), LineParser(format="combined")):
        assert differences(records(log_lines(log), parser), answered, writer) == []


def requoted(one: Answered) -> tuple[bytes | None, bytes | None]:
    """uvicorn decodes the path and escapes it anew; it takes an absolute URL for a path."""
    path, _, query = (one.ask.target or b"").partition(b"?")
    return one.ask.method, quote(unquote_to_bytes(path)).encode() + (b"?" + query if query else b"")


def test_uvicorn(directory: Path) -> None:
    uvicorn, port = program("uvicorn"), free_port()
    (directory / "served.py").write_text(ASGI)
    command = (uvicorn, "--port", str(port), "--app-dir", str(directory), "--no-use-colors", "served:app")
    asks = [
        ask for ask in ODD if ask.name not in {*_REFUSED, "umlauts", "not utf-8", "controls", "tab", "small letters"}
    ]
    with running(*command, ports=(port,), directory=directory) as log:
        answered = sent_to(port, log, asks)
    writer = Writer(
        lambda raw: raw.decode("latin-1"),
        wanted=requoted,
        # It believes the right-most hop that a peer on this machine names.
        client=lambda one: "203.0.113.7" if one.ask.forwarded else one.peer,
        lacks=frozenset({"time", "bytes", "user", "user_agent", "referer", "duration_s"}),
        cut=frozenset({"too long"}),
    )
    for name in ("auto", "uvicorn"):
        parser = LineParser(format=name)
        assert differences(records(log_lines(log), parser), answered, writer) == []
        assert parser.format == "uvicorn"
