"""Syslog over TLS (RFC 5425)."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from apiwatch.errors import ApiwatchError
from apiwatch.sources import FeedOptions, TlsFiles
from tests.sources.certificates import Authority, Issued
from tests.sources.kit import Tap, append, descriptors, eventually, free_port, joined, tapped
from tests.sources.programs import program, ran, running

HEADER = b"<13>1 2026-11-24T03:11:03Z web1 app - - - "


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Issued:
    return authority.issue("server")


@pytest.fixture(scope="module")
def client(authority: Authority) -> Issued:
    return authority.issue("client")


@pytest.fixture
def port() -> int:
    return free_port()


def counted(*messages: bytes) -> bytes:
    return b"".join(b"%d %b" % (len(message), message) for message in messages)


def options(port: int, issued: Issued, *, client_ca: Path | None = None, batch_lines: int = 2000) -> FeedOptions:
    files = TlsFiles(str(issued.certificate), str(issued.key), str(client_ca) if client_ca else None)
    return FeedOptions(paths=(), syslog=(f"tls://127.0.0.1:{port}",), syslog_tls=files, batch_lines=batch_lines)


def message(tap: Tap) -> str:
    return tap.feed.statuses()[0].message


@asynccontextmanager
async def connected(port: int, authority: Authority, own: Issued | None = None) -> AsyncIterator[asyncio.StreamWriter]:
    context = ssl.create_default_context(cafile=authority.certificate)
    if own is not None:
        context.load_cert_chain(own.certificate, own.key)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        yield writer
    finally:
        writer.close()
        await writer.wait_closed()


async def insist(port: int, authority: Authority, own: Issued | None) -> None:
    """Send for a second, or until it fails."""
    async with connected(port, authority, own) as writer:
        for _ in range(100):
            writer.write(counted(HEADER + b"forged"))
            await writer.drain()
            await asyncio.sleep(0.01)


async def test_counted_messages_over_tls_are_lines(port: int, authority: Authority, server: Issued) -> None:
    sent = [b"line %d " % number + b"x" * (number % 300) for number in range(20_000)]
    async with tapped(options=options(port, server)) as tap:
        async with connected(port, authority) as writer:
            writer.write(counted(*(HEADER + line for line in sent[:10])))
            assert await tap.count(10) == sent[:10]
            assert message(tap) == "1 connected"
            data = counted(*(HEADER + line for line in sent[10:]))
            for begin in range(0, len(data), 100_000):  # several TLS records at once, and records that split messages
                writer.write(data[begin : begin + 100_000])
                await writer.drain()
                await tap.count(tap.number)
            assert await tap.count(len(sent)) == sent
        await tap.until(lambda: message(tap) == "0 connected")
        assert tap.feed.statuses()[0].dropped == 0


async def test_a_slow_consumer_makes_tls_senders_wait(port: int, authority: Authority, server: Issued) -> None:
    sent = [b"line %d " % number + b"x" * 4000 for number in range(3000)]
    async with tapped(options=options(port, server, batch_lines=50)) as tap, connected(port, authority) as writer:

        async def send() -> None:
            for line in sent:
                writer.write(counted(HEADER + line))
                await writer.drain()

        sending = asyncio.create_task(send())
        await eventually(lambda: tap.feed.statuses()[0].backlog_bytes > 100_000)
        await asyncio.sleep(0.1)
        assert not sending.done()
        assert tap.feed.statuses()[0].backlog_bytes < 3_000_000
        assert await tap.count(len(sent)) == sent
        await sending


async def test_lines_that_are_not_counted_are_broken_and_the_message_says_why(
    port: int, authority: Authority, server: Issued
) -> None:
    async with tapped(options=options(port, server)) as tap, connected(port, authority) as writer:
        writer.write(HEADER + b"one\n" + HEADER + b"two\n" + counted(HEADER + b"three", HEADER + b"four\nfour"))
        assert await tap.count(2) == [b"three", b"four\nfour"]
        assert message(tap) == "1 connected, 2 broken messages: TLS needs octet-counted messages"
        assert tap.feed.statuses()[0].dropped == 2


async def test_only_clients_of_the_authority_may_connect(
    port: int, tmp_path: Path, authority: Authority, server: Issued, client: Issued
) -> None:
    stranger = Authority(tmp_path).issue("stranger")
    async with tapped(options=options(port, server, client_ca=authority.certificate)) as tap:
        for own, reason in ((None, "peer did not return a certificate"), (stranger, "unable to get local issuer")):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await insist(port, authority, own)
            await eventually(lambda reason=reason: reason in message(tap))  # type: ignore[misc]
        async with connected(port, authority, client) as writer:
            writer.write(counted(HEADER + b"genuine"))
            assert await tap.count(1) == [b"genuine"]
            assert message(tap).startswith("1 connected, 2 handshakes failed, the last: 127.0.0.1: unable to get")


async def test_silent_slow_and_wrong_clients_hold_up_nobody(
    port: int, authority: Authority, server: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apiwatch.sources.connections._HANDSHAKES", 3)
    monkeypatch.setattr("apiwatch.sources.connections._HANDSHAKE_SECONDS", 0.6)
    async with tapped(options=options(port, server)) as tap:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        silent[-1][1].write(b"\x16\x03\x01")
        async with connected(port, authority) as writer:
            writer.write(counted(HEADER + b"served"))
            assert await tap.count(1) == [b"served"]
            assert message(tap) == "1 connected, 6 handshakes failed, the last: 127.0.0.1: broke off"
        _, plain = await asyncio.open_connection("127.0.0.1", port)
        plain.write(counted(HEADER + b"not encrypted"))
        await eventually(lambda: "7 handshakes failed" in message(tap) and "wrong version" in message(tap))
        await eventually(
            lambda: message(tap).endswith("9 handshakes failed, the last: 127.0.0.1: took longer than 1 s")
        )
        assert tap.number == 1
        for other in (plain, *(writer for _, writer in silent)):
            other.close()


async def test_closing_in_the_middle_of_a_handshake_leaves_nothing(
    port: int, authority: Authority, server: Issued
) -> None:
    before = descriptors()
    async with tapped(options=options(port, server)) as tap:
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        async with connected(port, authority) as open_one:
            await eventually(lambda: message(tap) == "1 connected")
            await tap.feed.aclose()
            open_one.transport.abort()
    silent.close()
    await eventually(lambda: not {one for one in descriptors() - before if "/fd" not in one})


async def test_an_expired_certificate_is_used_with_a_warning(port: int, authority: Authority) -> None:
    expired = authority.issue("expired", until="20210101000000Z")
    async with tapped(options=options(port, expired)) as tap:
        assert message(tap) == "0 connected, clients may refuse it: certificate has expired"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(counted(HEADER + b"all the same"))
        assert await tap.count(1) == [b"all the same"]
        writer.close()
        await writer.wait_closed()


async def test_files_that_cannot_be_used_are_named(tmp_path: Path, authority: Authority, server: Issued) -> None:
    other = authority.issue("other")
    certificate, key = map(str, server)
    locked = str(authority.lock(server.key, "secret"))
    text, missing = tmp_path / "text", str(tmp_path / "missing")
    text.write_text("no certificate")
    both = tmp_path / "both.pem"
    both.write_bytes(server.key.read_bytes() + server.certificate.read_bytes())
    url = f"tls://127.0.0.1:{free_port()}"
    for files, words in (
        (TlsFiles(), ("--syslog-certificate", "--syslog-key", "sources.syslog_tls")),
        (TlsFiles(missing, key), ("--syslog-certificate", missing, "no such file")),
        (TlsFiles(str(text), key), ("--syslog-certificate", str(text), "PEM")),
        (TlsFiles(certificate), ("--syslog-key", certificate, "no private key")),
        (TlsFiles(certificate, missing), ("--syslog-key", missing, "no such file")),
        (TlsFiles(certificate, str(tmp_path)), ("--syslog-key", str(tmp_path))),
        (TlsFiles(certificate, str(text)), ("--syslog-key", str(text), "no private key")),
        (TlsFiles(certificate, str(other.key)), ("--syslog-key", str(other.key), "is not the key of", certificate)),
        (TlsFiles(certificate, locked), ("--syslog-key", locked, "passphrase")),
        (TlsFiles(certificate, key, str(text)), ("--syslog-client-ca", str(text), "PEM")),
    ):
        with pytest.raises(ApiwatchError) as caught:
            async with tapped(options=FeedOptions(paths=(), syslog=(url,), syslog_tls=files)):
                pass
        assert [word for word in words if word not in str(caught.value)] == []
        assert str(caught.value).count("\n") == 0
    async with tapped(options=FeedOptions(paths=(), syslog=(url,), syslog_tls=TlsFiles(str(both)))) as tap:
        assert message(tap) == "0 connected"


async def test_openssl_s_client_can_send(port: int, authority: Authority, server: Issued, client: Issued) -> None:
    openssl = program("openssl")
    async with tapped(options=options(port, server, client_ca=authority.certificate)) as tap:
        ours = ("-cert", str(client.certificate), "-key", str(client.key))
        theirs = ("-verify_return_error", "-CAfile", str(authority.certificate), "-verify_ip", "127.0.0.1")
        for version in ("-tls1_2", "-tls1_3"):
            data = counted(HEADER + version.encode())
            command = (openssl, "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-no_ign_eof", version)
            await ran(*command, *ours, *theirs, data=data)
        assert await tap.count(2) == [b"-tls1_2", b"-tls1_3"]


RSYSLOG = """
global(workDirectory="{directory}" defaultNetstreamDriver="{driver}" defaultNetstreamDriverCAFile="{ca}"
       defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imfile" mode="inotify")
input(type="imfile" File="{directory}/access.log" Tag="nginx:" freshStartTail="off")
action(type="omfwd" Target="127.0.0.1" Port="{port}" Protocol="tcp" TCP_Framing="octet-counted"
       StreamDriver="{driver}" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid")
"""


def has_driver(name: str) -> bool:
    return any(Path("/usr/lib").glob(f"**/rsyslog/lmnsd_{name}.so"))


@pytest.mark.parametrize("driver", ["gtls", "ossl"])
async def test_rsyslogd_forwards_over_tls_with_its_own_certificate(
    tmp_path: Path, port: int, authority: Authority, server: Issued, client: Issued, driver: str
) -> None:
    rsyslogd = program("rsyslogd")
    if not has_driver(driver):
        pytest.skip(f"rsyslog cannot do TLS with {driver}")
    settings, log = tmp_path / "rsyslog.conf", tmp_path / "access.log"
    values = {"ca": authority.certificate, "certificate": client.certificate, "key": client.key}
    settings.write_text(RSYSLOG.format(directory=tmp_path, port=port, driver=driver, **values))
    lines = [b'192.0.2.7 - - [24/Nov/2026:03:10:54 +0000] "GET /%d HTTP/1.1" 200 12' % number for number in range(300)]
    append(log, joined(lines))
    command = (rsyslogd, "-n", "-f", str(settings), "-i", str(tmp_path / "pid"))
    async with tapped(options=options(port, server, client_ca=authority.certificate)) as tap:
        async with running(*command, log=tmp_path / "output"):
            await tap.until(lambda: set(lines) <= set(tap.lines))
        assert [line for line in tap.lines if line in lines] == lines
        assert tap.feed.statuses()[0].dropped == 0
