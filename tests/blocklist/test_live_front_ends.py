"""Appliers of ufw, firewalld and fail2ban with the real programs, on private configurations in a namespace."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwatch.blocklist import TARGETS
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.errors import ApplyError, UsageError
from tests.blocklist.kit import need
from tests.blocklist.test_live_packets import FIRST, OTHERS, applied, planned, wire
from tests.blocklist.wire import CLIENTS, Wire

__all__ = ["wire"]

DEADLINE_S = 30.0
REST = [client for client in CLIENTS if client in OTHERS]


def make(name: str, wire: Wire, **options: str) -> Applier:
    maker = TARGETS[name].applier
    assert maker is not None
    return maker(options, wire.run)


def waited(wire: Wire, expected: list[str]) -> None:
    until = time.monotonic() + DEADLINE_S
    while wire.through() != expected and time.monotonic() < until:
        time.sleep(0.1)
    assert wire.through() == expected


def commands_work(name: str, wire: Wire, directory: Path, nets: dict[str, float | None], stopped: list[str]) -> None:
    """What is printed for the operator does the same as the applier."""
    (artifact,) = TARGETS[name].render(planned(nets), ())
    path = directory / "a list"
    path.write_bytes(artifact.content)
    commands = TARGETS[name].commands([str(path)])
    for line in commands.apply:
        wire.shell(line)
    assert wire.through() == [client for client in CLIENTS if client not in stopped]
    for line in commands.verify:
        assert wire.shell(line)
    for line in commands.undo:
        wire.shell(line)
    assert wire.through() == list(CLIENTS)


def test_ufw(wire: Wire, tmp_path: Path) -> None:
    need("ufw", "iptables-save")
    applier = make("ufw", wire)
    try:
        wire.shell(
            f"""
            mount -t tmpfs none /run
            cp -a /etc/ufw {tmp_path}/ufw
            sed -i s/ENABLED=yes/ENABLED=no/ {tmp_path}/ufw/ufw.conf
            mount --bind {tmp_path}/ufw /etc/ufw
            """
        )
        with pytest.raises(ApplyError, match="ufw is not active"):
            applied(applier, "ufw", planned(FIRST))
        wire.shell("ufw --force enable; ufw allow 8000/tcp comment 'apiwatch dashboard'")
    except OSError as error:
        pytest.skip(f"ufw cannot run in this namespace: {error}")
    nothing = applier.snapshot()
    assert applier.read() == {}
    applied(applier, "ufw", planned({"203.0.113.64/26": 60, "2001:db8:0:abcd::/64": None}))
    assert wire.through() == [client for client in CLIENTS if client not in ("203.0.113.66", "2001:db8:0:abcd::7")]
    assert all((held.dropped or 0) > 0 for held in applier.read().values())
    first = applier.snapshot()
    applied(applier, "ufw", planned({"203.0.113.64/26": 60, "203.0.113.129": 60}))
    assert wire.through() == [client for client in CLIENTS if client not in ("203.0.113.66", "203.0.113.129")]
    applier.restore(first)
    assert frozenset(applier.read()) == {"203.0.113.64/26", "2001:db8:0:abcd::/64"}
    applier.restore(nothing)
    assert wire.through() == list(CLIENTS)
    commands_work("ufw", wire, tmp_path, {"203.0.113.7": 60}, ["203.0.113.7"])
    wire.shell("ufw show added | grep -F 'ufw allow 8000/tcp'")
    # `ufw disable` takes a second, and the namespace ends soon.
    wire.shell("for each in iptables ip6tables; do $each -P INPUT ACCEPT; $each -F; done; umount /etc/ufw /run")
    assert wire.through() == list(CLIENTS)


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""

ZONE = """<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT"><short>Trusted</short>
<rule family="ipv4"><source address="203.0.113.99"/><drop/></rule></zone>
"""


@pytest.fixture
def firewalld(wire: Wire, tmp_path: Path) -> Iterator[Wire]:
    need("firewalld", "firewall-cmd", "dbus-daemon")
    bus = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(BUS.format(bus=bus))
    (tmp_path / "etc" / "zones").mkdir(parents=True)
    (tmp_path / "etc" / "zones" / "trusted.xml").write_text(ZONE)
    (tmp_path / "etc" / "firewalld.conf").write_text("DefaultZone=trusted\n")
    wire.environment = (f"DBUS_SYSTEM_BUS_ADDRESS=unix:path={bus}",)
    wire.background(["dbus-daemon", f"--config-file={tmp_path}/bus.conf", "--nofork"], tmp_path / "bus.log")
    wire.background(
        ["firewalld", "--nofork", "--nopid", f"--system-config={tmp_path}/etc", f"--log-file={tmp_path}/log"],
        tmp_path / "firewalld.log",
    )
    until = time.monotonic() + DEADLINE_S
    while wire.run(["firewall-cmd", "--state"]).rc:
        if time.monotonic() > until:
            pytest.skip(f"firewalld does not start in this namespace: {(tmp_path / 'firewalld.log').read_text()}")
        time.sleep(0.2)
    yield wire
    wire.environment = ()


def test_firewalld(firewalld: Wire, tmp_path: Path) -> None:
    applier = make("firewalld", firewalld, zone="trusted")
    applied(applier, "firewalld", planned({**dict.fromkeys(FIRST), "203.0.113.129": 3.0}))
    assert firewalld.through() == ["203.0.113.200", "2001:db8::9"]
    first = applier.snapshot()
    waited(firewalld, REST)
    applied(applier, "firewalld", planned({"203.0.113.200": 600}))
    assert firewalld.through() == [client for client in CLIENTS if client != "203.0.113.200"]
    applier.restore(first)
    assert firewalld.through() == ["203.0.113.200", "2001:db8::9"]
    applier.remove()
    nets: dict[str, float | None] = {"203.0.113.7": 60}
    commands_work("firewalld", firewalld, tmp_path, nets, ["203.0.113.7"])
    assert "203.0.113.99" in firewalld.shell("firewall-cmd --list-rich-rules")
    beside = make("nftables", firewalld)
    applied(beside, "nftables", planned(FIRST))
    firewalld.shell("firewall-cmd --complete-reload")
    assert firewalld.through() == REST, "firewalld leaves the table of the target nftables alone"
    beside.remove()
    with pytest.raises(UsageError, match="no option of firewalld; it takes zone"):
        make("firewalld", firewalld, zones="trusted")


JAIL = """[apiwatch]
enabled = true
backend = polling
filter =
logpath = {log}
banaction = nftables[type=allports]
action = %(banaction)s
bantime = 1h
"""


@pytest.fixture
def fail2ban(wire: Wire, tmp_path: Path) -> Iterator[str]:
    need("fail2ban-server", "fail2ban-client", "nft")
    (tmp_path / "empty.log").touch()
    (tmp_path / "jail.conf").write_text(JAIL.format(log=tmp_path / "empty.log"))
    (tmp_path / "fail2ban.conf").write_text("[Definition]\nloglevel = INFO\ndbfile = None\nallowipv6 = yes\n")
    (tmp_path / "action.d").symlink_to("/etc/fail2ban/action.d")
    (tmp_path / "filter.d").symlink_to("/etc/fail2ban/filter.d")
    socket = str(tmp_path / "socket")
    words = ["-c", str(tmp_path), "-s", socket, "-p", str(tmp_path / "pid"), "--logtarget", str(tmp_path / "log")]
    wire.background(["fail2ban-server", *words, "-f", "start"], tmp_path / "fail2ban.log")
    until = time.monotonic() + DEADLINE_S
    while wire.run(["fail2ban-client", "-s", socket, "get", "apiwatch", "bantime"]).rc:
        if time.monotonic() > until:
            pytest.skip(f"fail2ban does not start in this namespace: {(tmp_path / 'fail2ban.log').read_text()}")
        time.sleep(0.2)
    yield socket
    wire.run(["fail2ban-client", "-s", socket, "stop"])


def test_fail2ban(wire: Wire, fail2ban: str, tmp_path: Path) -> None:
    applier = make("fail2ban", wire, socket=fail2ban)
    assert applier.read() == {}
    applied(applier, "fail2ban", planned({"203.0.113.7": 600, "2001:db8:0:abcd::7/128": 60}))
    assert wire.through() == [client for client in CLIENTS if client not in ("203.0.113.7", "2001:db8:0:abcd::7")]
    assert 599 <= int(wire.shell(f"fail2ban-client -s {fail2ban} get apiwatch bantime")) <= 601
    first = applier.snapshot()
    applied(applier, "fail2ban", planned({"203.0.113.7": None, "203.0.113.200": 60}))
    assert wire.through() == [client for client in CLIENTS if client not in ("203.0.113.7", "203.0.113.200")]
    applier.restore(first)
    assert frozenset(applier.read()) == {"203.0.113.7/32", "2001:db8:0:abcd::7/128"}
    wire.shell("nft flush set inet f2b-table addr-set-apiwatch")
    assert frozenset(applier.read()) == {"2001:db8:0:abcd::7/128"}
    applied(applier, "fail2ban", planned({"203.0.113.7": 60, "2001:db8:0:abcd::7/128": 60}))
    assert "203.0.113.7" not in wire.through()
    applier.remove()
    applier.remove()
    assert applier.read() == {}
    with pytest.raises(ApplyError, match=r"`fail2ban-client .*failed"):
        make("fail2ban", wire, socket=fail2ban, jail="another").read()
