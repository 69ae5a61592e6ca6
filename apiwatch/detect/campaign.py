"""The campaign: who takes part in what a population test found, and alerts of many clients put into one row.

Attribution (design of detection, C1): requests are sorted into cells - agent, answer, size, referer, range of the
object - and into networks (/24, IPv6 /64). A cell that is far more frequent than usual, and that clients with other
business do not fill, belongs to the campaign; its members are the clients in it that do nothing else.
"""

import msgspec

from apiwatch.config.settings import Campaign
from apiwatch.detect.crowds import Period
from apiwatch.detect.signal import Detector, Facts, Story
from apiwatch.model import Number, Request, Tags

__all__ = [
    "CLUSTER",
    "MEMBERS_KEPT",
    "Crowd",
    "cell_of",
    "count_cell",
    "keep_suspect",
    "network_of",
    "sender_of",
    "striking",
]

MEMBERS_KEPT = 4_096
"""Addresses kept of one campaign; of those above it only the number is known."""

_CELLS_KEPT = 200
_STRANGER = 3.0
"""Times the lift of a cell that a whole kind of client needs: of it only the answers may look like the campaign's."""

_CALM_SUSPECTS = 64
"""Suspects kept while no test is near its threshold."""


class Crowd(msgspec.Struct, frozen=True):
    """The subject of a campaign alert, as the alert book takes it."""

    kind: str
    """`route` until members are known, then `campaign`."""
    name: str
    members: list[str]
    total: int
    news: bool = False
    """Whether the members are worth telling."""


def cell_of(family: str, request: Request, number: int | None, *, log_in: bool) -> str:
    """The kind of a request: requests of one campaign look alike. Its sender stands before the bar, then its answer."""
    named = "" if log_in or (request.user is None and request.token is None) else "named"
    return (
        f"{family} {'linked' if request.referer else ''} {named}|{request.status} {(request.bytes or 0).bit_length()} "
        f"{(number or 0).bit_length() >> 2}"
    )


def sender_of(cell: str) -> str:
    """The kind of client in a cell, whatever it was answered.

    >>> sender_of("curl linked |404 7 0")
    'curl linked '
    """
    return cell.partition("|")[0]


def network_of(key: str) -> str:
    """The /24 of an IPv4 address; an IPv6 network principal is its /64 already.

    >>> network_of("192.0.2.7"), network_of("2001:db8::/64")
    ('192.0.2.0/24', '2001:db8::/64')
    """
    return f"{key.rpartition('.')[0]}.0/24" if key.count(".") == 3 and ":" not in key else key


def count_cell(cells: dict[str, list[int]], cell: str, *, known: bool) -> None:
    """Count one vote; of new cells above the limit nothing is kept."""
    counts = cells.get(cell)
    if counts is None:
        if len(cells) >= _CELLS_KEPT:
            return
        counts = cells[cell] = [0, 0]
    counts[0] += 1
    counts[1] += known


def keep_suspect(period: Period, client: str, time: float, cell: str, network: str, *, calm: bool) -> None:
    """Remember a client that may take part; while all tests are calm only the latest ones."""
    suspects = period.suspects
    before = suspects.pop(client, None)
    if calm:
        while len(suspects) >= _CALM_SUSPECTS:
            del suspects[next(iter(suspects))]
    elif len(suspects) >= MEMBERS_KEPT:
        return
    suspects[client] = time, cell, network, 1 if before is None else before[3] + 1


def striking(period: Period, usual: dict[str, int], usual_total: int, settings: Campaign) -> list[str]:
    """Cells, senders and networks that are far more frequent than usual without clients that have other business here.

    Known-good clients count against a cell only as far as there are more of them than usual.
    """
    found: list[str] = []
    senders: dict[str, list[int]] = {}
    for cell, (votes, known) in period.cells.items():
        counts = senders.setdefault(sender_of(cell), [0, 0])
        counts[0] += votes
        counts[1] += known
    senders_before: dict[str, int] = {}
    for cell, count in usual.items():
        sender = sender_of(cell)
        senders_before[sender] = senders_before.get(sender, 0) + count
    groups: tuple[tuple[dict[str, list[int]], dict[str, int], float], ...] = (
        (period.cells, usual, 1.0),
        (senders, senders_before, _STRANGER),
        (period.networks, {}, 1.0),
    )
    for cells, before, stranger in groups:
        for cell, (votes, known) in cells.items():
            share = (before.get(cell, 0) + 0.5) / (usual_total + 20.0)
            if (
                votes >= settings.min_requests
                and votes >= stranger * settings.lift * share * period.votes
                and known - share * period.votes < settings.known_good * votes
            ):
                found.append(cell)
    return found


def _tell_cluster(facts: Facts, route: str) -> Story:
    return Story(
        title=f"campaign of {facts['members']:.0f} addresses on {route or 'many targets'}: the same alert from each",
        why="many clients do the same within minutes: one campaign, not many attackers",
        numbers=(
            Number(
                name="clients with the same alert",
                value=f"{facts['members']:.0f} clients",
                baseline="single clients",
                threshold=f"more than {facts['limit']:.0f} new alerts in a minute",
                now=facts["members"],
            ),
        ),
        counter_evidence=("the first of them have rows of their own", "several attackers may work at the same time"),
        clears_when="no further client raises this alert, or an allow-list entry",
        reason=f"part of a campaign of {facts['members']:.0f} clients",
    )


CLUSTER = Detector(
    name="campaign.cluster",
    family="campaign",
    group="campaign",
    tags=Tags(owasp=("API6:2023",), oat=("OAT-011", "OAT-008"), attack=("T1090.003",)),
    tell=_tell_cluster,
    capped_when_cold=False,
)
