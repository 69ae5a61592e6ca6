"""Networks of CDNs and cloud load balancers: where they come from, where newer ones are kept, and how to read them.

Behind such an address stand all users of a site, or the health checks that keep it in rotation. Those that apiwatch
ships are `config/proxies.txt`; newer ones are kept in a file of the same form beside the state file.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from apiwatch.blocklist.networks import Network, collapsed, parse_network
from apiwatch.blocklist.special import NEVER, PRIVATE
from apiwatch.config import data_text
from apiwatch.errors import GuardError

__all__ = ["FILE_NAME", "Provider", "known_providers", "parse_providers", "render_providers", "usable"]

FILE_NAME = "proxies.txt"
"""Of the shipped file, and of the one beside the state file."""

_ABOUT = re.compile(r"# ([a-z0-9-]{1,40}) ([0-9]{4}-[0-9]{2}-[0-9]{2}) (\S.{0,200})")
_LINE = re.compile(r"([a-z0-9-]{1,40}) (\S{1,60})")
_WIDEST = {4: 8, 6: 19}
"""No owner of proxies announces more; a list that says so is broken."""
_SHRUNK = 2
"""A list with less than one part in so many of the addresses that were known is taken for broken."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The networks of one owner."""

    name: str
    as_of: date
    """When its owner published them so."""
    source: str
    networks: tuple[Network, ...]
    """Sorted and without overlaps."""


def parse_providers(text: str) -> tuple[Provider, ...]:
    """Read the form of `config/proxies.txt`; GuardError for a line that is none of it and for a name without a date."""
    about: dict[str, tuple[date, str]] = {}
    networks: dict[str, list[Network]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if told := _ABOUT.fullmatch(line):
            about[told[1]] = (_date(told[2], number), told[3])
        elif line.strip() and not line.startswith("#"):
            read = _LINE.fullmatch(line)
            if read is None:
                raise GuardError(f"line {number} of the list of proxies is not `NAME NETWORK`; fetch the list again")
            networks.setdefault(read[1], []).append(parse_network(read[2]))
    unknown = sorted(networks.keys() - about.keys())
    if unknown:
        raise GuardError(f"the list of proxies does not say where `{unknown[0]}` comes from; fetch the list again")
    return tuple(Provider(name, *about[name], _sorted(nets)) for name, nets in networks.items())


def render_providers(providers: Iterable[Provider]) -> str:
    """The text that `parse_providers` reads."""
    known = list(providers)
    lines = [f"# {each.name} {each.as_of} {each.source}" for each in known]
    lines += [f"{each.name} {network}" for each in known for network in each.networks]
    return "".join(f"{line}\n" for line in lines)


def known_providers(kept: Path | None) -> tuple[tuple[Provider, ...], str]:
    """The shipped providers, each replaced by a newer list of the kept file; and why that file could not be read."""
    found = {each.name: each for each in parse_providers(data_text(FILE_NAME))}
    problem = ""
    if kept is not None and kept.exists():
        try:
            for each in parse_providers(kept.read_text(encoding="utf-8")):
                if each.name not in found or each.as_of >= found[each.name].as_of:
                    found[each.name] = each
        except (OSError, UnicodeDecodeError, GuardError) as error:
            what = getattr(error, "strerror", None) or ("it is no text" if isinstance(error, ValueError) else error)
            problem = f"the newer list of proxies {kept} could not be read ({what}), so the shipped one holds"
    return tuple(found.values()), problem


def usable(networks: Sequence[Network], before: Provider | None) -> tuple[Network, ...]:
    """Fetched networks as they may replace those of `before`; GuardError for none, far fewer, or impossible ones."""
    if not networks:
        raise GuardError("the answer holds no network")
    for network in networks:
        if network.prefixlen < _WIDEST[network.version]:
            raise GuardError(f"the answer holds {network}, and nobody owns that much")
        for special, reason in (*NEVER, *PRIVATE):
            if special.version == network.version and special.overlaps(network):
                raise GuardError(f"the answer holds {network}, {reason}")
    merged = _sorted(networks)
    if before is not None and _SHRUNK * _size(merged) < _size(before.networks):
        raise GuardError("the answer holds less than half of the addresses that are known")
    return merged


def _date(text: str, number: int) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise GuardError(f"line {number} of the list of proxies has no date; fetch the list again") from None


def _sorted(networks: Sequence[Network]) -> tuple[Network, ...]:
    by_family = [[net for net in networks if net.version == version] for version in (4, 6)]
    return (*collapsed(by_family[0], 4), *collapsed(by_family[1], 6))


def _size(networks: Iterable[Network]) -> int:
    """Addresses of IPv4, and networks of /64 that count like one of them."""
    return sum(1 << max(0, (32 if net.version == 4 else 64) - net.prefixlen) for net in networks)
