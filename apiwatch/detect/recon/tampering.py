"""`recon.parameter-tampering`: parameters that no honest client sends.

The same identifier twice or as a list, a wildcard in its place, the name of an object's prototype, a query key that
the OpenAPI file of the route does not know. Frameworks have habits (PHP's `[]`): what several harmless clients do on a
route is usual there.
"""

import re
from urllib.parse import unquote

from apiwatch.config.settings import Tampering
from apiwatch.detect.recon.probes import ProbeTrack
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags
from apiwatch.text import plain

__all__ = ["EXAMPLES", "TAMPERING", "tampered", "tampering_signal", "unknown_keys"]

_PAIRS = 32
_ID = re.compile(
    r"(?:id|uid|user|uuid|email|account|order|invoice|customer|tenant|owner|username|\w{1,30}_?id)"
).fullmatch
_NAME_ENDS = re.compile(r"[\[\]]").split
_EVERYWHERE = re.compile(r"_|utm_\w+|[gf]bclid|gclid|msclkid|ts?|nonce|cache|cb|_\w{1,4}|v").fullmatch
_PROTOTYPE = re.compile(r"__proto__|constructor(?:\]?\[|\.)prototype|(?:^|\.)prototype\.")
_GATE = re.compile(
    r"__proto|prototype|\*|%2[5a]|\[|%5b|id=|user|mail|account|order=|invoice|customer|tenant|owner"
).search


def tampered(path: str, query: str) -> str | None:
    """What is odd about the parameters of a request: prototype, duplicate, list, wildcard, path-and-query, or None.

    >>> tampered("/users", "id=7&id=8"), tampered("/users/*", ""), tampered("/users", "tag=a&tag=b")
    ('duplicate', 'wildcard', None)
    """
    if _wild(path.rpartition("/")[2]):
        return "wildcard"
    if not query or _GATE(query.lower()) is None:
        return None
    values: dict[str, str] = {}
    for pair in query.lower().split("&", _PAIRS)[:_PAIRS]:
        key, _, value = pair.partition("=")
        key = unquote(key)
        if _PROTOTYPE.search(key) is not None:
            return "prototype"
        name, *rest = _NAME_ENDS(key)
        if _ID(name) is None:
            continue
        if _wild(value):
            return "wildcard"
        if rest and value:
            return "list"
        if values.setdefault(name, value) != value:
            return "duplicate"
    segments = path.lower().split("/")
    for name, value in values.items():
        if name in segments[:-1] and value and segments[segments.index(name) + 1] not in {value, "", "me"}:
            return "path-and-query"
    return None


def unknown_keys(query: str, known: frozenset[str]) -> list[str]:
    """Keys of a query that a specification does not know, without those that marketing and caches add everywhere.

    >>> unknown_keys("id=7&isAdmin=1&utm_source=x&filter[a]=b", frozenset({"id", "filter"}))
    ['isAdmin']
    """
    found: list[str] = []
    for pair in query.split("&", _PAIRS)[:_PAIRS]:
        key = unquote(pair.partition("=")[0])
        name = _NAME_ENDS(key)[0]
        if name and key not in known and name not in known and not _EVERYWHERE(name.lower()):
            found.append(plain(key, 100))
    return found


def _wild(value: str) -> bool:
    """Whether a whole identifier is a wildcard: `*`, `%`, or one of them behind its beginning."""
    if "*" not in value and "%2" not in value.lower():
        return False
    text = unquote(value)
    return (
        len(text) <= 64 and text[-1:] in {"*", "%"} and text[:-1].replace("@", "").replace("-", "").isalnum()
    ) or text in {"*", "%"}


def tampering_signal(track: ProbeTrack, settings: Tampering) -> Signal:
    """The signal of a principal after one more odd parameter."""
    distinct = len(track.seen)
    severity = Severity.MEDIUM if distinct >= settings.medium_distinct else Severity.LOW
    facts: Facts = {
        "hits": distinct,
        "limit": settings.medium_distinct,
        **{f"in {kind}": count for kind, count in track.kinds.items()},
    }
    return Signal(TAMPERING, severity, 1.0, facts, track.since, track.samples)


def _tell(facts: Facts, route: str) -> Story:
    kinds = ", ".join(name[3:] for name in facts if name.startswith("in "))
    return Story(
        title=f"tampers with parameters of {route or 'unknown targets'}: {kinds}",
        why="sends identifiers twice, as a list or with a wildcard, to get what is not meant for it",
        numbers=(
            Number(
                name="odd parameters",
                value=f"{facts['hits']:.0f} ({kinds})",
                baseline="what several clients do on this route does not count",
                threshold=f"{facts['limit']:.0f} different ones",
                now=facts["hits"],
            ),
        ),
        counter_evidence=("a client with a bug sends such parameters, too",),
        clears_when="a day without one, or an allow-list entry",
        reason=f"parameters: {facts['hits']:.0f} odd ({kinds})",
    )


TAMPERING = Detector(
    name="recon.parameter-tampering",
    family="recon",
    group="inject",
    tags=Tags(owasp=("API3:2023", "API1:2023"), oat=(), attack=("T1190",)),
    tell=_tell,
)

EXAMPLES: tuple[tuple[str, str | None], ...] = (
    ("/users?id=7&id=8", "duplicate"),
    ("/users?user_id[]=7", "list"),
    ("/users?user_id%5B0%5D=7", "list"),
    ("/users?__proto__[admin]=1", "prototype"),
    ("/users?constructor[prototype][admin]=1", "prototype"),
    ("/users?email=%25", "wildcard"),
    ("/accounts?account=12*", "wildcard"),
    ("/users/*", "wildcard"),
    ("/user/7/orders?user=8", "path-and-query"),
    ("/users?id=7", None),
    ("/users?id=7&id=7", None),
    ("/items?tag=a&tag=b", None),
    ("/items?filter[status]=open", None),
    ("/users?email=a%40example.com", None),
    ("/search?q=50%25", None),
    ("/search?q=c*", None),
    ("/user/7/orders?user=7", None),
    ("/users/me?fields=*", None),
)
"""Request targets, each with what is odd about it, or None."""
