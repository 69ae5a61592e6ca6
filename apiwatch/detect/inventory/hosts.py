"""`inventory.unknown-host`: a host that nobody knew, or that slept, or that is not meant for the public, is used."""

from apiwatch.config.inventory import UnknownHost
from apiwatch.detect.inventory.track import HostRecord, day_of
from apiwatch.detect.kit import DAY
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["UNKNOWN_HOST", "asleep_for", "is_busy", "is_regular", "met", "used", "visited"]

_REGULARS = 64
_DAYS = 8
_SETTLED_S = DAY


def is_busy(record: HostRecord, time: float, silence: float) -> bool:
    """Whether many clients used the host lately."""
    return time - record.busy * DAY <= silence + DAY


def visited(record: HostRecord, client: int, time: float, busy_clients: int) -> None:
    """A client was answered by the host."""
    day = day_of(time)
    if day > record.day:
        record.day, record.today = day, []
        record.days = [*record.days[1 - _DAYS :], day]
    if client not in record.today and len(record.today) < busy_clients:
        record.today.append(client)
        if len(record.today) == busy_clients:
            record.busy = day
    met(record, client, time)


def met(record: HostRecord, client: int, time: float) -> None:
    """A client was answered by the host that may become one of its usual ones: it does not make the host busy yet."""
    if client not in record.regulars and len(record.regulars) < _REGULARS:
        record.regulars[client] = time


def is_regular(record: HostRecord, client: int, time: float, log_start: float, learning: float) -> bool:
    """Whether a client is known here: for a day, or since hosts were learned."""
    first = record.regulars.get(client)
    return first is not None and (time - first >= _SETTLED_S or first - log_start < learning)


def asleep_for(record: HostRecord, time: float, silence: float) -> float:
    """Seconds since the host was used on two days of one span of `silence`; 0 while it is in use.

    One day of use a week does not count: that is what a test of a host looks like that is kept for emergencies.
    """
    if time - record.first < silence:
        return 0.0
    today = day_of(time)
    days = [day for day in record.days if day < today]
    recent = [day for day in days if (today - day) * DAY <= silence]
    if len(recent) > 1:
        return 0.0
    before = next((day for day in reversed(days) if day not in recent), day_of(record.first))
    return max(silence, time - before * DAY)


def used(
    record: HostRecord, time: float, asleep: float, line: Sample, settings: UnknownHost, *, answered: bool, named: bool
) -> Signal:
    """The signal of one request of a stranger; `asleep` are the seconds that the host slept, 0 if it was unknown."""
    if time - record.odd_at > DAY:
        record.odd = record.answered = 0
        record.asleep = asleep
        record.lines = []
    record.odd_at = max(record.odd_at, time)
    record.odd += 1
    record.answered += answered
    keep_sample(record.lines, line)
    facts: Facts = {
        "hits": record.odd,
        "answered": record.answered,
        "asleep": record.asleep / DAY,
        "named": float(named),
        "limit": settings.medium,
        "days": settings.silence / DAY,
    }
    severity = Severity.MEDIUM if record.answered >= settings.medium else Severity.INFO
    return Signal(UNKNOWN_HOST, severity, 1.0, facts, record.lines[0][0], record.lines)


def _tell(facts: Facts, route: str) -> Story:
    if facts["asleep"]:
        what, baseline = "wakes up", f"hardly used for {facts['asleep']:.0f} days"
    elif facts["named"]:
        what, baseline = "is used, which its name calls not public", "not seen before, or by a few clients only"
    else:
        what, baseline = "is used, which nobody knew", "not seen while hosts were learned"
    return Story(
        title=f"a host {what}: {facts['hits']:.0f} requests, {facts['answered']:.0f} answered",
        why="forgotten and internal hosts often run old code without the protection of the public ones",
        numbers=(
            Number(
                name="requests by clients that never used the host",
                value=f"{facts['hits']:.0f}, {facts['answered']:.0f} of them answered",
                baseline=baseline,
                threshold=f"{facts['limit']:.0f} answered",
                now=facts["hits"],
            ),
        ),
        counter_evidence=("a new service, or one that is seldom needed, begins in the same way",),
        clears_when="a day without a stranger there; take the host off the network, or an allow-list entry",
        reason=f"inventory: {facts['hits']:.0f} requests to an unknown or sleeping host",
    )


UNKNOWN_HOST = Detector(
    name="inventory.unknown-host",
    family="inventory",
    group="recon",
    tags=Tags(owasp=("API9:2023",), oat=("OAT-018",), attack=("T1590", "T1595")),
    tell=_tell,
    capped_when_cold=False,
)
