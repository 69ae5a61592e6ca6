"""The line parser of one source: which family the lines are of, what wraps them, and what became of each line."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from apiwatch.errors import UsageError
from apiwatch.formats.addresses import Addresses
from apiwatch.formats.build import Builder
from apiwatch.formats.clock import WallClock
from apiwatch.formats.credentials import redact_line
from apiwatch.formats.custom import CustomMatcher
from apiwatch.formats.envelopes import peel
from apiwatch.formats.matcher import Inner, Matcher, Skipped, Unparsed
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
    """What detection has settled on."""

    family: str
    wrapped: bool
    matchers: dict[str, list[int | str]]


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
        self._wrapped = False

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
            if self._current is not None and not self._wrapped:
                index = self._current.run(texts, index, first, received, out)
                if index >= count:
                    break
            out.append(self._one(texts[index], first + index, received))
        return out

    def state(self) -> bytes:
        """What detection has settled on, for `restore` on a new parser with the same arguments."""
        matchers = {matcher.family: saved for matcher in self._matchers if (saved := matcher.save())}
        family = self._current.family if self._current is not None else ""
        return msgspec.msgpack.encode(_Saved(family, self._wrapped, matchers))

    def restore(self, state: bytes) -> None:
        """Continue from `state()`; a state that cannot be read, or that is of other arguments, is ignored."""
        try:
            saved = msgspec.msgpack.decode(state, type=_Saved)
        except msgspec.MsgspecError:
            return
        for matcher in self._matchers:
            if matcher.family == saved.family:
                self._current, self._wrapped = matcher, saved.wrapped
            matcher.load(saved.matchers.get(matcher.family, []))

    def _one(self, text: str, line: int, received: float) -> Request | Unparsed | None:
        """One line that is not simply of the current family."""
        text = text.strip(_DAMAGE)
        if text[:1] == "#":
            for matcher in self._matchers:
                matcher.header(text)
        found = self._unwrapped(text, line, received)
        if isinstance(found, Unparsed) and _COLOURS.search(text) is not None:
            bare = self._unwrapped(_COLOURS.sub("", text), line, received)
            return found if isinstance(bare, Unparsed) else bare
        return found

    def _unwrapped(self, text: str, line: int, received: float) -> Request | Unparsed | None:
        """One line, without the envelopes around it."""
        wrapped, skip = False, False
        inner: str | None = text
        for _ in range(_LAYERS + 1):
            if inner is None or is_known_other(inner):
                break
            found = self._try(inner, line, received)
            if isinstance(found, Request):
                self._wrapped = wrapped
                return found
            if found is Skipped:
                return None
            wrapped = True
            if isinstance(found, Inner):
                skip = skip or found.skip
                inner = found.text.strip(_DAMAGE)
            else:
                inner = peel(inner)
        if skip or (inner is not None and is_known_other(inner)):
            return None
        matched, name = max((matcher.progress(text) for matcher in self._matchers), key=lambda entry: entry[0])
        return Unparsed(line, *_cut(text, matched), name)

    def _try(self, text: str, line: int, received: float) -> Request | type[Skipped] | Inner | None:
        """The first family that understands the line, the current one before the others."""
        result: type[Skipped] | Inner | None = None
        current = self._current
        if current is not None:
            found = current.one(text, line, received)
            if isinstance(found, Request):
                return found
            result = found
        for matcher in self._matchers:
            if matcher is current:
                continue
            found = matcher.one(text, line, received)
            if isinstance(found, Request):
                self._current = matcher
                return found
            result = result or found
        return result


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
