"""Which hosts may send syslog: networks that somebody has named; everybody else is refused and counted."""

import ipaddress
from collections.abc import Sequence

__all__ = ["Peers"]

_REMEMBERED = 4096


class Peers:
    """An allow list of networks (empty: everyone) and how many were refused by it.

    The source address of a datagram can be forged by whoever can send one; that of a TCP connection cannot.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(one) for one in networks]
        self._known: dict[str, bool] = {}
        self._refused = 0
        self._last = ""

    def admits(self, host: str) -> bool:
        """Whether a host may send, by its address as a socket tells it; a refusal is counted."""
        if not self._networks:
            return True
        admitted = self._known.get(host)
        if admitted is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            admitted = self._known[host] = self._holds(host)
        if not admitted:
            self._refused += 1
            self._last = host.removeprefix("::ffff:")
        return admitted

    def _holds(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def told(self, what: str) -> list[str]:
        """What to say about refusals of `what`; nothing when there were none."""
        if not self._refused:
            return []
        return [f"{self._refused} {what} refused: {self._last} is not in --syslog-allow"]
