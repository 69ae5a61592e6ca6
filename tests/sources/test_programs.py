"""What real programs send: logger of util-linux, rsyslogd and nginx."""

import asyncio
import socket
import urllib.request
from pathlib import Path

import pytest

from apiwatch.sources import FeedOptions
from tests.sources.kit import append, eventually, free_port, joined, tapped
from tests.sources.programs import program, ran, running

LINE = '192.0.2.7 - - [24/Nov/2026:03:10:54 +0000] "GET /a?b=[1]:2 HTTP/1.1" 200 12 "-" "curl/8 (x; \\"y\\")"'


def options(*urls: str) -> FeedOptions:
    return FeedOptions(paths=(), poll_interval=0.01, syslog=urls)


LOGGER = [
    ["-d", "--rfc3164"],
    ["-d", "--rfc5424"],
    ["-d", "--rfc5424=notime,notq,nohost"],
    ["-d", "--rfc3164", "-t", "nginx", "--id=77"],
    ["-d", "--rfc5424", "--msgid", "ID47", "--sd-id", "x@32473", "--sd-param", 'a="b"'],
    ["-T", "--rfc3164"],
    ["-T", "--rfc5424"],
    ["-T", "--octet-count", "--rfc3164"],
    ["-T", "--octet-count", "--rfc5424"],
]


@pytest.mark.parametrize("how", LOGGER, ids=" ".join)
async def test_logger_over_udp_and_tcp(how: list[str]) -> None:
    logger = program("logger")
    tcp = how[0] == "-T"
    port = free_port(socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    url = f"{'tcp' if tcp else 'udp'}://127.0.0.1:{port}"
    lines = [LINE, '{"status":200}', "2001:db8::7 - - x"]
    async with tapped(options=options(url)) as tap:
        await ran(logger, "-n", "127.0.0.1", "-P", str(port), *how, data="\n".join(lines).encode() + b"\n")
        await tap.count(3)
        assert sorted(tap.lines) == sorted(line.encode() for line in lines)
        assert tap.status(url).dropped == 0


@pytest.mark.parametrize("how", [[], ["--rfc3164"], ["--rfc5424"]], ids=["local", "rfc3164", "rfc5424"])
async def test_logger_to_a_unix_socket(tmp_path: Path, how: list[str]) -> None:
    logger, path = program("logger"), tmp_path / "log"
    async with tapped(options=options(f"unix://{path}")) as tap:
        await ran(logger, "-u", str(path), "-d", *how, "--", LINE)
        assert await tap.count(1) == [LINE.encode()]


RSYSLOG = """
global(workDirectory="{directory}")
module(load="imuxsock" SysSock.Use="off")
module(load="imfile" mode="inotify")
input(type="imuxsock" Socket="{directory}/socket")
input(type="imfile" File="{directory}/access.log" Tag="nginx:" reopenOnTruncate="on" freshStartTail="off")
action(type="omfwd" Target="127.0.0.1" Port="{port}" Protocol="{protocol}" {more})
"""
FORWARDING = {
    "udp": ("udp", ""),
    "udp rfc5424": ("udp", 'Template="RSYSLOG_SyslogProtocol23Format"'),
    "tcp": ("tcp", ""),
    "tcp octet-counted": ("tcp", 'TCP_Framing="octet-counted"'),
    "tcp octet-counted rfc5424": ("tcp", 'TCP_Framing="octet-counted" Template="RSYSLOG_SyslogProtocol23Format"'),
    "tcp forward format": ("tcp", 'Template="RSYSLOG_ForwardFormat"'),
}


@pytest.mark.parametrize("forwarding", FORWARDING)
async def test_rsyslogd_forwards_what_it_gets_from_a_socket_and_from_a_file(tmp_path: Path, forwarding: str) -> None:
    rsyslogd, logger = program("rsyslogd"), program("logger")
    protocol, more = FORWARDING[forwarding]
    port = free_port(socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
    settings, log, path = tmp_path / "rsyslog.conf", tmp_path / "access.log", tmp_path / "socket"
    settings.write_text(RSYSLOG.format(directory=tmp_path, port=port, protocol=protocol, more=more))
    from_file = [LINE.replace("/a", f"/{number}").encode() for number in range(300)]
    append(log, joined(from_file))
    command = (rsyslogd, "-n", "-f", str(settings), "-i", str(tmp_path / "pid"))
    async with (
        tapped(options=options(f"{protocol}://127.0.0.1:{port}")) as tap,
        running(*command, log=tmp_path / "output") as process,
    ):
        await eventually(lambda: path.exists() or process.returncode is not None)
        await ran(logger, "-u", str(path), "-t", "web", "--", LINE)
        await tap.until(lambda: {*from_file, LINE.encode()} <= set(tap.lines))
        assert [line for line in tap.lines if line in from_file] == from_file
        assert tap.feed.statuses()[0].dropped == 0


NGINX = """
daemon off; master_process off; pid {directory}/pid; error_log stderr;
events {{ }}
http {{
    client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
    log_format j escape=json '{{"uri":"$request_uri","status":$status,"agent":"$http_user_agent"}}';
    access_log syslog:server={server} combined;
    access_log syslog:server={server},nohostname,tag=api,facility=local0,severity=notice j;
    server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
}}
"""


@pytest.mark.parametrize("scheme", ["udp", "unix"])
async def test_nginx_logs_straight_to_us(tmp_path: Path, scheme: str) -> None:
    nginx = program("nginx")
    port, udp = free_port(), free_port(socket.SOCK_DGRAM)
    address = f"127.0.0.1:{udp}" if scheme == "udp" else f"unix:{tmp_path}/log"
    url = f"udp://{address}" if scheme == "udp" else f"unix://{tmp_path}/log"
    settings = tmp_path / "nginx.conf"
    settings.write_text(NGINX.format(directory=tmp_path, server=address, port=port))

    def get(path: str) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"User-Agent": 'say "hi"'})
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            status: int = answer.status
            return status

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    command = (nginx, "-p", str(tmp_path), "-c", str(settings), "-e", "stderr")
    async with (
        tapped(options=options(url)) as tap,
        running(*command, log=tmp_path / "output") as process,
    ):
        await eventually(lambda: process.returncode is not None or listens())
        for number in range(20):
            assert await asyncio.to_thread(get, f"/v1/users/{number}") == 204
        await tap.until(lambda: sum(b"/v1/users/" in line for line in tap.lines) == 40)
        combined = [line for line in tap.lines if line.startswith(b"127.0.0.1 - - [") and b"/v1/users/" in line]
        for number, line in enumerate(combined):
            assert line.endswith(b'] "GET /v1/users/%d HTTP/1.1" 204 0 "-" "say \\x22hi\\x22"' % number)
        objects = [line for line in tap.lines if line.startswith(b"{") and b"/v1/users/" in line]
        assert objects == [
            b'{"uri":"/v1/users/%d","status":204,"agent":"say \\"hi\\""}' % number for number in range(20)
        ]
        assert len(combined) == 20
