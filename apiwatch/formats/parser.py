"""The line parser of one source: which family the lines are of, what wraps them, and what became of each line."""

import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from apiwatch.errors import UsageError
from apiwatch.formats.addresses import Addresses
from apiwatch.formats.build import Builder
from apiwatch.formats.clock import WallClock
from apiwatch.formats.credentials import redact_line
from apiwatch.formats.custom import CustomMatcher
from apiwatch.formats.envelopes import Envelopes, Peeled
from apiwatch.formats.matcher import Matcher, Skipped, Unparsed
from apiwatch.formats.registry import FAMILIES, family_of
from apiwatch.formats.skips import is_known_other
from apiwatch.model import Request
from apiwatch.text import plain

__all__ = ["LineParser"]

_LAYERS = 4
"""Envelopes around one line, at most."""

_TEXT_LIMIT = 2_048
_DAMAGE = "\r\n\0\ufeff"
_COLOURS = re.compile(r"(?:\x1b|#033)\[[0-9;]{0,16}m", re.ASCII)
"""Select Graphic Rendition (ECMA-48), also as rsyslog spells the escape character."""


class _Saved(msgspec.Struct, array_like=True):
    """What detection has settled on, and what waits for its end."""

    family: str
    depth: int
    matchers: dict[str, list[int | str]]
    envelopes: list[Any]
    learned: int | None


class LineParser:
    """Lines of one source in, one record for each out; never raises on what a line holds.

    `format` is a name of `FORMATS`, or `auto`: each line is tried first as what the last one was, then as all others,
    the stricter first; no line fits two families, so that the order never decides what a line means. A named format
    reads its whole family: servers write malformed requests in plainer members of it. `log_format` is an nginx
    log_format or an Apache LogFormat string; with it nothing else is tried. `trusted_proxy` are networks whose
    forwarded-for lists are believed, `salt` is the key of the hashes of credentials. `time_zone` (a name of the IANA
    database) is that of times which are written without one. `client_header` (CF-Connecting-IP, X-Real-IP) is the
    header in which trusted proxies name the client, where the log has it; else it is X-Forwarded-For or Forwarded.

    Raises UsageError for an unknown format or zone, a log_format that cannot be read and a network that is none.
    """

    def __init__(
        self,
        format: str = "auto",  # noqa: A002
        log_format: str | None = None,
        trusted_proxy: Sequence[str] = (),
        salt: bytes = b"",
        time_zone: str | None = None,
        client_header: str | None = None,
    ) -> None:
        try:
            addresses = Addresses(trusted_proxy)
        except ValueError as error:
            raise UsageError(f"trusted proxy: {error}; give a network such as 10.0.0.0/8") from None
        self._clock = WallClock(_zone(time_zone) if time_zone is not None else None)
        builder = Builder(addresses, salt, self._clock, client_header)
        self._matchers: list[Matcher]
        if log_format is not None:
            self._matchers = [CustomMatcher(builder, log_format)]
        elif format == "auto":
            self._matchers = [family.make(builder) for family in FAMILIES]
        else:
            family = family_of(format)
            if family is None:
                raise UsageError(f"`{format}` is not a known format; `apiwatch formats` lists the known ones")
            self._matchers = [family.make(builder)]
        self._current: Matcher | None = None
        self._envelopes = Envelopes()
        self._depth = 0
        """Envelopes around the line that was understood last."""

    @property
    def format(self) -> str:
        """Name of the format of the line that was understood last; '' before the first."""
        return self._current.name if self._current is not None else ""

    def parse(self, lines: Sequence[bytes], first: int, received: float) -> list[Request | Unparsed | None]:
        """One entry for each line: the record, `Unparsed`, or None for a line that is known to be no request.

        `first` is the 1-based number of the first line, `received` the time of receipt, which stands in where a line
        tells no time.
        """
        texts = b"\n".join(lines).decode("utf-8", "surrogateescape").split("\n")
        if len(texts) != len(lines):
            # Messages of syslog may hold line ends; an empty batch holds nothing.
            texts = [line.decode("utf-8", "surrogateescape") for line in lines]
        out: list[Request | Unparsed | None] = []
        count = len(texts)
        while (index := len(out)) < count:
            if self._current is not None and not self._depth:
                index = self._current.run(texts, index, first, received, out)
                if index >= count:
                    break
            out.append(self._one(texts[index], first + index, received))
        return out

    @property
    def cut(self) -> int:
        """Lines logged in parts that were cut or thrown away, because they were too long or never ended."""
        return self._envelopes.cut + self._envelopes.dropped

    def state(self) -> bytes:
        """What detection has settled on, for `restore` on a new parser with the same arguments."""
        matchers = {matcher.family: saved for matcher in self._matchers if (saved := matcher.save())}
        family = self._current.family if self._current is not None else ""
        return msgspec.msgpack.encode(
            _Saved(family, self._depth, matchers, self._envelopes.save(), self._clock.learned)
        )

    def restore(self, state: bytes) -> None:
        """Continue from `state()`; a state that cannot be read, or that is of other arguments, is ignored."""
        try:
            saved = msgspec.msgpack.decode(state, type=_Saved)
        except msgspec.MsgspecError:
            return
        for matcher in self._matchers:
            if matcher.family == saved.family:
                self._current, self._depth = matcher, saved.depth
            matcher.load(saved.matchers.get(matcher.family, []))
        self._envelopes.load(saved.envelopes)
        self._clock.learned = saved.learned

    def _one(self, text: str, line: int, received: float) -> Request | Unparsed | None:
        """One line that is not simply of the current family: envelopes are taken off until a format understands it.

        As many as the last line had come off at once: no record of any format looks like an envelope.
        """
        whole = inner = text.strip(_DAMAGE)
        self._clock.envelope = None
        other = False
        peeled: Peeled | None = None
        for depth in range(_LAYERS + 1):
            if depth >= self._depth or (peeled := self._envelopes.peel(inner)) is None:
                if inner[:1] == "#":
                    for matcher in self._matchers:
                        matcher.header(inner)
                if is_known_other(inner):
                    return None
                found = self._try(inner, line, received)
                if isinstance(found, Request):
                    self._depth = depth
                    return found
                if found is Skipped:
                    return None
                peeled = self._envelopes.peel(inner)
            if peeled is None:
                bare = _COLOURS.sub("", inner)
                if bare == inner:
                    break
                inner = bare
                continue
            joined = self._envelopes.join(peeled)
            if joined is None:
                return None
            if peeled.moment is not None:
                self._clock.envelope = peeled.moment
                received = peeled.moment[0]
            other = other or peeled.other
            inner = joined.strip(_DAMAGE)
        return None if other else self._unparsed(whole, inner, line)

    def _try(self, text: str, line: int, received: float) -> Request | type[Skipped] | None:
        """The first family that understands the line, the current one before the others."""
        skipped: type[Skipped] | None = None
        current = self._current
        if current is not None:
            found = current.one(text, line, received)
            if isinstance(found, Request):
                return found
            skipped = found
        for matcher in self._matchers:
            if matcher is current:
                continue
            found = matcher.one(text, line, received)
            if isinstance(found, Request):
                self._current = matcher
                return found
            skipped = skipped or found
        return skipped

    def _unparsed(self, whole: str, inner: str, line: int) -> Unparsed:
        matched, name = max((matcher.progress(inner) for matcher in self._matchers), key=lambda entry: entry[0])
        if matched and whole.endswith(inner):
            matched += len(whole) - len(inner)
        elif inner is not whole:
            matched, name = 0, ""
        return Unparsed(line, *_cut(whole, matched), name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"`{name}` is not a known time zone; write a name such as Europe/Berlin or UTC") from None


def _cut(text: str, matched: int) -> tuple[str, int]:
    """The line as plain text, and the number of its characters that stand for the first `matched` of the line."""
    shown = redact_line(plain(text, _TEXT_LIMIT))
    if matched <= 0 or not text:
        return shown, 0
    before = redact_line(plain(text[:matched], _TEXT_LIMIT))
    return shown, min(len(before), len(shown))
