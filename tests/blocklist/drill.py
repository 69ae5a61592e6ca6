"""Runs as root in network and mount namespaces of its own: an operator over SSH, a firewall, and a bad block.

`drill.py DIRECTORY` prints one JSON object with what happened, or `{"skip": reason}`.
"""

import contextlib
import json
import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

SERVER, GATEWAY = "192.0.2.1", "192.0.2.2"
OPERATOR, ATTACKER = "203.0.113.200", "203.0.113.7"
PORT = 2222
KEEP_FOR_S = 1.5
DEADLINE_S = 30.0


class Skip(Exception):
    pass


def shell(*arguments: str) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip(f"{' '.join(arguments)}: {done.stderr.strip()}")


def wire(there: int) -> list[str]:
    """A cable to another network namespace, in which the operator and the attacker live; how to run things there."""
    inside = ["nsenter", "--net", f"--target={there}", "--"]
    shell("ip", "link", "set", "lo", "up")
    shell("ip", "link", "add", "s0", "type", "veth", "peer", "name", "c0", "netns", str(there))
    shell("ip", "address", "add", f"{SERVER}/24", "dev", "s0")
    shell("ip", "link", "set", "s0", "up")
    for address in (f"{GATEWAY}/24", f"{OPERATOR}/32", f"{ATTACKER}/32"):
        shell(*inside, "ip", "address", "add", address, "dev", "c0")
    shell(*inside, "ip", "link", "set", "c0", "up")
    shell("ip", "route", "add", "203.0.113.0/24", "via", GATEWAY)
    return inside


@contextlib.contextmanager
def running(arguments: Sequence[str], **more: Any) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(arguments, **more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def sshd(directory: Path) -> list[str]:
    shell("mount", "-t", "tmpfs", "none", "/run")
    Path("/run/sshd").mkdir(mode=0o755)
    for name in ("host", "key"):
        shell("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / name))
    settings = {
        "ListenAddress": SERVER,
        "HostKey": str(directory / "host"),
        "AuthorizedKeysFile": str(directory / "key.pub"),
        "StrictModes": "no",
        "UsePAM": "no",
        "PidFile": "none",
        "PermitRootLogin": "yes",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    return ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", str(PORT), *options]


def ssh(inside: Sequence[str], directory: Path, command: str) -> list[str]:
    options = [f"UserKnownHostsFile={directory}/known", "StrictHostKeyChecking=no", "LogLevel=ERROR", "BatchMode=yes"]
    words = [word for option in options for word in ("-o", option)]
    key = str(directory / "key")
    return [*inside, "ssh", "-F", "none", "-b", OPERATOR, "-p", str(PORT), "-i", key, *words, f"root@{SERVER}", command]


def echoed(session: "subprocess.Popen[bytes]", line: bytes | None, seconds: float) -> bool:
    """Whether what is typed into the session comes back in time; None: what was typed before."""
    assert session.stdin is not None
    assert session.stdout is not None
    if line is not None:
        session.stdin.write(line)
        session.stdin.flush()
    ready, _, _ = select.select([session.stdout], [], [], seconds)
    return bool(ready) and bool(os.read(session.stdout.fileno(), 4096))


def connects(inside: Sequence[str], source: str) -> bool:
    code = f"import socket; socket.create_connection(('{SERVER}', {PORT}), 0.3, ('{source}', 0))"
    done = subprocess.run([*inside, sys.executable, "-S", "-E", "-c", code], capture_output=True, check=False)
    return done.returncode == 0


def waited(path: Path) -> str:
    end = time.monotonic() + DEADLINE_S
    while not (path.exists() and path.read_text().strip()):
        if time.monotonic() > end:
            raise TimeoutError(path)
        time.sleep(0.02)
    return path.read_text().strip()


def drill(directory: Path, inside: Sequence[str], session: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """What the operator sees; the session is `cat` over SSH and stays open all the time."""
    python = f"env -u SSH_CONNECTION -u SSH_CLIENT PYTHONPATH={os.environ['PYTHONPATH']} {sys.executable} -P"
    run = f"{python} -m apiwatch block"
    again = f"--db {directory}/state.db --config {directory}/apiwatch.yaml"
    wide = "203.0.113.128/25"
    said = subprocess.run(
        ssh(
            inside,
            directory,
            f"({run} add {wide} --override={wide} {again}; echo rc=$?) >{directory}/refused & "
            f"{run} apply --target nftables --confirm-after-probe --json {again}; echo rc=$?; "
            f"wait; cat {directory}/refused",
        ),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    found: dict[str, Any] = {"said": said.stdout, "errors": said.stderr}
    found["attacker"] = connects(inside, ATTACKER)
    found["before"] = echoed(session, b"one\n", DEADLINE_S)
    case = {"target": "nftables", "nets": [f"{ATTACKER}/32", "203.0.113.128/25"], "keep_for": KEEP_FOR_S}
    command = [str(Path(__file__).with_name("forced.py")), str(directory), json.dumps([case])]
    forced = ssh(inside, directory, f"exec {python} {shlex.join(command)}")
    with running(forced, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(directory / "err").open("wb")):
        os.kill(json.loads(waited(directory / "in-force"))["pid"], signal.SIGKILL)
        found["frozen"] = not echoed(session, b"two\n", 0.7)
        found["thawed"] = echoed(session, None, DEADLINE_S)
    found["after"] = echoed(session, b"three\n", DEADLINE_S)
    found["attacker after"] = connects(inside, ATTACKER)
    found["alive"] = session.poll() is None
    return found


def main() -> None:
    directory = Path(sys.argv[1])
    out: IO[str] = sys.stdout
    try:
        with running(["unshare", "--net", "sleep", "120"]) as other:
            while Path(f"/proc/{other.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
                time.sleep(0.01)
            inside = wire(other.pid)
            with running(sshd(directory), stderr=(directory / "sshd.log").open("wb")):
                end = time.monotonic() + DEADLINE_S
                while not connects(inside, OPERATOR):
                    if time.monotonic() > end:
                        raise Skip(f"sshd does not serve: {(directory / 'sshd.log').read_text()[-500:]}")
                with running(ssh(inside, directory, "cat"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
                    if not echoed(session, b"hello\n", DEADLINE_S):
                        raise Skip(f"no SSH session here: {(directory / 'sshd.log').read_text()[-500:]}")
                    json.dump(drill(directory, inside, session), out)
    except Skip as error:
        json.dump({"skip": str(error)}, out)


if __name__ == "__main__":
    main()
