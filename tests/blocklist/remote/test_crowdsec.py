"""CrowdSec, the real one: an own local API in an own directory, asked through cscli and over HTTP."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from apiwatch.blocklist import TARGETS, Plan, plan
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import run
from apiwatch.errors import ApplyError
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import HOSTILE, NOW, entry, need, plan_of
from tests.programs.running import free_port

PASSWORD = "of-nothing"  # noqa: S105 - of a server that lives for a minute
TARGET = TARGETS["crowdsec"]


@dataclass(frozen=True)
class Site:
    config: Path
    url: str

    def cscli(self, *arguments: str) -> str:
        done = subprocess.run(["cscli", "-c", str(self.config), *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def applier(self, way: str, **more: str) -> Applier:
        make = TARGET.applier
        assert make is not None
        if way == "cscli":
            return make({"config": str(self.config), **more}, run)
        return make({"url": self.url, "machine": "aw", "password_env": "LAPI", **more}, run)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    need("crowdsec", "cscli")
    home = tmp_path_factory.mktemp("crowdsec")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    for name, text in {
        "simulation.yaml": "{}\n",
        "console.yaml": "{}\n",
        "credentials.yaml": "",
        "profiles.yaml": 'name: none\nfilters: ["false"]\ndecisions: [{type: ban, duration: 1h}]\n',
    }.items():
        (home / name).write_text(text)
    for name in ("data", "hub"):
        (home / name).mkdir()
    config = home / "config.yaml"
    config.write_text(
        f"""\
common: {{daemonize: false, log_media: stdout, log_level: warning, working_dir: {home}}}
config_paths:
  config_dir: {home}
  data_dir: {home}/data
  hub_dir: {home}/hub
  index_path: {home}/hub/.index.json
  simulation_path: {home}/simulation.yaml
  notification_dir: {home}
  plugin_dir: {home}
db_config: {{type: sqlite, db_path: {home}/data/crowdsec.db, use_wal: true}}
plugin_config: {{user: nobody, group: nogroup}}
api:
  client: {{credentials_path: {home}/credentials.yaml}}
  server:
    log_level: warning
    listen_uri: 127.0.0.1:{port}
    profiles_path: {home}/profiles.yaml
    console_path: {home}/console.yaml
prometheus: {{enabled: false}}
"""
    )
    made = Site(config, url)
    made.cscli("machines", "add", "aw", "--password", PASSWORD, "-f", f"{home}/credentials.yaml", "-u", url, "--force")
    with subprocess.Popen(
        ["crowdsec", "-c", str(config), "-no-cs"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            deadline = time.monotonic() + 20
            with socket.socket() as probe:
                while probe.connect_ex(("127.0.0.1", port)):
                    assert time.monotonic() < deadline, "the local API does not answer"
                    time.sleep(0.05)
            yield made
        finally:
            server.terminate()


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAPI", PASSWORD)


def living(*entries: BlockEntry) -> Plan:
    """A plan of now: CrowdSec counts by its own clock."""
    shift = time.time() - NOW
    moved = [
        BlockEntry(
            e.id, e.net, e.reason, e.alert_ids, e.actor, e.created + shift, e.expires and e.expires + shift, e.state
        )
        for e in entries
    ]
    return plan(moved, time.time())


def put(applier: Applier, made: Plan, longest: float | None = None) -> None:
    applier.apply(TARGET.render(made, ()), made, made.at, longest=longest)


def left(applier: Applier) -> dict[str, int | None]:
    """Whole minutes that are left, by network."""
    return {net: None if held.left is None else round(held.left / 60) for net, held in applier.read().items()}


def test_decisions_come_are_renewed_and_go(site: Site) -> None:
    site.cscli("decisions", "add", "--ip", "203.0.113.250", "--reason", "by hand")
    applier = site.applier("lapi")
    assert applier.expires
    nothing = applier.snapshot()
    first = living(entry("203.0.113.7"), entry("2001:db8:0:abcd::/64", None, name="01JDB"))
    put(applier, first, longest=120)
    assert left(applier) == {"203.0.113.7/32": 2, "2001:db8:0:abcd::/64": 2}
    put(applier, first)
    put(applier, first)
    assert left(applier) == {"203.0.113.7/32": 60, "2001:db8:0:abcd::/64": None}
    before = applier.snapshot()
    assert len(json.loads(before)) == 2
    put(applier, living(entry("203.0.113.7", 7200), entry("203.0.113.64/26", 600, name="01JDC")), longest=60)
    assert left(applier) == {"203.0.113.7/32": 120, "203.0.113.64/26": 1}
    for _ in range(2):
        applier.restore(before)
        assert left(applier) == {"203.0.113.7/32": 60, "2001:db8:0:abcd::/64": None}
    applier.restore(nothing)
    assert applier.read() == {}
    put(applier, first)
    applier.remove()
    applier.remove()
    assert applier.read() == {}
    assert "203.0.113.250" in site.cscli("decisions", "list", "-o", "raw")
    site.cscli("decisions", "delete", "--ip", "203.0.113.250")


def test_the_same_through_cscli(site: Site) -> None:
    applier = site.applier("cscli")
    put(applier, living(entry("203.0.113.7"), entry("203.0.113.64/26", name="01JDB")), longest=120)
    assert left(applier) == {"203.0.113.7/32": 2, "203.0.113.64/26": 2}
    put(applier, living(entry("203.0.113.7", None)))
    assert left(applier) == {"203.0.113.7/32": None}
    applier.remove()
    assert applier.read() == {}


def test_cscli_imports_the_file_and_the_printed_lines_take_it_back(site: Site, tmp_path: Path) -> None:
    made = plan([entry(f"203.0.113.{at}", reason=text, name=text) for at, text in enumerate(HOSTILE[:3])], NOW)
    (artifact,) = TARGET.render(made, ())
    path = tmp_path / "it's $HOME.json"
    path.write_bytes(artifact.content)
    commands = TARGET.commands([str(path)])
    stub = tmp_path / "bin"
    stub.mkdir()
    real = stub / "cscli"
    real.write_text(f'#!/bin/sh\nexec /usr/bin/env -i PATH=/usr/bin:/bin cscli -c {site.config} "$@"\n')
    real.chmod(0o755)

    def shell(*lines: str) -> None:
        for line in lines:
            environment = {"PATH": f"{stub}:/usr/bin:/bin"}
            subprocess.run(["/bin/sh", "-c", line], env=environment, check=True, capture_output=True)

    shell(commands.apply[-1])
    shell(*commands.apply, *commands.verify)
    assert set(site.applier("cscli").read()) == TARGET.planned(made)
    assert len(json.loads(site.applier("cscli").snapshot())) == len(made.rows)
    shell(*commands.undo)
    assert site.applier("cscli").read() == {}


def test_failures_are_said(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ApplyError, match="cscli decisions list failed"):
        site.applier("cscli", config=str(tmp_path / "none.yaml")).read()
    monkeypatch.setenv("LAPI", "a-wrong-one")
    with pytest.raises(ApplyError, match=r"refuses the secret in the variable LAPI \(401\)") as failed:
        site.applier("lapi").read()
    assert "a-wrong-one" not in str(failed.value)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("apiwatch.blocklist.running._PLACES", ())
    with pytest.raises(ApplyError, match="cscli is not installed"):
        site.applier("cscli").remove()


def test_a_file_is_what_cscli_reads() -> None:
    made = plan_of("203.0.113.7", "203.0.113.64/26")
    (artifact,) = TARGET.render(made, ())
    assert json.loads(artifact.content) == [
        {"duration": "3600s", "scope": "ip", "type": "ban", "value": "203.0.113.7", "reason": "apiwatch/01JD0"},
        {"duration": "3600s", "scope": "range", "type": "ban", "value": "203.0.113.64/26", "reason": "apiwatch/01JD1"},
    ]
