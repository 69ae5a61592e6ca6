"""Networks of VPN services that the operator knows: whoever comes from there now is somebody else soon."""

from bisect import bisect_right
from collections.abc import Iterable

from apiwatch.blocklist.networks import collapsed, parse_network

__all__ = ["Vpns"]


class Vpns:
    """`block.vpn` of the settings; GuardError for what is no network."""

    def __init__(self, networks: Iterable[str]) -> None:
        known = [parse_network(text) for text in networks]
        self._ranges = {version: collapsed(known, version) for version in (4, 6)}
        self._starts = {version: [int(net.network_address) for net in nets] for version, nets in self._ranges.items()}

    def touching(self, net: str) -> str:
        """A network of a VPN that a network overlaps; '' for none. GuardError for no network."""
        wanted = parse_network(net)
        at = bisect_right(self._starts[wanted.version], int(wanted.broadcast_address)) - 1
        found = self._ranges[wanted.version][at] if at >= 0 else None
        return str(found) if found is not None and found.overlaps(wanted) else ""
