"""All verbs by their names."""

from apiwatch.tui.commands.going import GOING
from apiwatch.tui.commands.keeping import KEEPING
from apiwatch.tui.commands.looking import LOOKING
from apiwatch.tui.commands.saying import SAYING
from apiwatch.tui.commands.verb import Verb

__all__ = ["VERBS", "verb_of"]

VERBS: tuple[Verb, ...] = (*GOING, *SAYING, *LOOKING, *KEEPING)
"""In the order in which they are completed."""

_BY_NAME = {name: verb for verb in VERBS for name in (verb.name, *verb.also)}


def verb_of(word: str) -> Verb | None:
    """The verb of a name, of another name, or of a beginning that only one verb has."""
    word = word.lower()
    begun = {verb.name for name, verb in _BY_NAME.items() if word and name.startswith(word)}
    return _BY_NAME.get(word) or (_BY_NAME[begun.pop()] if len(begun) == 1 else None)
