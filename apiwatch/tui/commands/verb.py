"""Verbs of the command line: their names, their arguments, what they do."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from apiwatch.tui.commands.context import CommandContext
from apiwatch.tui.commands.kinds import Argument, Kind, Value

__all__ = ["Args", "Run", "Verb", "simple"]


class Args(Struct, frozen=True):
    """Values of a command by the names of the arguments; optional ones may be missing."""

    values: Mapping[str, Value]

    def text(self, name: str) -> str:
        """A text; '' when it was not given."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else f"{value:g}"

    def number(self, name: str) -> float | None:
        """A number; None when it was not given."""
        value = self.values.get(name)
        return value if isinstance(value, float) else None


Run = Callable[[CommandContext, Args], None]


class Verb(Struct, frozen=True):
    """One word that begins a command."""

    name: str
    help: str
    """What it does, for an operator; no full stop."""
    run: Run
    arguments: tuple[Argument, ...] = ()
    also: tuple[str, ...] = ()
    """Other names."""
    binding: str = ""
    """Id of the key that does the same."""
    over: str = ""
    """View whose filter its arguments are about; '' for that in sight."""

    @property
    def usage(self) -> str:
        """How it is written: `mute [SUBJECT] [DURATION] [NOTE]`."""
        words = [f"[{each.name.upper()}]" if each.optional else each.name.upper() for each in self.arguments]
        return " ".join([self.name, *words])

    @property
    def short(self) -> str:
        """What must be written at least: `client CLIENT`."""
        return " ".join([self.name, *(each.name.upper() for each in self.arguments if not each.optional)])

    @property
    def names(self) -> bool:
        """Whether it acts on the row under the cursor unless its first argument names something else."""
        first = self.arguments[0] if self.arguments else None
        return first is not None and first.optional and first.kind in (Kind.SUBJECT, Kind.NETWORK)

    @property
    def complete(self) -> bool:
        """Whether it can run without arguments."""
        return all(argument.optional for argument in self.arguments)


def simple(name: str, help: str, run: Callable[[CommandContext], None], binding: str = "", *also: str) -> Verb:  # noqa: A002
    """A verb without arguments."""
    return Verb(name, help, lambda context, _args: run(context), also=also, binding=binding)
