"""Search engines that publish from which networks they crawl; what an address says of itself does not count."""

from functools import cache

from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.config import data_text

__all__ = ["published_owners"]


def published_owners(network: Network) -> tuple[str, ...]:
    """Names of those who crawl from a part of a network, sorted.

    >>> published_owners(parse_network("66.249.64.0/27"))
    ('google',)
    """
    known = _published()
    return tuple(sorted({name for name, net in known if net.version == network.version and net.overlaps(network)}))


@cache
def _published() -> tuple[tuple[str, Network], ...]:
    lines = (line.split() for line in data_text("crawlers.txt").splitlines() if line and line[0] != "#")
    return tuple((name, parse_network(text)) for name, text in lines)
