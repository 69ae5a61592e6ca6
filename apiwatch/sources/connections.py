"""Syslog by TCP (RFC 6587) and TLS (RFC 5425): nothing is dropped, the senders wait instead."""

import asyncio
import dataclasses
import socket
import ssl
from typing import cast

from apiwatch.sources.framing import Framer
from apiwatch.sources.listen import Endpoint, bind
from apiwatch.sources.options import SourceStatus
from apiwatch.sources.stream import StreamContext
from apiwatch.sources.syslog import SyslogStream
from apiwatch.sources.tls import server_context

__all__ = ["TcpStream"]

_AHEAD_BYTES = 1 << 21
_CONNECTIONS = 512
_HANDSHAKES = 128
_HANDSHAKE_SECONDS = 10.0
_READ_BYTES = 1 << 14


class TcpStream(SyslogStream):
    """A port for TCP or TLS; connections wait while too much is in the queue.

    A client that shakes hands slowly or not at all holds up nobody: it is let go after 10 s, or when 128 newer ones
    are at it.
    """

    def __init__(self, endpoint: Endpoint, context: StreamContext, offset: str = "") -> None:
        super().__init__(endpoint, context, offset)
        self.tls: ssl.SSLContext | None = None
        self._warning = ""
        self._servers: list[asyncio.Server] = []
        self._connections: set[_Connection] = set()
        self._greeting: dict[_Connection, None] = {}
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._full = False
        self._refused = 0
        self._failed = 0
        self._failure = ""
        self._broken = 0

    async def open(self) -> None:
        """Bind and listen; raises InputError, and UsageError for TLS without a certificate."""
        if self._endpoint.scheme == "tls":
            files = self._context.options.syslog_tls
            self.tls, self._warning = await asyncio.to_thread(server_context, files, self._endpoint.url)
        self._sockets = await asyncio.to_thread(bind, self._endpoint)
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            self._servers.append(await loop.create_server(lambda: _Connection(self), sock=one))

    def connected(self, connection: "_Connection", host: str) -> bool:
        """Accept a connection, unless its host may not send, or there are too many."""
        if self.ended or not self._peers.admits(host):
            return False
        if self.tls is None:
            return self.greeted(connection)
        if len(self._greeting) >= _HANDSHAKES:
            next(iter(self._greeting)).abort()
        self._greeting[connection] = None
        self._all_gone.clear()
        return True

    def greeted(self, connection: "_Connection") -> bool:
        """Let messages come, unless there are too many connections."""
        self._greeting.pop(connection, None)
        if self.ended or len(self._connections) >= _CONNECTIONS:
            self._refused += 1
            return False
        self._connections.add(connection)
        self._all_gone.clear()
        if self._full:
            connection.pause()
        return True

    def failed(self, reason: str) -> None:
        """A TLS handshake did not succeed."""
        self._failed += 1
        self._failure = reason

    def gone(self, connection: "_Connection", broken: int) -> None:
        """A connection has ended."""
        self._broken += broken
        self._greeting.pop(connection, None)
        self._connections.discard(connection)
        if not self._connections and not self._greeting:
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
            why = ": TLS needs octet-counted messages" if self.tls is not None else ""
            parts.append(f"{broken} broken messages{why}")
        parts += self._peers.told("connections")
        if self._refused:
            parts.append(f"{self._refused} connections refused: more than {_CONNECTIONS} at once")
        if self._failed:
            parts.append(f"{self._failed} handshakes failed, the last: {self._failure}")
        if self._warning:
            parts.append(self._warning)
        return dataclasses.replace(super().status(), message=", ".join(parts), dropped=broken)

    async def close(self) -> None:
        """Stop listening and drop all connections."""
        self.ended, self._state = True, "ended"
        for server in self._servers:
            server.close()
        if not self._servers:
            for one in self._sockets:
                one.close()
        for connection in (*self._connections, *self._greeting):
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
        self._buffer = bytearray(_READ_BYTES)
        self._framer = Framer(stream.line_bytes, counted_only=stream.tls is not None)
        self._transport: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._accepted = False

    @property
    def broken(self) -> int:
        return self._framer.broken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a TCP server makes no other kind
        peer = transport.get_extra_info("peername")
        host = peer[0] if peer else ""
        self._accepted = self._stream.connected(self, host)
        if not self._accepted:
            self.abort()
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._stream.tls is not None:
            self._transport.pause_reading()
            secured = self._secure(self._transport, self._stream.tls, host)
            self._handshake = asyncio.get_running_loop().create_task(secured)

    async def _secure(self, transport: asyncio.Transport, context: ssl.SSLContext, host: str) -> None:
        loop = asyncio.get_running_loop()
        reason = "broke off"
        try:
            secured = await loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
            # A connection that is lost during the handshake ends the wait for it, too.
            if secured is not None and secured.get_extra_info("cipher") is not None:
                self._transport = secured
                if not secured.is_closing() and not self._stream.greeted(self):
                    self.abort()
                return
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message
        except ssl.SSLError as error:
            reason = (error.reason or "no TLS").replace("_", " ").lower()
        except ConnectionAbortedError:
            reason = f"took longer than {_HANDSHAKE_SECONDS:.0f} s"
        except OSError:
            pass
        transport.abort()
        self._stream.failed(f"{host}: {reason}")
        self._leave()

    def get_buffer(self, sizehint: int) -> memoryview:
        # TLS writes into slices of it: those of a bytearray would be copies.
        return memoryview(self._buffer)

    def buffer_updated(self, nbytes: int) -> None:
        self._stream.arrived(self._framer.feed(bytes(self._buffer[:nbytes])), nbytes)

    def connection_lost(self, error: Exception | None) -> None:
        if self._accepted:
            self._stream.arrived(self._framer.finish(), 0)
        self._leave()

    def _leave(self) -> None:
        if self._accepted:
            self._accepted = False
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
