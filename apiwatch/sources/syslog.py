"""Syslog by datagrams (UDP, unix socket), dropped and counted when there is no room."""

import asyncio
import contextlib
import dataclasses
import socket
from pathlib import Path

from apiwatch.sources.framing import HEADER_BYTES
from apiwatch.sources.headers import peel
from apiwatch.sources.listen import Endpoint, bind, bind_unix, kernel_drops
from apiwatch.sources.options import SourceStatus
from apiwatch.sources.peers import Peers
from apiwatch.sources.piece import trim
from apiwatch.sources.stream import StreamBase, StreamContext

__all__ = ["DatagramStream", "SyslogStream"]

_DATAGRAMS_PER_TURN = 256
_BYTES_PER_TURN = 1 << 17
_UDP_BYTES = 65_536
_QUEUE_BYTES = 1 << 26


class SyslogStream(StreamBase):
    """What waits are lines: headers are peeled when messages arrive, a few at a time."""

    def __init__(self, endpoint: Endpoint, context: StreamContext, offset: str = "") -> None:
        super().__init__(endpoint.url, "syslog", context, offset)
        self._endpoint = endpoint
        self._peers = Peers(() if endpoint.scheme == "unix" else context.options.syslog_allow)
        self._sockets: list[socket.socket] = []

    @property
    def line_bytes(self) -> int:
        """Longest line."""
        return self._context.options.line_bytes

    def _admit(self, messages: list[bytes]) -> None:
        lines, cut = trim([peel(message) for message in messages if message], self.line_bytes)
        self._cut += cut
        self._queue.put(lines, self._context.clock())
        self._context.wake()


class DatagramStream(SyslogStream):
    """A UDP port or a unix datagram socket: one datagram is one message."""

    def __init__(self, endpoint: Endpoint, context: StreamContext, offset: str = "") -> None:
        super().__init__(endpoint, context, offset)
        self._identity: tuple[int, int] | None = None
        longest = self.line_bytes + HEADER_BYTES + 1
        self._datagram_bytes = longest if endpoint.scheme == "unix" else _UDP_BYTES

    async def open(self) -> None:
        """Bind and start to receive; raises InputError."""
        if self._endpoint.scheme == "unix":
            self._sockets = [bind_unix(self._endpoint)]
            self._identity = self._file_identity()
        else:
            self._sockets = await asyncio.to_thread(bind, self._endpoint)
        for one in self._sockets:
            asyncio.get_running_loop().add_reader(one.fileno(), self._readable, one)

    def _readable(self, one: socket.socket) -> None:
        messages: list[bytes] = []
        size = 0
        with contextlib.suppress(OSError):
            for _ in range(_DATAGRAMS_PER_TURN):
                if size >= _BYTES_PER_TURN:
                    break
                message, peer = one.recvfrom(self._datagram_bytes)
                size += len(message)
                if self._peers.admits(peer[0] if peer else ""):
                    messages.append(message)
        self._read_bytes += size
        room = max(0, self._context.options.queue_lines - self._queue.lines)
        if self._queue.bytes + size > _QUEUE_BYTES:
            room = 0
        self._dropped += max(0, len(messages) - room)
        self._admit(messages[:room])

    def status(self) -> SourceStatus:
        """As in Stream; `dropped` includes what the kernel dropped."""
        status = super().status()
        drops = sum(kernel_drops(one) for one in self._sockets) if self._endpoint.scheme == "udp" else 0
        message = ", ".join(self._peers.told("datagrams"))
        return dataclasses.replace(status, dropped=status.dropped + drops, message=message)

    async def close(self) -> None:
        """Stop receiving; the file of a unix socket is removed if it is still ours."""
        if not self._sockets:
            return
        for one in self._sockets:
            asyncio.get_running_loop().remove_reader(one.fileno())
            self._dropped += kernel_drops(one) if self._endpoint.scheme == "udp" else 0
            one.close()
        self._sockets = []
        self.ended, self._state = True, "ended"
        self._remove_file()

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            status = Path(self._endpoint.host).stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _remove_file(self) -> None:
        if self._identity is not None and self._identity == self._file_identity():
            with contextlib.suppress(OSError):
                Path(self._endpoint.host).unlink()
