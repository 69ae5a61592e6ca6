"""Runs in a network namespace of its own: who gets through to a server before, while and after a list is applied."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

CLIENTS = ("203.0.113.129", "203.0.113.200", "203.0.113.70", "203.0.113.66", "2001:db8:0:abcd::7", "2001:db8::9")
SERVERS = {4: "203.0.113.1", 6: "2001:db8::1"}
PORT = 8000
TIMEOUT_S = 0.4
DEADLINE_S = 20.0


def shell(*lines: str) -> None:
    for line in lines:
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{line}: {done.stderr}")


def set_up() -> None:
    shell("ip link set lo up")
    for address in (*CLIENTS, *SERVERS.values()):
        bits = "128 nodad" if ":" in address else "32"
        shell(f"ip address add {address}/{bits} dev lo")


def gets_through(client: str) -> bool:
    server = SERVERS[6 if ":" in client else 4]
    try:
        with socket.create_connection((server, PORT), TIMEOUT_S, source_address=(client, 0)):
            return True
    except TimeoutError:
        return False


def through() -> list[str]:
    return [client for client in CLIENTS if gets_through(client)]


def main() -> None:
    steps = json.loads(Path(sys.argv[1]).read_text())
    try:
        set_up()
    except SystemExit as error:
        sys.stdout.write(json.dumps({"skip": f"this namespace takes no addresses: {error}"}))
        return
    with socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128):
        deadline = time.monotonic() + DEADLINE_S
        while len(through()) < len(CLIENTS) and time.monotonic() < deadline:
            pass  # the first packets to a new IPv6 address can get lost
        found = {"before": through()}
        shell(*steps["apply"])
        found["applied"] = through()
        deadline = time.monotonic() + DEADLINE_S
        while not gets_through("203.0.113.129") and time.monotonic() < deadline:
            pass
        found["expired"] = through()
        shell(*steps["apply"], *steps["verify"])
        found["again"] = through()
        shell(*steps["undo"], *steps["undo"])
        found["undone"] = through()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
