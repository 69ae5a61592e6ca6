"""Who it was, what they asked for, and how much of it they got."""

from collections import Counter
from collections.abc import Iterable, Iterator

from apiwatch.report.amounts import sum_of
from apiwatch.report.bars import bars
from apiwatch.report.incident import FULL, Incident
from apiwatch.report.markup import code, fenced, heading, item
from apiwatch.report.wording import some
from apiwatch.store.views import ClientDetail, FacetView, Mix
from apiwatch.times import stamp

__all__ = ["amount_lines", "amount_section", "time_section", "who_section"]

_SHOWN = 10
_LISTED = 200


def time_section(incident: Incident) -> Iterator[str]:
    """When: the requests of the clients, minute by minute."""
    yield from heading(2, "Timeline")
    if not incident.clients:
        yield from ("No client is named, so there is nothing to draw.", "")
        return
    told = len(incident.clients)
    whose = (
        "the client" if told == 1 == incident.clients_total else f"{told} of {some(incident.clients_total, 'client')}"
    )
    yield from (f"All requests of {whose}, in UTC:", "")
    yield from fenced(bars(incident.timeline))


def who_section(incident: Incident) -> Iterator[str]:
    """Clients, networks, users, agents, hosts."""
    yield from heading(2, "Who")
    known = (
        "" if len(incident.addresses) == incident.clients_total else f", {len(incident.addresses):,} of them by address"
    )
    yield item("clients", f"{incident.clients_total:,}{known}")
    if incident.networks:
        names = [f"{code(net.name)} ({net.clients})" for net in incident.networks[:_SHOWN]]
        yield item("networks (/24, /64)", _list(names, len(incident.networks)))
    for name, kind in (("users", "users"), ("user agents", "user_agents"), ("hosts", "hosts")):
        facets = _facets(incident.clients, kind)
        yield item(name, _list([f"{code(value, 160)} ({count:,})" for value, count in facets[:_SHOWN]], len(facets)))
    yield ""
    for detail in incident.clients[:FULL]:
        yield from fenced(_client(detail))
    rest = incident.addresses[FULL:]
    if rest:
        yield from (f"{some(len(rest), 'more address', 'more addresses')}:", "")
        yield from fenced(_columns(rest[:_LISTED]))
        if len(rest) > _LISTED:
            yield from (f"And {len(rest) - _LISTED:,} more.", "")


def amount_section(incident: Incident) -> Iterator[str]:
    """Requests and what became of them; objects tried and found; log-ins refused and let in."""
    yield from heading(2, "How much")
    for text in amount_lines(incident):
        yield f"- {text}"
    yield ""


def amount_lines(incident: Incident) -> Iterator[str]:
    """The amounts as sentences."""
    total = sum_of(detail.total for detail in incident.clients)
    kept = sum_of(view.mix for view in incident.timeline)
    counted = len(incident.clients)
    of = f" (of {counted:,} of the clients)" if counted < incident.clients_total else ""
    yield f"{some(total.requests, 'request')} in all{of}: {_outcomes(total)}; {total.bytes:,} bytes sent"
    if incident.since or incident.until:
        yield f"{some(kept.requests, 'request')} within the bounds of this report: {_outcomes(kept)}"
    for each in incident.amounts:
        where = code(" ".join(part for part in (each.host, each.route) if part))
        if each.family == "auth":
            refused, let_in = some(each.failed, "log-in"), f"{each.succeeded:,} let in"
            yield f"{where}: {refused} refused, {let_in}, {some(each.tried, 'user')} tried"
        elif each.family == "route":
            yield f"{where}: {some(each.tried, 'object')} tried, {each.succeeded:,} requests ok, {each.failed:,} failed"
        else:
            yield f"{where}: {some(each.tried, 'object')} tried, {each.succeeded:,} found, {each.failed:,} not found"


def _outcomes(mix: Mix) -> str:
    named = ("ok", mix.ok), ("missing", mix.miss), ("refused", mix.deny), ("limited", mix.limited), ("broken", mix.err)
    found = [f"{number:,} {name}" for name, number in named if number]
    return ", ".join(found) or "no outcome known"


def _facets(clients: Iterable[ClientDetail], kind: str) -> list[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for detail in clients:
        facets: tuple[FacetView, ...] = getattr(detail, kind)
        for facet in facets:
            counted[facet.value] += facet.requests
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))


def _list(shown: list[str], number: int) -> str:
    more = f", and {number - len(shown):,} more" if number > len(shown) else ""
    return ", ".join(shown) + more if shown else "none in the log"


def _client(detail: ClientDetail) -> Iterator[str]:
    row, total = detail.row, detail.total
    yield f"{row.client}  score {row.score}  {some(row.requests, 'request')}, {total.failed:,} of them failed"
    yield f"  seen     {stamp(row.first_seen)} to {stamp(row.last_seen)}"
    proxied = detail.peer not in ("", row.client)
    origin = f"named by the trusted proxy {detail.peer}" if proxied else "the address of the socket itself"
    yield f"  address  {origin}; counted as {row.principal or row.client}"
    yield f"  beside   {some(detail.neighbours, 'other client')} in its {'/64' if ':' in row.client else '/24'}"
    behind = f"{some(len(detail.user_agents), 'user agent')}, {some(len(detail.users), 'user')}"
    yield f"  behind   {behind}: whom a block would hit"
    for points, reason in detail.points:
        yield f"  score    {points:+d} {reason}"
    for view in detail.routes[:_SHOWN]:
        name = " ".join(part for part in (view.host, view.route) if part)
        yield f"  route    {view.mix.requests:,} x {name}, {view.mix.ok:,} ok, {some(view.objects, 'object')}"
    if len(detail.routes) > _SHOWN:
        yield f"  route    and {len(detail.routes) - _SHOWN} more"


def _columns(addresses: Iterable[str]) -> list[str]:
    known = list(addresses)
    return ["  ".join(known[at : at + 4]) for at in range(0, len(known), 4)]
