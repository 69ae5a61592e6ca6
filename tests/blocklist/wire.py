"""Two network namespaces with a cable between them: clients on one side, a server and its packet filter on the other.

Nothing of the machine's own network is touched, and everything ends with `close`.
"""

import contextlib
import json
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from apiwatch.blocklist.applying.run import Ran, run

__all__ = ["CLIENTS", "Wire"]

CLIENTS = ("203.0.113.7", "203.0.113.66", "203.0.113.129", "203.0.113.200", "2001:db8:0:abcd::7", "2001:db8::9")
"""Addresses of clients; who of them gets through to the server is what tests ask."""

_SERVERS = {4: "198.51.100.1", 6: "2001:db8:f::1"}
_PORT = 8000

_SERVER = f"""
import socket
server = socket.create_server(("::", {_PORT}), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
print("up", flush=True)
while True:
    server.accept()[0].close()
"""

_PROBE = f"""
import json, select, socket, sys, time
servers = {_SERVERS!r}
for line in sys.stdin:
    asked = json.loads(line)
    waiting, through = {{}}, []
    for client in asked["clients"]:
        version = 6 if ":" in client else 4
        connection = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET)
        connection.setblocking(False)
        connection.bind((client, 0))
        connection.connect_ex((servers[version], {_PORT}))
        waiting[connection] = client
    until = time.monotonic() + asked["seconds"]
    while waiting and (left := until - time.monotonic()) > 0:
        for connection in select.select([], list(waiting), [], left)[1]:
            client = waiting.pop(connection)
            if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                through.append(client)
            connection.close()
    for connection in waiting:
        connection.close()
    print(json.dumps(through), flush=True)
"""


class Wire:
    """Open until `close`. Raises OSError, with the reason, where namespaces or addresses cannot be had."""

    def __init__(self, *, mapped: bool = True) -> None:
        """Without `mapped` there is no user namespace, which only root may, and netlink messages can be of any size."""
        kinds = ["-U"] if mapped else []
        self._stack = contextlib.ExitStack()
        try:
            inside = self._start(["unshare", "-rnm" if mapped else "-nm", "sh", "-c", "echo up; exec sleep 900"])
            self.enter = ["nsenter", "-t", str(inside.pid), *kinds, "-n", "-m", "--preserve-credentials", "--"]
            outside = self._start([*self.enter, "unshare", "-n", "sh", "-c", "echo up; exec sleep 900"])
            there = ["nsenter", "-t", str(outside.pid), *kinds, "-n", "-m", "--preserve-credentials", "--"]
            self._cable(outside.pid, there)
            self._start([*self.enter, sys.executable, "-c", _SERVER])
            self._prober = self._start([*there, sys.executable, "-c", f"print('up', flush=True){_PROBE}"])
            if missing := [client for client in CLIENTS if client not in self.through(5.0)]:
                raise OSError(f"no way from {missing[0]} to the server in this namespace")
        except BaseException:
            self.close()
            raise

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 60.0) -> Ran:
        """A `Run` on the server's side."""
        return run([*self.enter, "env", *self.environment, *argv], stdin=stdin, timeout=timeout)

    environment: Sequence[str] = ()
    """NAME=value for `run`."""

    def shell(self, script: str) -> str:
        """Run a script of the test's own on the server's side; OSError when it fails."""
        ran = self.run(["sh", "-ec", textwrap.dedent(script)])
        if ran.rc:
            raise OSError(f"{script}: {ran.err or ran.out}")
        return ran.out

    def background(self, argv: Sequence[str], log: Path) -> None:
        """A daemon on the server's side, until `close`."""
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*self.enter, "env", *self.environment, *argv], stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self._stack.callback(_end, process)

    def through(self, seconds: float = 0.15) -> list[str]:
        """Clients whose connection is accepted within so many seconds."""
        assert self._prober.stdin is not None
        assert self._prober.stdout is not None
        self._prober.stdin.write(json.dumps({"clients": CLIENTS, "seconds": seconds}) + "\n")
        self._prober.stdin.flush()
        found = json.loads(self._prober.stdout.readline())
        return [client for client in CLIENTS if client in found]

    def close(self) -> None:
        """End every process, and with them the namespaces."""
        self._stack.close()

    def _start(self, command: Sequence[str]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._stack.callback(_end, process)
        assert process.stdout is not None
        if process.stdout.readline() != "up\n":
            assert process.stderr is not None
            raise OSError(process.stderr.read().strip() or f"{command[0]} ended")
        return process

    def _cable(self, peer: int, there: Sequence[str]) -> None:
        self.shell(f"ip link set lo up; ip link add s0 type veth peer name c0; ip link set c0 netns {peer}")
        self.shell(
            f"""
            ip link set s0 up
            ip address add {_SERVERS[4]}/24 dev s0
            ip address add {_SERVERS[6]}/64 dev s0 nodad
            ip route add 203.0.113.0/24 dev s0
            ip route add 2001:db8::/47 dev s0
            """
        )
        script = "ip link set lo up; ip link set c0 up; " + "; ".join(
            f"ip address add {client}/{'128 nodad' if ':' in client else '32'} dev c0" for client in CLIENTS
        )
        ran = run(
            [*there, "sh", "-ec", f"{script}; ip route add 198.51.100.0/24 dev c0; ip route add 2001:db8:f::/64 dev c0"]
        )
        if ran.rc:
            raise OSError(ran.err)


def _end(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
