"""nginx: what it logs for real requests, read by detection, by name and by its own format string."""

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

SETTINGS = r"""
daemon off; master_process off; pid {directory}/pid; error_log stderr;
events {{ }}
http {{
    client_body_temp_path {directory}/t1; proxy_temp_path {directory}/t2; fastcgi_temp_path {directory}/t3;
    uwsgi_temp_path {directory}/t4; scgi_temp_path {directory}/t5;
    include formats/*.conf;
    log_format vhost '$host:$server_port ' # as Apache has it
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent"';
    log_format tabs '$msec\t$remote_addr\t$request_method\t$request_uri\t$status\t$bytes_sent\t${{http_user_agent}}';
    access_log {directory}/combined.log;
    access_log {directory}/main.log main;
    access_log {directory}/timed.log timed;
    access_log {directory}/json.log json;
    access_log {directory}/keys.log keys;
    access_log {directory}/vhost.log vhost;
    server {{
        listen 127.0.0.1:{port}; listen [::1]:{port}; server_name api.example.com;
        location / {{ return 200 "fine"; }}
        location /missing {{ return 404; }}
        location /basic/ {{ auth_basic x; auth_basic_user_file {directory}/users; root {directory}/www; }}
    }}
    server {{
        listen 127.0.0.1:{proxied} proxy_protocol;
        access_log {directory}/proxied.log proxied;
        return 204;
    }}
    server {{
        listen 127.0.0.1:{realip} proxy_protocol;
        set_real_ip_from 127.0.0.0/8; real_ip_header proxy_protocol;
        access_log {directory}/realip.log; access_log {directory}/both.log both;
        return 204;
    }}
    server {{
        listen 127.0.0.1:{careless};
        access_log {directory}/tabs.log tabs; access_log {directory}/raw.log raw;
        return 204;
    }}
}}
"""
FORMATS = r"""
log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                '$status $body_bytes_sent "$http_referer" '
                '"$http_user_agent" "$http_x_forwarded_for"';
log_format timed escape=default "$remote_addr [$time_iso8601] \"$request\" $status $body_bytes_sent $request_time "
    "\"$http_user_agent\" \"$http_referer\" {$http_host}; # \"$http_authorization\" \"$http_cookie\" $remote_user";
log_format json escape=json
  '{{'
    '"time":"$time_iso8601", "remote_addr":"$remote_addr", "remote_user":"$remote_user", "request":"$request", '
    '"request_method":"$request_method", "request_uri":"$request_uri", "status":$status, '
    '"body_bytes_sent":$body_bytes_sent, "request_time":$request_time, "http_referer":"$http_referer", '
    '"http_user_agent":"$http_user_agent", "host":"$host"'
  '}}';
log_format keys escape=json '{{"when":"$time_iso8601","who":"$remote_addr","asked":"$request","got":$status,'
    '"sent":$body_bytes_sent,"took":$request_time,"with":"$http_user_agent","from":"$http_referer","as":"$remote_user"}}';
log_format proxied '$remote_addr $proxy_protocol_addr [$time_local] "$request" $status "$http_x_forwarded_for"';
log_format both '$realip_remote_addr $remote_addr [$time_local] "$request" $status';
log_format raw escape=none '$remote_addr - $remote_user [$time_local] "$request_method $uri $server_protocol" '
    '$status $body_bytes_sent "$http_referer" "$http_user_agent"';
""".replace("{{", "{").replace("}}", "}")
CLIENT = "203.0.113.50"
PROXY_HEADER = f"PROXY TCP4 {CLIENT} 127.0.0.1 5000 80\r\n".encode()
FORGING = request(
    "forging",
    b"/x%20HTTP/1.1%22%20200%205%20%22-%22%20%22-%22%0A"
    + FORGED.encode()
    + b"%20-%20-%20[24/Nov/2026:03:10:54%20+0000]"
    b"%20%22GET%20/forged",
    User_Agent=b"x",
)
ASKED = request("asked", b"/api/me", X_Forwarded_For=FORGED.encode() + b", 192.0.2.9", User_Agent=b"curl/8.5")


def escaped(text: bytes) -> str:
    """escape=default."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02X}" for byte in text)


def decoded(text: bytes) -> str:
    """escape=json, when JSON is read again."""
    return text.decode("utf-8", "surrogateescape")


def status(one: Answered) -> int:
    return one.status if one.status is not None else 200 if one.ask.target is not None else 400


def uri(one: Answered) -> tuple[bytes | None, bytes | None]:
    """`$request_method` and `$request_uri`; where nginx has none, the request line stands next to them."""
    method, target = one.ask.method, one.ask.target
    if target is None or status(one) == 400:
        return method, target
    if target.startswith(b"http://"):
        target = b"/" + target[7:].partition(b"/")[2]
    return method, target.rstrip(b" ")


def host(one: Answered) -> str:
    """`$host`: of an absolute target, else the header, else the name of the server."""
    if status(one) == 200 and (one.ask.target or b"").startswith(b"http://"):
        return "other.example.com"
    return one.ask.host.decode().partition(":")[0].lower() if status(one) != 400 and one.ask.host else "api.example.com"


def header(one: Answered) -> str | None:
    """`$http_host`, which nginx has not read yet when the request line is refused."""
    return one.ask.host.decode().partition(":")[0].lower() if status(one) not in {400, 414} else None


CUT = frozenset({"too long"})
PLAIN = Writer(escaped, status=status, lacks=frozenset({"duration_s"}), cut=CUT)
WRITERS = {
    "combined": PLAIN,
    "main": PLAIN,
    "timed": Writer(escaped, status=status, headers=True, host=header, cut=CUT),
    "json": Writer(decoded, status=status, wanted=uri, host=host, cut=CUT),
    "keys": Writer(decoded, status=status, cut=CUT),
    "vhost": Writer(escaped, status=status, lacks=frozenset({"duration_s"}), host=host, cut=CUT),
}
NAMES = {"combined": "combined", "main": "combined", "json": "json", "vhost": "vhost_combined"}


class Run(NamedTuple):
    """What became of a server."""

    directory: Path
    answered: list[Answered]
    """What was asked of the first server."""
    proxied: list[Answered]
    realip: list[Answered]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    nginx = program("nginx")
    with workspace() as directory:
        ports = {name: free_port() for name in ("port", "proxied", "realip", "careless")}
        (directory / "www/basic").mkdir(parents=True)
        (directory / "www/basic/a").write_text("hello")
        (directory / "users").write_text("alice:{PLAIN}right\n")
        (directory / "formats").mkdir()
        (directory / "formats/all.conf").write_text(FORMATS)
        settings = directory / "nginx.conf"
        settings.write_text(SETTINGS.format(directory=directory, **ports))
        command = (nginx, "-p", str(directory), "-c", str(settings), "-e", "stderr")
        with running(*command, ports=tuple(ports.values()), directory=directory):
            answered = [one for ask in ODD for one in asked(("127.0.0.1", ports["port"]), [ask])]
            answered += [*asked(("127.0.0.1", ports["port"]), KEPT_ALIVE), *asked(("::1", ports["port"]), KEPT_ALIVE)]
            proxied = list(asked(("127.0.0.1", ports["proxied"]), [ASKED, ASKED], before=PROXY_HEADER))
            realip = list(asked(("127.0.0.1", ports["realip"]), [ASKED, ASKED], before=PROXY_HEADER))
            list(asked(("127.0.0.1", ports["careless"]), [ODD[0], FORGING]))
        yield Run(directory, [one for one in answered if one.ask.name != "nothing"], proxied, realip)


@pytest.mark.parametrize("name", NAMES)
def test_detection_and_named_formats_read_every_field(run: Run, name: str) -> None:
    lines = log_lines(run.directory / f"{name}.log")
    for parser in (LineParser(), LineParser(format=NAMES[name])):
        assert differences(records(lines, parser), run.answered, WRITERS[name]) == []
        assert parser.format == NAMES[name]


@pytest.mark.parametrize("name", WRITERS)
def test_the_format_string_of_the_configuration_reads_every_field(run: Run, name: str) -> None:
    """As `apiwatch doctor nginx.conf` proposes it."""
    found = configuration_of(run.directory / "nginx.conf")
    assert found is not None
    assert found.faults == ()
    (log,) = (log for log in found.logs if log.target == f"{run.directory}/{name}.log")
    form = found.formats[log.format]
    assert judged(form).automatic == NAMES.get(name, "")
    parser = LineParser(log_format=option_of(form))
    assert differences(records(log_lines(Path(log.target)), parser), run.answered, WRITERS[name]) == []


def test_an_address_of_the_proxy_protocol_is_believed_only_of_a_trusted_peer(run: Run) -> None:
    string = FORMATS.partition("log_format proxied")[2].partition("\n")[0]
    lines = log_lines(run.directory / "proxied.log")
    for trusted, client in (
        ([], "127.0.0.1"),
        (["127.0.0.0/8"], CLIENT),
        (["127.0.0.0/8", f"{CLIENT}/32"], "192.0.2.9"),
    ):
        parser = LineParser(log_format=f"log_format proxied {string}", trusted_proxy=trusted)
        found = records(lines, parser)
        assert [(one.client, one.peer, one.status, one.target) for one in found] == [
            (client, "127.0.0.1", answered.status, "/api/me") for answered in run.proxied
        ]


def test_what_the_realip_module_found_out_is_taken_as_it_is(run: Run) -> None:
    found = configuration_of(run.directory / "nginx.conf")
    assert found is not None
    assert found.proxies.networks == ("127.0.0.0/8",)
    combined = records(log_lines(run.directory / "realip.log"), LineParser())
    both = records(log_lines(run.directory / "both.log"), LineParser(log_format=option_of(found.formats["both"])))
    assert [(one.client, one.peer) for one in combined] == [(CLIENT, CLIENT)] * len(run.realip)
    assert [(one.client, one.peer) for one in both] == [(CLIENT, "127.0.0.1")] * len(run.realip)


def test_the_right_most_untrusted_hop_is_the_client(run: Run) -> None:
    at = next(index for index, one in enumerate(run.answered) if one.ask.name == "spoofed")
    line = log_lines(run.directory / "main.log")[at]
    for trusted, client in (
        ([], "127.0.0.1"),
        (["127.0.0.0/8"], "203.0.113.7"),
        (["127.0.0.0/8", "203.0.113.0/24"], FORGED),
    ):
        assert records([line], LineParser(trusted_proxy=trusted))[0].client == client


def test_tabs_between_fields(run: Run) -> None:
    found = configuration_of(run.directory / "nginx.conf")
    assert found is not None
    lines = log_lines(run.directory / "tabs.log")
    (first, _) = records(lines, LineParser(log_format=option_of(found.formats["tabs"])))
    assert (first.client, first.method, first.target) == ("127.0.0.1", "GET", "/api/orders/7?x=1")
    assert (first.status, first.user_agent) == (204, "curl/8.5")


def test_escape_none_lets_a_client_write_a_whole_record_and_doctor_says_so(run: Run) -> None:
    """What doctor warns of really happens; the other formats of the same requests hold no forged record."""
    lines = log_lines(run.directory / "raw.log")
    assert FORGED in {one.client for one in records(lines, LineParser())}
    for name in NAMES:
        found = records(log_lines(run.directory / f"{name}.log"), LineParser())
        assert FORGED not in {one.client for one in found}
