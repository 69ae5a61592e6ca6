"""Syslog receivers on real sockets."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwatch.sources import FeedOptions
from tests.sources.kit import descriptors, eventually, free_port, tapped

LINE = b'192.0.2.7 - - [24/Nov/2026:03:10:54 +0000] "GET /%d HTTP/1.1" 200 12'
OLD = b"<190>Nov 24 03:10:54 vm nginx: "
NEW = b'<13>1 2026-11-24T03:11:03Z web1 app - - [a b="c"] '


def options(*urls: str, queue_lines: int = 100_000, batch_lines: int = 2000, line_bytes: int = 65_536) -> FeedOptions:
    return FeedOptions(paths=(), syslog=urls, queue_lines=queue_lines, batch_lines=batch_lines, line_bytes=line_bytes)


def counted(message: bytes) -> bytes:
    return b"%d %b" % (len(message), message)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        yield one


async def test_udp_datagrams_are_lines(sender: socket.socket) -> None:
    port = free_port(socket.SOCK_DGRAM)
    url = f"udp://127.0.0.1:{port}"
    async with tapped(options=options(url), clock=lambda: 1_000.0) as tap:
        for message in (OLD + LINE % 1, NEW + LINE % 2 + b"\n", LINE % 3 + b"\0", b"", b"<13>two\nlines"):
            sender.sendto(message, ("127.0.0.1", port))
        assert await tap.count(4) == [LINE % 1, LINE % 2, LINE % 3, b"two\nlines"]
        assert {batch.source for batch in tap.batches} == {url}
        assert {batch.received for batch in tap.batches} == {1_000.0}
        assert tap.offsets == {url: "n4"}
        assert (tap.status(url).kind, tap.status(url).state, tap.status(url).dropped) == ("syslog", "following", 0)
    async with tapped(options=options(url), offsets=tap.offsets) as tap:
        sender.sendto(OLD + LINE % 5, ("127.0.0.1", port))
        await tap.count(1)
        assert (tap.batches[0].first, tap.batches[0].next) == ("n4", "n5")


async def test_udp_without_room_in_the_queue_is_dropped_and_counted(sender: socket.socket) -> None:
    port = free_port(socket.SOCK_DGRAM)
    url = f"udp://127.0.0.1:{port}"
    async with tapped(options=options(url, queue_lines=50)) as tap:
        sent = [b"<13>message %03d" % number for number in range(200)]
        for message in sent:
            sender.sendto(message, ("127.0.0.1", port))
        await eventually(lambda: tap.status(url).read_bytes == sum(map(len, sent)))
        assert tap.status(url).dropped == 150
        await tap.count(50)
        sender.sendto(b"<13>last", ("127.0.0.1", port))
        assert await tap.count(51) == [message[4:] for message in sent[:50]] + [b"last"]
        assert tap.status(url).dropped == 150


async def test_udp_that_the_kernel_drops_is_counted(sender: socket.socket) -> None:
    port = free_port(socket.SOCK_DGRAM)
    url = f"udp://127.0.0.1:{port}"
    async with tapped(options=options(url)) as tap:
        sent = 0
        while tap.status(url).dropped == 0 and sent < 20_000:  # the event loop, and so the receiver, stands still
            sender.sendto(b"<13>" + b"x" * 30_000, ("127.0.0.1", port))
            sent += 1
        assert tap.status(url).dropped > 0
        await tap.until(lambda: len(tap.lines) + tap.status(url).dropped == sent)
        dropped = tap.status(url).dropped
    assert tap.status(url).dropped == dropped


async def test_a_flood_of_datagrams_takes_bounded_memory_and_is_taken_in_bounded_batches(sender: socket.socket) -> None:
    port = free_port(socket.SOCK_DGRAM)
    url = f"udp://127.0.0.1:{port}"
    async with tapped(options=options(url)) as tap:
        sent = 0

        def all_arrived() -> bool:
            status = tap.status(url)
            return status.backlog_bytes // 60_000 + status.dropped == sent

        while sent < 2000:
            for _ in range(50):
                sender.sendto(b"<13>" + b"x" * 60_000, ("127.0.0.1", port))
            sent += 50
            await eventually(all_arrived)
        assert tap.status(url).backlog_bytes <= 1 << 26
        assert tap.status(url).dropped > 0
        await tap.until(lambda: len(tap.lines) + tap.status(url).dropped == sent)
        assert max(sum(map(len, batch.lines)) for batch in tap.batches) < 1 << 20


async def test_unix_datagrams_from_several_senders(tmp_path: Path) -> None:
    path = tmp_path / "log"
    url = f"unix://{path}"
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stale.bind(str(path))
    stale.close()
    async with tapped(options=options(url, line_bytes=100_000)) as tap:
        assert path.stat().st_mode & 0o777 == 0o666
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as first,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as second,
        ):
            first.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            for one in (first, second):
                one.connect(str(path))
            first.send(b"<13>Nov 24 03:11:03 root: one")
            second.send(NEW + b"two")
            first.send(OLD + b"x" * 100_000)
            first.send(OLD + b"x" * 100_001)
            await tap.count(4)
        assert tap.lines == [b"one", b"two", b"x" * 100_000, b"x" * 100_000]
        assert tap.status(url).cut == 1
        assert sum(batch.cut for batch in tap.batches) == 1
    assert not path.exists()


async def test_a_socket_that_another_program_put_in_our_place_stays(tmp_path: Path) -> None:
    path = tmp_path / "log"
    async with tapped(options=options(f"unix://{path}")):
        path.unlink()
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"


async def test_both_framings_on_one_tcp_port(port: int) -> None:
    url = f"tcp://127.0.0.1:{port}"
    async with tapped(options=options(url)) as tap:
        _, with_lf = await asyncio.open_connection("127.0.0.1", port)
        _, with_counts = await asyncio.open_connection("127.0.0.1", port)
        _, mixed = await asyncio.open_connection("127.0.0.1", port)
        with_lf.write(OLD + LINE % 1 + b"\n" + OLD + LINE % 2 + b"\r\n" + LINE % 3 + b"\n")
        with_counts.write(counted(NEW + b"two\nlines") + counted(OLD + LINE % 4 + b"\n"))
        mixed.write(counted(NEW + LINE % 5) + OLD + LINE % 6 + b"\n" + counted(OLD + LINE % 7))
        await tap.count(8)
        assert set(tap.lines) == {*(LINE % number for number in range(1, 8)), b"two\nlines"}
        assert tap.status(url).message == "3 connected"
        for writer in (with_lf, with_counts, mixed):
            writer.close()
            await writer.wait_closed()
        await eventually(lambda: tap.status(url).message == "0 connected")
        assert tap.status(url).dropped == 0


async def test_what_a_tcp_sender_leaves_unfinished(port: int) -> None:
    url = f"tcp://127.0.0.1:{port}"
    async with tapped(options=options(url)) as tap:
        for data in (OLD + b"without LF", b"99 " + OLD + b"broken off", b"7 <13>abc junk junk 10 <13>whole."):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            writer.close()
            await writer.wait_closed()
        await tap.until(lambda: tap.status(url).dropped == 2 and len(tap.lines) == 3)
        assert sorted(tap.lines) == [b"abc", b"whole.", b"without LF"]
        assert tap.status(url).message == "0 connected, 2 broken messages"


async def test_long_messages_on_tcp_are_cut_and_counted(port: int) -> None:
    url = f"tcp://127.0.0.1:{port}"
    async with tapped(options=options(url, line_bytes=1000)) as tap:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(OLD + b"a" * 1000 + b"\n" + OLD + b"b" * 1001 + b"\n" + OLD + b"c" * 3_000_000 + b"\n")
        writer.write(counted(OLD + b"d" * 3_000_000) + counted(OLD + b"end"))
        await tap.count(5)
        assert tap.lines == [b"a" * 1000, b"b" * 1000, b"c" * 1000, b"d" * 1000, b"end"]
        assert tap.status(url).cut == 3
        assert sum(batch.cut for batch in tap.batches) == 3
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("framing", ["lf", "counted"])
async def test_a_slow_consumer_makes_tcp_senders_wait_and_loses_nothing(port: int, framing: str) -> None:
    url = f"tcp://127.0.0.1:{port}"
    number, names = 6000, [b"sender1", b"sender2", b"sender3"]
    async with tapped(options=options(url, batch_lines=100)) as tap:
        transports = []

        async def send(name: bytes) -> None:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
            writer.transport.set_write_buffer_limits(0)
            transports.append(writer.transport)
            for start in range(0, number, 100):
                lines = [OLD + b"%b %d " % (name, index) + b"x" * 200 for index in range(start, start + 100)]
                writer.write(b"".join(line + b"\n" if framing == "lf" else counted(line) for line in lines))
                await writer.drain()
            writer.close()
            await writer.wait_closed()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(send(name)) for name in names]
            await eventually(
                lambda: (
                    tap.status(url).backlog_bytes > 100 * 200
                    and len(transports) == 3
                    and all(transport.get_write_buffer_size() for transport in transports)
                )
            )
            assert not any(task.done() for task in tasks)
            most = 0
            while tap.number < number * len(names):
                most = max(most, tap.status(url).backlog_bytes)
                await tap.count(tap.number + 1)
            assert most < 200_000
        for name in names:
            own = [line.split()[1] for line in tap.lines if line.startswith(name)]
            assert own == [b"%d" % index for index in range(number)]
        assert tap.status(url).dropped == 0


async def test_a_consumer_that_is_cancelled_while_it_waits_loses_nothing(port: int) -> None:
    url = f"tcp://127.0.0.1:{port}"
    async with tapped(options=options(url, batch_lines=1)) as tap:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(50):
            waiting = asyncio.ensure_future(anext(tap.feed))
            await asyncio.sleep(0)
            waiting.cancel()
            writer.write(OLD + b"%d\n" % number)
            await asyncio.wait({waiting})
            if not waiting.cancelled():
                tap.took(waiting.result())
        assert await tap.count(50) == [b"%d" % number for number in range(50)]
        writer.close()
        await writer.wait_closed()


async def test_too_many_connections_are_refused_and_told(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiwatch.sources.connections._CONNECTIONS", 2)
    url = f"tcp://127.0.0.1:{port}"
    async with tapped(options=options(url)) as tap:
        writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(2)]
        await eventually(lambda: tap.status(url).message == "2 connected")
        reader, third = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        assert "1 connections refused: more than 2 at once" in tap.status(url).message
        for writer in (*writers, third):
            writer.close()
        await eventually(lambda: tap.status(url).message.startswith("0 connected"))


async def test_closing_with_open_connections_leaves_no_descriptor(tmp_path: Path, port: int) -> None:
    before = descriptors()
    urls = (f"tcp://127.0.0.1:{port}", f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}", f"unix://{tmp_path}/log")
    async with tapped(options=options(*urls)) as tap:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await eventually(lambda: tap.status(urls[0]).message == "1 connected")
    assert [status.state for status in tap.feed.statuses()] == ["ended"] * 3
    writer.close()
    await eventually(lambda: not {one for one in descriptors() - before if "/fd" not in one})
