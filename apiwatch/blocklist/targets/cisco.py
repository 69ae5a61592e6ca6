"""Cisco IOS: named access lists, one per family.

A list is replaced by deleting and writing it again. In between, an interface that refers to it lets everything pass,
and it ends with `permit`: it can only take away what it names.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence

from apiwatch.blocklist.networks import Network, collapsed
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, quoted_path, unexpected
from apiwatch.blocklist.targets.lines import Lines

__all__ = ["Cisco"]

_COMMENT = 90
"""A remark takes 100 characters."""
_V4 = r"(?:host (?P<host>[0-9.]+)|(?P<base>[0-9.]+) (?P<wildcard>[0-9.]+))"
_V6 = r"(?P<net>[0-9A-Fa-f:]+/[0-9]+)"


class Cisco(Lines):
    """Lists APIWATCH4 and APIWATCH6."""

    name = "cisco"
    title = "Cisco IOS access lists"
    suffix = "ios"
    remark = "!"
    caps = Caps(comment=_COMMENT, layer="packet")
    row = re.compile(rf" deny (?:ip {_V4}|ipv6 {_V6}) any")
    fixed = re.compile(
        r"(?:no )?(?:ip access-list extended APIWATCH4|ipv6 access-list APIWATCH6)"
        rf"| remark .{{1,{_COMMENT}}}|exit"
        r"| permit (?:ip host [0-9.]+|ip [0-9.]+ [0-9.]+|ipv6 [0-9A-Fa-f:/]+|ip(?:v6)? any) any"
    )

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        for version, opened in ((4, "ip access-list extended APIWATCH4"), (6, "ipv6 access-list APIWATCH6")):
            yield from (f"no {opened}", opened)
            yield from (f" permit {_matched(network)} any" for network in collapsed(allowed, version))
            for row in plan.family(version):
                if text := self._comment(row, " remark "):
                    yield text
                yield f" deny {_matched(row.network)} any"
            yield from (f" permit {'ip' if version == 4 else 'ipv6'} any any", "exit")

    def _network(self, row: re.Match[str]) -> str:
        if row["net"]:
            return super()._network(row)
        try:
            address = ipaddress.IPv4Address(row["host"] or row["base"])
            wildcard = int(ipaddress.IPv4Address(row["wildcard"] or "0.0.0.0"))  # noqa: S104 - a wildcard mask
            network = ipaddress.IPv4Network((address, 32 - wildcard.bit_length()))
        except ValueError:
            raise unexpected(row[0]) from None
        if int(network.hostmask) != wildcard:
            raise unexpected(row[0])
        return str(network)

    def commands(self, paths: Sequence[str]) -> Commands:
        """Typed at the router, in the interface that faces the Internet."""
        return Commands(
            apply=(
                f"# paste {quoted_path(paths)} after `configure terminal`",
                "# once, in the interface: ip access-group APIWATCH4 in",
                "# once, in the interface: ipv6 traffic-filter APIWATCH6 in",
            ),
            verify=("# show ip access-lists APIWATCH4", "# show ipv6 access-list APIWATCH6"),
            undo=(
                "# in the interface: no ip access-group APIWATCH4 in, no ipv6 traffic-filter APIWATCH6 in",
                "# then: no ip access-list extended APIWATCH4, no ipv6 access-list APIWATCH6",
            ),
        )


def _matched(network: Network) -> str:
    if network.version == 6:
        return f"ipv6 {network}"
    if network.prefixlen == network.max_prefixlen:
        return f"ip host {network.network_address}"
    return f"ip {network.network_address} {network.hostmask}"
