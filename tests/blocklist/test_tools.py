"""The real validators, and the real tools in a throw-away namespace."""

import http.client
import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from apiwatch.blocklist import TARGETS, Artifact, Plan, plan
from apiwatch.blocklist.running import find
from tests.blocklist.kit import HOSTILE, NOW, entry, need, need_namespaces, plan_of

TOOLS = {"nftables": "nft", "ipset": "ipset", "nginx": "nginx", "iptables": "iptables-restore", "blackhole": "ip"}
EACH = pytest.mark.parametrize("name", list(TOOLS))
ALLOW = ("203.0.113.200/32", "203.0.113.0/28", "203.0.113.2/32", "2001:db8:aa::/48")
DEADLINE_S = 20.0


def needed(name: str) -> None:
    need(TOOLS[name])
    if name != "nginx":
        need_namespaces()


def accepted(name: str, made: Plan, allow: tuple[str, ...] = ALLOW) -> None:
    target = TARGETS[name]
    result = target.validate(target.render(made, allow))
    assert (result.available, result.ok, result.tool) == (True, True, TOOLS[name]), result.output


@EACH
def test_validator_accepts_lists_of_every_shape(name: str) -> None:
    needed(name)
    accepted(name, plan([], NOW))
    accepted(name, plan([], NOW), ())
    accepted(name, plan_of("203.0.113.70"))
    accepted(name, plan_of("2001:db8:0:abcd::/64"))
    accepted(name, plan_of("203.0.113.64/26", "2001:db8::/48", "2001:db8:1::7", lifetime=None))
    accepted(name, plan_of("203.0.113.64/26", lifetime=0.01), ("0.0.0.0/0",) if name != "nginx" else ())
    accepted(name, plan([entry("203.0.113.64/26", 50), entry("203.0.113.77", 1e9)], NOW))


@EACH
def test_validator_takes_thousands_of_networks(name: str) -> None:
    needed(name)
    made = plan([entry(f"203.{at >> 8}.{at & 255}.1", reason="x" * 200) for at in range(8000)], NOW)
    target = TARGETS[name]
    result = target.validate(target.render(made, ()))
    if name == "nftables" and os.geteuid() != 0 and not result.available:
        assert "unless it is run by root" in result.output
    else:
        assert (result.available, result.ok) == (True, True), result.output


@EACH
def test_validator_accepts_every_hostile_reason(name: str) -> None:
    needed(name)
    rng = random.Random(7)  # noqa: S311 - noise, not a secret
    noise = ["".join(chr(rng.randrange(1, 0x3000)) for _ in range(rng.randrange(200))) for _ in range(200)]
    reasons = [*HOSTILE, *noise]
    entries = [
        entry(f"2001:db8:0:{at:x}::/64", reason=reason, name=reason[:40] if at % 2 else f"e{at}")
        for at, reason in enumerate(reasons)
    ]
    accepted(name, plan(entries, NOW))


@EACH
def test_validator_objects_to_what_the_tool_does_not_take(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that our own reading would let through must reach the tool and be refused by it."""
    needed(name)
    target = TARGETS[name]
    (artifact,) = target.render(plan_of("203.0.113.7"), ())
    monkeypatch.setattr(type(target), "parse", lambda _self, _content: frozenset())
    broken = artifact.content.replace(b"203.0.113.7", b"no.such.thing.invalid")
    assert broken != artifact.content
    result = target.validate([Artifact(artifact.name, broken, artifact.mode)])
    assert (result.available, result.ok) == (True, False)
    assert "no.such.thing.invalid" in result.output


def test_nginx_warnings_are_objections(monkeypatch: pytest.MonkeyPatch) -> None:
    need("nginx")
    target = TARGETS["nginx"]
    monkeypatch.setattr(type(target), "parse", lambda _self, _content: frozenset())
    result = target.validate([Artifact("x", b"203.0.113.7/24 1;\n", 0o640)])
    assert not result.ok
    assert "low address bits" in result.output


@EACH
def test_a_tool_that_is_not_installed_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiwatch.blocklist.running._PLACES", ())
    monkeypatch.setenv("PATH", "/nonexistent")
    result = TARGETS[name].validate(TARGETS[name].render(plan_of("203.0.113.7"), ()))
    assert (result.available, result.ok, result.tool) == (False, False, TOOLS[name])
    assert "not installed" in result.output


@EACH
def test_a_tool_that_cannot_work_here_has_not_refused_the_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in (TOOLS[name], "unshare"):
        path = tmp_path / program
        path.write_text("#!/bin/sh\necho 'cache initialization failed: Operation not permitted' >&2\nexit 1\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    result = TARGETS[name].validate(TARGETS[name].render(plan_of("203.0.113.7"), ()))
    assert (result.available, result.ok) == (False, False)
    assert "cannot check here" in result.output
    assert "Operation not permitted" in result.output


def test_a_list_too_long_for_an_unprivileged_check_is_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "nft"
    said = "netlink: Error: Could not process rule: Message too long"
    path.write_text(f'#!/bin/sh\n[ "$3" = probe.nft ] || {{ echo "{said}" >&2; exit 1; }}\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    result = TARGETS["nftables"].validate(TARGETS["nftables"].render(plan_of("203.0.113.7"), ()))
    assert not result.available
    assert "unless it is run by root" in result.output


def test_a_tool_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nginx"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("apiwatch.blocklist.running._PATIENCE_S", 0.2)
    result = TARGETS["nginx"].validate(TARGETS["nginx"].render(plan_of("203.0.113.7"), ()))
    assert not result.available
    assert "did not end" in result.output


@EACH
def test_checking_leaves_nothing_behind(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed(name)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    accepted(name, plan_of("203.0.113.7"))
    assert list(tmp_path.iterdir()) == []
    for program, arguments in (("nft", ["list", "table", "inet", "apiwatch"]), ("ipset", ["list", "apiwatch_block4"])):
        tool = find(program)
        if tool is not None:
            assert subprocess.run([tool, *arguments], capture_output=True, check=False).returncode != 0


def in_namespace(script: str, directory: Path) -> str:
    command = ["unshare", "-rn", "/bin/sh", "-ec", script]
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(name: str, made: Plan, directory: Path) -> str:
    (artifact,) = TARGETS[name].render(made, ALLOW)
    (directory / artifact.name).write_bytes(artifact.content)
    return artifact.name


def test_kernel_holds_what_nftables_was_given(tmp_path: Path) -> None:
    needed("nftables")
    made = plan(
        [
            entry("203.0.113.70", 100),
            entry("203.0.113.64/26", 50),
            entry("203.0.113.71", None),
            entry("203.0.113.6", 9),
        ],
        NOW,
    )
    commands = TARGETS["nftables"].commands([write("nftables", made, tmp_path)])
    text = in_namespace(f"{commands.apply[0]}; {commands.apply[0]}; nft -j list set inet apiwatch block4", tmp_path)
    (found,) = [item["set"]["elem"] for item in json.loads(text)["nftables"] if "set" in item]
    assert {_network(each["elem"]["val"]): each["elem"].get("timeout") for each in found} == {
        row.net: made.remaining(row) for row in made.rows
    }


def _network(value: str | dict[str, dict[str, object]]) -> str:
    return f"{value}/32" if isinstance(value, str) else f"{value['prefix']['addr']}/{value['prefix']['len']}"


def test_kernel_holds_what_ipset_was_given(tmp_path: Path) -> None:
    needed("ipset")
    older = TARGETS["ipset"].commands([write("ipset", plan_of("203.0.113.99"), tmp_path)]).apply[0]
    (tmp_path / "apiwatch-ipset.ipset").rename(tmp_path / "older.ipset")
    older = older.replace("apiwatch-ipset.ipset", "older.ipset")
    made = plan([entry("203.0.113.70", 100), entry("203.0.113.64/26", 50), entry("203.0.113.6", None)], NOW)
    newer = TARGETS["ipset"].commands([write("ipset", made, tmp_path)]).apply[0]
    text = in_namespace(f"{older}; {newer}; {newer}; ipset save", tmp_path)
    lines = [line.split() for line in text.splitlines() if line.startswith("add apiwatch_block4 ")]
    assert {fields[2] for fields in lines} == {row.net.removesuffix("/32") for row in made.rows}
    for row in made.rows:
        (seconds,) = [int(fields[4]) for fields in lines if fields[2] == row.net.removesuffix("/32")]
        expected = made.remaining(row) or 0
        assert expected - 5 <= seconds <= expected
    assert "_new" not in text


def test_nginx_answers_403_to_blocked_clients_only(tmp_path: Path) -> None:
    need("nginx")
    made = plan([entry("127.0.0.7", 60), entry("127.0.0.64/26", 60)], NOW)
    (artifact,) = TARGETS["nginx"].render(made, ("127.0.0.70/32",))
    (tmp_path / "geo.conf").write_bytes(artifact.content)
    (tmp_path / "nginx.conf").write_text(
        "daemon off; master_process off; pid nginx.pid; error_log stderr; events { }\n"
        "http { access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t;\n"
        "scgi_temp_path t; geo $apiwatch_block { default 0; include geo.conf; }\n"
        "server { listen 127.0.0.1:0; } }\n".replace("127.0.0.1:0", f"127.0.0.1:{_free_port()}").replace(
            "; } }", "; if ($apiwatch_block) { return 403; } location / { return 204; } } }"
        )
    )
    port = int((tmp_path / "nginx.conf").read_text().partition("127.0.0.1:")[2].partition(";")[0])
    nginx = find("nginx")
    assert nginx is not None
    process = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", "nginx.conf"], stderr=subprocess.PIPE)
    try:
        status = {host: _status(host, port) for host in ("127.0.0.1", "127.0.0.7", "127.0.0.65", "127.0.0.70")}
    finally:
        process.terminate()
        _, said = process.communicate(timeout=DEADLINE_S)
    assert status == {"127.0.0.1": 204, "127.0.0.7": 403, "127.0.0.65": 403, "127.0.0.70": 204}, said


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _status(host: str, port: int) -> int:
    """Status of a request from this address; the server may still be starting."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=(host, 0))
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
        finally:
            connection.close()
