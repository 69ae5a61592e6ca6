"""The sentence below the lists: what must be said about the picture, and what to do about it."""

from collections.abc import Sequence

from apiwatch.model import FIELDS_MISSING, PROXY_SHOWN
from apiwatch.store.troubles import AWAY
from apiwatch.store.views import SourceView
from apiwatch.tui.line import Line, Piece, cut_middle, line
from apiwatch.tui.snapshot import Link
from apiwatch.tui.summary import Word, state_of

__all__ = ["notice"]

_EXPLAINED = (Word.ENDED, Word.CATCH_UP, Word.LAG, Word.UNPARSED)


def notice(link: Link) -> Line:
    """The worst that must be said in a sentence of its own; empty when all is well."""
    state = state_of(link)
    if state.word is Word.STALE:
        return line(Piece(f"STALE: {state.sentence}", "bad"))
    sources = link.overview.sources if link.overview and state.word is not Word.NO_DATA else ()
    away = sorted((source for source in sources if source.state in AWAY), key=lambda source: source.state == "waiting")
    proxied = [source for source in sources if PROXY_SHOWN in source.message]
    if away and not (proxied and away[0].state == "waiting"):
        return _not_read(away)
    if proxied:
        return _proxied(proxied, alone=len(sources) == 1)
    if state.sentence and state.word in _EXPLAINED:
        return line(Piece(f"{state.word}: {state.sentence}", state.piece.style))
    return ()


def _not_read(away: Sequence[SourceView]) -> Line:
    detail = f": {away[0].message}" if away[0].message else ""
    more = f"; {len(away) - 1} more are not read" if len(away) > 1 else ""
    return line(Piece(f"not read: {cut_middle(away[0].name, 48)} is {AWAY[away[0].state]}{detail}{more}", "warn"))


def _proxied(sources: Sequence[SourceView], *, alone: bool) -> Line:
    message = sources[0].message.partition(FIELDS_MISSING)[0].removesuffix("; ")
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    name = "" if alone else f"{cut_middle(sources[0].name, 24)}{more}: "
    return line(Piece(f"{name}{message[message.index(PROXY_SHOWN) :]}", "bad"))
