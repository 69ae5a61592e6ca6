"""How a product writes a request down, and what a record of that line must hold."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from apiwatch.formats.build import TARGET_LIMIT
from apiwatch.model import Auth, Request
from apiwatch.text import plain
from tests.formats.writers.sample import SECRET, Sample

__all__ = ["WALL", "ZONE", "Writer", "asked", "differences"]

ZONE = "Asia/Kolkata"
WALL = 19_800
"""The zone of servers that write no zone, and its offset from UTC in seconds."""

Tame = Callable[[Sample], Sample]


def _same(sample: Sample) -> Sample:
    return sample


class Writer(NamedTuple):
    """One product that writes one of the formats."""

    format: str
    """Name in FORMATS."""
    product: str
    line: Callable[[Sample], str]
    carries: str
    """Names of the fields of a record that the line tells, separated by blanks."""
    shown: Callable[[str], str] = str
    """A text of the client as it stands in the record."""
    tick: int | None = 1_000_000
    """Microseconds of which the line tells whole numbers; None: the line tells no time."""
    offset: int | None = None
    """Seconds from UTC of the times that the product writes; None: the server's own offset."""
    duration_tick: int = 1_000
    tame: Tame = _same
    """What can be told from a line of this product, of a request: it replaces what the product cannot write, and, where
    it escapes nothing, what would make its line mean something else."""
    header: str | None = None
    """A line that stands before."""
    also: Callable[[Sample], Mapping[str, object]] = lambda sample: {}
    """Fields that do not come back as they were, with what they must be."""

    @property
    def label(self) -> str:
        return f"{self.format}-{self.product}"


def asked(target: str) -> str:
    """A target as a record has it: printable, without the credential."""
    return plain(target, TARGET_LIMIT).replace(SECRET, "***")


def differences(writer: Writer, sample: Sample, record: Request, received: float) -> list[str]:
    """`field: is, should be` for every field of the record of `writer.line(sample)` that is not what it must be."""
    wanted = _wanted(writer, sample, received)
    found = {name: getattr(record, name) for name in wanted}
    return [
        f"{name}: {found[name]!r}, should be {value!r}"
        for name, value in wanted.items()
        if (found[name] != value if not isinstance(value, float) else not _near(found[name], value))
    ]


def _near(found: object, wanted: float) -> bool:
    """A double holds microseconds of an epoch time, not more."""
    return isinstance(found, float | int) and abs(found - wanted) <= 2e-6


def _wanted(writer: Writer, sample: Sample, received: float) -> dict[str, object]:
    carried = frozenset(writer.carries.split())

    def text(name: str, value: str | None) -> str | None:
        return plain(writer.shown(value)) if name in carried and value is not None else None

    wanted: dict[str, object] = {
        "time": received,
        "utc_offset": 0,
        "client": sample.client if "client" in carried else "",
        "method": sample.method if "method" in carried else None,
        "target": asked(writer.shown(sample.target)) if "target" in carried else None,
        "status": sample.status if "status" in carried else 0,
        "bytes": sample.size if "bytes" in carried else None,
        "referer": text("referer", sample.referer),
        "user_agent": text("agent", sample.agent),
        "host": sample.host if "host" in carried else None,
        "user": text("user", sample.user),
        "duration_s": None,
    }
    if writer.tick is not None:
        wanted["time"] = sample.moment // writer.tick * writer.tick / 1e6
        wanted["utc_offset"] = sample.offset if writer.offset is None else writer.offset
    if "duration" in carried:
        wanted["duration_s"] = sample.duration // writer.duration_tick * writer.duration_tick / 1e6
    wanted |= writer.also(sample)
    wanted.setdefault("peer", wanted["client"])
    path, _, query = _without_site(str(wanted["target"] or "")).partition("?")
    wanted["path"], wanted["query"] = path, query
    secret = "target" in carried and SECRET in sample.target
    wanted.setdefault("auth", _auth(wanted["status"], wanted["user"] is not None or secret))
    return wanted


def _without_site(target: str) -> str:
    """The path and query of an absolute target."""
    if target.startswith(("http://", "https://")):
        return "/" + target.split("/", 3)[3]
    return target


def _auth(status: object, named: bool) -> Auth:
    """Reference: formats, section 9."""
    if status in {401, 407}:
        return Auth.ANONYMOUS
    return Auth.AUTHENTICATED if named and status != 403 else Auth.UNKNOWN
