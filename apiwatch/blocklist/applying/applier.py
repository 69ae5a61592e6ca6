"""What a target must be able to do before apiwatch applies a list by itself: read, snapshot, apply, restore, remove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact

__all__ = ["Applier", "Held", "MakesApplier"]


@dataclass(frozen=True, slots=True)
class Held:
    """What a target holds for one network."""

    net: str
    """Canonical, with its prefix length, and the condition behind it if there is one (`planning.Row.key`)."""
    left: float | None = None
    """Seconds until the target lets go of it by itself; None: never."""
    dropped: int | None = None
    """Packets or requests that it has stopped; None: the target does not count."""


class Applier(Protocol):
    """One target on this machine, or one service elsewhere. All methods raise ApplyError, and block.

    Only what is ours is read and touched: our table, chain, file, list.
    """

    @property
    def counts(self) -> bool:
        """Whether `Held.dropped` is known."""
        ...

    @property
    def expires(self) -> bool:
        """Whether the target lets go of entries by itself when their time is over."""
        ...

    def read(self) -> dict[str, Held]:
        """What it holds now, by network; empty when nothing of ours is there."""
        ...

    def snapshot(self) -> bytes:
        """All that `restore` needs to bring back what is there now; also works when nothing of ours is there."""
        ...

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Replace our list as a whole by that of the plan, or leave the old one in force.

        `artifacts` are what the target rendered of the plan. `at` is the moment of the call in seconds since the epoch:
        times that are left count from there. `longest` caps, in seconds, the lifetime of networks that are new or
        wider than what is held now, where the target expires them by itself: a list that locks its operator out then
        ends without anybody's help. Targets that cannot do so ignore it.
        """
        ...

    def restore(self, snapshot: bytes) -> None:
        """Bring back what a snapshot says; twice is as good as once."""
        ...

    def remove(self) -> None:
        """Take away our table, chain, file or list, and nothing else; works when there is none."""
        ...


class MakesApplier(Protocol):
    """`options` are `block.targets.NAME` of the settings: paths, sockets, names; secrets by where they are."""

    def __call__(self, options: Mapping[str, str], run: Run, /) -> Applier:
        """Raises UsageError when an option is missing, unknown, or cannot mean anything."""
        ...
