"""The protected set: what no block may overlap on this machine, and why."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from apiwatch.blocklist.machine import Machine, read_machine
from apiwatch.blocklist.networks import Network, order, parse_network
from apiwatch.blocklist.proxies import Provider, known_providers
from apiwatch.blocklist.special import NEVER

__all__ = ["Protected", "Rule", "gather_protected", "protect"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A network that a rail guards."""

    network: Network
    code: str
    """H1 this machine, H2 never a client, H3 own network, H4 proxy, H8 allow list."""
    reason: str
    """What it is: completes `overlaps NETWORK, ...`."""
    overridable: bool = False
    """Typing the network again lets it through."""


@dataclass(frozen=True, slots=True)
class Protected:
    """Everything that is protected here, and what could not be found out."""

    rules: tuple[Rule, ...]
    unread: tuple[str, ...] = ()
    """One sentence for each part of the set that could not be read."""

    @property
    def entries(self) -> tuple[tuple[Network, str], ...]:
        """(network, reason) of what no override lets through, by network."""
        strict = (rule for rule in self.rules if not rule.overridable)
        return tuple((rule.network, rule.reason) for rule in sorted(strict, key=lambda rule: order(rule.network)))


def protect(
    machine: Machine, trusted_proxy: Iterable[str], allow: Iterable[str], providers: Iterable[Provider] = ()
) -> Protected:
    """The protected set of a machine, its settings and the known proxies; GuardError when a setting is no network.

    Of proxies that anybody can rent or browse through an attacker can be one, so that they can be overridden.
    """
    rules = [
        Rule(ipaddress.ip_network(address), "H1", reason)
        for address, reason in machine.addresses
        if not address.is_unspecified
    ]
    rules += [Rule(network, "H2", reason) for network, reason in NEVER]
    rules += [Rule(network, "H3", "a network of this machine", overridable=True) for network in machine.networks]
    rules += [Rule(parse_network(text), "H4", "a trusted proxy of the settings") for text in trusted_proxy]
    rules += [Rule(parse_network(text), "H8", "on the allow list of the settings") for text in allow]
    rules += [
        Rule(network, "H4", f"a network of {each.name} as of {each.as_of}", overridable=True)
        for each in providers
        for network in each.networks
    ]
    return Protected(tuple(dict.fromkeys(rules)), machine.unread)


def gather_protected(
    trusted_proxy: Iterable[str],
    allow: Iterable[str],
    *,
    kept: Path | None = None,
    root: Path = Path("/"),
    environ: Mapping[str, str] | None = None,
) -> Protected:
    """Read this machine (proc, etc and run below `root`) and add `sources.trusted_proxy`, `block.allow` and proxies.

    `kept` is the file of newer networks of proxies; see `proxies`.
    """
    providers, problem = known_providers(kept)
    found = protect(read_machine(root, environ), trusted_proxy, allow, providers)
    return replace(found, unread=(*found.unread, problem)) if problem else found
