"""Peeling syslog headers off messages: RFC 5424, RFC 3164 and what products make of it."""

import re

from apiwatch.patterns import late

__all__ = ["peel"]

_PRI = rb"<(?:1[0-8]\d|19[01]|\d{1,2})>"
_TIME = rb"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(?:[.,]\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)?"
_ELEMENT = rb"\[[^\\\]]*+(?:\\.[^\\\]]*+)*+\]"

_RFC5424 = late(
    _PRI + rb"[1-9]\d{0,2} (?:-|" + _TIME + rb")"
    rb" [!-~]{1,255} [!-~]{1,255} [!-~]{1,128} [!-~]{1,255}"  # HOSTNAME, APP-NAME (48 by the book), PROCID, MSGID
    rb" (?:-|(?:" + _ELEMENT + rb")++)(?: +(?:\xef\xbb\xbf)?|$)",
    re.DOTALL,
)
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_STAMP = _MONTH + rb" [ 0-3]?\d [0-2]\d:[0-5]\d:[0-6]\d(?:\.\d{1,9})?(?: (?:19|20)\d\d)?"
_PROCESS = rb"\[[^\[\]\s]{1,64}\]"
_TAG = rb"[^\s:\[\]<>\"{}]{1,128}"
_HOST = rb"[^\s\[\]<>\"{}]{1,255}"
_ACCESS_LINE = rb"(?=[\[{\"]|\d|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:])"

_RFC3164 = late(
    rb"(?:" + _PRI + rb")?(?:" + _STAMP + rb"|(?<=>)" + _TIME + rb") "
    rb"(?:"
    rb"(?:" + _HOST + rb" )?" + _TAG + rb"(?:" + _PROCESS + rb")?:(?: +|$)"
    rb"|" + _HOST + rb" " + _TAG + _PROCESS + rb" "
    rb"|[A-Za-z0-9_]" + rb"[^\s\[\]<>\"{}]{0,254} [A-Za-z][\w./-]{0,127} " + _ACCESS_LINE + rb")"
)
_PRIORITY = late(_PRI)
_ENDS = b"\r\n\0"


def peel(message: bytes) -> bytes:
    r"""The message without its syslog header and without LF, CR and NUL at its end.

    A message without header comes back as it is. One with a priority and nothing else of a header loses the priority.
    Sources: RFC 3164, RFC 5424; a missing host, a year after the time, an ISO time and a tag without colon are taken
    too, because products write them. Blanks behind the header go with it: rsyslog writes two before what it got in the
    form of RFC 3164.

    >>> peel(b"<190>Nov 24 03:11:03 web1 nginx: 192.0.2.7 - - [x]\n")
    b'192.0.2.7 - - [x]'
    >>> peel(b'<13>1 2026-11-24T03:11:03Z web1 app - - [a b="\\]"] {"status":200}')
    b'{"status":200}'
    """
    message = message.rstrip(_ENDS)
    if not message.startswith(b"<"):
        if message[3:4] != b" ":
            return message
        header = _RFC3164.match(message)
        return message[header.end() :] if header else message
    header = _RFC5424.match(message) or _RFC3164.match(message) or _PRIORITY.match(message)
    return message[header.end() :] if header else message
