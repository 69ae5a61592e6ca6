"""What is said about a list before it goes to a target: refusals and warnings that need the store or the target.

| code | says | refuses |
|---|---|---|
| H4b | all clients of an entry came through a proxy, and the target judges packets | yes |
| H5 | the list would cut more than `block.most_collateral` of the answered requests of clients without an alert | yes |
| H9 | an entry has a condition, and the target cannot hold any (`suited`) | that entry |
| S1 | a search engine publishes the network as its crawlers', or DNS confirms it | no |
| S2 | others would be cut, too: users behind the address, clients without an alert | no |
| S3 | Tor comes out there, by a list that is not old, or a VPN, and the block lasts for more than an hour | no |
| S4 | an IPv6 network is narrower than a host's /64, or several clients share its /64 | no |
| S5 | the block never ends | no |
| S6 | the queue blocks it already, or a part of it (`overlap`) | no |
| S7 | the target lets go of nothing by itself | no |
| S8 | the allow-list names it, or a part of it (`overlap`) | no |

Not the share of all requests is limited (H5): in a flood the attackers are nearly all there is. Of entries with a
condition the requests count that may fit it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from apiwatch.blocklist.crawling import published_owners
from apiwatch.blocklist.everybody import spare
from apiwatch.blocklist.guard import Finding, Guard
from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.blocklist.overlap import allowed_too
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Target
from apiwatch.blocklist.tor import TorExits
from apiwatch.blocklist.vpns import Vpns
from apiwatch.config.settings import Block
from apiwatch.errors import GuardError
from apiwatch.store.views import AllowEntry, BlockEntry, ImpactView
from apiwatch.text import one_line
from apiwatch.times import utc_of

__all__ = [
    "by_kind",
    "require_review",
    "review",
    "suited",
    "too_much",
    "tor_exits_in",
    "vpn_in",
]

_SHARED_USERS = 3
_HOST_PREFIX = 64
_DAY_S = 86_400.0
_LONG_S = 3600.0
"""Whom Tor lets out at an address after that is somebody else."""
_FRESH_S = 2 * _DAY_S
"""Tor itself lists an exit for so long after it was last seen."""
_OLD_S = 30 * _DAY_S
"""After that a list of Tor exits says nothing."""


def review(
    target: Target,
    plan: Plan,
    settings: Block,
    *,
    whole: ImpactView | None,
    impacts: Mapping[str, ImpactView],
    confirm: Callable[[str], str] | None = None,
    allowed: Sequence[AllowEntry] = (),
    exits: TorExits | None = None,
) -> list[Finding]:
    """What is to be said about a plan for a target, refusals first; `Finding.net` is '' for what concerns the list.

    `whole` and `impacts` (by key of an entry, as many as were asked for) are the last hour in the store; `confirm` asks
    DNS whose crawler a single address is ('' for nobody's). `allowed` is the allow-list, `exits` are those of Tor.
    """
    vpns = Vpns(settings.vpn)
    found = list(_of_list(target, plan, settings, whole))
    for entry in plan.entries:
        view = impacts.get(entry.key)
        found += _of_entry(target, entry, view if view is not None and view.held_minutes else None)
        found += allowed_too(entry.net, allowed)
        if parse_network(entry.net).prefixlen:  # crawlers and Tor are among everybody
            found += _crawlers(entry, confirm)
            lasts = None if entry.expires is None else entry.expires - plan.at
            found += tor_exits_in(entry.net, lasts, exits, plan.at)
            found += vpn_in(entry.net, lasts, vpns)
    return sorted(found, key=lambda finding: not finding.hard)


def suited(target: Target, plan: Plan, guard: Guard) -> tuple[Plan, list[Finding]]:
    """The part of a plan that a target can hold, and a refusal (H9) for each entry with a condition that it cannot.

    Such an entry is left out and never widened; it may well be meant for another target that takes the same queue.
    Blocks of everybody leave out what the guard protects.
    """
    if target.caps.conditions:
        return spare(plan, guard), []
    return plan.without_conditions(), [_unsuited(target, entry) for entry in plan.entries if entry.condition]


def _unsuited(target: Target, entry: BlockEntry) -> Finding:
    from apiwatch.blocklist.targets import TARGETS  # which load what applies their lists

    is_everybody = not parse_network(entry.net).prefixlen
    able = [name for name, each in TARGETS.items() if each.caps.conditions and each.caps.layer != "record"]
    text = (
        f"is left out (entry {one_line(entry.id, 40)}): {target.name} cannot tell requests apart; export it for "
        f"{', '.join(able[:-1])} or {able[-1]}{'' if is_everybody else ', or block the whole network'}"
    )
    return Finding("H9", entry.key, text, hard=True, overridable=False)


def by_kind(findings: Iterable[Finding]) -> list[tuple[Finding, int]]:
    """The first finding of each code, and how many more have it."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.code, []).append(finding)
    return [(alike[0], len(alike) - 1) for alike in groups.values()]


def require_review(found: Iterable[Finding]) -> list[Finding]:
    """The warnings; raises GuardError when one of the findings refuses."""
    findings = list(found)
    hard = [finding for finding in findings if finding.hard]
    if hard:
        more = f" (and {len(hard) - 1} more are refused)" if len(hard) > 1 else ""
        raise GuardError(" ".join(f"{hard[0].net} {hard[0].text}{more} (rail {hard[0].code})".split()))
    return findings


def tor_exits_in(net: str, lasts: float | None, exits: TorExits | None, now: float) -> list[Finding]:
    """S3, when Tor comes out in a network that stays blocked for more than an hour. GuardError for no network.

    `lasts` are seconds, None: for ever. What an old list says is said with its age, and in the end not at all.
    """
    if exits is None or (lasts is not None and lasts <= _LONG_S) or now - exits.as_of > _OLD_S:
        return []
    wanted = parse_network(net)
    count = exits.inside(wanted)
    if not count:
        return []
    fresh = now - exits.as_of <= _FRESH_S
    single = wanted.num_addresses == 1
    what = f"{'is' if fresh else 'was'} a Tor exit" if single else f"{'holds' if fresh else 'held'} {count} Tor exits"
    of = utc_of(exits.as_of).date()
    age = "" if fresh else f", {int((now - exits.as_of) / _DAY_S)} days old: `apiwatch block ranges --refresh`"
    text = f"{what} (list of {of}{age}): its users change by the minute; keep the time to live short (--ttl 1h)"
    return [_warning("S3", str(wanted), text)]


def vpn_in(net: str, lasts: float | None, vpns: Vpns) -> list[Finding]:
    """S3, when a network of `block.vpn` stays blocked for more than an hour; `lasts` are seconds, None: for ever."""
    found = "" if lasts is not None and lasts <= _LONG_S else vpns.touching(net)
    if not found:
        return []
    text = f"overlaps {found}, a VPN of the settings: its users change; keep the time to live short (--ttl 1h)"
    return [_warning("S3", net, text)]


def too_much(view: ImpactView, settings: Block, what: str, way: str) -> list[Finding]:
    """H5, when clients without an alert would lose more than `block.most_collateral` of the answered requests.

    `what` would do it, and `way` is what else helps.
    """
    share = 100 * view.without_alert_ok / view.all_ok if view.all_ok else 0.0
    if share <= settings.most_collateral:
        return []
    text = (
        f"{what} {_bound(view)}{share:.0f} % of the last hour's answered requests, from {_clients(view.without_alert)} "
        f"that no alert names; {way}, or raise block.most_collateral ({settings.most_collateral:g} %)"
    )
    return [Finding("H5", "", text, hard=True, overridable=False)]


def _of_list(target: Target, plan: Plan, settings: Block, whole: ImpactView | None) -> Iterator[Finding]:
    if whole is not None:
        yield from too_much(whole, settings, "the list would cut", "withdraw entries")
    if plan.rows and not target.caps.ttl and target.caps.layer not in ("record", "feed"):
        text = f"{target.name} lets go of nothing by itself: run `apiwatch block expire`, or export again, from a timer"
        yield _warning("S7", "", text)


def _of_entry(target: Target, entry: BlockEntry, view: ImpactView | None) -> Iterator[Finding]:
    network = parse_network(entry.net)
    if target.caps.layer == "packet" and _is_forwarded(entry, view):
        yield Finding(
            "H4b",
            entry.net,
            f"was only named in a header by a proxy, and {target.name} sees the proxy's packets: it would block nothing"
            "; export for the web server or for the edge, or withdraw it",
            hard=True,
            overridable=False,
        )
    narrower = f"; `apiwatch block add {network} --path PREFIX` blocks a part of its requests only"
    if entry.condition:
        narrower = ""
    if view is not None and network.num_addresses > 1 and view.without_alert and not _is_one_host(network):
        clients = _clients(view.without_alert)
        yield _warning(
            "S2",
            entry.net,
            f"also cuts {clients} that no alert names ({_bound(view)}{view.without_alert_ok} answered){narrower}",
        )
    elif view is not None and view.users >= _SHARED_USERS and view.ok and network.prefixlen:
        yield _warning(
            "S2",
            entry.net,
            f"is shared: {view.users} users and {view.agents} user agents, {_bound(view)}{view.ok} answered{narrower}",
        )
    if network.version == 6 and network.prefixlen > _HOST_PREFIX:
        yield _warning("S4", entry.net, "is less than the /64 that one host owns: it comes back under another address")
    elif view is not None and _is_one_host(network) and view.clients > 1:
        yield _warning("S4", entry.net, f"holds {view.clients} addresses that were active, of one host or of several")
    if entry.expires is None:
        yield _warning("S5", entry.net, "never ends; a time to live can be typed when it is added again (--ttl)")


def _is_forwarded(entry: BlockEntry, view: ImpactView | None) -> bool:
    """What the last hour says, or else what was known when it was queued."""
    if view is not None and view.clients:
        return view.forwarded == view.clients
    return entry.addr_source == "forwarded"


def _crawlers(entry: BlockEntry, confirm: Callable[[str], str] | None) -> Iterator[Finding]:
    network = parse_network(entry.net)
    owners = published_owners(network)
    if owners:
        text = f"overlaps networks from which {', '.join(owners)} crawls, as published"
        yield _warning("S1", entry.net, text)
    elif confirm is not None and network.prefixlen == network.max_prefixlen:
        domain = confirm(str(network.network_address))
        if domain:
            yield _warning("S1", entry.net, f"is a crawler of {domain}: its name leads back to the address")


def _bound(view: ImpactView) -> str:
    return "at most " if view.at_most else ""


def _clients(count: int) -> str:
    return f"{count} client{'' if count == 1 else 's'}"


def _is_one_host(network: Network) -> bool:
    return network.version == 6 and network.prefixlen >= _HOST_PREFIX


def _warning(code: str, net: str, text: str) -> Finding:
    return Finding(code, net, text, hard=False, overridable=False)
