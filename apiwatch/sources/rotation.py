"""Names that log rotation gives to files, and their order in time."""

import re
from typing import NamedTuple

from apiwatch.patterns import late

__all__ = ["LIVE", "Rotation", "rotation", "stem"]

LIVE = (2, "")
"""Rank of the file that is still written to: after all rotated ones."""

_PACKED = late(r"\.(?:gz|bz2|xz|zst|lz4|Z)$")
_DATE = r"(?:\d{4}-?[01]\d-?[0-3]\d(?:[-T_.]?\d[\d_:.-]*)?|1\d{9})"
_DATED = late(rf"(?P<base>.+)[-._](?P<date>{_DATE})(?P<extension>(?:\.[A-Za-z]\w*)?)")
_NUMBERED = late(r"(?P<base>.+)\.(?P<number>\d{1,5})(?P<extension>(?:\.[A-Za-z]\w*)?)")


class Rotation(NamedTuple):
    """What a file name says."""

    base: str
    """Name of the live file that this one would have been renamed from; the name itself when it looks live."""
    rank: tuple[int, str]
    """Sorts the files of one base from the oldest to the live one."""


def rotation(name: str) -> Rotation:
    """Read a file name (without directory).

    >>> rotation("access.log.2.gz")
    Rotation(base='access.log', rank=(1, '99997'))
    >>> rotation("access.log-20261124").base, rotation("access-2026-11-24.log.xz").base
    ('access.log', 'access.log')
    >>> rotation("access.log").rank == LIVE
    True
    """
    plain = _PACKED.sub("", name)
    if dated := _DATED.fullmatch(plain):
        return Rotation(dated["base"] + dated["extension"], (0, re.sub(r"\D", "", dated["date"])))
    if numbered := _NUMBERED.fullmatch(plain):
        return Rotation(numbered["base"] + numbered["extension"], (1, f"{99_999 - int(numbered['number']):05d}"))
    return Rotation(name, LIVE)


def stem(name: str) -> str:
    """The part of a live file's name that its rotated siblings share.

    >>> stem("access.log")
    'access'
    """
    return name.split(".")[0] or name
