"""Apache: what it logs for real requests, read by detection, by name and by its own LogFormat."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from apiwatch.cli.webservers import configuration_of
from apiwatch.formats import LineParser
from apiwatch.formats.judging import judged, option_of
from tests.programs.asking import Answered, asked, request
from tests.programs.catalogue import FORGED, KEPT_ALIVE, ODD
from tests.programs.comparing import Writer, differences, records
from tests.programs.running import free_port, log_lines, program, running, workspace

MODULES = (
    "mpm_prefork", "authn_file", "authn_core", "authz_core", "authz_user", "auth_basic", "rewrite", "remoteip"
)  # fmt: skip
SETTINGS = r"""
Define LOGS {directory}
PidFile {directory}/pid
ErrorLog {directory}/error.log
ServerName api.example.com
DocumentRoot {directory}/www
Include {directory}/formats.conf
Listen 127.0.0.1:{port}
Listen [::1]:{port}
Listen 127.0.0.1:{header}
Listen 127.0.0.1:{proxied}
Listen 127.0.0.1:{careless}
<VirtualHost *:{port}>
    CustomLog ${{LOGS}}/common.log common
    CustomLog ${{LOGS}}/combined.log combined
    CustomLog ${{LOGS}}/vhost_combined.log vhost_combined
    CustomLog ${{LOGS}}/timed.log timed
    CustomLog ${{LOGS}}/parts.log "%h %{{begin:msec}}t %m %U%q %>s %B"
    RewriteEngine On
    RewriteRule ^/missing - [R=404,L]
    RewriteRule ^/basic/ - [L]
    RewriteRule ^ /fine [L]
    <Location /basic>
        AuthType Basic
        AuthName x
        AuthUserFile {directory}/users
        Require valid-user
    </Location>
</VirtualHost>
<VirtualHost *:{header}>
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 127.0.0.0/8
    CustomLog ${{LOGS}}/header.log combined
    CustomLog ${{LOGS}}/peer.log "%a %{{c}}a %t \"%r\" %>s"
</VirtualHost>
<VirtualHost *:{careless}>
    RemoteIPHeader X-Forwarded-For
    CustomLog ${{LOGS}}/careless.log combined
</VirtualHost>
<VirtualHost *:{proxied}>
    RemoteIPProxyProtocol On
    CustomLog ${{LOGS}}/proxied.log combined
</VirtualHost>
"""
FORMATS = r"""
LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined
LogFormat "%h %l %u %t \"%r\" %>s %b" common
LogFormat "%{%Y-%m-%dT%T}t.%{msec_frac}t%{%z}t %a\t%D \
\"%r\" %>s %B \"%{User-Agent}i\" \"%{Referer}i\" [%u] \"%{Authorization}i\" \"%{Cookie}i\" %{X-Forwarded-For}i" timed
"""
CLIENT = "203.0.113.50"
ASKED = request("asked", b"/fine", X_Forwarded_For=f"{FORGED}, {CLIENT}".encode(), User_Agent=b"curl/8.5")
_WHITE = {"\b": "\\b", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\"}
_UNREADABLE = frozenset({"blanks", "tab", "forged target"})
"""Cut at the second blank, so that the line holds no version and no whole target."""
_SILENT = frozenset({"nothing", "line end", "tls"})
"""Connections that end before a line does."""


def escaped(text: bytes) -> str:
    """As in %r, %u and %i."""
    found = [_WHITE.get(chr(byte), chr(byte)) for byte in text]
    return "".join(char if len(char) > 1 or " " <= char <= "~" else f"\\x{ord(char):02x}" for char in found)


def wanted(one: Answered) -> tuple[bytes | None, bytes | None]:
    """What is left of the request line."""
    method, target = one.ask.method, one.ask.target
    if target is None or one.ask.name in _UNREADABLE:
        return None, None
    return method, target.rstrip(b" ")


def status(one: Answered) -> int:
    return one.status if one.status is not None else 200


CUT = frozenset({"too long"})
BY_WIRE = Writer(
    escaped, status=status, wanted=wanted, size=lambda one: one.wire, lacks=frozenset({"duration_s"}), cut=CUT
)
WRITERS = {
    "common": Writer(
        escaped,
        status=status,
        wanted=wanted,
        size=lambda one: one.size or None,
        lacks=frozenset({"duration_s", "referer", "user_agent"}),
        cut=CUT,
    ),
    "combined": BY_WIRE,
    "vhost_combined": Writer(
        escaped,
        status=status,
        wanted=wanted,
        size=lambda one: one.wire,
        lacks=frozenset({"duration_s"}),
        host=lambda one: "api.example.com",
        cut=CUT,
    ),
    "timed": Writer(escaped, status=status, wanted=wanted, headers=True, resolution=0.001, cut=CUT),
}


class Run(NamedTuple):
    """What became of a server."""

    directory: Path
    answered: list[Answered]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    apache = program("apache2")
    modules = Path("/usr/lib/apache2/modules")
    with workspace() as directory:
        ports = {name: free_port() for name in ("port", "header", "proxied", "careless")}
        (directory / "www/basic").mkdir(parents=True)
        (directory / "www/basic/a").write_text("hello")
        (directory / "www/fine").write_text("fine")
        (directory / "formats.conf").write_text(FORMATS)
        digest = base64.b64encode(hashlib.sha1(b"right").digest()).decode()  # noqa: S324  what Apache reads
        (directory / "users").write_text(f"alice:{{SHA}}{digest}\n")
        loaded = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in MODULES)
        if os.geteuid() == 0:
            loaded += "User www-data\nGroup www-data\n"
        settings = directory / "apache2.conf"
        settings.write_text(loaded + SETTINGS.format(directory=directory, **ports))
        # One process without threads, so that lines come in the order of the requests.
        command = (apache, "-X", "-d", str(directory), "-f", str(settings))
        with running(*command, ports=tuple(ports.values()), directory=directory):
            answered = [one for ask in ODD for one in asked(("127.0.0.1", ports["port"]), [ask])]
            answered += [*asked(("127.0.0.1", ports["port"]), KEPT_ALIVE), *asked(("::1", ports["port"]), KEPT_ALIVE)]
            list(asked(("127.0.0.1", ports["header"]), [ASKED]))
            list(asked(("127.0.0.1", ports["careless"]), [ASKED]))
            before = f"PROXY TCP4 {CLIENT} 127.0.0.1 5000 80\r\n".encode()
            list(asked(("127.0.0.1", ports["proxied"]), [ASKED], before=before))
        yield Run(directory, [one for one in answered if one.ask.name not in _SILENT])


@pytest.mark.parametrize("name", ["common", "combined", "vhost_combined"])
def test_detection_and_named_formats_read_every_field(run: Run, name: str) -> None:
    lines = log_lines(run.directory / f"{name}.log")
    for parser in (LineParser(), LineParser(format=name)):
        assert differences(records(lines, parser), run.answered, WRITERS[name]) == []
        assert parser.format == name


@pytest.mark.parametrize("name", WRITERS)
def test_the_log_format_of_the_configuration_reads_every_field(run: Run, name: str) -> None:
    """As `apiwatch doctor apache2.conf` proposes it."""
    found = configuration_of(run.directory / "apache2.conf")
    assert found is not None
    assert found.faults == ()
    (log,) = (log for log in found.logs if log.target == f"{run.directory}/{name}.log")
    form = found.formats[log.format]
    assert judged(form).automatic == ("" if name == "timed" else name)
    parser = LineParser(log_format=option_of(form))
    assert differences(records(log_lines(Path(log.target)), parser), run.answered, WRITERS[name]) == []


def test_a_decoded_path_with_blanks_and_quotes_is_one_target(run: Run) -> None:
    lines = log_lines(run.directory / "parts.log")
    found = records(lines, LineParser(log_format="%h %{begin:msec}t %m %U%q %>s %B"))
    by_name = {one.ask.name: record for one, record in zip(run.answered, found, strict=True)}
    assert by_name["usual"].target == "/api/orders/7?x=1"
    assert by_name["escapes"].target == r"/a b/c\"\\%\xc3\xbc?q=%27%0A"
    assert by_name["key"].query == "x=1&api_key=***&y=2"
    assert by_name["forged line"].client == "127.0.0.1"
    for one in run.answered:
        assert by_name[one.ask.name].status == status(one)
        assert one.start - 0.05 <= by_name[one.ask.name].time <= one.end or one.ask in KEPT_ALIVE


def test_what_mod_remoteip_found_out_is_taken_as_it_is(run: Run) -> None:
    (header,) = records(log_lines(run.directory / "header.log"), LineParser())
    (proxied,) = records(log_lines(run.directory / "proxied.log"), LineParser())
    (peer,) = records(log_lines(run.directory / "peer.log"), LineParser(log_format='%a %{c}a %t "%r" %>s'))
    assert (header.client, proxied.client) == (CLIENT, CLIENT)
    assert (peer.client, peer.peer) == (CLIENT, "127.0.0.1")


def test_without_a_list_of_proxies_mod_remoteip_believes_everybody_as_doctor_says(run: Run) -> None:
    (careless,) = records(log_lines(run.directory / "careless.log"), LineParser())
    assert careless.client == FORGED
