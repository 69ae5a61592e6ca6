"""The head of every screen: the state word, the figures of the collector, the two lines of totals."""

from enum import StrEnum

from msgspec import Struct

from apiwatch.model import SEVERITIES
from apiwatch.store.troubles import AWAY, UNPARSED_FROM
from apiwatch.store.views import INPUT_ENDED, HealthView, Mix, Overview, SourceView
from apiwatch.times import utc_of
from apiwatch.tui.cells import (
    age,
    amount,
    clock,
    count,
    percent,
    rate,
    seconds,
    severity_word,
    share,
    size,
    span,
    stamp,
)
from apiwatch.tui.line import Line, Piece, cut_middle, fit, line, line_width
from apiwatch.tui.snapshot import Link, seconds_of, window_label

__all__ = [
    "State",
    "Word",
    "head_lines",
    "open_alerts",
    "severity_mix",
    "state_of",
    "tiny_line",
]

STALE_AFTER = 3.0
"""Seconds without a heartbeat (the collector writes one a second) after which it counts as dead."""

_BUSY_FOR = 30.0
"""As much for a process that is there and has history to read: its steps may be long on a busy machine."""

_LITTLE_ROOM = 16 << 20
"""Bytes on the disk of the state file with which a silent collector is taken to wait for more."""

LAG_FROM = 2.0
QUIET_FROM = 30.0


class Word(StrEnum):
    """State of what is seen, as the head names it."""

    NO_DATA = "NO DATA"
    LIVE = "LIVE"
    LAG = "LAG"
    CATCH_UP = "CATCH-UP"
    UNPARSED = "UNPARSED"
    STALE = "STALE"
    READING = "OPENING"
    ENDED = "ENDED"


_STYLES = {
    Word.LIVE: "good",
    Word.READING: "dim",
    Word.NO_DATA: "warn",
    Word.CATCH_UP: "accent",
    Word.LAG: "warn",
    Word.UNPARSED: "bad",
    Word.STALE: "bad",
    Word.ENDED: "accent",
}


class State(Struct, frozen=True):
    """The state word with its figure, and the sentence behind it ('' when there is nothing to say)."""

    word: Word
    figure: str
    sentence: str

    @property
    def piece(self) -> Piece:
        """The word as the head draws it."""
        return Piece(f"{self.word} {self.figure}" if self.figure else str(self.word), _STYLES[self.word])


def state_of(link: Link) -> State:
    """The state of the picture; the worst that applies."""
    overview = link.overview
    if link.failure:
        held = f"showing the picture of {span(link.now - link.read_at)} ago" if link.read_at else "nothing was read yet"
        return State(Word.STALE, age(link.now - link.read_at) if link.read_at else "", f"{link.failure}; {held}")
    if overview is None:
        if link.ended is not None:
            return State(Word.STALE, "", link.ended)
        return State(Word.READING, "", "reading the state file")
    health = overview.health
    if health is None:
        return State(Word.STALE, "", link.ended) if link.ended else State(Word.NO_DATA, "", "")
    stale = _stale(link, health)
    if health.state == "stopped" and health.message == INPUT_ENDED:
        return State(Word.ENDED, "", "the input has ended; all of it is recorded and stays here")
    if stale:
        return State(Word.STALE, age(link.now - health.heartbeat), stale)
    if not health.lines:
        return State(Word.NO_DATA, "", "")
    if health.unparsed and not health.requests:
        return State(Word.UNPARSED, "100%", "no line could be parsed; the panels say where parsing stopped")
    if health.state == "catching-up":
        return State(Word.CATCH_UP, _progress(link, health), f"reading history, log time {stamp(health.watermark)}")
    if _unparsed_share(health) >= UNPARSED_FROM:
        found = f"{count(health.unparsed)} of {count(health.unparsed + health.requests)} lines match no format"
        return State(
            Word.UNPARSED,
            percent(health.unparsed, health.unparsed + health.requests),
            f"{found}; 8 Enter shows the first of them, apiwatch parse --explain FILE more",
        )
    if health.lag_s >= LAG_FROM:
        return State(Word.LAG, age(health.lag_s), f"{size(health.backlog_bytes)}B of input are not read yet")
    return State(Word.LIVE, "", "")


def _stale(link: Link, health: HealthView) -> str:
    if link.ended is not None:
        return link.ended
    if health.state in ("stopped", "failed"):
        why = f": {health.message}" if health.message else ""
        return f"the collector {health.state}{why}; what it recorded stays here; start it again with: {link.restart}"
    silent = link.now - health.heartbeat
    hindered = _hindered(link) if link.lives else ""
    patient = link.lives and not hindered and health.state in ("starting", "catching-up")
    if silent < (_BUSY_FOR if patient else STALE_AFTER):
        return ""
    last = f"the collector (pid {health.pid}, {health.owner}) has been silent for {span(silent)}"
    if not link.lives:
        return f"{last}; start it again with: {link.restart}"
    return f"{last}: {hindered}" if hindered else f"{last}; it still runs: busy, or stuck"


def _hindered(link: Link) -> str:
    """What a collector that is there waits for, as far as it can be seen from here; ''."""
    if link.holder:
        return f"{link.holder} holds the state file; nothing is lost, and it goes on when that ends"
    if link.room is not None and link.room < _LITTLE_ROOM:
        return f"its disk is full ({size(link.room)}B free); make room, nothing is lost, and it goes on by itself"
    return ""


def _progress(link: Link, health: HealthView) -> str:
    peak = max(link.backlog_peak, health.backlog_bytes)
    return percent(peak - health.backlog_bytes, peak) if peak else ""


def _unparsed_share(health: HealthView) -> float:
    read = health.unparsed + health.requests
    return health.unparsed / read if read else 0.0


def head_lines(link: Link, width: int) -> list[Line]:
    """Three lines of `width` cells: state, totals of everything, totals of the window."""
    return [_state_line(link, width), *_totals(link, width)]


def _state_line(link: Link, width: int) -> Line:
    state = state_of(link)
    overview = link.overview
    # Without seconds: a clock that ticks would be all that is drawn while nothing happens.
    right = f"{(stamp(link.now) if width >= 110 else clock(link.now))[:-4]}Z"
    pieces: list[Piece] = [Piece(" "), state.piece]
    if link.at:
        pieces += [Piece(" "), Piece(_at(link), "warn")]
    if link.read_only:
        pieces += [Piece(" "), Piece("READ-ONLY", "accent")]
    if link.paused_at is not None:
        pieces += [Piece(" "), Piece(_paused(link), "warn")]
    name = [Piece("apiwatch", "strong")]
    if overview and overview.health:
        name.append(Piece(f" {cut_middle(_host(overview.health), 12 if width < 100 else 24)}"))
        pieces += [] if state.word is Word.STALE else _figures(link, overview, overview.health, width)
    room = width - len(right) - 1
    if len(name) > 1 and line_width((*name, *pieces)) > room:
        name.pop()
    while line_width((*name, *pieces)) > room and len(pieces) > (4 if link.read_only else 2):
        pieces.pop()
    left = (*name, *pieces)
    return (*left, Piece(" " * max(1, width - line_width(left) - len(right))), Piece(right))


def _host(health: HealthView) -> str:
    return health.owner.partition("@")[2] or health.owner


def _at(link: Link) -> str:
    begin = link.at - link.window_minutes * 60.0
    today, day = utc_of(link.now).date(), utc_of(begin).date()
    return f"PAST {'' if day == today else f'{day:%m-%d} '}{clock(begin)[:5]}-{clock(link.at)[:5]}"


def _paused(link: Link) -> str:
    elapsed = int(link.now - (link.paused_at or link.now))
    fresh = link.overview.total.requests - link.paused_requests if link.overview else 0
    return f"PAUSED {elapsed // 60:02d}:{elapsed % 60:02d}, {count(max(0, fresh))} new"


def _figures(link: Link, overview: Overview, health: HealthView, width: int) -> list[Piece]:
    """Figures of the collector, the ones that matter most first: a narrow line loses the last ones."""
    found: list[Piece] = []
    full = [name for name, (now, limit, refused) in health.bounds.items() if refused or (limit and now >= limit)]
    if full:
        found.append(Piece(f" CAP {cut_middle(full[0], 24)}" if width >= 100 else " CAP", "warn"))
    quiet = link.now - overview.newest if overview.newest else 0.0
    if health.state == "live" and quiet >= QUIET_FROM and not health.backlog_bytes:
        found.append(Piece(f"  quiet {age(quiet)}"))
    else:
        found.append(Piece(f"  lag {seconds(health.lag_s)}", "warn" if health.lag_s >= LAG_FROM else ""))
    read = health.unparsed + health.requests
    bad = _unparsed_share(health) >= UNPARSED_FROM
    sources = _sources(overview.sources)
    rest = [
        Piece(f"  unparsed {share(health.unparsed, read).strip()}", "bad" if bad else ""),
        Piece(f"  drop {count(health.dropped)}", "bad" if health.dropped else ""),
        Piece(f"  {rate(health.lines_per_s)} {'lines/s' if width >= 100 else 'l/s'}"),
    ]
    rest.insert(0 if sources.style else len(rest), sources)
    if width >= 100:
        rest.append(Piece(f"  window {window_label(link.window_minutes)}"))
    return found + rest


def _sources(sources: tuple[SourceView, ...]) -> Piece:
    away = sum(source.state in AWAY for source in sources)
    if away:
        return Piece(f"  SRC {len(sources) - away}/{len(sources)}", "bad")
    kinds = {source.kind for source in sources}
    noun = "file" if kinds == {"file"} else "source"
    return Piece(f"  {len(sources)} {noun}{'' if len(sources) == 1 else 's'}")


def _totals(link: Link, width: int) -> list[Line]:
    overview = link.overview
    total, window = (overview.total, overview.window) if overview else (Mix(), Mix())
    clients = (overview.clients_total, overview.clients_window) if overview else (0, 0)
    span_s = seconds_of(overview.window_minutes if overview else link.window_minutes, overview, link.at)
    label = window_label(overview.window_minutes if overview else link.window_minutes)
    first = _mix_line("ALL", total, "", clients[0], width)
    second = _mix_line(label, window, f"{rate(window.requests / span_s)}/s", clients[1], width)
    if overview and width >= 110:
        found = severity_mix(overview.open_alerts)
        first = (*first, Piece(" | open: "), *(found or (Piece("none", "good"),)))
        second = (
            *second,
            Piece(f" | ok {percent(window.ok, window.requests)}  miss {percent(window.miss, window.requests)}"),
        )
        second = (*second, Piece(f"  deny {percent(window.deny, window.requests)}"))
    return [first, second]


def _mix_line(label: str, mix: Mix, speed: str, clients: int, width: int) -> Line:
    """As many figures as there is room for, each with its name or not at all."""
    known = mix.requests
    drawn = line(
        Piece(fit(label, 4), "strong"),
        f"{amount(mix.requests):>5} req {speed:>7}",
        f"  2xx {share(mix.s2xx, known)}",
        f"  3xx {share(mix.s3xx, known)}",
        Piece(f"  4xx {share(mix.s4xx, known)}", "warn" if known and mix.s4xx >= 0.25 * known else ""),
        Piece(f"  5xx {share(mix.s5xx, known)}", "bad" if known and mix.s5xx >= 0.05 * known else ""),
        f" clients {amount(clients):>5}",
    )
    while drawn and line_width(drawn) > width:
        drawn = drawn[:-1]
    return drawn


def open_alerts(overview: Overview | None) -> int:
    """Open alerts of every severity."""
    return sum(overview.open_alerts.values()) if overview else 0


def severity_mix(found: dict[str, int], *, short: bool = False) -> Line:
    """Open alerts as '2 CRIT 1 HIGH', `short` as '2C 1H', most severe first; empty when there are none."""
    pieces: list[Piece] = []
    for severity in reversed(SEVERITIES):
        if found.get(severity):
            if pieces:
                pieces.append(Piece(" "))
            word = severity_word(severity).split()[0]
            pieces.append(Piece(f"{count(found[severity])}{word[0] if short else f' {word}'}", severity))
    return tuple(pieces)


def tiny_line(link: Link, width: int) -> Line:
    """The one line of a terminal below 60x15."""
    mix = severity_mix(link.overview.open_alerts) if link.overview else ()
    state, needs, keys = state_of(link).piece, Piece("  needs 60x15"), Piece("  ? help  q quit", "dim")
    alerts = (Piece(" "), *(mix or (Piece("no alerts"),)))
    for shown in ((state, *alerts, needs, keys), (state, *alerts, needs), (state, needs)):
        if line_width(shown) <= width:
            return shown
    return line(Piece(needs.text.strip()))
