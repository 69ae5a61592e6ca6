"""`enumeration.foreign-object`: somebody touches what belongs to other users.

The first user to whom an object was answered owns it. A parameter is private once it has many objects of which hardly
any had a second user; then each foreign object is a point, and a few points are a signal. Ownership is known by users
only: addresses and tokens change too often to own anything.
"""

from zlib import crc32

import msgspec

from apiwatch.config.accounts import ForeignObject
from apiwatch.detect.popularity import ID_MASK
from apiwatch.detect.samples import Sample, keep_sample
from apiwatch.detect.signal import Detector, Facts, Signal, Story
from apiwatch.model import Number, Severity, Tags

__all__ = ["FOREIGN_OBJECT", "Foreign", "Owners", "is_private", "owner_of", "share", "touched"]

_OBJECTS_KEPT = 64
_VOTES, _VOTES_SHARE = 3, 300
"""Objects that one principal may make shared in the eyes of a parameter, lest an attacker makes all of it public: so
many, or one in so many of its objects."""

OWNERS_KEPT = 64


class Owners(msgspec.Struct, gc=False):
    """What is known of the owners of the objects of one parameter."""

    objects: int = 0
    shared: int = 0
    """Objects that had a second user."""
    users: dict[int, int] = msgspec.field(default_factory=dict)
    """The first owners -> 1; at most 64."""

    def add(self, owner: int) -> None:
        """One more object, with its owner."""
        self.objects += 1
        if len(self.users) < OWNERS_KEPT:
            self.users[owner] = 1


class Foreign(msgspec.Struct, gc=False):
    """What one principal touched that belongs to others."""

    objects: dict[int, int] = msgspec.field(default_factory=dict)
    """Identity -> 1, or 2 once it was written; the latest 64."""
    total: int = 0
    writes: int = 0
    votes: dict[int, int] = msgspec.field(default_factory=dict)
    """Parameter -> objects that it made shared; at most 64."""
    lines: list[Sample] = msgspec.field(default_factory=list)


def owner_of(user: str) -> int:
    """A small number that stands for a user."""
    return crc32(user.encode("utf-8", "surrogatepass")) & ID_MASK


def is_private(owners: Owners, settings: ForeignObject) -> bool:
    """Whether hardly any of the many objects of a parameter had a second user."""
    return (
        owners.objects >= settings.objects
        and owners.shared < settings.shared * owners.objects
        and len(owners.users) >= settings.users
    )


def share(owners: Owners, foreign: Foreign, key: int) -> None:
    """An object has a second user; a principal may say so only a few times."""
    votes = foreign.votes
    if key not in votes and len(votes) >= _OBJECTS_KEPT:
        del votes[next(iter(votes))]
    cast = votes.get(key, 0)
    if cast < max(_VOTES, owners.objects // _VOTES_SHARE):
        votes[key] = cast + 1
        owners.shared += 1


def touched(
    foreign: Foreign,
    identity: int,
    owners: Owners,
    known: bool,
    writes: bool,
    line: Sample,
    settings: ForeignObject,
) -> Signal | None:
    """A foreign object of a private parameter was answered; `known` says whether to a user or to nobody."""
    objects = foreign.objects
    before = objects.get(identity, 0)
    if before > writes:
        return None
    if not before:
        if len(objects) >= _OBJECTS_KEPT:
            del objects[next(iter(objects))]
        foreign.total += 1
    objects[identity] = 1 + writes
    foreign.writes += writes
    keep_sample(foreign.lines, line)
    limit = settings.points if known and not foreign.writes else settings.points_unauthenticated
    if foreign.total < limit:
        return None
    facts: Facts = {
        "objects": foreign.total,
        "writes": foreign.writes,
        "known": float(known),
        "owned": owners.objects,
        "shared": owners.shared,
        "limit": limit,
    }
    evidence = foreign.total / (2 * limit)
    return Signal(FOREIGN_OBJECT, Severity.HIGH, evidence, facts, foreign.lines[0][0], foreign.lines)


def _tell(facts: Facts, route: str) -> Story:
    objects = f"{facts['objects']:.0f}"
    who = "a user" if facts["known"] else "nobody who is logged in"
    return Story(
        title=f"touches {objects} objects of other users on {route}",
        why=f"is answered what belongs to others: the route does not check whose objects they are, and this is {who}",
        numbers=(
            Number(
                name="objects first answered to somebody else",
                value=f"{objects}, {facts['writes']:.0f} of them written",
                baseline=f"{facts['shared']:.0f} of {facts['owned']:.0f} objects have a second user",
                threshold=f">= {facts['limit']:.0f}",
                now=facts["objects"],
            ),
        ),
        counter_evidence=("support staff and shared accounts look the same: name their networks under classes.staff",),
        clears_when="closes after a day without another foreign object, or by an allow-list entry",
        reason=f"enumeration: {objects} objects of others",
    )


FOREIGN_OBJECT = Detector(
    name="enumeration.foreign-object",
    family="enumeration",
    group="object",
    tags=Tags(owasp=("API1:2023",), attack=("T1213", "T1078")),
    tell=_tell,
)
