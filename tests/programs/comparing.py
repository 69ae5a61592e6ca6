"""Records of real log lines against what was sent and answered."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from apiwatch.formats import LineParser
from apiwatch.formats.build import clean_host
from apiwatch.formats.credentials import redact
from apiwatch.model import Request
from apiwatch.text import plain
from tests.programs.asking import SECRET, Answered

__all__ = ["Writer", "differences", "records"]

_SLACK_S = 1.0
"""Servers may write a line after the client has its answer, and read coarse clocks."""


def _asked(answered: Answered) -> tuple[bytes | None, bytes | None]:
    return answered.ask.method, answered.ask.target


@dataclass(frozen=True)
class Writer:
    """How a server writes its lines in one format (reference: formats, sections 2, 3, 4, 7)."""

    escape: Callable[[bytes], str]
    """Bytes of a request as they stand in the line."""
    wanted: Callable[[Answered], tuple[bytes | None, bytes | None]] = _asked
    """Method and target that it logs for a request."""
    client: Callable[[Answered], str] = lambda answered: answered.peer
    lacks: frozenset[str] = frozenset()
    """Fields that the format does not hold."""
    perhaps: frozenset[str] = frozenset()
    """Fields that may be missing from a record, because a line does not say which of its texts they are."""
    size: Callable[[Answered], int | None] | None = lambda answered: answered.size
    """None: not compared."""
    host: Callable[[Answered], str | None] = lambda answered: None
    user: Callable[[Answered], bytes] = lambda answered: answered.ask.user
    header: Callable[[Answered, bytes], str] | None = None
    """The text of a header, where it is not simply escaped."""
    status: Callable[[Answered], int | None] = lambda answered: answered.status
    """None when it is not compared."""
    headers: bool = False
    """Whether it logs Authorization and Cookie."""
    resolution: float = 1.0
    """Seconds from one possible time to the next."""
    cut: frozenset[str] = field(default_factory=frozenset)
    """Names of requests whose target it logs in part."""


def records(lines: Sequence[bytes], parser: LineParser) -> list[Request]:
    """The records of lines that all are requests, received now."""
    found = parser.parse(lines, 1, time.time())
    wrong = [(entry, line) for entry, line in zip(found, lines, strict=True) if not isinstance(entry, Request)]
    assert not wrong, wrong
    return [entry for entry in found if isinstance(entry, Request)]


def differences(found: Iterable[Request], answered: Iterable[Answered], writer: Writer) -> list[str]:
    """What is otherwise than it was sent, one text for each field."""
    wrong: list[str] = []
    for record, one in zip(found, answered, strict=True):
        expected = _expected(one, writer)
        for name, value in expected.items():
            has = getattr(record, name)
            if name == "target" and one.ask.name in writer.cut:
                assert isinstance(value, str)
                if not isinstance(has, str) or len(has) < 100 or not value.startswith(has.rstrip("~")):
                    wrong.append(f"{one.ask.name}: target {has!r} is no beginning of {value!r}")
            elif has != value and not (has is None and name in writer.perhaps):
                wrong.append(f"{one.ask.name}: {name} {has!r}, not {value!r}")
        earliest = math.floor((one.start - _SLACK_S) / writer.resolution) * writer.resolution
        if "time" not in writer.lacks and not earliest <= record.time <= one.end + _SLACK_S:
            wrong.append(f"{one.ask.name}: time {record.time}, not from {one.start} to {one.end}")
        if "duration_s" not in writer.lacks and not (
            record.duration_s is not None and 0 <= record.duration_s <= one.end - one.start + _SLACK_S
        ):
            wrong.append(f"{one.ask.name}: duration {record.duration_s}, not up to {one.end - one.start}")
        in_target = one.ask.names == "target" and SECRET.encode() in (writer.wanted(one)[1] or b"")
        with_token = in_target or (one.ask.names == "header" and writer.headers)
        if (record.token is not None) != with_token:
            wrong.append(f"{one.ask.name}: token {record.token}")
        if SECRET in repr(record):
            wrong.append(f"{one.ask.name}: a credential in clear: {record!r}")
    return wrong


def _expected(one: Answered, writer: Writer) -> dict[str, object]:
    ask = one.ask
    method, target = writer.wanted(one)

    def header(value: bytes) -> str:
        return writer.header(one, value) if writer.header is not None else writer.escape(value)

    values: dict[str, object] = {
        "client": writer.client(one),
        "peer": writer.client(one),
        "method": _shown(writer.escape(method)) if method is not None else None,
        "target": _shown(writer.escape(target), 8_192) if target is not None else None,
        "status": writer.status(one),
        "bytes": writer.size(one) if writer.size is not None else None,
        "referer": _shown(header(ask.referer)),
        "user_agent": _shown(header(ask.agent)),
        "user": _shown(writer.escape(writer.user(one))),
        "host": writer.host(one) or _authority(target),
    }
    if values["status"] is None:
        del values["status"]
    if writer.size is None:
        del values["bytes"]
    return {name: (None if name in writer.lacks else value) for name, value in values.items()}


def _shown(text: str, limit: int = 2_048) -> str | None:
    return None if text in {"", "-"} else plain(redact(text), limit)


def _authority(target: bytes | None) -> str | None:
    """The host of an absolute target."""
    if target is None or not target.startswith(b"http://"):
        return None
    return clean_host(target[7:].partition(b"/")[0].rpartition(b"@")[2].decode("latin-1"))
