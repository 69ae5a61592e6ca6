"""Prefixes of container runtimes and of the tools that print the logs of containers."""

import re

from apiwatch.formats.envelopes.peeled import ISO, Peeled, stamped
from apiwatch.patterns import late

__all__ = ["peel_cri", "peel_prefix"]

_CRI = late(rf"({ISO}) (stdout|stderr) ([FP])(?::\S{{1,64}})?(?: |\Z)", re.ASCII)

_COLOUR = r"\x1b\[[\d;]{0,16}m"
_NAME = r"[a-z](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_COLOURED = rf"(?:{_COLOUR}){{1,4}}{_NAME}(?:{_COLOUR}){{1,4}}"
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
_POD = rf"[a-z][a-z0-9.-]{{0,251}}-(?:{_SAFE}{{5}}|\d{{1,5}})"
_REPLICA = rf"[a-z][a-z0-9.-]{{0,240}}-{_SAFE}{{6,10}}-{_SAFE}{{5}}"
_LINE_START = r"(?=[\[{\"<]|\d|[0-9a-f]{0,4}:[0-9a-f:])"

_PREFIXES = (
    # Fluentd's out_file: time, tag and record between tabs
    late(rf"({ISO})\t[^\t]{{1,255}}\t(?=\{{)", re.ASCII),
    # kubectl logs --prefix
    late(rf"()(?:{_COLOUR}){{0,4}}\[pod/[\w.-]{{1,253}}/[\w.-]{{1,253}}\](?:{_COLOUR}){{0,4}} ", re.ASCII),
    # docker compose logs, docker service logs: the longest name is padded as well, by two blanks
    late(r"()(?!\d+\.\d+\.\d+\.\d+ )[A-Za-z0-9][\w.@-]{0,127}  +\| ", re.ASCII),
    late(
        rf"()(?:{_COLOUR}){{1,4}}[A-Za-z0-9][\w.@-]{{0,127}} *(?:{_COLOUR}){{0,4}}\|(?:{_COLOUR} | {_COLOUR}| )",
        re.ASCII,
    ),
    # stern: pod and container, with all namespaces the namespace before them; replica sets and jobs leave out vowels
    late(rf"()(?:{_COLOURED} ){{2}}(?:{_COLOURED} (?!\x1b))?", re.ASCII),
    late(rf"()(?:{_NAME} )?(?:{_POD} {_NAME} {_LINE_START}|{_REPLICA} {_NAME} )", re.ASCII),
)
_STAMP = late(
    # many loggers and relays before JSON, with or without a host
    rf"({ISO}) {{1,8}}(?:[^\s\[\]<>\"{{}}]{{1,255}} {{1,8}})?(?=\{{)"
    # --timestamps of docker, compose, kubectl and stern: RFC 3339; not the time, balancer and client of AWS
    r"|(\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?![\w./-]{1,255} [\d.]{7,15}:\d{1,5} )(?=\S)"
    # a date and a time in two columns begin lines of the W3C kind
    r"|(\d{4}-\d\d-\d\dT[\d:]{8}(?:[.,]\d{1,9})?) +(?=[\d\[:])"
    rf"|\[({ISO})\] +(?=[\d{{:])",
    re.ASCII,
)
_TAGGED = late(r"()(?:[^\s\[\]<>\"{}]{1,255} )?[A-Za-z][\w./-]{0,127}(?:\[\d{1,10}\])?: ++(?!- )", re.ASCII)


def peel_cri(text: str) -> Peeled | None:
    """The line behind the header of a Kubernetes container log (CRI): time, stream, tag `F` or, for a part, `P`.

    The line may be empty: the last part of a line often is.

    >>> peel_cri("2026-11-24T03:11:03.1Z stdout P 192.0.2.7 - -")
    Peeled(text='192.0.2.7 - -', moment=(1795489863.1, 0), unfinished='stdout', other=False, finishes=None)
    """
    found = _CRI.match(text)
    if found is None:
        return None
    stream = found[2]
    part = found[3] == "P"
    return Peeled(
        text[found.end() :],
        stamped(found[1]),
        unfinished=stream if part else None,
        finishes=None if part else stream,
    )


def peel_prefix(text: str) -> Peeled | None:
    """The line behind a prefix of compose, kubectl, stern or Fluentd, behind a time, or behind `[HOST ]TAG: `.

    None when there is no prefix or nothing behind it. Colours go with the prefix that they belong to; those of the
    line stay.

    >>> peel_prefix("[pod/web-0/nginx] 192.0.2.7 - - [x]").text, peel_prefix("192.0.2.7 - - [x]")
    ('192.0.2.7 - - [x]', None)
    """
    for pattern in (*_PREFIXES, _STAMP, _TAGGED):
        found = pattern.match(text)
        if found is not None:
            line = text[found.end() :]
            return None if not line or line.isspace() else Peeled(line, stamped(found[found.lastindex or 0]))
    return None
