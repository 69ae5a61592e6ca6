"""Everything about a campaign: one alert about many clients."""

from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from apiwatch.model import SEVERITIES
from apiwatch.store.views import AlertView, ClientView, EvidenceView, FacetView, MinuteView
from apiwatch.tui.cells import age, count, percent
from apiwatch.tui.glyphs import Glyphs
from apiwatch.tui.line import Line, line, wrap
from apiwatch.tui.pages.alert import alert_body, alert_head
from apiwatch.tui.pages.lines import evidence_lines
from apiwatch.tui.pages.parts import client_list, columns_of, halves, pair, section, some, timeline_section

__all__ = ["campaign_page"]

_MEMBERS = 40
_ADDRESSES = 400
_TRAITS = 3


def campaign_page(
    view: AlertView,
    members: Sequence[ClientView],
    evidence: Sequence[EvidenceView],
    width: int,
    now: float,
    glyphs: Glyphs,
    *,
    timeline: Sequence[MinuteView] = (),
    agents: Sequence[FacetView] = (),
) -> list[Line]:
    """Everything about a campaign, for a width: what many do, who they are, what they share, since when, the lines.

    `members` are those of its clients that are still known, `timeline` their minutes together, `agents` user agents
    with the number of members that sent them.
    """
    text = width - 1
    left, right = halves(text)
    alert = view.alert
    drawn = alert_head(view, text)
    traits = [section("what they share", right, glyphs), *_traits(view, members, agents, right, now)]
    why = [section("why", left, glyphs), *alert_body(view, left, now)]
    drawn += pair(why, traits, text)
    drawn += timeline_section(timeline, text, glyphs, now=now, alerts=(view,)) if timeline else []
    known = sorted(members, key=lambda member: (-member.score, -member.requests))[:_MEMBERS]
    drawn += client_list(known, text, now, glyphs, f"members, {len(known)} of {count(alert.clients_total)}")
    if len(alert.clients) > len(known):
        shown = alert.clients[:_ADDRESSES]
        drawn.append(section(f"addresses, {len(shown)} of {count(alert.clients_total)}", text, glyphs))
        drawn += columns_of(shown, text)
    return [*drawn, section(f"original lines, {len(evidence)}", text, glyphs), *evidence_lines(evidence, text)]


def _traits(
    view: AlertView, members: Sequence[ClientView], agents: Sequence[FacetView], width: int, now: float
) -> list[Line]:
    alert = view.alert
    drawn: list[Line] = [line(f" {some(alert.clients_total, 'client')}, {some(alert.count, 'suspicious request')}")]
    where = f"{alert.host} {alert.route}".strip()
    if where:
        drawn += wrap(where, width, first=" target   ", rest="          ")
    nets = _networks(alert.clients)
    if nets:
        spread = f"{some(len(nets), 'network')}: " if len(nets) > 1 else ""
        named = ", ".join(f"{net} ({count(number)})" for net, number in nets.most_common(_TRAITS))
        drawn += wrap(f"{spread}{named}", width, first=" networks ", rest="          ")
    if agents:
        named = ", ".join(f"{facet.value} ({count(facet.requests)})" for facet in agents[:_TRAITS])
        drawn += wrap(f"{some(len(agents), 'user agent')}: {named}", width, first=" agents   ", rest="          ")
    if members:
        begun = sorted(member.first_seen for member in members)
        young = sum(member.first_seen >= alert.first_seen - 60 for member in members)
        ages = list(dict.fromkeys((age(now - begun[0]), age(now - begun[-1]))))
        drawn += wrap(
            f"first seen {' to '.join(ages)} ago; "
            f"{percent(young, len(members))} of {some(len(members), 'known member')} appeared with it",
            width,
            first=" since    ",
            rest="          ",
        )
        volumes = sorted(member.requests for member in members)
        middle = volumes[len(volumes) // 2]
        drawn += wrap(f"{count(middle)} in the middle, {count(volumes[-1])} at most", width, first=" requests ")
        scores = Counter(member.severity or "none" for member in members)
        ranked = [(word, scores[word]) for word in (*reversed(SEVERITIES), "none") if scores[word]]
        named = ", ".join(f"{word} {count(number)}" for word, number in ranked)
        drawn += wrap(f"by their own: {named}", width, first=" alerts   ", rest="          ")
    return drawn


def _networks(addresses: Sequence[str]) -> Counter[str]:
    """Networks (/24, /64) of the addresses, with how many of them each holds; what is no address is left out."""
    found: Counter[str] = Counter()
    for address in addresses:
        try:
            known = ip_address(address)
        except ValueError:
            continue
        found[str(ip_network(f"{known}/{24 if known.version == 4 else 64}", strict=False))] += 1
    return found
