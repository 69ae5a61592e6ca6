"""The real validators, and the real tools in a throw-away namespace."""

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from apiwatch.blocklist import TARGETS, Artifact, Plan, plan
from apiwatch.blocklist.running import find
from tests.blocklist.kit import HOSTILE, NOW, entry, need, need_namespaces, plan_of
from tests.blocklist.servers import PROGRAMS, programs_of_the_environment

CHECKED = tuple(name for name in PROGRAMS if name != "traefik")
"""Traefik has no check mode."""

TOOLS = {
    "nftables": "nft",
    "ipset": "ipset",
    "iptables": "ip6tables-restore",
    "blackhole": "ip",
    **{name: PROGRAMS[name] for name in CHECKED},
}
EACH = pytest.mark.parametrize("name", list(TOOLS))
LONG = pytest.mark.parametrize("name", [name for name in TOOLS if name not in CHECKED or name == "nginx"])
ALLOW = ("203.0.113.200/32", "203.0.113.0/28", "203.0.113.2/32", "2001:db8:aa::/48")
DEADLINE_S = 20.0


def needed(name: str) -> None:
    programs_of_the_environment()
    need(TOOLS[name])
    if name not in PROGRAMS:
        need_namespaces()


def accepted(name: str, made: Plan, allow: tuple[str, ...] = ALLOW) -> None:
    target = TARGETS[name]
    result = target.validate(target.render(made, allow))
    assert (result.available, result.ok) == (True, True), result.output


@LONG
def test_validator_accepts_lists_of_every_shape(name: str) -> None:
    needed(name)
    accepted(name, plan([], NOW))
    accepted(name, plan([], NOW), ())
    accepted(name, plan_of("203.0.113.70"))
    accepted(name, plan_of("2001:db8:0:abcd::/64"))
    accepted(name, plan_of("203.0.113.64/26", "2001:db8::/48", "2001:db8:1::7", lifetime=None))
    accepted(name, plan_of("203.0.113.64/26", lifetime=0.01), ("0.0.0.0/0",) if name != "nginx" else ())
    accepted(name, plan([entry("203.0.113.64/26", 50), entry("203.0.113.77", 1e9)], NOW))


@LONG
def test_validator_takes_thousands_of_networks(name: str) -> None:
    needed(name)
    made = plan([entry(f"203.{at >> 8}.{at & 255}.1", reason="x" * 200) for at in range(8000)], NOW)
    target = TARGETS[name]
    result = target.validate(target.render(made, ()))
    if name == "nftables" and os.geteuid() != 0 and not result.available:
        assert "unless it is run by root" in result.output
    else:
        assert (result.available, result.ok) == (True, True), result.output


@LONG
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


@pytest.mark.parametrize("name", [name for name in CHECKED if name != "nginx"])
def test_the_check_of_a_server_accepts_nobody_and_everything(name: str) -> None:
    needed(name)
    accepted(name, plan([], NOW), ())
    hostile = [entry(f"2001:db8:0:{at:x}::/64", reason=reason, name=reason) for at, reason in enumerate(HOSTILE)]
    others = [entry("203.0.113.64/26", 50), entry("203.0.113.77", 1e9), entry("2001:db8:1::7", None)]
    accepted(name, plan([*hostile, *others], NOW), (*ALLOW, "0.0.0.0/0"))


@EACH
def test_validator_objects_to_what_the_tool_does_not_take(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that our own reading would let through must reach the tool and be refused by it."""
    needed(name)
    target = TARGETS[name]
    (artifact,) = target.render(plan_of("203.0.113.7"), ())
    monkeypatch.setattr(type(target), "parse", lambda _self, _content: frozenset())
    token = b"203.0.113.7" if name != "haproxy-conditions" else b"^(?:"
    broken = artifact.content.replace(
        token, b"((no.such.thing.invalid" if token[:1] == b"^" else b"no.such.thing.invalid"
    )
    assert broken != artifact.content
    result = target.validate([Artifact(artifact.name, broken, artifact.mode)])
    assert (result.available, result.ok) == (True, False)
    assert "no.such.thing.invalid" in result.output


@pytest.mark.parametrize(("name", "tool"), [("ufw", "ufw"), ("firewalld", "firewall-offline-cmd")])
def test_front_ends_take_the_rules_and_object_to_wrong_ones(
    name: str, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(tool)
    need_namespaces()
    target = TARGETS[name]
    (artifact,) = target.render(plan_of("203.0.113.7", "203.0.113.64/26", "2001:db8:0:abcd::/64"), ())
    result = target.validate([artifact])
    if not result.available:
        pytest.skip(f"{tool} cannot work here: {result.output}")
    assert (result.ok, result.tool) == (True, tool), result.output
    monkeypatch.setattr(type(target), "parse", lambda _self, _content: frozenset())
    broken = artifact.content.replace(b"203.0.113.7", b"203.0.113.777")
    result = target.validate([Artifact(artifact.name, broken, artifact.mode)])
    assert (result.available, result.ok) == (True, False)


def test_libwrap_denies_what_hosts_deny_names() -> None:
    need("tcpdmatch")
    target = TARGETS["hosts-deny"]
    made = plan_of("203.0.113.7", "203.0.113.64/26", "2001:db8:0:abcd::/64")
    result = target.validate(target.render(made, ()))
    assert (result.available, result.ok, result.tool) == (True, True, "tcpdmatch"), result.output
    (artifact,) = target.render(plan([], NOW), ())
    assert target.validate([artifact]).ok


def test_nginx_warnings_are_objections(monkeypatch: pytest.MonkeyPatch) -> None:
    need("nginx")
    target = TARGETS["nginx"]
    monkeypatch.setattr(type(target), "parse", lambda _self, _content: frozenset())
    result = target.validate([Artifact("x", b"geo $apiwatch_block {\n\tdefault 0;\n\t203.0.113.7/24 1;\n}\n", 0o640)])
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
    path.write_text(f'#!/bin/sh\n[ "$3" = probe ] || {{ echo "{said}" >&2; exit 1; }}\n')
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
