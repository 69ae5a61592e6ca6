"""What blocking some networks would cut off: their clients, as far back as the state file can tell.

A client that was first seen inside the window is counted by its totals. An older one is looked up minute by minute, up
to `_LOOKUPS` look-ups, the busiest first; what could not be looked up makes the counts a lower bound.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from msgspec import Struct

from apiwatch.store.activity import network_of
from apiwatch.store.fitting import Fit, Most, fitting
from apiwatch.store.members import OTHER
from apiwatch.store.snapshot import Rows, Snapshot, marks, pieces
from apiwatch.store.span import Span, span_of
from apiwatch.store.views import Cut, ImpactView

__all__ = ["MOST", "addr_source", "impact"]

MOST = 20_000
"""Clients that are looked at; of more the answer is a lower bound."""

_LOOKUPS = 15_000
_FACETS = 4_000
"""Clients whose users and user agents are read."""
_EXAMPLES = 5
_RECENT_S = 300

Network = IPv4Network | IPv6Network
_Where = tuple[str, Sequence[object], Network | None]
"""A condition on rows of clients, its values, and the network that a row has to be in; None: it is."""

_ACTIVE = (
    "SELECT client, SUM(requests), SUM(CASE WHEN first_seen >= ? THEN requests ELSE 0 END), "
    "SUM(CASE WHEN first_seen >= ? THEN ok ELSE 0 END), MAX(first_seen < ?), MAX(last_seen), "
    "MAX(peer <> '' AND peer <> client), MAX(peer = client), MAX(principal), net FROM clients WHERE "
)


class _Client(Struct):
    """One client of the networks that was active in the window."""

    name: str
    total: int
    requests: int
    ok: int
    is_older: bool
    last_seen: int
    is_forwarded: bool
    is_direct: bool
    principal: str


def impact(snapshot: Snapshot, cuts: Sequence[Cut], window_minutes: int) -> ImpactView:
    """See `Reader.impact`."""
    span = span_of(snapshot, window_minutes)
    held, everything, ok = _held(snapshot, span)
    clients, bounds, is_whole = _meant(snapshot, cuts, (span.start + 1) * 60)
    counted = _count(snapshot, clients, span)
    for client in clients:
        if client.name in bounds:
            client.requests = min(client.requests, bounds[client.name].requests)
            client.ok = min(client.ok, bounds[client.name].ok)
    alerted = _alerted(snapshot, [client.name for client in clients], (span.start + 1) * 60)
    facets, all_facets = _facets(snapshot, clients, (span.start + 1) * 60)
    quiet = sorted((client for client in clients if client.name not in alerted), key=lambda each: -each.requests)
    return ImpactView(
        window_minutes=window_minutes,
        held_minutes=held,
        at=span.at,
        clients=len(clients),
        requests=sum(client.requests for client in clients),
        ok=sum(client.ok for client in clients),
        all_requests=everything,
        all_ok=ok,
        users=len(facets["user"]),
        agents=len(facets["user_agent"]),
        tokens=len({client.principal for client in clients if client.principal.startswith("token:")}),
        without_alert=len(quiet),
        without_alert_requests=sum(client.requests for client in quiet),
        without_alert_ok=sum(client.ok for client in quiet),
        examples=tuple(client.name for client in quiet[:_EXAMPLES]),
        recent=sum(client.last_seen > span.at - _RECENT_S for client in clients),
        forwarded=sum(client.is_forwarded and not client.is_direct for client in clients),
        at_least=not (is_whole and counted),
        at_most=not all(bound.is_exact for bound in bounds.values()),
        more_facets=not all_facets,
    )


def addr_source(snapshot: Snapshot, net: str) -> str:
    """Whether the known clients of a network were `peer` or `forwarded`; '' for none, for both, and for no network."""
    try:
        network = ip_network(net)
    except ValueError:
        return ""
    clients, _ = _active(snapshot, _conditions([network]), 0)
    kinds = {(each.is_forwarded, each.is_direct) for each in clients}
    return {(True, False): "forwarded", (False, True): "peer"}.get(kinds.pop(), "") if len(kinds) == 1 else ""


def _held(snapshot: Snapshot, span: Span) -> tuple[int, int, int]:
    """Minutes of the window that the file can count clients in; all requests of these minutes, and those answered."""
    (oldest,) = snapshot.one("SELECT COALESCE(MIN(minute), 0) FROM client_minutes")
    if not oldest or span.at <= 0:
        return 0, 0, 0
    requests, ok = snapshot.one(
        "SELECT CAST(COALESCE(SUM(requests), 0) AS BIGINT), CAST(COALESCE(SUM(ok), 0) AS BIGINT) FROM minutes "
        "WHERE minute > ? AND minute <= ?",
        (span.start, span.end),
    )
    return max(0, span.end - max(span.start, oldest - 1)), requests, ok


def _meant(snapshot: Snapshot, cuts: Sequence[Cut], since: int) -> tuple[list[_Client], dict[str, Most], bool]:
    """Clients of which requests are meant, each once; how many at most, unless it is all; and whether these are all."""
    groups: dict[Fit, list[Network]] = {}
    for cut in dict.fromkeys(cuts):
        groups.setdefault(Fit(cut.host, cut.path, cut.agent), []).append(ip_network(cut.net))
    found: dict[str, _Client] = {}
    bounds: dict[str, Most] = {}
    is_whole = True
    for fit, networks in sorted(groups.items()):
        if not any(fit):
            clients, is_all = _active(snapshot, _conditions(networks), since)
            found = {client.name: client for client in clients}
        else:
            clients, fits, is_all = _fitting(snapshot, fit, networks, since)
            for client in clients:
                if client.name not in found or client.name in bounds:
                    bounds[client.name] = _sum(bounds.get(client.name), fits[client.name])
                    found[client.name] = client
        is_whole = is_whole and is_all
    return list(found.values()), bounds, is_whole


def _fitting(
    snapshot: Snapshot, fit: Fit, networks: Sequence[Network], since: int
) -> tuple[list[_Client], dict[str, Most], bool]:
    """As `_meant`, for one condition; where everybody is meant, those who fit are looked for first."""
    if all(network.prefixlen for network in networks):
        clients, is_whole = _active(snapshot, _conditions(networks), since)
        fits = fitting(snapshot, fit, since, [client.name for client in clients])
    else:
        fits = fitting(snapshot, fit, since)
        named = ((f"client IN ({marks(piece)})", piece, None) for piece in pieces(list(fits)))
        clients, is_whole = _active(snapshot, named, since)
        clients = [each for each in clients if any(_contains(network, each.name, "") for network in networks)]
    return [client for client in clients if client.name in fits], fits, is_whole


def _sum(one: Most | None, other: Most) -> Most:
    """What fits one of two conditions, at most."""
    if one is None or one.is_exact or other.is_exact:
        return one if one is not None and one.is_exact else other
    return Most(one.requests + other.requests, one.ok + other.ok, is_exact=False)


def _active(snapshot: Snapshot, conditions: Iterable[_Where], since: int) -> tuple[list[_Client], bool]:
    """Clients that fit one of the conditions and were seen since a time, each once; and whether these are all."""
    found: dict[str, _Client] = {}
    for where, values, inside in conditions:
        room = MOST - len(found)
        rows = snapshot.rows(
            f"{_ACTIVE}{where} AND last_seen >= ? GROUP BY client LIMIT ?",
            (since, since, since, *values, since, room + 1),
        )
        for *row, net in rows[:room]:
            if inside is None or _contains(inside, row[0], net):
                found[row[0]] = _Client(*row)
        if len(rows) > room:
            return list(found.values()), False
    return list(found.values()), True


def _conditions(networks: Iterable[Network]) -> Iterator[_Where]:
    """Conditions that an index answers."""
    single: list[str] = []
    for network in networks:
        if network.prefixlen == network.max_prefixlen:
            single.append(str(network.network_address))
        else:
            yield _range(network)
    for piece in pieces(single):
        yield f"client IN ({marks(piece)})", piece, None


def _range(network: Network) -> _Where:
    """`clients.net` holds the first three numbers of an IPv4 address, the first four groups of an IPv6 address."""
    key = network_of(str(network.network_address))
    size, mark, whole = (8, ".", 24) if network.version == 4 else (16, ":", 64)
    if network.prefixlen >= whole:
        return "net = ? AND net <> ''", (key,), None if network.prefixlen == whole else network
    full, rest = divmod(network.prefixlen, size)
    first = "".join(f"{part}{mark}" for part in key.split(mark)[:full])
    if not first:
        return "net <> ''", (), network
    last = first[:-1] + chr(ord(mark) + 1)
    return "net >= ? AND net < ? AND net <> ''", (first, last), network if rest else None


def _contains(network: Network, client: str, net: str) -> bool:
    """Whether a client is in a network; of wide ones the prefix of its row tells."""
    if network.version == 4 and network.prefixlen < 24 and net.count(".") == 2:
        first, second, third = net.split(".")
        number = int(first) << 24 | int(second) << 16 | int(third) << 8
        return number & int(network.netmask) == int(network.network_address)
    try:
        return ip_address(client) in network
    except ValueError:
        return False


def _count(snapshot: Snapshot, clients: Sequence[_Client], span: Span) -> bool:
    """Add the minutes of clients that were seen before the window; whether all of them could be looked up."""
    older = sorted((client for client in clients if client.is_older), key=lambda client: -client.total)
    minutes = snapshot.rows(
        "SELECT COUNT(*) FROM (SELECT DISTINCT minute FROM minutes WHERE minute > ? AND minute <= ?) AS kept",
        (span.start, span.end),
    )
    most = _LOOKUPS // max(1, minutes[0][0])
    by_name = {client.name: client for client in older[:most]}
    names = list(by_name)
    for piece in pieces(names):
        # Parts that began inside the window are counted already; CROSS JOIN looks each client up in each minute.
        rows: Rows = snapshot.rows(
            "SELECT c.client, CAST(SUM(m.requests) AS BIGINT), CAST(SUM(m.ok) AS BIGINT) FROM (SELECT client, shard, "  # noqa: S608
            f"part FROM clients WHERE client IN ({marks(piece)}) AND first_seen < ?) AS c CROSS JOIN (SELECT DISTINCT "
            "minute AS at FROM minutes WHERE minute > ? AND minute <= ?) AS span CROSS JOIN client_minutes m "
            "WHERE m.minute = at AND m.client = c.client AND m.shard = c.shard AND m.part = c.part GROUP BY c.client",
            (*piece, (span.start + 1) * 60, span.start, span.end),
        )
        for name, requests, ok in rows:
            by_name[name].requests += requests
            by_name[name].ok += ok
    return len(older) <= int(most)


def _alerted(snapshot: Snapshot, clients: Sequence[str], since: int) -> set[str]:
    """Clients that an alert of the window, or an open one, names."""
    found: set[str] = set()
    for piece in pieces(clients):
        rows = snapshot.rows(
            "SELECT DISTINCT c.client FROM alert_clients c JOIN alerts a ON a.id = c.alert_id "  # noqa: S608  only marks
            f"WHERE (a.closed = 0 OR a.last_seen >= ?) AND c.client IN ({marks(piece)})",
            (since, *piece),
        )
        found.update(name for (name,) in rows)
    return found


def _facets(snapshot: Snapshot, clients: Sequence[_Client], since: int) -> tuple[dict[str, set[str]], bool]:
    """Users and user agents of the window; and whether these are all."""
    names = [client.name for client in clients[:_FACETS]]
    found: dict[str, set[str]] = {"user": set(), "user_agent": set()}
    for piece in pieces(names):
        rows = snapshot.rows(
            "SELECT DISTINCT kind, value FROM client_facets WHERE kind IN ('user', 'user_agent') "  # noqa: S608
            f"AND client IN ({marks(piece)}) AND last_seen >= ?",
            (*piece, since),
        )
        for kind, value in rows:
            found[kind].add(value)
    is_whole = len(names) == len(clients) and not any(OTHER in values for values in found.values())
    return found, is_whole
