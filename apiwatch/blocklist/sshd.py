"""Who is logged in over SSH: the established peers of this machine's SSH server.

`SSH_CONNECTION` alone is not enough: sudo removes it, and inside tmux it names the session that started tmux.
"""

import contextlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from apiwatch.blocklist.kernel import ESTABLISHED, LISTEN, Address, Socket, plain_address, remote_address

__all__ = ["Session", "configured_ports", "from_environment", "held_by", "peers", "sshd_inodes"]

_PROGRAMS = frozenset({"sshd", "sshd-session", "sshd-auth", "dropbear"})
_DEFAULT_PORT = 22


@dataclass(frozen=True, slots=True)
class Session:
    """What the environment says about the SSH session that this process belongs to."""

    clients: tuple[Address, ...]
    """Addresses that it came from."""
    ports: frozenset[int]
    """Ports of the server that it came to."""


def from_environment(environ: Mapping[str, str]) -> Session:
    """`SSH_CONNECTION` (client, port, server, port) and `SSH_CLIENT` (client, port, server's port)."""
    clients: list[Address] = []
    ports: set[int] = set()
    for name, length in (("SSH_CONNECTION", 4), ("SSH_CLIENT", 3)):
        fields = environ.get(name, "").split()
        if len(fields) != length:
            continue
        client = plain_address(fields[0])
        if client is not None:
            clients.append(client)
        if fields[-1].isascii() and fields[-1].isdigit():
            ports.add(int(fields[-1]))
    return Session(tuple(dict.fromkeys(clients)), frozenset(ports))


def configured_ports(etc: Path) -> set[int]:
    """Ports of `Port` and `ListenAddress` in sshd_config and sshd_config.d, and 22; OSError when one is unreadable.

    Without the files there is only 22.
    """
    ports = {_DEFAULT_PORT}
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        ports |= set(_ports_of((etc / "ssh" / "sshd_config").read_text(errors="replace")))
    for path in sorted((etc / "ssh" / "sshd_config.d").glob("*.conf")):
        ports |= set(_ports_of(path.read_text(errors="replace")))
    return ports


def _ports_of(text: str) -> Iterator[int]:
    for line in text.splitlines():
        words = line.replace("=", " ", 1).split()
        if len(words) < 2:
            continue
        keyword, value = words[0].lower(), words[1].strip('"')
        if keyword == "listenaddress":
            host, colon, value = value.rpartition(":")
            if not colon or (":" in host and not host.endswith("]")):
                continue
        elif keyword != "port":
            continue
        if value.isascii() and value.isdigit():
            yield int(value)


def sshd_inodes(proc: Path) -> set[str]:
    """Inodes of the sockets of SSH server processes, as far as this user may see them (root: all)."""
    return {inode for directory in proc.glob("[0-9]*") for inode in held_by(directory)}


def held_by(process: Path) -> set[str]:
    """Inodes of the sockets of one process, a directory of /proc, if it is an SSH server."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        if (process / "comm").read_text(errors="replace").strip() in _PROGRAMS:
            found |= set(_socket_inodes(process / "fd"))
    return found


def _socket_inodes(directory: Path) -> Iterator[str]:
    for link in directory.iterdir():
        with contextlib.suppress(OSError):
            name = str(link.readlink())
            if name.startswith("socket:["):
                yield name[len("socket:[") : -1]


def peers(known: list[Socket], ports: AbstractSet[int], inodes: AbstractSet[str]) -> list[Address]:
    """The other ends of established connections to the SSH server, each once.

    A socket is the server's when its port is one of `ports`, or a process of the server holds it or listens there.
    """
    serving = ports | {socket.local_port for socket in known if socket.state == LISTEN and socket.inode in inodes}
    found = (
        remote_address(socket)
        for socket in known
        if socket.state == ESTABLISHED and (socket.local_port in serving or socket.inode in inodes)
    )
    return list(dict.fromkeys(address for address in found if address is not None))
