"""Configurations of nginx and Apache: what is read from them, and what is proposed for their formats."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.errors import InputError, UsageError
from apiwatch.formats import LineParser
from apiwatch.formats.configs import (
    Configuration,
    FormatString,
    apache_configuration,
    nginx_configuration,
    server_of,
)
from apiwatch.formats.judging import judged, option_of
from tests.formats.kit import CLOCK, TIME, request

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)


def nginx(text: str, **files: str) -> Configuration:
    """A main file and its includes, by name without `.conf`."""

    def load(pattern: str) -> list[tuple[str, str]]:
        name = pattern.removesuffix(".conf")
        if name not in files:
            raise InputError(f"there is no {pattern} to include")
        return [(pattern, files[name])]

    return nginx_configuration(text, "nginx.conf", load)


def fault_of(text: str) -> str:
    """What nginx's reader complains about; '' when it does not."""
    try:
        nginx(text)
    except InputError as error:
        return str(error)
    return ""


def apache(text: str, variables: dict[str, str] | None = None, **files: str) -> Configuration:
    def load(pattern: str) -> list[tuple[str, str]]:
        name = pattern.removesuffix(".conf")
        return [(pattern, files[name])] if name in files else []

    return apache_configuration(text, "apache2.conf", load, variables or {})


def http(text: str, **files: str) -> Configuration:
    return nginx(f"events {{ }}\nhttp {{\n{text}\n}}\n", **files)


def logs(found: Configuration) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(log.target, log.format, log.sites) for log in found.logs]


@pytest.mark.parametrize(
    ("words", "escape", "text"),
    [
        ("'$a ' '$b'", "default", "$a $b"),
        ("escape=json '{\"a\":'\n   '\"$a\"}'", "json", '{"a":"$a"}'),
        ('escape=none "$a \\"$b\\" \\x"', "none", '$a "$b" \\x'),
        ("'a;b{c}d#e' # a comment; with ' in it\n '$f'", "default", "a;b{c}d#e$f"),
        (r"'\t\'${status}s\n'", "default", "\t'${status}s\n"),
        ("$remote_addr-${status}x", "default", "$remote_addr-${status}x"),
        ("'a\nb'", "default", "a\nb"),
    ],
)
def test_strings_are_joined_and_unquoted_as_nginx_does_it(words: str, escape: str, text: str) -> None:
    found = http(f"log_format main {words};").formats["main"]
    assert (found.text, found.escape) == (text, escape)
    assert found.where == "nginx.conf:3"


def test_a_server_without_logs_has_those_above_and_one_with_logs_only_its_own() -> None:
    found = http(
        "log_format main '$status'; access_log /a main buffer=32k flush=1s;\n"
        "server { server_name one.example www.one.example; }\n"
        "server { server_name _; listen 81 default_server; access_log /b;"
        " access_log syslog:server=unix:/s,tag=x main; }\n"
        "server { server_name off.example; access_log off; location /in { access_log /c main if=$x; } }\n"
        "server { server_name two.example; location /quiet { access_log off; } }"
    )
    assert logs(found) == [
        ("/a", "main", ("one.example www.one.example", "two.example")),
        ("/b", "combined", ("the server on 81",)),
        ("syslog:server=unix:/s,tag=x", "main", ("the server on 81",)),
        ("/c", "main", ("off.example location /in",)),
    ]
    assert [log.options for log in found.logs] == [("buffer=32k", "flush=1s"), (), (), ("if=$x",)]
    assert [one.site for one in found.silent] == ["off.example", "two.example location /quiet"]
    assert found.faults == ()


def test_nginx_has_a_built_in_path_and_a_part_of_a_configuration_has_not() -> None:
    assert logs(http("server { listen 80; }")) == [("", "combined", ("the server on 80",))]
    part = nginx("server { server_name a.example; access_log /a main; }")
    assert logs(part) == [("/a", "main", ("a.example",))]
    assert "main is not defined" in part.faults[0]


def test_includes_are_followed_once_and_faults_in_them_are_named() -> None:
    found = http(
        "include formats.conf; include loop.conf; include broken.conf; include absent.conf; access_log /a main;",
        formats="log_format main '$status';\n",
        loop="include loop.conf;",
        broken="server {\n listen 80;\n",
    )
    assert found.formats["main"].where == "formats.conf:1"
    assert len(found.faults) == 3
    assert "loop.conf:1: include loop.conf leads back to itself" in found.faults[0]
    assert "broken.conf:1: the block that begins here has no `}`" in found.faults[1]
    assert "there is no absent.conf" in found.faults[2]


def test_lua_blocks_are_no_configuration() -> None:
    found = http(
        "server { listen 80; location / { content_by_lua_block {\n local a = '}' -- }\n if x { access_log } \n}\n} }\n"
        "access_log /a;"
    )
    assert [log.target for log in found.logs] == ["/a"]


@pytest.mark.parametrize(
    ("text", "networks", "header", "sign"),
    [
        ("set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;", ("10.0.0.0/8",), "X-Forwarded-For", ""),
        ("server { set_real_ip_from 10.0.0.0/8; }", ("10.0.0.0/8",), "X-Real-IP", ""),
        ("server { listen 80 proxy_protocol; }", (), "", "`listen 80 proxy_protocol` (nginx.conf:3)"),
        ("map $http_x_forwarded_for $c { default 1; }", (), "", "`map $http_x_forwarded_for $c` (nginx.conf:3)"),
        ("server { proxy_set_header X-Forwarded-For $http_x_forwarded_for; }", (), "", ""),
    ],
)
def test_signs_of_proxies(text: str, networks: tuple[str, ...], header: str, sign: str) -> None:
    assert http(text).proxies == (networks, header, sign)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("http {\n a b\n}", 2, "does not end with `;`"),
        ("http {\n a 'b;\n}", 2, "closing quote"),
        ("http {\n", 1, "has no `}`"),
        ("a b;\n}\n", 2, "without its `{`"),
    ],
)
def test_damage_is_an_error_that_names_the_line(text: str, line: int, what: str) -> None:
    with pytest.raises(InputError, match=rf"^nginx.conf:{line}: .*{what}"):
        nginx(text)


@settings(deadline=None)
@given(st.text(alphabet="ab ;{}'\"\\#$\n\tincludehttpserveraccess_log", max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    fault = fault_of(text)
    assert not fault or fault.startswith("nginx.conf:")
    assert apache(text).server == "apache"


@pytest.mark.parametrize("unit", ["'", '"', "{", "}", "a ", "\\", "#", "a{", "${", ";", "\n", "a_by_lua_block {"])
def test_long_texts_of_anything_are_read_in_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    fault_of(text)
    apache(text)
    server_of(text)


APACHE = r"""
# LogFormat "%h" commented
ServerRoot "/etc/httpd"
Define LOGS /var/log/x
LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \
\"%{User-Agent}i\"" vhost
LogFormat '%h\t%>s' tabs
Include extra.conf
CustomLog logs/access_log vhost
<VirtualHost *:443>
  ServerName api.example.com
  ServerAlias www.example.com
  CustomLog "|/usr/bin/rotatelogs /var/log/x.%Y 86400" vhost env=!quiet
  <IfModule mod_x.c>
    CustomLog ${LOGS}/${NONE}.log "%h \"%r\" %>s"
  </IfModule>
</VirtualHost>
<VirtualHost *:80>
  ServerName b.example
</VirtualHost>
RemoteIPHeader X-Forwarded-For
"""


def test_apache_directives_sections_and_variables() -> None:
    found = apache(
        APACHE, **{"/etc/httpd/extra": "TransferLog ${APACHE_LOG_DIR}/t\n"}, variables={"APACHE_LOG_DIR": "/v"}
    )
    assert found.formats["vhost"].text == '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i"  "%{User-Agent}i"'
    assert found.formats["tabs"].text == "%h\t%>s"
    assert logs(found) == [
        ("|/usr/bin/rotatelogs /var/log/x.%Y 86400", "vhost", ("api.example.com www.example.com",)),
        ("/var/log/x/${NONE}.log", '%h "%r" %>s', ("api.example.com www.example.com",)),
        ("/v/t", "", ("b.example",)),
        ("/etc/httpd/logs/access_log", "vhost", ("b.example",)),
    ]
    assert found.logs[0].options == ("env=!quiet",)
    assert found.formats[""].text == '%h %l %u %t "%r" %>s %b'
    assert found.faults == ("apache2.conf:15: ${NONE} is neither defined here nor in envvars",)
    assert found.proxies == (("0.0.0.0/0",), "X-Forwarded-For", "")
    limited = apache(APACHE + "RemoteIPInternalProxy 10.0.0.0/8 192.0.2.1\n")
    assert limited.proxies.networks == ("10.0.0.0/8", "192.0.2.1")


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("# x\n\nuser www-data;\nhttp {\n}\n", "nginx"),
        ("server {\n    listen 80;\n}", "nginx"),
        ("log_format main '$remote_addr '\n '$status';", "nginx"),
        ("include /etc/nginx/conf.d/*.conf;", "nginx"),
        (APACHE, "apache"),
        ("<VirtualHost *:80>\n</VirtualHost>", "apache"),
        ("", None),
        (f'203.0.113.7 - - [{CLOCK}] "GET / HTTP/1.1" 200 1 "-" "-"\nserver {{\n', None),
        (f'api.example.com 203.0.113.7 - - [{CLOCK}] "GET /server HTTP/1.1" 200 1 "-" "server {{"\n', None),
        ('{"status":200}\n', None),
        ("Dear operator,\nListen: the include is broken.\n", None),
        ("Nov 24 03:11:03 haproxy[1]: x\n", None),
    ],
)
def test_a_configuration_is_told_from_a_log(text: str, server: str | None) -> None:
    assert server_of(text) == server


@pytest.mark.parametrize(
    ("text", "escape", "automatic"),
    [
        (COMBINED, "default", "combined"),
        (COMBINED + ' "$http_x_forwarded_for"', "default", "combined"),
        ("$host:$server_port " + COMBINED, "default", "vhost_combined"),
        (COMBINED + " $request_time", "default", ""),
        (COMBINED.replace('"$http_user_agent"', "$http_user_agent"), "default", ""),
        ('{"time":"$time_iso8601","remote_addr":"$remote_addr","request":"$request","status":$status}', "json", "json"),
        ('{"t":"$time_iso8601","who":"$remote_addr","r":"$request","s":$status}', "json", ""),
        ('%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"', "", "combined"),
        ('%h %l %u %t "%r" %>s %b', "", "common"),
        ('%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"', "", "vhost_combined"),
        ('%h %{%FT%T}t.%{msec_frac}t "%r" %>s %D', "", ""),
    ],
)
def test_what_detection_reads_by_itself(text: str, escape: str, automatic: str) -> None:
    assert judged(FormatString("main", text, escape, "x:1")).automatic == automatic


@pytest.mark.parametrize("escape", ["default", "json", "none"])
@pytest.mark.parametrize("frame", ["{}", " {} ", "'{}'", '{{"a":"{}"}}', "\\{}", "{}\t|", "it's {}"])
def test_the_option_means_the_format_of_the_configuration(frame: str, escape: str) -> None:
    """The line is put together by hand from the string, as nginx would do it."""
    string = frame.format("$remote_addr [$time_local] $status")
    option = option_of(FormatString("main", string, escape, "x:1"))
    assert option.isprintable()
    line = string.replace("$remote_addr", "203.0.113.7").replace("$time_local", CLOCK).replace("$status", "404")
    record = request(line, log_format=option)
    assert (record.client, record.status, record.time) == ("203.0.113.7", 404, TIME)


@pytest.mark.parametrize(
    ("string", "line"), [(r"%h\t%>s", "203.0.113.7\t404"), (r"$remote_addr\t$status", "203.0.113.7\t404")]
)
def test_a_tab_in_a_string_that_was_copied_from_a_configuration(string: str, line: str) -> None:
    assert request(line, log_format=string).status == 404


def test_a_format_that_says_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="neither request"):
        judged(FormatString("main", "$http_user_agent", "default", "x:1"))


def test_the_address_of_the_proxy_protocol_is_the_hop_before_the_peer() -> None:
    string = '$remote_addr $proxy_protocol_addr "$http_x_forwarded_for" $status'
    line = '10.0.0.1 203.0.113.7 "198.51.100.66" 200'
    assert request(line, log_format=string).client == "10.0.0.1"
    assert request(line, log_format=string, trusted=["10.0.0.0/8"]).client == "203.0.113.7"
    trusted = ["10.0.0.0/8", "203.0.113.0/24"]
    assert request(line, log_format=string, trusted=trusted).client == "198.51.100.66"
    alone = LineParser(log_format="$proxy_protocol_addr $status").parse([b"203.0.113.7 200"], 1, TIME)[0]
    assert getattr(alone, "client", None) == "203.0.113.7"
