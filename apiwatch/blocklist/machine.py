"""What this machine needs to stay reachable: its addresses, who is logged in, its gateways and its name servers."""

import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from apiwatch.blocklist import kernel, sshd
from apiwatch.blocklist.kernel import Address, plain_address
from apiwatch.blocklist.logins import login_hosts
from apiwatch.blocklist.networks import Network

__all__ = ["Machine", "read_machine"]

_Read = TypeVar("_Read")
_WIDEST_LOCAL = {4: 16, 6: 32}
"""Networks wider than the hard limit of a block are no use as own networks: a VPN routes half the Internet."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Addresses with what they are, own networks, and what could not be read."""

    addresses: tuple[tuple[Address, str], ...]
    """(address, reason), each address once."""
    networks: tuple[Network, ...]
    """Networks of the machine's interfaces."""
    unread: tuple[str, ...]
    """One sentence for each thing that could not be read and is therefore not protected."""


def read_machine(root: Path = Path("/"), environ: Mapping[str, str] | None = None) -> Machine:
    """Read it from the files below `root` (proc, etc, run) and the environment (default: of this process)."""
    reading = _Reading(root)
    session = sshd.from_environment(os.environ if environ is None else environ)
    found: dict[Address, str] = {}
    for address in session.clients:
        found.setdefault(address, "the client of this SSH session")
    for address in reading.ssh_peers(session.ports):
        found.setdefault(address, "an established SSH peer of this machine")
    for address in reading.logins():
        found.setdefault(address, "where somebody is logged in from")
    networks = reading.own(found)
    for address in reading.gateways():
        found.setdefault(address, "a gateway of this machine")
    for address in reading.resolvers():
        found.setdefault(address, "a name server of this machine")
    return Machine(tuple(found.items()), tuple(networks), tuple(dict.fromkeys(reading.unread)))


class _Reading:
    """One pass over the files, which collects what cannot be read."""

    def __init__(self, root: Path) -> None:
        self.proc, self.etc, self.run = root / "proc", root / "etc", root / "run"
        self.unread: list[str] = []
        self.has_ipv6 = any((self.proc / name).exists() for name in ("net/if_inet6", "net/tcp6", "sys/net/ipv6"))
        """False: the kernel runs without IPv6, and its IPv6 tables are rightly missing."""

    def _table(self, name: str, what: str, parse: Callable[[str], list[_Read]]) -> list[_Read]:
        path = self.proc / "net" / name
        try:
            return parse(path.read_text(errors="replace"))
        except OSError as error:
            self.unread.append(f"{what} could not be read from /proc/net/{name} ({error.strerror})")
        except ValueError:
            self.unread.append(f"{what} could not be understood in /proc/net/{name}")
        return []

    def _sockets(self) -> Iterator[kernel.Socket]:
        for name in ("tcp", "tcp6") if self.has_ipv6 else ("tcp",):
            yield from self._table(name, "the SSH peers of this machine", _socket_list)

    def ssh_peers(self, ports: AbstractSet[int]) -> list[Address]:
        try:
            serving = sshd.configured_ports(self.etc) | ports
        except OSError as error:
            serving = {22, *ports}
            if not ports:
                self.unread.append(
                    f"the port of the SSH server could not be read from {error.filename} ({error.strerror}), so only "
                    "SSH peers on port 22 are known"
                )
        return sshd.peers(list(self._sockets()), serving, sshd.sshd_inodes(self.proc))

    def logins(self) -> list[Address]:
        """Where the sessions of utmp come from; systems without the file keep their sessions elsewhere."""
        path = self.run / "utmp"
        try:
            return [address for address in login_hosts(path.read_bytes()) if not address.is_loopback]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.unread.append(f"who is logged in could not be read from {path} ({error.strerror})")
        except ValueError:
            self.unread.append(f"who is logged in could not be understood in {path}")
        return []

    def own(self, found: dict[Address, str]) -> list[Network]:
        """Add the machine's own addresses to `found`; the networks they are in."""
        what = "the addresses of this machine"
        for address in self._table("fib_trie", what, kernel.local_addresses4):
            if not address.is_loopback:
                found.setdefault(address, "an address of this machine")
        networks = self._table("route", "the networks of this machine", kernel.local_networks4)
        if self.has_ipv6:
            for address, prefix, interface in self._table("if_inet6", what, kernel.local_networks6):
                if address.is_loopback:
                    continue
                found.setdefault(address, "an address of this machine")
                if not address.is_link_local and interface != "lo":
                    networks.append(ipaddress.IPv6Network((int(address), prefix), strict=False))
        return [net for net in dict.fromkeys(networks) if net.prefixlen >= _WIDEST_LOCAL[net.version]]

    def gateways(self) -> list[Address]:
        found = self._table("route", "the gateways of this machine", kernel.gateways4)
        if self.has_ipv6:
            found += self._table("ipv6_route", "the IPv6 gateways of this machine", kernel.gateways6)
        return found

    def resolvers(self) -> list[Address]:
        """Name servers of resolv.conf, and those behind the local one of systemd-resolved."""
        found: list[Address] = []
        for path in (self.etc / "resolv.conf", self.run / "systemd" / "resolve" / "resolv.conf"):
            try:
                text = path.read_text(errors="replace")
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                self.unread.append(f"the name servers could not be read from {path} ({error.strerror})")
                continue
            named = (
                line.split()[1] for line in text.splitlines() if line.startswith("nameserver") and line.split()[1:]
            )
            found += [address for each in named if (address := plain_address(each)) is not None]
        return [address for address in dict.fromkeys(found) if not address.is_loopback]


def _socket_list(text: str) -> list[kernel.Socket]:
    return list(kernel.sockets(text))
