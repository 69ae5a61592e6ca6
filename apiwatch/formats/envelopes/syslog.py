"""Syslog headers of lines in files: RFC 5424, RFC 3164 and what products make of them."""

import re

from apiwatch.formats.envelopes.peeled import ISO, Peeled, stamped
from apiwatch.patterns import late

__all__ = ["peel_syslog"]

_PRI = r"<(?:1[0-8]\d|19[01]|\d{1,2})>"
_ELEMENT = r"\[(?:[^\\\]]|\\.)*+\]"
_RFC5424 = late(
    # VERSION and TIMESTAMP; some programs leave the priority out when they write to a file
    rf"(?:(?:{_PRI})?[1-9]\d{{0,2}} ({ISO})|{_PRI}[1-9]\d{{0,2}} -)"
    r" [!-~]{1,255} [!-~]{1,255} [!-~]{1,128} [!-~]{1,255}"  # HOSTNAME, APP-NAME (48 by the book), PROCID, MSGID
    rf" (?:-|(?:{_ELEMENT})++) +\ufeff?",
    re.ASCII | re.DOTALL,
)

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_YEAR = r"(?: (?:19|20)\d\d)?"
_CLOCK = rf"{_MONTH} [ 0-3]?\d{_YEAR} [0-2]\d:[0-5]\d:[0-6]\d(?:\.\d{{1,9}})?{_YEAR}"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_HEAD = late(
    rf"({_PRI})?(?:({_CLOCK})|({ISO})"
    # journalctl -o short-full and short-unix
    rf"|{_DAY} (\d{{4}}-[\d-]{{5}} [\d:]{{8}} (?:UTC|(?=[A-Z+-])))[A-Z0-9+-]{{0,6}}|(\d{{10}}\.\d{{6}})) {{1,8}}",
    re.ASCII,
)

_HOST = r"[^\s\[\]<>\"{}]{1,255}"
_TAG = r"[^\s:\[\]<>\"{}]{1,128}"
_PROCESS = r"\[[^\[\]\s]{1,64}\]"
_ACCESS_LINE = r"(?=[\[{\"]|\d|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:])"
_IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_NAMED = late(
    rf"(?:{_HOST} {{1,8}})?{_TAG}(?:{_PROCESS})?:(?: +|(?=[\[{{\"<]))|{_HOST} {{1,8}}{_TAG}{_PROCESS} +", re.ASCII
)
_NAMELESS = late(
    rf"[A-Za-z0-9_][^\s\[\]<>\"{{}}]{{0,254}} {{1,8}}[A-Za-z][\w./-]{{0,127}} {{1,8}}{_ACCESS_LINE}"  # no colon
    rf"|[A-Za-z][^\s\[\]<>\"{{}}:]{{0,254}} {{1,8}}{_ACCESS_LINE}"  # a host or a tag only
    rf"|{_IPV4} {{1,8}}(?={_IPV4}\b|\{{)"
    rf"|{_ACCESS_LINE}",  # neither
    re.ASCII,
)
_MARKED = late(rf"{_PRI}(?!\d{{1,3}}(?: |\Z)|{_MONTH} )(?=\S)|@cee: ?(?=\{{)", re.ASCII)


def peel_syslog(text: str) -> Peeled | None:
    r"""The message behind a syslog header; None when there is no header or nothing behind it.

    RFC 3164 has many dialects: the host may be missing or hold commas, the year may stand beside the day or the time,
    an ISO time may stand instead, the tag may lack its colon. In a file the priority is missing, so that after an ISO
    time only a tag with colon or process makes it a header. `<30>` alone (sd-daemon) and `@cee:` are taken off as well.

    >>> peel_syslog("<134>Nov 24 03:11:03 haproxy[32068]: 127.0.0.1:41696 [x]").text
    '127.0.0.1:41696 [x]'
    """
    found = _RFC5424.match(text)
    if found is not None:
        return _behind(text, found.end(), found[1])
    head = _HEAD.match(text)
    if head is None:
        found = _MARKED.match(text)
        return _behind(text, found.end()) if found is not None else None
    priority, clock, *times = head.groups()
    found = _NAMED.match(text, head.end())
    if found is None and (priority or clock):
        found = _NAMELESS.match(text, head.end())
    return _behind(text, found.end(), next(filter(None, times), None)) if found is not None else None


def _behind(text: str, end: int, time: str | None = None) -> Peeled | None:
    message = text[end:]
    return None if not message or message.isspace() else Peeled(message, stamped(time))
