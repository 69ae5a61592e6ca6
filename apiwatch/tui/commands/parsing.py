"""From a typed command to a call."""

from msgspec import Struct

from apiwatch.errors import UsageError
from apiwatch.store.filters import FilterError, List
from apiwatch.store.filters.fields import nearest
from apiwatch.store.filters.words import Word, words_of
from apiwatch.text import one_line
from apiwatch.tui.commands.context import CommandContext
from apiwatch.tui.commands.kinds import VIEWS, Argument, Kind, Known, Value, read
from apiwatch.tui.commands.table import VERBS, verb_of
from apiwatch.tui.commands.verb import Args, Verb

__all__ = ["Call", "CommandError", "InView", "parse_command"]


class CommandError(UsageError):
    """A command that cannot mean anything; `start` and `end` enclose the wrong word."""

    def __init__(self, text: str, start: int, end: int) -> None:
        super().__init__(text)
        self.start = start
        self.end = end


class Call(Struct, frozen=True):
    """A verb with its values."""

    verb: Verb
    args: Args

    @property
    def named(self) -> bool:
        """It says what to act on, so it needs no row."""
        return self.verb.names and bool(self.args.text(self.verb.arguments[0].name))

    def run(self, context: CommandContext) -> None:
        """Do it."""
        self.verb.run(context, self.args)


class InView(Struct, frozen=True):
    """What a screen knows, as if another view were in sight."""

    screen: Known
    over: List

    @property
    def now(self) -> float:
        """See `Known.now`."""
        return self.screen.now

    def known(self, kind: Kind) -> "tuple[str, ...]":
        """See `Known.known`."""
        return tuple(self.screen.known(kind))


def parse_command(text: str, screen: Known) -> Call | None:
    """The call of a text; None when it is empty. Raises CommandError, which says what was expected."""
    words = words_of(text)
    if not words:
        return None
    first = words[0]
    verb = verb_of(first.text)
    if verb is None:
        near = nearest(first.text, [name for each in VERBS for name in (each.name, *each.also)])
        hint = f"did you mean `{near}`?" if near else "Tab completes those there are"
        raise CommandError(f"`{one_line(first.text, 40)}` is no command; {hint}", first.start, first.end)
    if verb.over:
        screen = InView(screen, VIEWS[verb.over])
    return Call(verb, Args(_values(text, verb, words[1:], screen)))


def _values(text: str, verb: Verb, words: list[Word], screen: Known) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for place, argument in enumerate(verb.arguments):
        if not words:
            if not argument.optional:
                raise CommandError(f"`{verb.name}` wants {argument.kind.value}", len(text), len(text))
            continue
        word = words[0]
        last = place == len(verb.arguments) - 1
        value = _value(text, verb, argument, word, screen, may_skip=argument.optional and not last)
        if value is not None:
            found[argument.name] = value
            words = [] if argument.rest else words[1:]
    if words:
        raise CommandError(
            f"`{verb.name}` takes nothing like `{one_line(words[0].text, 40)}` there; it is: {verb.usage}",
            words[0].start,
            words[-1].end,
        )
    return found


def _misspelled(kind: Kind, word: Word, screen: Known) -> bool:
    """Whether a word was meant for an argument that may be left out: else a slip would act on another client."""
    if not (word.signs[:1].isdigit() or (kind in (Kind.NETWORK, Kind.SUBJECT) and ":" in word.signs)):
        return False
    if kind is Kind.DURATION:
        return True
    try:
        read(Kind.DURATION, word.text, screen)
    except UsageError:
        return True
    return False


def _value(text: str, verb: Verb, argument: Argument, word: Word, screen: Known, *, may_skip: bool) -> Value | None:
    """The value of an argument; None when the word belongs to a later one."""
    begin, end = word.start, len(text) if argument.rest else word.end
    alone = not argument.rest or (argument.kind is Kind.TEXT and not text[word.end :].strip())
    try:
        return read(argument.kind, word.text if alone else text[begin:].strip(), screen, sure=may_skip)
    except FilterError as error:
        raise CommandError(str(error), begin + error.start, begin + error.end) from None
    except UsageError as error:
        if may_skip and not _misspelled(argument.kind, word, screen):
            return None
        raise CommandError(f"{verb.name}: {error}", begin, end) from None
