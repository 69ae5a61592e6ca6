"""What a command that is being typed may go on with."""

from collections.abc import Sequence

from apiwatch.store.filters import completions as filter_completions
from apiwatch.store.filters.words import Word, words_of
from apiwatch.tui.commands.kinds import VIEWS, Argument, Kind, Known, words_for
from apiwatch.tui.commands.parsing import CommandError, InView, parse_command
from apiwatch.tui.commands.table import VERBS, verb_of
from apiwatch.tui.commands.verb import Verb

__all__ = ["command_completions", "command_ghost", "command_hint"]

_FILTERED = {"client": Kind.CLIENT, "route": Kind.ROUTE, "user": Kind.USER, "ua": Kind.AGENT}


def command_completions(text: str, screen: Known) -> list[str]:
    """Whole texts that a text may become, best first."""
    words = words_of(text)
    if not words:
        return []
    if len(words) == 1 and words[0].end == len(text):
        begun, stem = words[0].text.lower(), text[: words[0].start]
        return [stem + name for name in _names() if name.startswith(begun) and len(stem + name) > len(text)]
    verb = verb_of(words[0].text)
    if verb is None:
        return []
    if verb.over:
        screen = InView(screen, VIEWS[verb.over])
    open_word = words[-1].end == len(text)
    given, begun = words[1:], words[-1].text if open_word else ""
    stem = text[: words[-1].start] if open_word else text
    found: list[str] = []
    for argument in _arguments(verb, given if not open_word else given[:-1], screen):
        if argument.kind is Kind.FILTER:
            rest = text[given[0].start :] if given else ""
            whole = filter_completions(rest, screen.over, lambda field: known_for(field, screen))
            return [text[: len(text) - len(rest)] + each for each in whole]
        if argument.rest and given:
            stem, begun = text[: given[0].start], text[given[0].start :]
        options = [word for word in words_for(argument.kind, screen) if word.lower().startswith(begun.lower())]
        found += [stem + word for word in options if len(stem + word) > len(text)]
    return list(dict.fromkeys(found))


def command_ghost(text: str, screen: Known) -> str:
    """What to show behind a text as its likely end; '' when nothing is likely."""
    if not text.strip():
        return ""
    return next((whole[len(text) :] for whole in command_completions(text, screen) if whole.startswith(text)), "")


def command_hint(text: str, screen: Known) -> str:
    """What is wrong with a text, or how its verb is written, to stand dimly beside it."""
    words = words_of(text)
    if not words:
        return "Tab ends what is begun; ? lists the commands"
    verb = verb_of(words[0].text)
    if verb is None or (len(words) == 1 and not text.endswith(" ")):
        return verb.help if verb is not None else ""
    try:
        parse_command(text, screen)
    except CommandError as error:
        return str(error) if error.start < len(text) and text.endswith(" ") else verb.usage
    return verb.usage


def known_for(field: str, screen: Known) -> Sequence[str]:
    """Values of a field of a filter that the screen knows."""
    kind = _FILTERED.get(field)
    return screen.known(kind) if kind is not None else ()


def _names() -> list[str]:
    return [*(verb.name for verb in VERBS), *(name for verb in VERBS for name in verb.also)]


def _arguments(verb: Verb, given: Sequence[Word], screen: Known) -> list[Argument]:
    """Arguments that the next word may be: those up to the first that must be given."""
    try:
        call = parse_command(" ".join([verb.name, *(word.text for word in given)]), screen)
    except CommandError:
        taken = set() if not given else {argument.name for argument in verb.arguments[: len(given)]}
    else:
        taken = set(call.args.values) if call is not None else set()
    places = [place for place, argument in enumerate(verb.arguments) if argument.name in taken]
    left = verb.arguments[places[-1] + 1 if places else 0 :]
    if not left and verb.arguments and verb.arguments[-1].rest:
        left = verb.arguments[-1:]
    found: list[Argument] = []
    for argument in left:
        found.append(argument)
        if not argument.optional:
            break
    return found
