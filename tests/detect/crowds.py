"""Campaigns in the traffic of a simulated shop, and what an engine makes of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from heapq import merge
from random import Random

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import Alert, AlertEvent, Batch
from apiwatch.simulate import generate
from tests.engine.lines import BROWSER, LATER, START, line

ONSET = 900.0
"""Seconds of normal traffic before a campaign."""

Timed = tuple[float, bytes]


@dataclass
class Outcome:
    """What was raised: events, and the alerts as they are at the end."""

    lines: list[bytes]
    events: list[AlertEvent]
    alerts: list[Alert]

    def requests_before(self, event: AlertEvent, attack: Iterable[Timed]) -> int:
        """Requests of an attack up to the line that made an alert fire."""
        guilty = {raw for _, raw in attack}
        return sum(1 for raw in self.lines[: event.line] if raw in guilty)

    @property
    def campaigns(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert.family in {"population", "campaign"}]


@cache
def _traffic(seed: int, minutes: float) -> list[Timed]:
    events = generate("benign", seed=seed, minutes=minutes, rate=12.0, start=START)
    return [(event.time - START, event.line.encode()) for event in events]


def shop(seconds: float, *, seed: int = 1) -> list[Timed]:
    """Normal traffic, 12 requests a second, with the seconds after START."""
    return [timed for timed in _traffic(seed, 30.0) if timed[0] < seconds]


def addresses(count: int, seed: int = 5) -> list[str]:
    """Addresses all over the world, where no client of the shop lives."""
    dice = Random(seed)  # noqa: S311  # reproducible, not secret
    found: dict[str, None] = {}
    while len(found) < count:
        found[f"{dice.randrange(60, 99)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"] = None
    return list(found)


def judged(*streams: Iterable[Timed], settings: Settings | None = None, size: int = 500) -> Outcome:
    """What an engine raises over the streams, merged by time."""
    engine = Engine(settings or Settings(), salt=b"test")
    events: list[AlertEvent] = []
    alerts: dict[str, Alert] = {}
    lines = [raw for _, raw in merge(*streams, key=lambda timed: timed[0])]
    for at in range(0, len(lines), size):
        engine.feed(Batch("/var/log/access.log", 0, str(at), str(at + size), lines[at : at + size], LATER))
        delta = engine.take(with_state=False)
        events += delta.events
        alerts.update((alert.id, alert) for alert in delta.alerts)
        for row in delta.evidence:
            assert row.text == lines[row.line - 1].decode(), "evidence names the line that it shows"
    return Outcome(lines, events, list(alerts.values()))


def stuffing(clients: list[str], *, rate: float, count: int, start: float = ONSET) -> list[Timed]:
    """Log-ins that fail, each from the next address."""
    return [
        (at, line(at, clients[step % len(clients)], "/api/login", 401, method="POST", size=83, user=f"u{step}x"))
        for step in range(count)
        for at in (start + step / rate,)
    ]


def scrape(
    clients: list[str], *, rate: float, count: int, found: float, path: str = "/api/orders/%d", start: float = ONSET
) -> list[Timed]:
    """Random objects, each from the next address; `found` is the share of those that exist."""
    dice = Random(3)  # noqa: S311  # reproducible, not secret
    lines: list[Timed] = []
    for step in range(count):
        at = start + step / rate
        exists = dice.random() < found
        target = path % dice.randrange(20_000_000, 90_000_000)
        size = dice.randrange(700, 1_100) if exists else 76
        lines.append((at, line(at, clients[step % len(clients)], target, 200 if exists else 404, size=size)))
    return lines


def lookups(
    clients: list[str],
    *,
    rate: float,
    count: int,
    found: float,
    start: float = ONSET,
    pool: int = 0,
    agent: str = BROWSER,
) -> list[Timed]:
    """Look-ups of e-mail addresses that always answer 200; of a pool, or each another one."""
    dice = Random(len(clients))  # noqa: S311  # reproducible, not secret
    lines: list[Timed] = []
    for step in range(count):
        at = start + step / rate
        name = dice.randrange(pool) if pool else dice.getrandbits(40)
        size = dice.randrange(600, 1_400) if dice.random() < found else 12
        target = f"/2017-06-30/users?email=n{name:x}@example.com"
        lines.append((at, line(at, clients[step % len(clients)], target, size=size, agent=agent)))
    return lines


def precision_and_recall(alert: Alert, clients: Iterable[str]) -> tuple[float, float]:
    """Of the members that an alert lists; the recall against as many addresses as an alert can list."""
    guilty, named = set(clients), set(alert.clients)
    return len(named & guilty) / max(1, len(named)), len(named & guilty) / min(len(guilty), 1_000)


def widgets(count: int, seconds: float) -> list[Timed]:
    """Clients that look up one of a few hundred known addresses now and then and do nothing else here."""
    dice = Random(11)  # noqa: S311  # reproducible, not secret
    agents = (BROWSER, "okhttp/4.12.0", "Mozilla/5.0 (X11) Gecko/20100101 Firefox/130.0", "Dart/3.4 (dart:io)")
    clients = addresses(count, seed=9)
    lines: list[Timed] = []
    for step in range(int(seconds)):
        who = dice.randrange(count)
        size = dice.randrange(600, 1_400) if dice.random() < 0.95 else 12
        target = f"/2017-06-30/users?email=n{dice.randrange(400):x}@example.com"
        lines.append((float(step), line(step, clients[who], target, size=size, agent=agents[who % len(agents)])))
    return lines
