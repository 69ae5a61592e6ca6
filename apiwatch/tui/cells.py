"""Numbers, shares, ages and times as a reader of a narrow column wants them: pure, and never wider than promised."""

import re

from apiwatch.model import SEVERITIES
from apiwatch.patterns import late
from apiwatch.times import span, stamp, utc_of

__all__ = [
    "age",
    "agent",
    "amount",
    "clock",
    "count",
    "crowd",
    "percent",
    "rank",
    "rate",
    "seconds",
    "severity_word",
    "share",
    "size",
    "span",
    "stamp",
    "took",
]

_WORDS = {"critical": "CRIT !!", "high": "HIGH !", "medium": "MED", "low": "LOW", "info": "INFO"}
_CROWD = 300
_ALIKE = late(r"^Mozilla/5\.0 | (?:AppleWebKit|Safari)/537\.36| \(KHTML, like Gecko\)| Gecko/20100101", re.ASCII)
_UNITS = ("", "k", "M", "G", "T", "P")


def amount(number: float, unit: str = "") -> str:
    """A count in at most 5 characters (negative ones count as 0), with k, M, G above 999.

    >>> [amount(n) for n in (0, 999, 1000, 9812, 14_100, 99_960, 371_400, 18_400_000)]
    ['0', '999', '1.0k', '9.8k', '14.1k', '100k', '371k', '18.4M']
    """
    value = max(0.0, float(number))
    for step, prefix in enumerate(_UNITS):
        last = step == len(_UNITS) - 1
        if step == 0:
            if value < 999.5:
                return f"{value:.0f}{unit}"
        elif value < 99.95:
            return f"{value:.1f}{prefix}{unit}"
        elif value < 999.5:
            return f"{value:.0f}{prefix}{unit}"
        if last:
            return f">1{prefix}{unit}"
        value /= 1000.0
    raise AssertionError("unreachable")


def crowd(number: int) -> str:
    """A number of the distinct clients of a route, of which the store counts no more than 300.

    >>> crowd(299), crowd(300)
    ('299', '300+')
    """
    return f"{count(number)}{'+' if number >= _CROWD else ''}"


def count(number: int) -> str:
    """A whole number in at most 5 characters; up to 9 999 exactly.

    >>> count(1240), count(10_000)
    ('1240', '10.0k')
    """
    return str(number) if 0 <= number < 10_000 else amount(number)


def agent(text: str) -> str:
    """A user agent without what nearly all browsers say of themselves, so that they can be told apart when it is cut.

    >>> agent("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36")
    '(X11; Linux x86_64) Chrome/126.0.0.0'
    >>> agent("curl/8.5")
    'curl/8.5'
    """
    return _ALIKE.sub("", text) or text


def size(number: float) -> str:
    """Bytes in at most 5 characters, in steps of 1000: '4.0M'."""
    return amount(number)


def rate(per_second: float) -> str:
    """A rate in at most 5 characters: two digits and more stand without decimals above 99.

    >>> [rate(x) for x in (0.0, 0.004, 0.42, 35.0, 212.3, 1240.0)]
    ['0', '<0.1', '0.4', '35.0', '212', '1240']
    """
    if per_second <= 0:
        return "0"
    if per_second < 0.05:
        return "<0.1"
    return f"{per_second:.1f}" if per_second < 99.95 else count(round(per_second))


def percent(part: float, whole: float) -> str:
    """A share in at most 4 characters: '73%', '<1%', '-' when there is no whole.

    >>> percent(73, 100), percent(1, 900), percent(0, 9), percent(5, 0), percent(999, 1000)
    ('73%', '<1%', '0%', '-', '99%')
    """
    if whole <= 0:
        return "-"
    value = 100.0 * part / whole
    if 0 < value < 1:
        return "<1%"
    if 99 < value < 100:
        return "99%"
    return f"{min(value, 100.0):.0f}%"


def share(part: float, whole: float) -> str:
    """A share with one decimal, 5 characters: ' 3.8%', '93.8%', ' 100%'.

    >>> share(38, 1000), share(1, 1), share(1, 0)
    (' 3.8%', ' 100%', '    -')
    """
    if whole <= 0:
        return "    -"
    value = min(100.0 * part / whole, 100.0)
    return f"{value:5.1f}%"[-5:] if value < 99.95 else " 100%"


def age(elapsed: float) -> str:
    """Seconds since something happened, in at most 4 characters; the future counts as now.

    >>> [age(x) for x in (-5, 0.4, 59.9, 60, 3599, 7200, 86_400 * 3, 86_400 * 4000)]
    ['0s', '0s', '59s', '1m', '59m', '2h', '3d', '>99w']
    """
    value = int(max(0.0, elapsed))
    for limit, unit, letter in ((60, 1, "s"), (3600, 60, "m"), (86_400, 3600, "h"), (86_400 * 14, 86_400, "d")):
        if value < limit:
            return f"{value // unit}{letter}"
    weeks = value // (86_400 * 7)
    return f"{weeks}w" if weeks <= 99 else ">99w"


def seconds(value: float) -> str:
    """A lag: tenths below ten seconds, then as `age`.

    >>> seconds(0.42), seconds(14.2), seconds(95)
    ('0.4s', '14s', '1m')
    """
    return f"{max(0.0, value):.1f}s" if value < 9.95 else age(value)


def clock(time: float) -> str:
    """Time of day in UTC: '14:02:31Z'; '-' for 0, which stands for never."""
    return utc_of(time).strftime("%H:%M:%SZ") if time > 0 else "-"


def rank(severity: str) -> int:
    """Order of a severity word, 4 for critical; -1 for a word that is none."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def severity_word(severity: str) -> str:
    """Severity as word and mark, at most 7 characters: 'CRIT !!'; '-' for none."""
    return _WORDS.get(severity, "-")


def took(seconds: float | None) -> str:
    """A duration in at most 5 characters: '11ms', '1.2s'; '-' when it is not known.

    >>> took(0.0112), took(1.24), took(None)
    ('11ms', '1.2s', '-')
    """
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    return f"{seconds:.1f}s" if seconds < 99 else ">99s"
