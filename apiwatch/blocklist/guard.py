"""The guard rails: what may not be blocked, with a stable code and a sentence each.

| code | refuses | typing the network again helps |
|---|---|---|
| H1 | this machine's addresses, its SSH peers, gateways and name servers | no |
| H2 | loopback, link-local, multicast, unspecified, broadcast | no |
| H3 | private and shared networks, and the networks of this machine, unless `block.allow_private` | yes |
| H4 | `sources.trusted_proxy` | no |
| H4 | networks of CDNs and cloud load balancers | yes |
| H5 | wider than `block.widest_v4` or `block.widest_v6` | yes |
| H5 | wider than /16 (IPv4) or /32 (IPv6), unless only a path or a user agent is blocked there | no |
| H7 | what is no network | no |
| H8 | `block.allow` | no |

What depends on this machine or on the settings now is not overridden but changed: a session is ended, a setting edited.
So an override that was typed when an entry was queued never lets an export cut off an operator who came later.
S0 refuses nothing: it says what could not be read and is therefore not protected. A block of everybody under a
condition (`is_everybody`) passes, for its rows leave out what is protected (see `everybody.spare`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from apiwatch.blocklist.networks import Network, collapsed, parse_network
from apiwatch.blocklist.protected import Protected, Rule
from apiwatch.blocklist.special import PRIVATE, SHARED, carried
from apiwatch.config.settings import Block
from apiwatch.errors import GuardError
from apiwatch.model.condition import ALWAYS, Condition
from apiwatch.text import one_line

__all__ = ["HARD_LIMIT", "Finding", "Guard", "is_everybody"]

HARD_LIMIT = {4: 16, 6: 32}
"""IP version -> shortest prefix length that can ever be blocked."""

_ADVICE = {
    "H1": "blocking it could lock you out",
    "H2": "it is never a client",
    "H3": "set block.allow_private, or type the network again to override",
    "H4": "block at the proxy, or fix its real-IP setting",
    "H8": "take it off block.allow first",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rail says about a network."""

    code: str
    net: str
    """The network, safe to print."""
    text: str
    hard: bool
    """It refuses; otherwise it only warns."""
    overridable: bool
    """Typing the network again lets it through."""


class Guard:
    """The rails of one machine and its settings, at the time when the protected set was gathered."""

    def __init__(self, settings: Block, protected: Protected) -> None:
        self._settings = settings
        self._unread = protected.unread
        rules = list(protected.rules)
        rules += [Rule(network, "H3", reason, overridable=True) for network, reason in (*PRIVATE, *SHARED)]
        self._rules = tuple(rule for rule in rules if rule.code != "H3" or not settings.allow_private)
        self._ranges = {version: _ranges(self._rules, version) for version in (4, 6)}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The guarded networks; guards with equal ones and equal settings say the same."""
        return self._rules

    @property
    def allow(self) -> tuple[str, ...]:
        """`block.allow` of the settings: targets that can, render it as exceptions."""
        return self._settings.allow

    def check(self, net: str, condition: Condition = ALWAYS) -> list[Finding]:
        """What the rails say about a network, one finding per rail; empty: nothing stands in the way.

        Only its requests under the condition are blocked. First come refusals without override, then those with it,
        then warnings.
        """
        shown = one_line(net, 60)
        try:
            network = parse_network(net)
        except GuardError as error:
            return [Finding("H7", shown, str(error), hard=True, overridable=False)]
        rails = () if is_everybody(network, condition) else (self._width(network, condition), self._overlaps(network))
        found = _one_per_code(finding for rail in rails for finding in rail)
        found.sort(key=lambda finding: finding.overridable)
        if self._unread:
            text = f"{'; '.join(self._unread)}: make sure yourself that this block does not cut you off"
            found.append(Finding("S0", "", text, hard=False, overridable=False))
        return [replace(finding, net=shown) for finding in found]

    def require(self, net: str, override: str | None = None, condition: Condition = ALWAYS) -> list[Finding]:
        """Pass the rails or raise GuardError; returns what was overridden and the warnings.

        `override` is the network typed again; it overrides the findings that can be overridden.
        """
        found = self.check(net, condition)
        hard = [finding for finding in found if finding.hard]
        final = [finding for finding in hard if not finding.overridable]
        if final:
            raise GuardError(_sentence(final[0]))
        if hard and not _same(net, override):
            way = (
                f"`{one_line(override, 60)}` is not it"
                if override
                else f"on the command line: --override={hard[0].net}"
            )
            raise GuardError(f"{_sentence(hard[0])}; {way}")
        return found

    def _overlaps(self, network: Network) -> Iterator[Finding]:
        for rule in self._touched(network):
            yield _finding(rule, "")
        for inner in carried(network):
            for rule in self._touched(inner):
                yield _finding(rule, f"carries {inner}, which ")

    def _touched(self, network: Network) -> Iterator[Rule]:
        starts, ends = self._ranges[network.version]
        at = bisect_right(starts, int(network.broadcast_address)) - 1
        if at < 0 or ends[at] < int(network.network_address):
            return
        same = (rule for rule in self._rules if rule.network.version == network.version)
        yield from (rule for rule in same if _overlap(rule.network, network))

    def _width(self, network: Network, condition: Condition) -> Iterator[Finding]:
        limit = HARD_LIMIT[network.version]
        widest = self._settings.widest_v4 if network.version == 4 else self._settings.widest_v6
        if network.prefixlen < limit and not condition.is_narrow:
            text = f"is wider than /{limit}, and that is never blocked"
            yield Finding("H5", "", text, hard=True, overridable=False)
        elif network.prefixlen < widest:
            text = f"is wider than /{widest}: {_size(network)}; type the network again to override"
            yield Finding("H5", "", text, hard=True, overridable=True)


def is_everybody(network: Network, condition: Condition) -> bool:
    """Whether a block is one of everybody who sends certain requests."""
    return not network.prefixlen and condition.is_narrow


def _ranges(rules: Iterable[Rule], version: int) -> tuple[list[int], list[int]]:
    """First and last addresses of the guarded space, merged and sorted: a quick answer for what touches none of it."""
    merged = collapsed((rule.network for rule in rules), version)
    return [int(net.network_address) for net in merged], [int(net.broadcast_address) for net in merged]


def _overlap(one: Network, other: Network) -> bool:
    """Both are of one family."""
    return int(one.network_address) <= int(other.broadcast_address) and int(other.network_address) <= int(
        one.broadcast_address
    )


def _finding(rule: Rule, prefix: str) -> Finding:
    again = ", or type the network again to override" if rule.code == "H4" and rule.overridable else ""
    text = f"{prefix}overlaps {rule.network}, {rule.reason}: {_ADVICE[rule.code]}{again}"
    return Finding(rule.code, "", text, hard=True, overridable=rule.overridable)


def _one_per_code(found: Iterable[Finding]) -> list[Finding]:
    """The strictest finding of each rail, which says how many more there are."""
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(dict.fromkeys(found), key=lambda finding: finding.overridable):
        groups.setdefault(finding.code, []).append(finding)
    return [
        replace(group[0], text=f"{group[0].text} ({len(group) - 1} more like it)") if len(group) > 1 else group[0]
        for group in groups.values()
    ]


def _size(network: Network) -> str:
    if network.version == 4:
        return f"{network.num_addresses} addresses"
    return f"{2 ** max(0, 64 - network.prefixlen)} networks of /64"


def _sentence(finding: Finding) -> str:
    if finding.code == "H7":
        return finding.text
    return f"{finding.net} {finding.text} (rail {finding.code})"


def _same(net: str, typed: str | None) -> bool:
    if typed is None:
        return False
    try:
        return parse_network(typed.strip()) == parse_network(net)
    except GuardError:
        return False
