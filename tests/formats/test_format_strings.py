"""Format strings of nginx and Apache, put together at random: a line that is written with one is read back with it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from apiwatch.errors import UsageError
from apiwatch.formats import LineParser
from apiwatch.model import Request
from tests.formats.kit import RECEIVED
from tests.formats.writers import Sample, Writer, differences, samples
from tests.formats.writers.clf import clf_time
from tests.formats.writers.escapes import apache, nginx

calm = partial(settings, deadline=None)

Escape = Callable[[str], str]


class Piece(NamedTuple):
    """A directive, and what a server writes for it."""

    directive: str
    text: Callable[[Sample, Escape], str]
    carries: str = ""
    free: bool = False
    """Whether it may be any text, so that it has to stand in quotes."""
    tick: int | None = None
    offset: int | None = None
    duration_tick: int = 1_000


def _request_line(directive: str) -> Piece:
    return Piece(
        directive, lambda sample, escape: f"{sample.method} {escape(sample.target)} HTTP/1.1", "method target", True
    )


NGINX_TIMES = (
    Piece("[$time_local]", lambda sample, escape: f"[{clf_time(sample)}]", tick=1_000_000),
    Piece("$time_iso8601", lambda sample, escape: sample.clock.isoformat(timespec="seconds"), tick=1_000_000),
    Piece("$msec", lambda sample, escape: sample.epoch, tick=1_000, offset=0),
)
NGINX_REQUESTS = (
    (_request_line("$request"),),
    (
        Piece("$request_method", lambda sample, escape: sample.method, "method"),
        Piece("$request_uri", lambda sample, escape: escape(sample.target), "target", True),
    ),
)
NGINX = (
    Piece("$remote_addr", lambda sample, escape: str(sample.address), "client"),
    Piece("$status", lambda sample, escape: str(sample.status), "status"),
    Piece("$body_bytes_sent", lambda sample, escape: str(sample.size), "bytes"),
    Piece("$request_time", lambda sample, escape: sample.seconds, "duration"),
    Piece("$host", lambda sample, escape: sample.host, "host"),
    Piece("$remote_user", lambda sample, escape: escape(sample.user or "-"), "user", True),
    Piece("$http_referer", lambda sample, escape: escape(sample.referer or "-"), "referer", True),
    Piece("$http_user_agent", lambda sample, escape: escape(sample.agent or "-"), "agent", True),
    Piece("$request_length", lambda sample, escape: str(sample.port)),
    Piece("[$upstream_addr]", lambda sample, escape: "[192.0.2.1:80, 192.0.2.2:80 : unix:/run/x]"),
    Piece("$cookie_theme", lambda sample, escape: escape(sample.referer or "-"), free=True),
)
APACHE_TIMES = (
    Piece("%t", lambda sample, escape: f"[{clf_time(sample)}]", tick=1_000_000),
    Piece("%{%Y-%m-%dT%T}t.%{usec_frac}t%{%z}t", lambda sample, escape: f"{sample.clock:%FT%T.%f%z}", tick=1),
    Piece("%{msec}t", lambda sample, escape: str(sample.moment // 1_000), tick=1_000, offset=0),
)
APACHE_REQUESTS = ((_request_line("%r"),),)
APACHE = (
    Piece("%h", lambda sample, escape: str(sample.address), "client"),
    Piece("%>s", lambda sample, escape: str(sample.status), "status"),
    Piece("%O", lambda sample, escape: str(sample.size), "bytes"),
    Piece("%D", lambda sample, escape: str(sample.duration), "duration", duration_tick=1),
    Piece("%V", lambda sample, escape: sample.host, "host"),
    Piece("%u", lambda sample, escape: escape(sample.user or "-"), "user", True),
    Piece("%{Referer}i", lambda sample, escape: escape(sample.referer or "-"), "referer", True),
    Piece("%{User-agent}i", lambda sample, escape: escape(sample.agent or "-"), "agent", True),
    Piece("%k", lambda sample, escape: "3"),
    Piece("%{Vary}o", lambda sample, escape: "-", free=True),
)
JOINTS = (" ", " | ", " - ", ", ", "\t", "  ", " pid=7 ")


@st.composite
def formats(
    draw: st.DrawFn,
    times: Sequence[Piece],
    requests: Sequence[Sequence[Piece]],
    others: Sequence[Piece],
    escape: Escape,
) -> tuple[str, Writer]:
    """A format string, and the server that writes with it."""
    more = draw(st.lists(st.sampled_from(others), unique_by=lambda one: one.directive))
    chosen = [*draw(st.sampled_from(requests)), *more]
    clock = draw(st.one_of(st.none(), st.sampled_from(times)))
    chosen = draw(st.permutations([*chosen, *([clock] if clock is not None else [])]))
    joints = ["", *(draw(st.sampled_from(JOINTS)) for _ in chosen[1:])]
    bare_end = draw(st.booleans())
    quotes = ['"' if piece.free and not (bare_end and piece is chosen[-1]) else "" for piece in chosen]
    string = "".join(
        joint + quote + piece.directive + quote for joint, quote, piece in zip(joints, quotes, chosen, strict=True)
    )

    def line(sample: Sample) -> str:
        return "".join(
            joint + quote + piece.text(sample, escape) + quote
            for joint, quote, piece in zip(joints, quotes, chosen, strict=True)
        )

    return string, Writer(
        "custom",
        "server",
        line,
        " ".join(piece.carries for piece in chosen),
        escape,
        tick=clock.tick if clock is not None else None,
        offset=clock.offset if clock is not None else None,
        duration_tick=min(piece.duration_tick for piece in chosen),
    )


def comes_back(string: str, writer: Writer, sample: Sample) -> None:
    line = writer.line(sample)
    record = LineParser(log_format=string, salt=b"salt").parse([line.encode()], 1, RECEIVED)[0]
    assert isinstance(record, Request), (string, line, record)
    assert not differences(writer, sample, record, RECEIVED), (string, line)


@given(formats(NGINX_TIMES, NGINX_REQUESTS, NGINX, nginx), samples)
@calm(max_examples=40)
def test_a_line_of_an_nginx_format_comes_back(made: tuple[str, Writer], sample: Sample) -> None:
    comes_back(*made, sample)


@given(formats(APACHE_TIMES, APACHE_REQUESTS, APACHE, apache), samples)
@calm(max_examples=40)
def test_a_line_of_an_apache_format_comes_back(made: tuple[str, Writer], sample: Sample) -> None:
    comes_back(*made, sample)


_WORDS = (
    *(piece.directive for piece in (*NGINX_TIMES, *NGINX, *APACHE_TIMES, *APACHE)),
    *("$request", "%r", "${status}", "$", "%", "%%", "%{", "}t", "%{%Q}t", "%{sec}t", "%!200{X}i", "%400,501{X}i"),
    *("%<u", "%^FB", "$9", "${", '"', '\\"', "\\", "'", "[", "]", "(", ")", "*", "+", "?", " ", "\t", "\n", "x", "é"),
    *(";", "\0", "log_format x ", "LogFormat ", "escape=json ", "{", "|"),
)  # fmt: skip
anything = st.lists(st.sampled_from(_WORDS), max_size=14).map("".join)


@given(anything, st.lists(st.one_of(st.binary(max_size=120), st.text(max_size=80).map(str.encode)), max_size=4))
@example("$http_user_agent$http_referer $status", [])
@calm(max_examples=40)
def test_any_string_is_understood_or_refused_in_a_sentence(string: str, lines: list[bytes]) -> None:
    with suppress(UsageError):
        assert len(LineParser(log_format=string, salt=b"salt").parse(lines, 1, RECEIVED)) == len(lines)
