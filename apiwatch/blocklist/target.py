"""What a target is: a syntax with a renderer, a parser, a validator, and commands to apply, verify and undo it."""

import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from apiwatch.blocklist.planning import Plan
from apiwatch.errors import GuardError
from apiwatch.text import one_line

if TYPE_CHECKING:
    from apiwatch.blocklist.applying.applier import MakesApplier

__all__ = ["Artifact", "Caps", "CheckResult", "Commands", "Target", "quoted_path", "unexpected", "written"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of an export."""

    name: str
    """File name without directory."""
    content: bytes
    mode: int
    """Permissions of a new file."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a validator says."""

    available: bool
    """It is installed and can work here."""
    ok: bool
    tool: str
    output: str
    """Printable; why it is not available, or what it printed."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines for a shell; nothing runs them for the operator."""

    apply: tuple[str, ...]
    verify: tuple[str, ...]
    undo: tuple[str, ...]
    """Takes away only what is ours; works twice and without the queue."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a target can express, and where it stands."""

    v4: bool = True
    v6: bool = True
    cidr: bool = True
    """Networks; otherwise single addresses only."""
    ttl: bool = False
    """It lets go of an entry by itself; otherwise `apiwatch block expire` has to run."""
    comment: int = 0
    """Longest comment of an entry, in characters; 0: it takes none."""
    max_entries: int | None = None
    """None: no known bound."""
    conditions: int = 0
    """Most different conditions of one list; 0: it sees no requests, or cannot say which are meant."""
    layer: Literal["packet", "http", "edge", "feed", "record"] = "record"
    """Which part of a connection it judges; a record is only read by others."""
    sees: Literal["peer", "forwarded", "both"] = "peer"
    """Which address it compares: that of the socket, that of a header which a proxy wrote, or either."""


class Target(ABC):
    """A firewall or a kind of list that can be written."""

    name: ClassVar[str]
    title: ClassVar[str]
    suffix: ClassVar[str]
    """Of file names, without the dot."""
    mode: ClassVar[int] = 0o640
    caps: ClassVar[Caps] = Caps()
    applier: "ClassVar[MakesApplier | None]" = None
    """Makes what applies the list by itself; None: a person, or another program, applies it."""

    def render(self, plan: Plan, allow: Sequence[str]) -> Sequence[Artifact]:
        """The files of a plan: one. Pure: the same plan gives the same bytes.

        `allow` are networks that stay open; a target that can says so in the file. Raises GuardError when the plan
        does not fit the target or `allow` holds no network. A row with a condition is refused where there is none: it
        is never widened.
        """
        conditions = plan.conditions()
        if conditions and not self.caps.conditions:
            row = next(row for row in plan.rows if row.condition)
            raise GuardError(
                f"{row.key} (entry {one_line(row.ids[0], 40)}) is about some requests only, and {self.name} cannot "
                "tell requests apart; withdraw it, or block the whole network"
            )
        if len(conditions) > self.caps.conditions:
            raise GuardError(
                f"{len(conditions)} different conditions are too many for {self.name} (at most "
                f"{self.caps.conditions}); withdraw some of these entries"
            )
        text = self._text(plan, allow)
        return (Artifact(f"apiwatch-{self.name}.{self.suffix}", text.encode("utf-8"), self.mode),)

    def _require_room(self, plan: Plan, advice: str) -> None:
        """GuardError with advice when the plan has more networks than `caps.max_entries`: a list is never cut."""
        most = self.caps.max_entries
        if most is not None and len(plan.rows) > most:
            raise GuardError(f"{len(plan.rows)} networks are too many for {self.name} (at most {most}); {advice}")

    @abstractmethod
    def _text(self, plan: Plan, allow: Sequence[str]) -> str: ...

    def parse(self, content: bytes) -> frozenset[str]:
        """Keys (`planning.Row.key`) of what a file of this target blocks: networks, with their conditions.

        Raises GuardError when a line is not as `render` writes it.
        """
        try:
            return frozenset(self._parsed(content.decode("utf-8")))
        except UnicodeDecodeError:
            raise unexpected(repr(content[:40])) from None

    @abstractmethod
    def _parsed(self, text: str) -> Sequence[str]: ...

    def planned(self, plan: Plan) -> frozenset[str]:
        """Keys that `parse` must find in what `render` makes of the plan."""
        return frozenset(row.key for row in plan.rows)

    def validate(self, artifacts: Sequence[Artifact]) -> CheckResult:
        """Read the files back and run the target's own validator where there is one; changes nothing, blocks."""
        try:
            for artifact in artifacts:
                self.parse(artifact.content)
        except GuardError as error:
            return CheckResult(True, False, "apiwatch", str(error))
        return self._validated(artifacts[0].content)

    def _validated(self, content: bytes) -> CheckResult:
        return CheckResult(True, True, "apiwatch", "every line was read back; nothing else checks this format")

    @abstractmethod
    def commands(self, paths: Sequence[str]) -> Commands:
        """Shell lines for files at these paths."""


def quoted_path(paths: Sequence[str]) -> str:
    """The first path, quoted for a shell and never taken for an option."""
    path = paths[0]
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def written(lines: Sequence[str], path: str) -> str:
    """A shell command that writes lines of our own to a path that is quoted already; tabs would start a completion."""
    words = (shlex.quote(line.replace("\t", "\\t")) for line in lines)
    return f"printf '%b\\n' {' '.join(words)} > {path}"


def unexpected(line: str) -> GuardError:
    """The error for a line that no renderer writes."""
    return GuardError(f"the line `{one_line(line.strip(), 80)}` is none that apiwatch writes; check the file")
