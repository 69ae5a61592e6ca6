"""Who applies, and from where: the user behind sudo, and the other end of the SSH connection of this process."""

import os
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from apiwatch.blocklist import kernel, sshd
from apiwatch.blocklist.kernel import Socket, remote_address

__all__ = ["Connection", "connections", "every_connection", "is_stuck", "origin"]

_FAMILIES = ("tcp", "tcp6")


class Connection(NamedTuple):
    """An established connection of the SSH server that this process descends from."""

    family: str
    """Its table in /proc/net."""
    inode: str
    peer: str
    """Address of the other end."""


def origin(proc: Path = Path("/proc"), environ: Mapping[str, str] | None = None) -> str:
    """The address that this session comes from; '' on the console.

    The kernel's word goes first: sudo removes SSH_CONNECTION, and tmux keeps that of the session that started it.
    """
    if found := connections(proc):
        return found[0].peer
    clients = sshd.from_environment(os.environ if environ is None else environ).clients
    return str(clients[0]) if clients else ""


def connections(proc: Path = Path("/proc")) -> list[Connection]:
    """Connections of the SSH servers among the ancestors of this process, as far as this user may see them."""
    inodes = {inode for pid in _ancestors(proc) for inode in sshd.held_by(proc / str(pid))}
    return _established(proc, inodes)


def every_connection(proc: Path = Path("/proc")) -> list[Connection]:
    """Connections of all SSH servers, for a process that tmux or screen has cut off from its own."""
    return _established(proc, sshd.sshd_inodes(proc))


def _established(proc: Path, inodes: AbstractSet[str]) -> list[Connection]:
    return [
        Connection(family, socket.inode, str(peer))
        for family, socket in _sockets(proc)
        if socket.state == kernel.ESTABLISHED and socket.inode in inodes and (peer := remote_address(socket))
    ]


def is_stuck(connection: Connection, proc: Path = Path("/proc")) -> bool:
    """Whether a connection is gone, or sends what the other end does not confirm.

    An established connection stays so for many minutes after a firewall has cut it: its retransmissions tell.
    """
    for family, socket in _sockets(proc):
        if family == connection.family and socket.inode == connection.inode:
            return socket.state != kernel.ESTABLISHED or (socket.unsent > 0 and socket.retransmits > 0)
    return True


def _sockets(proc: Path) -> Iterator[tuple[str, Socket]]:
    for family in _FAMILIES:
        try:
            text = (proc / "net" / family).read_text(errors="replace")
        except OSError:
            continue
        for socket in kernel.sockets(text):
            yield family, socket


def _ancestors(proc: Path) -> Iterator[int]:
    pid, seen = os.getppid(), set[int]()
    while pid > 1 and pid not in seen:
        seen.add(pid)
        yield pid
        try:
            pid = int((proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return
