"""Whom a block would also cut off: the last hour and day of a network, of the wider ones around it, and as text."""

import ipaddress
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apiwatch.blocklist.crawling import published_owners
from apiwatch.blocklist.networks import parse_network
from apiwatch.model.condition import Condition, parse_condition
from apiwatch.store.protocol import Reader
from apiwatch.store.views import Cut, ImpactView
from apiwatch.text import one_line
from apiwatch.times import rfc3339, stamp

__all__ = [
    "DAY",
    "HOUR",
    "Impact",
    "brief",
    "cut_of",
    "impact_fields",
    "impact_lines",
    "impact_of",
    "surrounding",
    "view_fields",
]

HOUR, DAY = 60, 1440
"""Windows in minutes."""

_WIDER = {4: (24,), 6: (64, 48)}
"""What is offered around an address: a provider's smallest network, a host's, a site's."""
_STALE_S = 300.0


@dataclass(frozen=True, slots=True)
class Impact:
    """What some networks did; each view says itself how far it can tell."""

    nets: tuple[str, ...]
    """As they were asked for, each once."""
    hour: ImpactView
    day: ImpactView
    wider: tuple[tuple[str, ImpactView], ...] = ()
    """(network around a single one, its last hour), the narrowest first."""
    crawlers: tuple[str, ...] = ()
    """Search engines that crawl from there, as they publish."""


async def impact_of(reader: Reader, nets: Sequence[str]) -> Impact:
    """The impact of networks together, and of what surrounds them when it is one; GuardError for what is no network.

    A network may have a condition behind it (`planning.Row.key`): its impact is that of the requests that fit.
    """
    split = [net.partition(" ") for net in nets]
    cuts = list(dict.fromkeys(cut_of(net, parse_condition(condition)) for net, _, condition in split))
    hour = await reader.impact(cuts, window_minutes=HOUR)
    day = await reader.impact(cuts, window_minutes=DAY)
    around = surrounding(cuts[0].net) if len(cuts) == 1 and cuts[0] == Cut(cuts[0].net) else ()
    wider = [(net, await reader.impact((Cut(net),), window_minutes=HOUR)) for net in around]
    networks = [parse_network(net) for net in dict.fromkeys(cut.net for cut in cuts)]
    crawlers = dict.fromkeys(owner for net in networks if net.prefixlen for owner in published_owners(net))
    return Impact(tuple(dict.fromkeys(nets)), hour, day, tuple(wider), tuple(crawlers))


def cut_of(net: str, condition: Condition) -> Cut:
    """The requests of a network that fit a condition; GuardError for what is no network."""
    return Cut(str(parse_network(net)), condition.host, condition.path, condition.agent)


def surrounding(net: str) -> tuple[str, ...]:
    """The wider networks that are offered for one.

    >>> surrounding("203.0.113.7/32"), surrounding("2001:db8:1:2::/64"), surrounding("203.0.113.0/24")
    (('203.0.113.0/24',), ('2001:db8:1::/48',), ())
    """
    network = parse_network(net)
    first = network.network_address
    prefixes = (prefix for prefix in _WIDER[network.version] if prefix < network.prefixlen)
    return tuple(
        str(ipaddress.ip_network((int(first) if network.version == 4 else first, prefix), strict=False))
        for prefix in prefixes
    )


def impact_lines(impact: Impact, width: int, *, now: float = 0.0, whose: str = "") -> list[str]:
    """The impact in a few printable lines of at most `width` characters; what is not known is said to be unknown.

    `now` tells how old the newest event is, if it is old; 0: do not say. `whose` it is begins the first line.
    """
    hour, day = impact.hour, impact.day
    lines = [f"{f'{whose}, ' if whose else ''}last hour: {_did(hour)}"]
    if hour.at_most:
        lines.insert(0, "of requests that fit a condition, at most:")
    if hour.held_minutes:
        lines += _about(hour)
        if not day.held_minutes or (day.clients, day.requests) != (hour.clients, hour.requests):
            lines.append(f"24 hours: {_did(day)}")
    if impact.crawlers:
        lines.append(
            f"{', '.join(impact.crawlers)} crawls from here, as published: a block takes you out of the search"
        )
    for net, view in impact.wider:
        lines.append(f"{net}: {_wider(view, hour)}")
    if now and hour.held_minutes and now - hour.at > _STALE_S:
        lines.append(f"the hour ends at {stamp(hour.at)}; what came later is not counted")
    return [piece for text in lines for piece in _wrapped(text, width)]


def brief(view: ImpactView) -> str:
    """One entry's last hour in half a line."""
    if not view.held_minutes:
        return "unknown"
    if not view.clients:
        return "not seen"
    others = f", {view.without_alert} without an alert" if view.without_alert and view.clients > 1 else ""
    users = f", {_count(view.users, 'user')}" if view.users else ""
    bound = "at most " if view.at_most else ""
    return (
        f"{_least(view)}{_count(view.clients, 'client')}{others}, {bound}{_count(view.requests, 'request')}, "
        f"{view.ok} answered{users}"
    )


def impact_fields(impact: Impact) -> dict[str, Any]:
    """The impact for `--json`; counts are null where the state file cannot tell."""
    return {
        "type": "impact",
        "nets": impact.nets,
        "at_most": impact.hour.at_most or impact.day.at_most,
        "crawlers": impact.crawlers,
        "hour": view_fields(impact.hour),
        "day": view_fields(impact.day),
        "wider": [{"net": net, "hour": view_fields(view)} for net, view in impact.wider],
    }


def _did(view: ImpactView) -> str:
    if not view.held_minutes:
        return "unknown, the state file holds no counts of clients"
    if not view.clients:
        text = "no client seen"
    else:
        share = f" ({_share(view.requests, view.all_requests)} of all)" if view.all_requests else ""
        text = (
            f"{_least(view)}{_count(view.clients, 'client')}, {_count(view.requests, 'request')}{share}, "
            f"{view.ok} answered; {'at least ' if view.more_facets else ''}{_count(view.users, 'user')}, "
            f"{_count(view.agents, 'user agent')}"
        )
        if view.tokens:
            text += f", {_count(view.tokens, 'token')}"
    if view.held_minutes < view.window_minutes:
        text += f"; counts reach back {_count(view.held_minutes, 'minute')} only"
    return text


def _about(view: ImpactView) -> list[str]:
    lines: list[str] = []
    if view.without_alert:
        such = ", ".join(one_line(name, 45) for name in view.examples[:3])
        lines.append(
            f"without an alert: {_least(view)}{_count(view.without_alert, 'client')} with {view.without_alert_ok} "
            f"answered requests: {such}"
        )
    elif view.clients:
        lines.append("every client of it is named by an alert")
    if view.clients:
        lines.append(f"active in the last 5 minutes: {view.recent} of {view.clients}")
    if view.forwarded:
        lines.append(f"{view.forwarded} of {view.clients} came through a proxy: a packet filter does not see them")
    return lines


def _wider(view: ImpactView, inside: ImpactView) -> str:
    if not view.held_minutes:
        return "unknown"
    more = max(0, view.clients - inside.clients)
    if not more:
        return "would cut nobody else"
    innocent = max(0, view.without_alert - inside.without_alert)
    return f"would cut {_least(view)}{_count(more, 'other client')}, {innocent} of them without an alert"


def view_fields(view: ImpactView) -> dict[str, Any]:
    """One window for `--json`."""
    known = view.held_minutes > 0
    counts = (
        "clients", "requests", "ok", "all_requests", "all_ok", "users", "agents", "tokens", "without_alert",
        "without_alert_requests", "without_alert_ok", "recent", "forwarded",
    )  # fmt: skip
    return {
        "window_minutes": view.window_minutes,
        "held_minutes": view.held_minutes,
        "at": rfc3339(view.at) if known else None,
        **{name: getattr(view, name) if known else None for name in counts},
        "examples": [one_line(name, 45) for name in view.examples],
        "at_least": view.at_least,
        "more_users_and_agents": view.more_facets,
    }


def _least(view: ImpactView) -> str:
    return "at least " if view.at_least else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    """Percent; 100 only for all, and more than 0 for some.

    >>> _share(1, 3), _share(1, 100_000), _share(0, 3), _share(99_999, 100_000)
    ('33.3 %', '<0.1 %', '0 %', '99.9 %')
    """
    if not part or part >= whole:
        return "100 %" if part else "0 %"
    percent = min(99.9, 100 * part / whole)
    return f"{percent:.1f} %" if percent >= 0.1 else "<0.1 %"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(20, width), subsequent_indent="  ", break_on_hyphens=False)
