"""Rolling counters per client address, and the rows that they become."""

import msgspec

from apiwatch.detect.identity.track import Visitors
from apiwatch.detect.volume.rates import Rate
from apiwatch.model import ClientFacetRow, ClientMinuteRow, ClientRouteRow, ClientRow

__all__ = [
    "BYTES",
    "CHANGED",
    "LAST",
    "OBJECTS",
    "OTHER",
    "Client",
    "client_rows",
    "count_facet",
    "count_run",
    "flush_minutes",
]

OTHER = "(other)"

_NONE = (0, 0, 0)

LAST, OBJECTS, CHANGED, BYTES = 6, 7, 8, 9
"""Places in the counters of a client on a route, behind its six outcomes."""

_BRIEF = 3
"""Requests from which on a client of a flood has rows like any other."""


class Client(msgspec.Struct, array_like=True, gc=False):
    """One client address."""

    address: str
    part: int
    key: str
    """Key of its network principal."""
    kind: str
    first: float
    last: float
    peer: str
    minutes: dict[int, list[int]] = msgspec.field(default_factory=dict)
    """Minute -> six outcomes, bytes, and whether it changed; only the last few minutes."""
    routes: dict[str, list[int]] = msgspec.field(default_factory=dict)
    """Route label -> six outcomes, last second, distinct objects, whether it changed, and bytes; they add up to all."""
    agents: dict[str, list[int]] = msgspec.field(default_factory=dict)
    """User agent -> requests, last second, and whether it changed; so are `users` and `hosts`."""
    users: dict[str, list[int]] = msgspec.field(default_factory=dict)
    hosts: dict[str, list[int]] = msgspec.field(default_factory=dict)
    agent: str | None = None
    """Latest user agent."""
    host: str | None = None
    """Latest host."""
    user: str | None = None
    """Latest user."""
    run: int = 0
    """Requests with all three that `agents`, `hosts` and `users` do not count yet."""
    family: str = ""
    """Family of the latest user agent."""
    families: list[str] = msgspec.field(default_factory=list)
    """Families since `mixed_since`."""
    mixed_agents: list[str] = msgspec.field(default_factory=list)
    """Different user agents since `mixed_since`; at most 3."""
    names: list[str] = msgspec.field(default_factory=list)
    """Users and tokens that were answered since `mixed_since`; at most 8."""
    mixed_since: float = 0.0
    nat_until: float = 0.0
    voter: str = ""
    """The one principal behind a shared address that shapes what is usual: an attacker can invent many."""
    admitted: int = 0
    """Users and tokens that became principals since `mixed_since`."""
    answered: int = 0
    """Answered requests outside log-in routes."""
    brief: bool = False
    """Whether it came with a flood of new clients and has hardly asked for anything: only its totals are written."""
    watched: bool = False
    """Whether a test is kept that looks at every one of its requests."""
    visitors: Visitors | None = None
    turn: int = -1
    """Bucket of its latest request, and `pace` its requests in it."""
    pace: int = 0
    rate: Rate | None = None
    """Once it was busy."""
    principal: str = ""
    """Key of its latest principal."""
    score: int = 0
    scored_at: float = 0.0
    points: str = "[]"
    dirty: bool = False


def client_rows(
    client: Client,
    limit: int,
    clients: list[ClientRow],
    minutes: list[ClientMinuteRow],
    routes: list[ClientRouteRow],
    facets: list[ClientFacetRow],
) -> None:
    """Append all rows of a client that changed since the last call; `limit` is the number of facets of one kind.

    Of a brief client only the totals: in a flood of a million addresses the rest would be most of the work and of the
    state file.
    """
    address, part = client.address, client.part
    if len(client.routes) == 1:
        (totals,) = client.routes.values()
    else:
        totals = [sum(column) for column in zip(*client.routes.values(), strict=True)]
    ok, miss, deny, limited, err, neutral = totals[:6]
    requests = ok + miss + deny + limited + err + neutral
    clients.append(
        ClientRow(
            address,
            part,
            int(client.first),
            int(client.last),
            requests,
            ok,
            miss,
            deny,
            limited,
            err,
            neutral,
            totals[BYTES],
            client.principal,
            client.peer,
            client.score,
            int(client.scored_at),
            client.points,
        )
    )
    if client.brief and is_brief(client):
        return
    for minute, counts in client.minutes.items():
        if counts[7]:
            counts[7] = 0
            minutes.append(minute_row(client, minute, counts))
    for label, counts in client.routes.items():
        if counts[CHANGED]:
            counts[CHANGED] = 0
            number = sum(counts[:6])
            routes.append(ClientRouteRow(address, part, label, counts[LAST], number, counts[OBJECTS], *_six(counts)))
    for kind, values, current in (
        ("user_agent", client.agents, client.agent),
        ("user", client.users, client.user),
        ("host", client.hosts, client.host),
    ):
        if current is not None and client.run:
            value = _facet_of(values, current, limit)
            number, last, _ = values.get(value, _NONE)
            last = max(last, int(client.last))
            facets.append(ClientFacetRow(address, part, kind, value, number + client.run, last))
        for value, counts in values.items():
            if counts[2]:
                counts[2] = 0
                if current is None or not client.run or value != _facet_of(values, current, limit):
                    facets.append(ClientFacetRow(address, part, kind, value, counts[0], counts[1]))


def is_brief(client: Client) -> bool:
    """Whether a client of a flood still hardly asked for anything, and gave no signal; if not, it is brief no more."""
    if not client.score and sum(sum(counts[:6]) for counts in client.routes.values()) < _BRIEF:
        return True
    client.brief = False
    return False


def minute_row(client: Client, minute: int, counts: list[int]) -> ClientMinuteRow:
    """The row of one minute."""
    return ClientMinuteRow(minute, client.address, client.part, sum(counts[:6]), *_six(counts), counts[6])


def _six(counts: list[int]) -> tuple[int, int, int, int, int, int]:
    return counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]


def flush_minutes(client: Client, before: int, rows: list[ClientMinuteRow]) -> None:
    """Drop the minutes before `before`, and append those that were not written yet."""
    if client.brief and is_brief(client):
        return
    for minute in [minute for minute in client.minutes if minute < before]:
        counts = client.minutes.pop(minute)
        if counts[7]:
            rows.append(minute_row(client, minute, counts))


def count_run(client: Client, limit: int) -> None:
    """Count the run of requests with the latest user agent, host and user."""
    if client.run:
        if client.agent is not None:
            count_facet(client.agents, client.agent, client.last, limit, client.run)
        if client.host is not None:
            count_facet(client.hosts, client.host, client.last, limit, client.run)
        if client.user is not None:
            count_facet(client.users, client.user, client.last, limit, client.run)
        client.run = 0


def count_facet(values: dict[str, list[int]], value: str, time: float, limit: int, number: int) -> None:
    """Count requests of a user agent, user or host; above the limit they are counted together."""
    value = _facet_of(values, value, limit)
    counts = values.get(value)
    if counts is None:
        counts = values[value] = [0, 0, 1]
    counts[0] += number
    counts[1] = max(counts[1], int(time))
    counts[2] = 1


def _facet_of(values: dict[str, list[int]], value: str, limit: int) -> str:
    return value if value in values or len(values) < limit else OTHER
