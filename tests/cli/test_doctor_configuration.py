"""`apiwatch doctor` on the configuration of a web server: the command for each log, and what stands in the way."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.logs import START, line
from tests.cli.program import json_lines, run

NGINX = """
user www-data;
events {{ }}
http {{
    log_format timed '$remote_addr [$time_local] "$request" $status "$http_user_agent" rt=$request_time it\\'s';
    log_format raw escape=none '$remote_addr [$time_local] "$request" $status "$http_user_agent"';
    log_format blind '$time_local "$request" "$http_user_agent"';
    include conf.d/*.conf;
    include {directory}/loop.conf;
    server {{
        server_name api.example.com;
        listen 80 proxy_protocol;
        access_log {directory}/access.log;
        access_log {directory}/timed.log timed buffer=32k;
        access_log {directory}/none/x.log raw;
        access_log {directory}/$host.log blind if=$loggable;
        access_log syslog:server=127.0.0.1:5514,tag=x timed;
        access_log syslog:server=logs.example.com timed;
        access_log /dev/stdout timed;
    }}
}}
"""


def checks(home: Path, path: Path) -> list[dict[str, Any]]:
    done = run(home, "doctor", "--json", str(path))
    assert (done.returncode, done.stderr) == (1, "")
    return json_lines(done.stdout)


def test_every_log_of_nginx_gets_a_command_that_a_shell_understands(home: Path) -> None:
    (home / "conf.d").mkdir()
    (home / "conf.d" / "quiet.conf").write_text("server { server_name quiet.example.com; access_log off; }")
    (home / "loop.conf").write_text("include loop.conf;")
    (home / "access.log").write_text(line(START, "203.0.113.7", "/a") + "\n")
    timed = '203.0.113.7 [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 200 "curl/8" rt=0.250 it\'s'
    (home / "timed.log").write_text(f"{timed}\nnot one\n")
    main = home / "nginx.conf"
    main.write_text(NGINX.format(directory=home))
    found = checks(home, main)
    by_target = {one["text"].partition(": ")[0]: one for one in found if one["name"] == "log"}
    commands = {target: one.get("command", "") for target, one in by_target.items()}
    assert commands[f"{home}/access.log"] == f"apiwatch {home}/access.log"
    string = '$remote_addr [$time_local] "$request" $status "$http_user_agent" rt=$request_time it\'s'
    wanted = ["apiwatch", "--log-format", string]
    assert shlex.split(commands[f"{home}/timed.log"]) == [*wanted, f"{home}/timed.log"]
    assert shlex.split(commands[f"{home}/$host.log"])[-1] == f"{home}/*.log"
    assert shlex.split(commands["syslog:server=127.0.0.1:5514,tag=x"]) == [*wanted, "--syslog", "udp://127.0.0.1:5514"]
    assert shlex.split(commands["syslog:server=logs.example.com"])[-1] == "udp://logs.example.com:514"
    assert shlex.split(commands["/dev/stdout"])[-5:] == ["|", *wanted, "-"]
    assert by_target[f"{home}/access.log"]["state"] == "ok"
    assert "api.example.com" in by_target[f"{home}/access.log"]["text"]
    assert "add flush=1s" in by_target[f"{home}/timed.log"]["text"]
    assert by_target[f"{home}/none/x.log"]["state"] == "wrong"
    assert "run the command on that machine" in by_target["syslog:server=logs.example.com"]["text"]
    assert "only requests with if=$loggable" in by_target[f"{home}/$host.log"]["text"]
    texts = {(one["name"], one["state"]): one["text"] for one in found}
    assert "quiet.example.com" in texts["not logged", "note"]
    assert "leads back to itself" in texts["config", "wrong"]
    assert "`listen 80 proxy_protocol`" in texts["proxies", "note"]
    faults = [one["text"] for one in found if one["name"] == "format" and one["state"] == "wrong"]
    assert any("raw" in text and "escape=none" in text for text in faults)
    assert any("blind" in text and "address is missing" in text for text in faults)
    assert any("blind" in text and "status is missing" in text for text in faults)
    sources = [one["text"] for one in found if one["name"] == "source"]
    assert f"{home}/access.log: combined, 1 of 1 lines looked at are requests" in sources
    assert f"{home}/timed.log: custom, 1 of 2 lines looked at are requests" in sources


def test_the_proposed_command_reads_the_log(home: Path) -> None:
    log = home / "timed.log"
    log.write_text('203.0.113.7 [24/Nov/2026:03:10:54 +0000] "GET / HTTP/1.1" 200 "curl/8" rt=0.250 it\'s\n')
    main = home / "nginx.conf"
    main.write_text(NGINX.format(directory=home))
    (command,) = (
        one["command"] for one in checks(home, main) if one["name"] == "log" and one["text"].startswith(f"{log}:")
    )
    _, *arguments = shlex.split(command)
    (record,) = json_lines(run(home, "parse", *arguments).stdout)
    assert (record["client"], record["status"], record["duration_s"]) == ("203.0.113.7", 200, 0.25)


def test_apache_with_debians_variables(home: Path) -> None:
    (home / "envvars").write_text("export APACHE_LOG_DIR=%s$SUFFIX\n" % home)  # noqa: UP031
    (home / "sites").mkdir()
    (home / "sites" / "api.conf").write_text(
        "<VirtualHost *:443>\nServerName api.example.com\nCustomLog ${APACHE_LOG_DIR}/api.log timed\n"
        'CustomLog "|/usr/bin/rotatelogs /var/log/x.%Y.log 86400" common\n'
        'CustomLog "|/bin/mail root" common\n</VirtualHost>'
    )
    main = home / "apache2.conf"
    main.write_text(
        'LogFormat "%h %t \\"%r\\" %>s %D\\t%{User-Agent}i" timed\nLogFormat "%h %l %u %t \\"%r\\" %>s %b" common\n'
        "IncludeOptional sites/*.conf\nRemoteIPHeader X-Forwarded-For\n"
    )
    everything = checks(home, main)
    (proxies,) = (one for one in everything if one["name"] == "proxies")
    assert proxies["state"] == "wrong"
    assert "any client can choose" in proxies["text"]
    found = [one for one in everything if one["name"] == "log"]
    assert [one.get("command", "") for one in found] == [
        shlex.join(["apiwatch", "--log-format", '%h %t "%r" %>s %D\\t%{User-Agent}i', f"{home}/api.log"]),
        "apiwatch '/var/log/x.*.log'",
        "",
    ]
    assert "api.example.com" in found[0]["text"]
    assert found[2]["state"] == "wrong"


def test_text_output_shows_controls_spelled_out_and_damage_in_one_sentence(home: Path) -> None:
    main = home / "nginx.conf"
    main.write_text("http {\n  access_log '/var/log/\x1b[2J.log';\n  server { listen 80; }\n")
    done = run(home, "doctor", str(main))
    assert done.returncode == 1
    assert f"wrong  config     {main}:1: the block that begins here has no `}}`; `nginx -t` says more\n" in done.stdout
    main.write_text(main.read_text() + "}")
    done = run(home, "doctor", str(main))
    assert "\x1b" not in done.stdout
    assert "/var/log/\\x1b[2J.log" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_configuration_that_may_not_be_read_is_named(home: Path) -> None:
    main = home / "nginx.conf"
    main.write_text("http { }")
    main.chmod(0)
    done = run(home, "doctor", str(main))
    assert done.returncode == 1
    assert "may not be read" in done.stdout or "cannot be read" in done.stdout
