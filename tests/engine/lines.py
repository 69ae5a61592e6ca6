"""Log lines in combined format, and engines that read them."""

import time
from collections.abc import Iterable, Sequence
from random import Random

from apiwatch.config import Settings
from apiwatch.config.settings import Campaign, ContextFree, Detectors, LogInFailures, MissShare, UnpopularShare
from apiwatch.engine import Engine
from apiwatch.model import Alert, AlertEvent, Batch, Delta

START = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC."""

LATER = START + 365 * 86_400.0
"""A time of receipt after every event."""

ALONE = Detectors(
    log_in_failures=LogInFailures(enabled=False),
    miss_share=MissShare(enabled=False),
    unpopular_share=UnpopularShare(enabled=False),
    context_free=ContextFree(enabled=False),
    campaign=Campaign(enabled=False),
)
"""Every client judged by itself, and never with the others."""

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"


def line(
    at: float,
    client: str,
    path: str,
    status: int = 200,
    *,
    method: str = "GET",
    size: int | str = 900,
    user: str = "-",
    agent: str = BROWSER,
) -> bytes:
    """One line in combined format; `at` is seconds after START."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(START + at))
    return f'{client} - {user} [{stamp} +0000] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}"'.encode()


def batch(lines: Sequence[bytes], source: str = "/var/log/access.log", first: int = 0) -> Batch:
    """A batch of complete lines; offsets are line numbers."""
    return Batch(source, 0, str(first), str(first + len(lines)), lines, LATER)


def engine_of(settings: Settings | None = None) -> Engine:
    return Engine(settings or Settings(), salt=b"test")


def replayed(lines: Sequence[bytes], settings: Settings | None = None) -> tuple[Engine, Delta]:
    """An engine that has read the lines, and its one delta."""
    engine = engine_of(settings)
    engine.feed(batch(lines))
    return engine, engine.take()


def alerts_of(lines: Sequence[bytes], settings: Settings | None = None) -> list[Alert]:
    return replayed(lines, settings)[1].alerts


def events_of(lines: Sequence[bytes], settings: Settings | None = None) -> list[AlertEvent]:
    return replayed(lines, settings)[1].events


def known_route(path: str, *, method: str = "GET", status: int = 200, size: int = 900, at: float = 0.0) -> list[bytes]:
    """Two answered requests of one client, after which the route of `path` is learned."""
    return [line(at, "192.0.2.250", path, status, method=method, size=size) for _ in range(2)]


def names(alerts: Iterable[Alert]) -> list[str]:
    return sorted(alert.detector for alert in alerts)


def scattered(count: int, seed: int = 0) -> list[int]:
    """Different ids in no order, none near another."""
    return [10 * found for found in Random(seed).sample(range(1_000, 90_000), count)]  # noqa: S311  # not secret
