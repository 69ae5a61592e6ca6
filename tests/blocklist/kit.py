"""Entries, guards and machines to try the block list on."""

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.blocklist import Guard, Plan, Protected, Target, plan
from apiwatch.blocklist.machine import Machine
from apiwatch.blocklist.protected import protect
from apiwatch.blocklist.running import find
from apiwatch.config.settings import Block
from apiwatch.store.views import BlockEntry

__all__ = [
    "HOSTILE",
    "NOW",
    "entry",
    "fake_root",
    "fitting",
    "guard_of",
    "listed",
    "need",
    "need_namespaces",
    "no_machine",
    "plan_of",
]

NOW = 1_795_485_000.0
"""2026-11-24T01:50:00Z."""

HOSTILE = (
    'walk" }; add rule inet filter input accept; #',
    "a\nadd apiwatch_block4_new 192.0.2.0/24\n",
    "a\r\n0.0.0.0/0 1;\r\n",
    "};}};} include /etc/passwd;",
    "$(reboot) `reboot` $apiwatch ${x} \\",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\x00\x1b]52;c;cm0=\x07\x9b31m\u202egnp\u2028\u2029\x85",
    "'; DROP TABLE x; --",
    '","type":"entry"},{"net":"0.0.0.0/0"',
    "# 203.0.113.9",
    "// /* */",
    "\ud800\udcff",
    "\uff46\uff55\uff4c\uff4c \uff18",
    "\u00e9" * 300,
    "x" * 5000,
    " " * 200,
    "",
    '"',
    "\\",
    "timeout 0s",
    "comment",
)
"""Reasons as an attacker would choose them."""


def entry(
    net: str, lifetime: float | None = 3600.0, *, reason: str = "scanner", name: str = "01JDA", state: str = "queued"
) -> BlockEntry:
    expires = None if lifetime is None else NOW + lifetime
    return BlockEntry(name, net, reason, ("a1f3",), "oncall", NOW - 60, expires, state)


def plan_of(*nets: str, lifetime: float | None = 3600.0) -> Plan:
    return plan([entry(net, lifetime, name=f"01JD{at}") for at, net in enumerate(nets)], NOW, 17)


def fitting(target: Target, entries: Sequence[BlockEntry]) -> list[BlockEntry]:
    """The entries, without IPv6 and as single addresses where the target takes nothing else."""
    if not target.caps.v6:
        return [each for each in entries if ":" not in each.net]
    if target.caps.cidr:
        return list(entries)
    return [replace(each, net=each.net.partition("/")[0]) for each in entries]


def no_machine() -> Protected:
    """A protected set without a machine: only what is never a client."""
    return protect(Machine((), (), ()), (), ())


def guard_of(settings: Block | None = None, protected: Protected | None = None) -> Guard:
    return Guard(settings or Block(), protected or no_machine())


_FILES = {
    "proc/net/fib_trie": """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 198.51.100.0/24 2 0 2
        |-- 198.51.100.0
           /24 link UNICAST
        |-- 198.51.100.10
           /32 host LOCAL
        |-- 198.51.100.255
           /32 link BROADCAST
""",
    "proc/net/if_inet6": """\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000100000000000000000010 02 40 00 80     eth0
fe8000000000000000fc00fffe000001 02 40 20 80     eth0
""",
    "proc/net/route": """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	016433C6	0003	0	0	0	00000000	0	0	0
eth0	006433C6	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	00000000	00000000	0001	0	0	0	00000080	0	0	0
*	637100CB	00000000	0005	0	0	0	FFFFFFFF	0	0	0
""",
    "proc/net/ipv6_route": """\
20010db8000100000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 \
00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000100000000000000000001 \
00000400 00000002 00000000 00000003     eth0
""",
    "proc/net/tcp": """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:08AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1069 1 0000000000000000 100 0
   1: 0A6433C6:08AE C87100CB:DB4D 01 00000000:00000000 02:000A7F4C 00000000     0        0 2001 2 0000000000000000 20 4
   2: 0A6433C6:08AE C97100CB:DB4E 06 00000000:00000000 03:00001588 00000000     0        0 0 3 0000000000000000
   3: 0A6433C6:0050 CA7100CB:DB4F 01 00000000:00000000 00:00000000 00000000    33        0 2002 1 0000000000000000 20 4
   4: 0A6433C6:0FA1 CB7100CB:DB50 01 00000000:00000000 00:00000000 00000000     0        0 3001 1 0000000000000000 20 4
""",
    "proc/net/tcp6": """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when \
retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000A6433C6:08AE 0000000000000000FFFF0000CC7100CB:DB51 01 00000000:00000000 00:00000000 \
00000000     0        0 2003 1 0000000000000000 20 4
   1: B80D01200000010000000000 0000:08AE nonsense
   2: B80D0120000001000000000010000000:08AE B80D0120000009000000000005000000:DB52 01 00000000:00000000 00:00000000 \
00000000     0        0 2004 1 0000000000000000 20 4
""",
    "proc/777/comm": "sshd-session\n",
    "etc/resolv.conf": "search example.com\nnameserver 127.0.0.53\nnameserver 198.51.100.53\nnameserver\n",
    "etc/ssh/sshd_config": "#Port 22\nport = 2222\nListenAddress [2001:db8::1]:2200\nListenAddress 2001:db8::1\n",
    "etc/ssh/sshd_config.d/more.conf": "ListenAddress 198.51.100.10:2022\nPort\n",
    "run/systemd/resolve/resolv.conf": "nameserver 2001:db8:53::53\n",
}


def fake_root(directory: Path) -> Path:
    """The files of a machine: 198.51.100.10 and 2001:db8:1::10, an SSH server on port 2222 with peers."""
    for name, text in _FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    descriptors = directory / "proc" / "777" / "fd"
    descriptors.mkdir()
    (descriptors / "3").symlink_to("socket:[3001]")
    (descriptors / "4").symlink_to("/dev/null")
    return directory


def need(*names: str) -> None:
    """Skip the test, with the reason, where a program is missing."""
    missing = [name for name in names if find(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@cache
def _namespaces() -> str:
    unshare = shutil.which("unshare")
    if unshare is None:
        return "unshare (util-linux) is not installed"
    done = subprocess.run([unshare, "-rn", "true"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no namespaces here: {done.stderr.strip()}"


def need_namespaces() -> None:
    """Skip the test where no network namespace can be made."""
    if reason := _namespaces():
        pytest.skip(reason)


def listed(rows: Sequence[tuple[object, str]]) -> dict[str, str]:
    """Entries of a protected set as text."""
    return {str(network): reason for network, reason in rows}
