"""Simulated requests before they become lines, and what the engine makes of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import merge
from operator import attrgetter

from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.model import Alert, AlertEvent, Batch, Severity, StateRow
from apiwatch.simulate import SCENARIOS, Hit, Stage, joined, topology, writer
from tests.engine.lines import LATER, START

LOG = "/var/log/access.log"


@dataclass
class Verdict:
    """What was raised: events as they came, and the alerts as they are at the end."""

    events: list[AlertEvent]
    alerts: list[Alert]

    def accused(self, least: Severity = Severity.MEDIUM) -> set[tuple[str, str]]:
        """(family, principal) of the alerts of that severity and above."""
        return {(alert.family, alert.principal) for alert in self.alerts if alert.severity >= least}

    def opened(self, least: Severity = Severity.MEDIUM) -> dict[tuple[str, str], int]:
        """(detector, principal) -> line on which an alert of that severity first spoke of it."""
        found: dict[tuple[str, str], int] = {}
        for event in self.events:
            if event.alert.severity >= least:
                found.setdefault((event.alert.detector, event.alert.principal), event.line)
        return found


@cache
def traffic(name: str, *, minutes: float, rate: float = 3.0, seed: int = 1) -> tuple[Hit, ...]:
    """The requests of a scenario, its attackers included."""
    stage = Stage(seed, START, minutes * 60.0, rate)
    api = topology("A")
    actors = (*SCENARIOS[name].actors(stage), *api.machines(stage))
    others = merge(*(actor.hits(stage) for actor in actors), key=attrgetter("time"))
    return tuple(joined(api.population(stage), others))


def attackers(name: str, *, minutes: float, rate: float = 3.0, seed: int = 1) -> dict[str, str]:
    """Address of each attacker of a scenario -> family of the alert that is expected."""
    stage = Stage(seed, START, minutes * 60.0, rate)
    return {actor.clients[0]: actor.family for actor in SCENARIOS[name].actors(stage) if actor.role == "attacker"}


def written(hits: Iterable[Hit], *, fmt: str = "combined", users: bool = True) -> list[bytes]:
    """The requests as lines, in the order in which they are given."""
    write = writer(fmt, users_logged=users)
    return [write(START + hit.time, hit).encode() for hit in hits]


def ordered(*streams: Iterable[Hit]) -> list[Hit]:
    """Requests of several streams in the order of time."""
    return sorted((hit for stream in streams for hit in stream), key=attrgetter("time"))


def judged(lines: Sequence[bytes], settings: Settings | None = None, *, after: Iterable[StateRow] = ()) -> Verdict:
    """What an engine raises over lines of one source, after what it remembers."""
    return judged_batches(in_batches(lines), settings, after=after)


def in_batches(lines: Sequence[bytes], source: str = LOG, size: int = 500) -> Iterator[Batch]:
    """Batches of up to `size` lines of one source."""
    for at in range(0, len(lines), size):
        yield Batch(source, 0, str(at), str(at + size), lines[at : at + size], LATER)


@cache
def remembered(name: str, until: float, *, rate: float) -> tuple[StateRow, ...]:
    """The state of an engine that has read the normal traffic up to `until`."""
    engine = Engine(Settings(), salt=b"test")
    minutes = until / 60.0 + 15.0
    hits = (hit for hit in traffic(name, minutes=minutes, rate=rate) if hit.time < until)
    engine.feed(Batch(LOG, 0, "0", "1", written(hits), LATER))
    assert engine.take().alerts == []
    return tuple(engine.snapshot())


def judged_batches(
    batches: Iterable[Batch], settings: Settings | None = None, *, after: Iterable[StateRow] = ()
) -> Verdict:
    """What an engine raises over batches of any sources, after what it remembers."""
    engine = Engine(settings or Settings(), salt=b"test")
    engine.restore(after)
    events: list[AlertEvent] = []
    alerts: dict[str, Alert] = {}
    for batch in batches:
        engine.feed(batch)
        delta = engine.take(with_state=False)
        events += delta.events
        alerts.update((alert.id, alert) for alert in delta.alerts)
    return Verdict(events, list(alerts.values()))
