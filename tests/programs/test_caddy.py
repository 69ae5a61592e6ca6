"""Caddy: its JSON access log of real requests."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from apiwatch.formats import LineParser
from tests.programs.asking import Answered, Ask, asked
from tests.programs.catalogue import FORGED, KEPT_ALIVE, ODD
from tests.programs.comparing import Writer, differences, records
from tests.programs.running import free_port, grown, log_lines, program, running, workspace

SETTINGS = r"""
{{
    admin off
    auto_https off
    servers :{open} {{
        log_credentials
    }}
}}
:{port}, :{open} {{
    log {{
        output file {directory}/access.log
    }}
    basicauth /basic/* {{
        alice $2a$04$02Kvo07s0.tmo6NqYxTtgO6EtmVG7b7uiMO4blhv3/gh0hruS1b76
    }}
    respond /missing/* 404
    respond "fine"
}}
"""
_REFUSED = frozenset(
    {
        "blanks", "blank at the end", "tab", "controls", "forged target", "asterisk", "no version", "tls",
        "tls with a line end", "word", "line end", "nothing",
    }
)  # fmt: skip
"""What Go's server answers before Caddy sees it; it is not logged."""


def decoded(text: bytes) -> str:
    """Go writes U+FFFD for each byte that is no UTF-8."""
    return text.decode("utf-8", "replace")


def size(one: Answered) -> int:
    """Caddy counts the body of a HEAD as well, which is not sent."""
    return len("fine") if one.ask.method == b"HEAD" else one.size


def user(one: Answered) -> bytes:
    """Only who gave the right password."""
    return one.ask.user if one.status == 200 else b""


def host(one: Answered) -> str | None:
    if (one.ask.target or b"").startswith(b"http://"):
        return "other.example.com"
    return one.ask.host.decode().partition(":")[0].lower() or None


WRITER = Writer(decoded, size=size, user=user, host=host, resolution=1e-6, cut=frozenset({"too long"}))


class Run(NamedTuple):
    """What became of a server."""

    directory: Path
    answered: list[Answered]
    shown: list[Answered]
    """Asked of a server that logs credentials in clear; its lines come behind the others."""


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    caddy = program("caddy")
    with workspace() as directory:
        ports = {"port": free_port(), "open": free_port()}
        settings, log = directory / "Caddyfile", directory / "access.log"
        settings.write_text(SETTINGS.format(directory=directory, **ports))
        command = (caddy, "run", "--config", str(settings), "--adapter", "caddyfile")
        # For a name that it does not know Caddy computes the hash of its usual cost, which takes seconds.
        logged = [ask for ask in ODD if ask.name not in {*_REFUSED, "unknown user", "forged user"}]
        with running(*command, ports=tuple(ports.values()), directory=directory):
            for ask in ODD:
                if ask.name in {"blanks", "tls"}:
                    list(asked(("127.0.0.1", ports["port"]), [ask]))
            answered = list(_logged(("127.0.0.1", ports["port"]), logged, log, 0))
            for address in ("127.0.0.1", "::1"):
                answered += asked((address, ports["port"]), KEPT_ALIVE)
                grown(log, len(answered))
            credentials = [ask for ask in logged if ask.names and not ask.name.startswith("absolute")]
            shown = list(_logged(("127.0.0.1", ports["open"]), credentials, log, len(answered)))
        yield Run(directory, answered, shown)


def _logged(address: tuple[str, int], asks: Sequence[Ask], log: Path, before: int) -> Iterator[Answered]:
    """Ask one after another, each when the line of the one before is written."""
    for number, ask in enumerate(asks, before + 1):
        yield from asked(address, [ask])
        grown(log, number)


@pytest.mark.parametrize("name", ["auto", "caddy_json", "json"])
def test_every_field(run: Run, name: str) -> None:
    lines = log_lines(run.directory / "access.log")[: len(run.answered)]
    parser = LineParser(format=name)
    assert differences(records(lines, parser), run.answered, WRITER) == []
    assert parser.format == "caddy_json"


def test_credentials_that_are_logged_in_clear_become_hashes(run: Run) -> None:
    lines = log_lines(run.directory / "access.log")[len(run.answered) :]
    writer = replace(WRITER, headers=True)
    assert differences(records(lines, LineParser()), run.shown, writer) == []


def test_the_right_most_untrusted_hop_is_the_client(run: Run) -> None:
    at = next(index for index, one in enumerate(run.answered) if one.ask.name == "spoofed")
    line = log_lines(run.directory / "access.log")[at]
    for trusted, client in (([], "127.0.0.1"), (["127.0.0.0/8"], "203.0.113.7")):
        (record,) = records([line], LineParser(trusted_proxy=trusted))
        assert record.client == client
        assert FORGED not in {record.client, record.peer}
