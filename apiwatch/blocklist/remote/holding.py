"""A remote list as items: read, compared with what is wanted, changed; all appliers of services are made so."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.comments import comment
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError, GuardError

__all__ = ["Holding", "Item", "Itemwise", "canonical_of"]

_TOLERANCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Item:
    """One network of a remote list."""

    net: str
    """Canonical, with its prefix length."""
    text: str = ""
    """What stands with it there, in the charset of our comments."""
    until: float | None = None
    """Seconds since the epoch; None: it does not end by itself."""
    key: str = ""
    """Under which the service knows it; '' until it does."""


class Holding(ABC):
    """Applier of a list that a service holds; the service says what is there, nothing is remembered here."""

    counts = False
    expires = False
    comment = 100
    """Longest text of an item."""

    @abstractmethod
    def _items(self) -> list[Item]:
        """What the service holds of ours."""

    @abstractmethod
    def _replace(self, held: Sequence[Item], wanted: Sequence[Item]) -> None:
        """Make the service hold exactly what is wanted."""

    def known(self) -> list[Item]:
        """What the service holds of ours; ApplyError too when its answer has another shape than its manual says."""
        try:
            return self._items()
        except (KeyError, TypeError, AttributeError, IndexError, ValueError):
            raise ApplyError(
                "the service answered in a shape that apiwatch does not know; check `url` and the ids in the settings"
            ) from None

    def _text(self, row: Row) -> str:
        return comment(row, self.comment)

    def read(self) -> dict[str, Held]:
        """See `Applier.read`."""
        now = time.time()
        found: dict[str, Held] = {}
        for item in self.known():
            left = None if item.until is None else item.until - now
            before = found.get(item.net)
            if before is None or (before.left is not None and (left is None or left > before.left)):
                found[item.net] = Held(item.net, left)
        return found

    def snapshot(self) -> bytes:
        """See `Applier.snapshot`."""
        return json.dumps([asdict(item) for item in self.known()]).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """See `Applier.apply`."""
        held = self.known()
        known = {item.net for item in held}
        wanted: list[Item] = []
        for row in plan.rows:
            until = row.expires if self.expires else None
            if self.expires and longest is not None and row.net not in known:
                until = at + longest if until is None else min(until, at + longest)
            wanted.append(Item(row.net, self._text(row), until))
        self._replace(held, wanted)

    def restore(self, snapshot: bytes) -> None:
        """See `Applier.restore`."""
        try:
            items = [Item(**fields) for fields in json.loads(snapshot)]
        except (ValueError, TypeError):
            raise ApplyError("the snapshot is damaged, so the old list is not known; apply the queue again") from None
        now = time.time()
        self._replace(self.known(), [item for item in items if item.until is None or item.until > now])

    def remove(self) -> None:
        """See `Applier.remove`."""
        self._replace(self.known(), [])


class Itemwise(Holding):
    """A list that is changed item by item: first what is new is added, then what is old goes, so that no gap opens."""

    @abstractmethod
    def _add(self, items: Sequence[Item]) -> None: ...

    @abstractmethod
    def _drop(self, items: Sequence[Item], staying: Collection[str]) -> None:
        """`staying` are the texts of all items that are there afterwards."""

    def _replace(self, held: Sequence[Item], wanted: Sequence[Item]) -> None:
        keeping: set[int] = set()
        new: list[Item] = []
        for item in _unique(wanted):
            same = [at for at, other in enumerate(held) if other.net == item.net and _same_time(item, other)]
            if same:
                keeping.add(same[0])
            else:
                new.append(item)
        stale = [item for at, item in enumerate(held) if at not in keeping]
        if new:
            self._add(new)
        if stale:
            self._drop(stale, {item.text for item in new} | {held[at].text for at in keeping})


def _unique(items: Iterable[Item]) -> list[Item]:
    """One item per network: the one that lasts longest."""
    found: dict[str, Item] = {}
    for item in items:
        before = found.get(item.net)
        if before is None or (before.until is not None and (item.until is None or item.until > before.until)):
            found[item.net] = item
    return list(found.values())


def _same_time(wanted: Item, held: Item) -> bool:
    if wanted.until is None or held.until is None:
        return wanted.until is held.until
    return abs(wanted.until - held.until) <= _TOLERANCE_S


def canonical_of(service: str, text: object) -> str:
    """The network of an item that a service holds; ApplyError when it is none."""
    try:
        return canonical(str(text))
    except GuardError:
        raise ApplyError(
            f"{service} holds something that apiwatch did not write and does not understand; look at the list by hand"
        ) from None
