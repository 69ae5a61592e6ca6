"""Syslog receivers: datagrams (UDP, unix socket), dropped and counted when there is no room, and TCP, which waits."""

import asyncio
import contextlib
import dataclasses
import socket
from pathlib import Path
from typing import cast

from apiwatch.sources.framing import HEADER_BYTES, Framer
from apiwatch.sources.headers import peel
from apiwatch.sources.listen import Endpoint, bind, bind_unix, kernel_drops
from apiwatch.sources.options import SourceStatus
from apiwatch.sources.piece import trim
from apiwatch.sources.stream import StreamBase, StreamContext

__all__ = ["DatagramStream", "TcpStream"]

_DATAGRAMS_PER_TURN = 256
_BYTES_PER_TURN = 1 << 17
_UDP_BYTES = 65_536
_QUEUE_BYTES = 1 << 26
_AHEAD_BYTES = 1 << 21
_CONNECTIONS = 512
_TCP_READ_BYTES = 1 << 14


class _SyslogStream(StreamBase):
    """What waits are lines: headers are peeled when messages arrive, a few at a time."""

    def __init__(self, endpoint: Endpoint, context: StreamContext, offset: str = "") -> None:
        super().__init__(endpoint.url, "syslog", context, offset)
        self._endpoint = endpoint
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


class DatagramStream(_SyslogStream):
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
            while len(messages) < _DATAGRAMS_PER_TURN and size < _BYTES_PER_TURN:
                messages.append(one.recv(self._datagram_bytes))
                size += len(messages[-1])
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
        return dataclasses.replace(status, dropped=status.dropped + drops)

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


class TcpStream(_SyslogStream):
    """A TCP port: octet counting and LF framing; connections wait while too much is in the queue."""

    def __init__(self, endpoint: Endpoint, context: StreamContext, offset: str = "") -> None:
        super().__init__(endpoint, context, offset)
        self._servers: list[asyncio.Server] = []
        self._connections: set[_Connection] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._full = False
        self._refused = 0
        self._broken = 0

    async def open(self) -> None:
        """Bind and listen; raises InputError."""
        self._sockets = await asyncio.to_thread(bind, self._endpoint)
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            self._servers.append(await loop.create_server(lambda: _Connection(self), sock=one))

    def connected(self, connection: "_Connection") -> bool:
        """Accept a connection, unless there are too many."""
        if self.ended or len(self._connections) >= _CONNECTIONS:
            self._refused += 1
            return False
        self._connections.add(connection)
        self._all_gone.clear()
        if self._full:
            connection.pause()
        return True

    def gone(self, connection: "_Connection", broken: int) -> None:
        """A connection has ended."""
        self._broken += broken
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    def arrived(self, messages: list[bytes], size: int) -> None:
        """Queue messages; nothing is dropped, the senders wait instead."""
        self._read_bytes += size
        self._admit(messages)
        limit = 2 * self._context.options.batch_lines
        if not self._full and (self._queue.bytes > _AHEAD_BYTES or self._queue.lines > limit):
            self._full = True
            for connection in self._connections:
                connection.pause()

    def _taken(self) -> None:
        if self._full and self._queue.lines <= self._context.options.batch_lines and self._queue.bytes <= _AHEAD_BYTES:
            self._full = False
            for connection in self._connections:
                connection.resume()

    def status(self) -> SourceStatus:
        """As in Stream; `dropped` counts messages that broken framing has cost."""
        broken = self._broken + sum(connection.broken for connection in self._connections)
        parts = [f"{len(self._connections)} connected"]
        if broken:
            parts.append(f"{broken} broken messages")
        if self._refused:
            parts.append(f"{self._refused} connections refused: more than {_CONNECTIONS} at once")
        return dataclasses.replace(super().status(), message=", ".join(parts), dropped=broken)

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        self.ended, self._state = True, "ended"
        for server in self._servers:
            server.close()
        if not self._servers:
            for one in self._sockets:
                one.close()
        for connection in tuple(self._connections):
            connection.abort()
        await self._all_gone.wait()
        for server in self._servers:
            await server.wait_closed()
        self._servers, self._sockets = [], []
        await asyncio.sleep(0)


class _Connection(asyncio.BufferedProtocol):
    """Reads a little at a time, so that neither one step nor what all connections read ahead is long."""

    def __init__(self, stream: TcpStream) -> None:
        self._stream = stream
        self._buffer = bytearray(_TCP_READ_BYTES)
        self._framer = Framer(stream.line_bytes)
        self._transport: asyncio.Transport | None = None
        self._accepted = False

    @property
    def broken(self) -> int:
        return self._framer.broken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a TCP server makes no other kind
        self._accepted = self._stream.connected(self)
        if not self._accepted:
            self.abort()
            return
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._stream.arrived(self._framer.feed(bytes(self._buffer[:nbytes])), nbytes)

    def connection_lost(self, error: Exception | None) -> None:
        if self._accepted:
            self._stream.arrived(self._framer.finish(), 0)
            self._stream.gone(self, self._framer.broken)

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
