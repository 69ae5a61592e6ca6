"""A list file in a directory as the place that applies change."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from apiwatch.blocklist import TARGETS, Plan, plan
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.audit import Audit
from apiwatch.blocklist.applying.listfile import ListFile
from apiwatch.blocklist.applying.records import Record, Records
from apiwatch.blocklist.applying.site import Prepared, Site, prepare
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import NOW, entry, guard_of


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Faulty(ListFile):
    """A list file that lies, breaks, or has its process killed, at a place of our choice."""

    fault = ""

    def read(self) -> dict[str, Held]:
        held = super().read()
        return dict(list(held.items())[1:]) if self.fault == "loses" and len(held) > 1 else held

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        if self.fault == "refuses":
            raise ApplyError("the firewall refuses it")
        super().apply(artifacts, plan, at, longest=longest)
        if self.fault == "killed":
            raise KeyboardInterrupt


class Place:
    """A site on `list.txt` of a directory, with a clock of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.list = directory / "list.txt"
        self.clock = Clock()
        self.options = {"path": str(self.list)}
        self.applier = Faulty("plain", TARGETS["plain"].parse, self.options)
        self.site = Site(
            TARGETS["plain"],
            self.applier,
            self.options,
            Records(directory / "applies"),
            Audit(directory / "audit.jsonl", "oncall@gw1", "203.0.113.200"),
            (),
            "oncall@gw1",
            "203.0.113.200",
            str(directory / "state.db"),
            self.clock,
        )

    def at_wall_clock(self, clock: Callable[[], float]) -> Site:
        return replace(self.site, clock=clock)

    @property
    def held(self) -> list[str]:
        return sorted(self.applier.read())

    def entries(self, *nets: str, lifetime: float = 3600.0) -> list[BlockEntry]:
        return [entry(net, lifetime, name=f"e{at}") for at, net in enumerate(nets)]

    def prepared(self, entries: list[BlockEntry], *, withdraw_all: bool = False) -> Prepared:
        made = plan(entries, self.clock(), 17)
        return prepare(self.site, made, guard_of(), entries, withdraw_all=withdraw_all)


def kept(_record: Record) -> str | None:
    return "typed"


def not_kept(_record: Record) -> str | None:
    return None
