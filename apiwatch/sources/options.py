"""What a feed reads, and how its sources are doing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["FeedOptions", "Reading", "SourceStatus", "State", "TlsFiles"]

State = Literal["following", "waiting", "rotated", "gone", "denied", "reading", "ended", "error"]
"""following: at its end, more may come; waiting: not there yet; rotated: renamed, its successor is not there yet;
gone: deleted; denied: no permission, tried again; reading: behind its end; ended: nothing more will come."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files in PEM form for receiving syslog over TLS."""

    certificate: str | None = None
    """The receiver's certificate, with those that lead to its authority behind it."""
    key: str | None = None
    """Its private key, without passphrase; None: it is in the file of the certificate."""
    client_ca: str | None = None
    """Authorities whose clients may connect; None: clients need no certificate."""


_NO_FILES = TlsFiles()


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Sources of a feed and the bounds of reading them."""

    paths: tuple[str, ...]
    """Files and globs; a named pipe is read like standard input."""
    syslog: tuple[str, ...] = ()
    """udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH."""
    syslog_tls: TlsFiles = _NO_FILES
    """For the tls:// addresses."""
    syslog_allow: tuple[str, ...] = ()
    """Networks that may send syslog by UDP, TCP and TLS; empty: everyone."""
    journal: tuple[str, ...] = ()
    """systemd units whose messages in the journal are read; 'all': of every unit."""
    stdin_fd: int | None = None
    """Descriptor of standard input; stays open, it belongs to the caller."""
    since: str = "15m"
    """Where a file that is opened for the first time starts: a duration before now, an RFC 3339 time, or 'start'."""
    follow: bool = True
    """False: read what is there, then end."""
    poll_interval: float = 0.25
    """Seconds between two looks at a file that has nothing new and that inotify does not tell of."""
    line_bytes: int = 65536
    """Longer lines are cut and counted."""
    queue_lines: int = 100_000
    """Lines of a datagram source that may wait; above it they are dropped and counted."""
    batch_lines: int = 2000


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source as it is now."""

    name: str
    kind: str
    """'file', 'stdin', 'syslog' or 'journal'."""
    state: str
    """One of `State`."""
    message: str
    """What a user should know about it, '' when there is nothing to say."""
    backlog_bytes: int
    """Unread bytes; for a compressed file: compressed bytes; for a socket or pipe: bytes that wait in the queue."""
    read_bytes: int
    """Bytes read since the feed was opened."""
    dropped: int
    """Lines lost: datagrams for which there was no room, and broken TCP messages. Who is refused loses nothing."""
    cut: int
    """Lines that were longer than `FeedOptions.line_bytes`."""


class Reading(NamedTuple):
    """How files are read; shared by all files of a feed."""

    follow: bool
    poll_interval: float
    line_bytes: int
    batch_lines: int
    time_of: Callable[[bytes], float | None]
    """Event time of a raw line, None when it cannot be told."""
    clock: Callable[[], float]
