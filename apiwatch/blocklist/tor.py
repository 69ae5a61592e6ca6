"""Addresses at which the Tor network comes out, as it says itself; none are shipped, since they change every hour.

They are kept beside the state file. An address of it stands for whoever uses Tor at this moment, so that a block of it
hits others soon, and the attacker comes back from another one.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from apiwatch.blocklist.networks import Network, order, parse_network
from apiwatch.blocklist.special import NEVER, PRIVATE
from apiwatch.errors import GuardError
from apiwatch.text import plain
from apiwatch.times import rfc3339

__all__ = ["FILE_NAME", "NAME", "TorExits", "known_exits", "parse_exits", "render_exits", "usable_exits"]

NAME = "tor-exits"
FILE_NAME = "tor-exits.txt"

_ABOUT = re.compile(r"# tor-exits ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z) (\S.{0,200})")
_MOST = 100_000
"""Tor has had one to two thousand for years."""
_SHRUNK = 2
"""A list with less than one part in so many of those that were known is taken for broken."""


@dataclass(frozen=True, slots=True)
class TorExits:
    """The list of one moment."""

    as_of: float
    """When it was fetched, in seconds since the epoch."""
    source: str
    addresses: tuple[Network, ...]
    """Single addresses, sorted, each once."""

    def inside(self, network: Network) -> int:
        """How many of them a network holds."""
        version: int = network.version
        first, last = ((version, int(end)) for end in (network.network_address, network.broadcast_address))
        return bisect_right(self.addresses, last, key=_key) - bisect_left(self.addresses, first, key=_key)


def usable_exits(networks: Sequence[Network], as_of: float, source: str, before: TorExits | None) -> TorExits:
    """A fetched list as it may replace the one before; GuardError for none, far fewer, or impossible ones."""
    found = tuple(sorted(set(networks), key=order))
    if not found or len(found) > _MOST:
        raise GuardError(f"{NAME}: the answer holds {len(found)} addresses, so the list that is known stays")
    for network in found:
        special = next(
            (why for net, why in (*NEVER, *PRIVATE) if net.version == network.version and net.overlaps(network)), ""
        )
        if special or network.prefixlen != network.max_prefixlen:
            raise GuardError(f"{NAME}: the answer holds {network}, {special or 'which is no single address'}")
    if before is not None and _SHRUNK * len(found) < len(before.addresses):
        raise GuardError(f"{NAME}: the answer holds less than half of the addresses that are known, so these stay")
    return TorExits(as_of, source, found)


def render_exits(exits: TorExits) -> str:
    """The text that `parse_exits` reads."""
    lines = [
        f"# {NAME} {rfc3339(int(exits.as_of))} {exits.source}",
        *(str(net.network_address) for net in exits.addresses),
    ]
    return "".join(f"{line}\n" for line in lines)


def parse_exits(text: str) -> TorExits:
    """Read the kept list; GuardError when it is none."""
    first, *rest = text.splitlines() or [""]
    about = _ABOUT.fullmatch(first)
    if about is None:
        raise GuardError("it does not say when it was fetched")
    try:
        as_of = datetime.strptime(about[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise GuardError("it does not say when it was fetched") from None
    return usable_exits([parse_network(line) for line in rest], as_of, about[2], None)


def known_exits(kept: Path) -> tuple[TorExits | None, str]:
    """The kept list, None when none was ever fetched; and why it could not be read."""
    try:
        return parse_exits(kept.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return None, ""
    except (OSError, UnicodeDecodeError, GuardError) as error:
        what = getattr(error, "strerror", None) or ("it is no text" if isinstance(error, ValueError) else error)
        return None, f"the list of Tor exits {plain(str(kept))} could not be read ({what}); fetch it again"


def _key(network: Network) -> tuple[int, int]:
    return order(network)[:2]
