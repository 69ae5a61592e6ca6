"""Headers that collectors put before a line: syslog in files, container runtimes (reference: formats, section 8)."""

import re

__all__ = ["peel"]

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ISO = r"\d{4}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d:[0-6]\d(?:[.,]\d{1,9})?(?:Z|z|[+-]\d\d:?\d\d)?"
_OLD = _MONTH + r" [ 0-3]?\d [0-2]\d:[0-5]\d:[0-6]\d(?:\.\d{1,9})?(?: (?:19|20)\d\d)?"
_PRI = r"<(?:1[0-8]\d|19[01]|\d{1,2})>"
_TAG = r"[^\s:\[\]<>\"{}]{1,128}(?:\[[^\[\]\s]{1,64}\])?:"
_HOST = r"[^\s\[\]<>\"{}]{1,255}"

_RFC5424 = re.compile(
    _PRI + r"[1-9]\d{0,2} (?:-|" + _ISO + r") [!-~]{1,255} [!-~]{1,255} [!-~]{1,128} [!-~]{1,255}"
    r" (?:-|(?:\[(?:[^\\\]]|\\.)*+\])++) \ufeff?",
    re.ASCII | re.DOTALL,
)
_RFC3164 = re.compile(
    r"(?:"
    + _PRI
    + r")?(?:"
    + _OLD
    + r"|"
    + _ISO
    + r") (?:(?:"
    + _HOST
    + r" )?"
    + _TAG
    + r" |"
    + _HOST
    + r" [^\s\[\]<>\"{}:]{1,128}\[[^\[\]\s]{1,64}\] )",
    re.ASCII,
)
_CRI = re.compile(_ISO + r" (?:stdout|stderr) F(?::\S{1,64})? ", re.ASCII)
_COMPOSE = re.compile(r"[A-Za-z0-9][\w.@-]{0,127} +\| ", re.ASCII)
_KUBECTL = re.compile(r"\[pod/[\w.-]{1,253}/[\w.-]{1,253}\] ", re.ASCII)
_TAGGED = re.compile(r"(?:" + _HOST + r" )?[A-Za-z][\w./-]{0,127}(?:\[\d{1,10}\])?: ", re.ASCII)
_STAMPED = re.compile(r"(?:" + _ISO + r"|\[" + _ISO + r"\]) +(?:" + _HOST + r" +)?(?=[\d\[{:])", re.ASCII)
_ALL = (_RFC5424, _RFC3164, _CRI, _COMPOSE, _KUBECTL, _TAGGED, _STAMPED)


def peel(text: str) -> str | None:
    r"""The line without the outermost header; None when it has none that is known.

    >>> peel("Nov 24 03:11:03 web1 nginx: 192.0.2.7 - - [x]")
    '192.0.2.7 - - [x]'
    """
    for pattern in _ALL:
        found = pattern.match(text)
        if found is not None:
            return text[found.end() :].strip()
    return None
