"""One attack for each detector of amounts, and who it is about."""

from heapq import merge

from apiwatch.simulate import Hit, writer
from tests.detect.account_attacks import Attack
from tests.engine.lines import BROWSER, START, line

BAD = "203.0.113.9"
WARM = 4_000
"""Seconds of ordinary traffic before an attack."""

_WRITE = writer("nginx_json", users_logged=True)
MEGABYTE = 1_000_000
PATHS = ("/api/feed", "/api/config", "/api/menu", "/api/news", "/api/offers")

Timed = tuple[float, bytes]


def in_order(*parts: list[Timed]) -> list[bytes]:
    return [raw for _, raw in merge(*parts, key=lambda timed: timed[0])]


def steady(seconds: float, *, every: float = 2.0) -> list[Timed]:
    """Ordinary requests of 60 clients to five routes."""
    return [
        (every * step, line(every * step, f"10.8.0.{step % 60 + 1}", PATHS[(step * 7 + step // 60) % 5]))
        for step in range(int(seconds / every))
    ]


def hammer(at: float, seconds: float, rate: float, path: str = PATHS[1], clients: int = 1) -> list[Timed]:
    """Requests at a constant pace of the attacker, or of many clients in turn."""
    return [
        (
            at + step / rate,
            line(at + step / rate, BAD if clients == 1 else f"10.9.{step % clients // 250}.{step % 250}", path),
        )
        for step in range(int(seconds * rate))
    ]


def export(at: float, number: int, size: int, *, client: str = BAD, user: str = "mallory") -> bytes:
    return line(at, client, f"/v1/exports/{number}", size=size, user=user)


def slow(at: float, count: int, *, every: float, seconds: float, client: str = BAD) -> list[Timed]:
    """Report queries that take long, in a format that says how long."""
    return [
        (
            at + every * step,
            _timed(
                Hit(
                    at + every * step, client, None, "GET", f"/api/report?from={step}", 200, 900, None, BROWSER, seconds
                )
            ),
        )
        for step in range(count)
    ]


def _timed(hit: Hit) -> bytes:
    return _WRITE(START + hit.time, hit).encode()


EXPORTS = [
    export(10 * step, step, MEGABYTE + step % 97 * 30_000, client=f"10.1.{step % 50}.1", user=f"clerk{step % 50}")
    for step in range(400)
]
EXPORTS += [export(WARM - 100 + step, 700_000 + step, MEGABYTE) for step in range(3)]
"""Exports of one to four megabytes of 50 clerks, one of whom is the attacker's."""

ATTACKS: dict[str, Attack] = {
    "exfiltration.oversized-response": ([*EXPORTS, export(WARM + 60, 900_000, 100 * MEGABYTE)], "user:mallory"),
    "exfiltration.principal-bytes": (
        [*EXPORTS, *(export(WARM + 60 * step, 900_000 + 777 * step, 20 * MEGABYTE) for step in range(8))],
        "user:mallory",
    ),
    "volume.principal-surge": (in_order(steady(WARM), hammer(3_000, 60, 15, PATHS[1])), BAD),
    "volume.error-surge": (
        in_order(
            steady(WARM),
            [(3_000 + 2 * step, line(3_000 + 2 * step, BAD, f"{PATHS[0]}?q={step}", 500)) for step in range(60)],
        ),
        BAD,
    ),
    "volume.latency-abuse": (in_order(steady(WARM), slow(3_000, 12, every=12.0, seconds=25.0)), BAD),
    "volume.route-surge": (
        in_order(steady(WARM, every=0.5), hammer(3_000, 60, 60, PATHS[0], clients=400)),
        f"GET {PATHS[0]}",
    ),
}
