"""`enumeration.lookup-oracle`: somebody finds out, without credentials, which people have an account.

It is what `enumeration.miss` and `scraping.distinct-objects` find on parameters that name people, one severity higher.
"""

from msgspec.structs import replace

from apiwatch.detect import enumeration, scraping
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Severity, Tags
from apiwatch.routes import Param

__all__ = ["LOOKUP_ORACLE", "as_lookup", "names_people"]

_KINDS = frozenset({"email", "phone"})
_KEYS = frozenset({"?email", "?e-mail", "?mail", "?phone", "?msisdn", "?user", "?username"})
_REPLACED = frozenset({enumeration.MISS.name, scraping.DISTINCT.name})


def names_people(param: Param) -> bool:
    """Whether the objects of a parameter are e-mail addresses, phone numbers or user names."""
    return param.kind in _KINDS or param.name.lower() in _KEYS


def as_lookup(signal: Signal) -> Signal:
    """The signal under the name of the look-up oracle, if it is one of those that this replaces."""
    if signal.detector.name not in _REPLACED:
        return signal
    severity = Severity(min(signal.severity + 1, Severity.CRITICAL))
    return signal._replace(detector=LOOKUP_ORACLE, severity=severity)


def _tell(facts: Facts, route: str) -> Story:
    replaced = scraping.DISTINCT if "window" in facts else enumeration.MISS
    story = replaced.tell(facts, route)
    return replace(
        story,
        title=f"looks people up on {route}: {story.title}",
        why="asks for one e-mail address, phone number or user name after the other without credentials: a list is"
        " checked for people with an account",
        reason=f"look-ups of people: {facts['objects']:.0f}",
    )


LOOKUP_ORACLE = Detector(
    name="enumeration.lookup-oracle",
    family="enumeration",
    group="object",
    tags=Tags(owasp=("API6:2023", "API2:2023"), oat=("OAT-011", "OAT-007"), attack=("T1589.002", "T1087")),
    tell=_tell,
    test="enumeration.lookup",
)
