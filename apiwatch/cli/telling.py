"""What a reader of lines has been told, and what is new: alerts, and the state of the picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from apiwatch.cli.output import rfc3339
from apiwatch.model import SEVERITIES
from apiwatch.store.troubles import AWAY
from apiwatch.text import one_line, plain

if TYPE_CHECKING:
    from apiwatch.store import AlertView
    from apiwatch.tui.snapshot import Link
    from apiwatch.tui.summary import Word

__all__ = ["News", "States", "Teller", "alert_line"]

_WORDS = {"critical": "CRIT", "high": "HIGH", "medium": "MED", "low": "LOW", "info": "INFO"}
_NAME, _LONG = 80, 400
"""Characters of a name, and of a route or title, that a line shows at most."""

_HOLD_S = 3.0
"""Seconds that a state must last to be told, so that one on the edge does not chatter."""


class News(NamedTuple):
    """An alert that is worth a line, and why: '', 'was HIGH' or 'again'."""

    view: "AlertView"
    why: str


class Teller:
    """Remembers the open alerts that were told; one that closes is forgotten."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[int, int]] = {}

    def news(self, open_alerts: "Sequence[AlertView]") -> list[News]:
        """Those that are new, more severe than told, or opened again; muted ones are left out."""
        found: list[News] = []
        told: dict[str, tuple[int, int]] = {}
        for view in open_alerts:
            alert = view.alert
            before = self._told.get(alert.id)
            if view.state == "muted":
                told[alert.id] = before or (alert.severity, alert.reopened)
                continue
            told[alert.id] = (max(alert.severity, before[0] if before else 0), alert.reopened)
            if before is None:
                found.append(News(view, "again" if alert.reopened else ""))
            elif alert.reopened > before[1]:
                found.append(News(view, "again"))
            elif alert.severity > before[0]:
                found.append(News(view, f"was {_WORDS[SEVERITIES[before[0]]]}"))
        self._told = told
        return found


def alert_line(news: News) -> str:
    """One line without control characters: time, severity, score, client, detector, route, title, id.

    The time is that of the newest request, the client has a `+N` behind it when there are N more. What an alert without
    a client is about may contain blanks: its kind stands there then, so that each word of a line keeps its place.
    """
    alert = news.view.alert
    who = one_line(alert.client or alert.principal or "-", _NAME)
    who = alert.explanation.subject.kind if " " in who else who
    who += f"+{alert.clients_total - 1}" if alert.clients_total > 1 else ""
    where = one_line(" ".join(part for part in (alert.host, alert.route) if part), _LONG)
    head = f"{rfc3339(int(alert.last_seen)) or '-'} {_WORDS[SEVERITIES[alert.severity]]} {alert.score} {who}"
    ident = f"{plain(alert.id)}, {news.why}" if news.why else plain(alert.id)
    detector, title = one_line(alert.detector, _NAME), one_line(alert.title, _LONG)
    return f"{head} {detector}{f' {where}' if where else ''}: {title} ({ident})"


class States:
    """Says in sentences how the state of the picture changes: STALE, LAG, UNPARSED, a source that goes away."""

    def __init__(self) -> None:
        self._word: Word | None = None
        self._next: tuple[Word, float] | None = None
        self._away: dict[str, str] = {}

    def changes(self, link: "Link", *, at_once: bool = False) -> list[str]:
        """What is to be said now; `at_once` because there is no later."""
        return [*self._state(link, at_once), *self._sources(link)]

    def _state(self, link: "Link", at_once: bool) -> list[str]:
        from apiwatch.tui.summary import Word, state_of

        state = state_of(link)
        if state.word is Word.READING or state.word is self._word:
            self._next = None
            return []
        if self._next is None or self._next[0] is not state.word:
            self._next = (state.word, link.now)
        lasts = at_once or self._word is None or link.now - self._next[1] >= _HOLD_S
        if not lasts and state.word is not Word.ENDED:
            return []
        self._word, self._next = state.word, None
        figure = f" {state.figure}" if state.figure else ""
        return [f"{state.word}{figure}{f': {state.sentence}' if state.sentence else ''}"]

    def _sources(self, link: "Link") -> list[str]:
        if link.overview is None:
            return []
        away = {source.name: AWAY[source.state] for source in link.overview.sources if source.state in AWAY}
        said = [f"{name} is {what}" for name, what in away.items() if self._away.get(name) != what]
        said += [f"{name} is read again" for name in self._away if name not in away]
        self._away = away
        return said
