"""Asking the state file for all that belongs to an incident."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from apiwatch.errors import InputError
from apiwatch.report.amounts import amounts_of, sum_of
from apiwatch.report.incident import COUNTED, FULL, Incident, Network
from apiwatch.store.protocol import Reader
from apiwatch.store.views import (
    ActionView,
    AlertView,
    AllowEntry,
    BlockEntry,
    ClientDetail,
    MinuteView,
    Mix,
)
from apiwatch.text import plain

__all__ = ["gather"]

_ALERTS = 500
_ACTIONS = 10_000
_UNPARSED = 5
_WINDOW = 60

_Net = IPv4Network | IPv6Network


async def gather(
    reader: Reader,
    *,
    alerts: Sequence[str] = (),
    client: str = "",
    since: float = 0.0,
    until: float = 0.0,
    now: float,
) -> Incident:
    """The incident that some alerts (ids, or beginnings of them), one client, or all alerts of a time make up.

    `since` and `until` are event times that an alert must have been active in between; 0 is no bound. The same state
    file and the same `now` give the same incident. Raises InputError for an alert or a client that is not known.
    """
    detail = await _known_client(reader, client, now) if client else None
    found, cut = await _alerts(reader, alerts, detail, since, until)
    ids = {view.alert.id for view in found}
    addresses = _addresses(found) if detail is None else (detail.row.client,)
    clients = (detail,) if detail is not None else await _details(reader, addresses[:COUNTED], now)
    nets = _nets(addresses)
    everything = not alerts and not client
    blocks = await reader.block_entries(now, include_ended=True)
    actions = await reader.actions(limit=_ACTIONS)
    allowed = await reader.allowed(now, include_ended=True)
    told = _Belonging(ids, nets, clients, everything=everything, since=since)
    total = max([len(addresses), *(view.alert.clients_total for view in found)]) if detail is None else 1
    return Incident(
        kind="client" if client else "alerts" if alerts else "everything",
        names=(detail.row.client,) if detail is not None else tuple(view.alert.id for view in found) if alerts else (),
        made=now,
        since=since,
        until=until,
        alerts=tuple(found),
        alerts_cut=cut,
        evidence={view.alert.id: tuple(await reader.evidence(view.alert.id)) for view in found[:FULL]},
        addresses=addresses,
        clients_total=total,
        clients=clients,
        networks=_networks(addresses),
        amounts=amounts_of(clients, [view.alert for view in found]),
        timeline=_timeline(clients, since, until),
        actions=tuple(reversed([action for action in actions if told.action(action)])),
        blocks=tuple(entry for entry in blocks if told.block(entry)),
        allowed=tuple(entry for entry in allowed if told.allow(entry)),
        overview=await reader.overview(_WINDOW, now),
        unparsed=tuple(await reader.unparsed(limit=_UNPARSED)),
    )


async def _known_client(reader: Reader, client: str, now: float) -> ClientDetail:
    try:
        canonical = str(ip_address(client.strip().strip("[]")))
    except ValueError:
        canonical = client
    detail = await reader.client(client, now) or await reader.client(canonical, now)
    if detail is None:
        raise InputError(
            f"the state file knows no client {plain(client, 100)}; `apiwatch clients` lists those it knows"
        )
    return detail


async def _alerts(
    reader: Reader, ids: Sequence[str], detail: ClientDetail | None, since: float, until: float
) -> tuple[list[AlertView], bool]:
    """The alerts of the incident, worst first, and whether there may be more of them."""
    if ids:
        named: dict[str, AlertView] = {}
        for alert_id in ids:
            view = await reader.alert(alert_id)
            if view is None:
                raise InputError(
                    f"the state file knows no alert {plain(alert_id, 100)}, or several that begin so; "
                    "`apiwatch alerts --all` lists them"
                )
            named[view.alert.id] = view
        return sorted(named.values(), key=_badness), False
    views = list(detail.alerts) if detail is not None else await reader.alerts(include_closed=True, limit=_ALERTS)
    inside = [view for view in views if view.alert.last_seen >= since and (not until or view.alert.first_seen <= until)]
    return sorted(inside, key=_badness), detail is None and len(views) == _ALERTS


def _badness(view: AlertView) -> tuple[int, int, float, str]:
    return -view.alert.severity, -view.alert.score, -view.alert.last_seen, view.alert.id


def _addresses(views: Iterable[AlertView]) -> tuple[str, ...]:
    named = (address for view in views for address in (view.alert.client, *view.alert.clients))
    return tuple(dict.fromkeys(address for address in named if address))


async def _details(reader: Reader, addresses: Sequence[str], now: float) -> tuple[ClientDetail, ...]:
    found = [await reader.client(address, now) for address in addresses]
    return tuple(detail for detail in found if detail is not None)


def _nets(addresses: Iterable[str]) -> list[_Net]:
    nets: list[_Net] = []
    for address in addresses:
        try:
            nets.append(ip_network(address))
        except ValueError:
            continue
    return nets


def _networks(addresses: Iterable[str]) -> tuple[Network, ...]:
    counted: Counter[str] = Counter()
    for address in addresses:
        try:
            net = ip_network(address)
            counted[str(net.supernet(new_prefix=24 if net.version == 4 else 64))] += 1
        except ValueError:
            counted[address] += 1
    return tuple(
        Network(name, number) for name, number in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    )


def _timeline(clients: Iterable[ClientDetail], since: float, until: float) -> tuple[MinuteView, ...]:
    """Requests of all these clients, minute by minute."""
    mixes: dict[int, list[Mix]] = {}
    for detail in clients:
        for view in detail.timeline:
            if view.minute * 60 + 59 >= since and (not until or view.minute * 60 <= until):
                mixes.setdefault(view.minute, []).append(view.mix)
    return tuple(MinuteView(minute, sum_of(each)) for minute, each in sorted(mixes.items()))


class _Belonging:
    """Which words of operators are about this incident."""

    def __init__(
        self, ids: set[str], nets: Sequence[_Net], clients: Iterable[ClientDetail], *, everything: bool, since: float
    ) -> None:
        self._ids = ids
        self._nets = nets
        self._everything = everything
        self._since = since
        details = list(clients)
        self._values: Mapping[str, set[str]] = {
            "user": {facet.value for detail in details for facet in detail.users},
            "agent": {facet.value for detail in details for facet in detail.user_agents},
            "principal": {detail.row.principal for detail in details},
            "route": {view.alert.route for detail in details for view in detail.alerts},
        }

    def _hits(self, text: str) -> bool:
        """Whether a network is one of, or holds, the addresses of the incident."""
        try:
            wanted = ip_network(text)
        except ValueError:
            return False
        return any(net.version == wanted.version and net.subnet_of(wanted) for net in self._nets)  # type: ignore[arg-type]

    def _target(self, target: str) -> bool:
        kind, _, value = target.partition(":")
        if kind == "network":
            return self._hits(value)
        known = self._values.get(kind, set())
        if kind == "agent":
            pattern = value.replace("[", "[[]")
            return any(fnmatchcase(each, pattern) for each in known)
        return value in known

    def action(self, action: ActionView) -> bool:
        """An action about one of the alerts, the addresses, or whom an allow-list entry means."""
        if self._everything:
            return action.time >= self._since
        if action.kind in ("block", "unblock"):
            return self._hits(action.subject)
        if action.kind in ("allow", "disallow"):
            return self._target(action.subject)
        return action.subject in self._ids

    def block(self, entry: BlockEntry) -> bool:
        """An entry that answers one of the alerts, or holds one of the addresses."""
        if self._everything:
            return entry.created >= self._since or entry.state == "queued"
        return bool(self._ids.intersection(entry.alert_ids)) or self._hits(entry.net)

    def allow(self, entry: AllowEntry) -> bool:
        """An entry that means one of the clients."""
        if self._everything:
            return entry.created >= self._since or entry.state == "live"
        return self._target(entry.target)
