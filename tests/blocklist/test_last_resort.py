"""What takes a list back when apiwatch was killed: the dead-man, and without him the kernel alone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from apiwatch.blocklist import TARGETS
from apiwatch.blocklist.applying.audit import lines_of
from apiwatch.blocklist.applying.records import Records
from apiwatch.blocklist.running import find
from tests.blocklist.forced import Case, Forced
from tests.blocklist.kit import need
from tests.blocklist.remote.service import Asked, Reply, applier_of, serving
from tests.blocklist.remote.test_aws import REGION
from tests.blocklist.remote.test_cloudflare import TOKEN, Cloudflare
from tests.blocklist.remote.test_crowdsec import PASSWORD, Site, site
from tests.blocklist.remote.test_fastly import OPTIONS, Entries
from tests.blocklist.remote.test_kubernetes import Server
from tests.blocklist.test_live_packets import applied, planned, wire
from tests.blocklist.wire import CLIENTS, Wire

__all__ = ["site", "wire"]

DEADLINE_S = 40.0
"""Longer than any way back of these tests takes by itself."""

ROOT = Path(__file__).parents[2]


@contextmanager
def forced(directory: Path, cases: Sequence[Case], inside: Sequence[str] = ()) -> Iterator[Forced]:
    """Lists that a killed apiwatch has left in force; its dead-men live."""
    script = str(Path(__file__).with_name("forced.py"))
    words = [*inside, sys.executable, "-P", script, str(directory), msgspec.json.encode(cases).decode()]
    with (directory / "forced.log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
    path = directory / "in-force"
    try:
        wait(lambda: path.exists() or process.poll() is not None)
        assert path.exists(), (directory / "forced.log").read_text()
        found = msgspec.json.decode(path.read_bytes(), type=Forced)
        os.kill(found.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)
        assert not Path(f"/proc/{found.pid}").exists()
        yield found
    finally:
        process.kill()
        process.wait()
        for pid in dead_men(directory):
            os.kill(pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def dead_men(directory: Path) -> list[int]:
    """Processes that stand by for an apply whose records lie below a directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"rollback" in words and any(word.startswith(os.fsencode(f"{directory}/")) for word in words):
            found.append(int(path.parent.name))
    return found


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_kernel_alone_lets_go_of_what_is_new_and_of_nothing_else(wire: Wire, tmp_path: Path) -> None:
    need("nft", "ipset", "iptables-restore", "ip6tables-restore")
    before = {"nftables": "203.0.113.7/32", "ipset": "203.0.113.64/26"}
    new = {"nftables": ("203.0.113.129/32", "2001:db8::/112"), "ipset": ("203.0.113.200/32", "2001:db8:0:abcd::/64")}
    appliers = {}
    for name, net in before.items():
        make = TARGETS[name].applier
        assert make is not None
        appliers[name] = make({}, wire.run)
        applied(appliers[name], name, planned({net: 3600}))
    cases = [Case(name, (before[name], *nets), 60.0, longest=3.0) for name, nets in new.items()]
    with forced(tmp_path, cases, wire.enter) as found:
        killed = dead_men(tmp_path)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert len(killed) == 2
        assert wire.through() == []
        wait(lambda: len(wire.through()) == 4)
        assert wire.through() == [client for client in CLIENTS if client not in ("203.0.113.7", "203.0.113.66")]
        for name, net in before.items():
            assert list(appliers[name].read()) == [net]
            assert found.asked[name] == 75.0, "15 s more than the dead-man has"
            for each, left in found.held[name].items():
                assert (left or 0) > 3000 if each == net else 0 < (left or 0) <= 3
            records = Records(tmp_path / f"forced-{name}")
            assert [records.outcome(record.id) for record in records.all()] == [None], "nobody else has taken it back"


class Waf:
    """WAFv2's IP sets over its own protocol: JSON 1.1, the operation in a header, and a lock token."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.token = 0

    def __call__(self, asked: Asked) -> Reply:
        operation = asked.headers["X-Amz-Target"].removeprefix("AWSWAF_20190729.")
        which = {"Name": "aw4", "Id": "i4"}
        if {name: asked.body[name] for name in which} != which:
            return self._answer(400, {"__type": "WAFNonexistentItemException"})
        if operation == "GetIPSet":
            held = {**which, "ARN": "arn:x", "IPAddressVersion": "IPV4", "Addresses": self.addresses}
            return self._answer(200, {"IPSet": held, "LockToken": str(self.token)})
        assert operation == "UpdateIPSet"
        if asked.body["LockToken"] != str(self.token):
            return self._answer(400, {"__type": "WAFOptimisticLockException"})
        self.addresses, self.token = asked.body["Addresses"], self.token + 1
        return self._answer(200, {"NextLockToken": str(self.token)})

    @staticmethod
    def _answer(status: int, body: object) -> Reply:
        return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/x-amz-json-1.1"})


class Prompt(Cloudflare):
    def operation(self) -> Reply:
        self.looks = 2
        return super().operation()


def test_the_dead_man_restores_what_services_held(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FASTLY", "KUBE"):
        monkeypatch.setenv(name, "of-nothing")
    monkeypatch.setenv("CF", TOKEN)
    monkeypatch.setenv("LAPI", PASSWORD)
    old, new = "203.0.113.7/32", "203.0.113.9/32"
    with (
        serving(Prompt()) as cloudflare,
        serving(Waf()) as waf,
        serving(Entries()) as fastly,
        serving(Server()) as cluster,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_WAFV2", waf.url)
        options = {
            "cloudflare": {"account": "acc", "list": "lst", "token_env": "CF", "url": cloudflare.url},
            "fastly": {**OPTIONS, "url": fastly.url},
            "cilium": {"url": cluster.url, "token_env": "KUBE"},
        }
        if find_spec("boto3") is not None:
            options["aws-waf"] = {"ipv4": "aw4/i4", "region": REGION}
        if find("crowdsec") is not None and find("cscli") is not None:
            crowdsec: Site = request.getfixturevalue("site")
            options["crowdsec"] = {"url": crowdsec.url, "machine": "aw", "password_env": "LAPI"}
        appliers = {name: applier_of(name, **given) for name, given in options.items()}
        for name, applier in appliers.items():
            made = planned({old: 3600})
            applier.apply(TARGETS[name].render(made, ()), made, made.at)
        cases = [Case(name, (new,), 2.0, given) for name, given in options.items()]
        with forced(tmp_path, cases) as found:
            assert {name: list(held) for name, held in found.held.items()} == {name: [new] for name in options}
            for applier in appliers.values():
                wait(lambda applier=applier: list(applier.read()) == [old])  # type: ignore[misc]
            wait(lambda: not dead_men(tmp_path))
    ends = [line for line in lines_of(tmp_path / "audit.jsonl") if line["stage"] == "outcome"]
    assert sorted((line["target"], line["op"], line["result"]) for line in ends) == [
        (name, "rollback", "rolled back") for name in sorted(options)
    ]
    if missing := {"aws-waf", "crowdsec"} - options.keys():
        pytest.skip(f"not installed, so without {', '.join(sorted(missing))}; the others were restored")
