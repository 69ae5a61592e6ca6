"""Whether the log of a source shows the proxy instead of the clients: then every client looks like one."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network

import msgspec

from apiwatch.engine.cdn import CDNS, PRIVATE
from apiwatch.formats.caches import Cache
from apiwatch.model import PROXY_SHOWN, Request

__all__ = ["BLOCK", "Peers", "Proxies", "first_hint"]

BLOCK = 200
"""Requests that are judged together, as many as settle the format of a log: a few requests from the machine itself say
nothing, and a public API gets 200 requests from two private addresses only through proxies."""

_MOST_PROXIES = 2
_LONGEST_DOUBT = 256
"""Blocks; a log that names clients now and then stays in doubt no longer than this."""

_KEPT = 20_000
_SEEN_KEPT = 8
_CDN_NETWORKS = [(network, str(network), name) for name, networks in CDNS.items() for network in networks]
_CDN_OF = {text: name for _, text, name in _CDN_NETWORKS}


class Proxies(Cache[str]):
    """Client -> what `--trusted-proxy` should be given if it is a proxy.

    That is the client itself when its address is private, and the network of a CDN that its address is in; '' for any
    other client, and for a proxy that is trusted already.
    """

    __slots__ = ("_trusted",)

    def __init__(self, trusted_proxy: Sequence[str] = ()) -> None:
        super().__init__(self._look_up, _KEPT)
        self._trusted = [ip_network(network, strict=False) for network in trusted_proxy]

    def _look_up(self, client: str) -> str:
        try:
            address = ip_address(client)
        except ValueError:
            return ""
        if any(address in network for network in self._trusted):
            return ""
        if any(address in network for network in PRIVATE):
            return client
        return next((text for network, text, _ in _CDN_NETWORKS if address in network), "")

    def trusts(self, proxy: str) -> bool:
        """Whether an address or network that was found earlier is trusted now."""
        return self[proxy.partition("/")[0]] == ""


class Peers(msgspec.Struct, gc=False):
    """Where the latest requests of one source came from, in blocks of `BLOCK` requests.

    The log shows the proxy while whole blocks come from one or two private addresses or CDNs. One request from
    elsewhere ends that, and the rest of its block needs no look. Each time the doubt doubles: the number of blocks that
    must agree before it is said again.

    Whoever counts the requests asks `admit` about clients that are not in `seen` as long as the block is `pure`, and
    calls `close` behind each block; `follow` does all of it for one request.
    """

    count: int = 0
    """Requests of this block so far."""
    pure: bool = True
    """All of them came from proxies."""
    seen: list[str] = msgspec.field(default_factory=list)
    """Clients of this block that are proxies."""
    networks: list[str] = msgspec.field(default_factory=list)
    """What `--trusted-proxy` should be given for them."""
    shown: list[str] = msgspec.field(default_factory=list)
    """Proxies that the log shows instead of the clients, as networks; none when it shows clients."""
    agreed: int = 0
    """Pure blocks in a row."""
    doubt: int = 1
    """Pure blocks in a row that it takes."""

    def follow(self, request: Request, proxies: Proxies) -> None:
        """Take one request."""
        self.count += 1
        if self.pure and request.client not in self.seen:
            self.admit(request, proxies)
        if self.count == BLOCK:
            self.close()

    def admit(self, request: Request, proxies: Proxies) -> bool:
        """Take a client that is new to this block; returns whether the block is still pure."""
        client = request.client
        network = proxies[client] if client == request.peer else ""
        if network and network not in self.networks:
            self.networks.append(network)
        if not network or len(_owners(self.networks)) > _MOST_PROXIES:
            self.pure = False
            self.agreed = 0
            if self.shown:
                self.shown = []
                self.doubt = min(2 * self.doubt, _LONGEST_DOUBT)
        elif len(self.seen) < _SEEN_KEPT:
            self.seen.append(client)
        return self.pure

    def close(self) -> None:
        """Judge the block, and begin another."""
        if self.pure:
            self.agreed += 1
            if self.agreed >= self.doubt:
                self.shown = sorted(self.networks)
        self.count, self.pure = 0, True
        self.seen.clear()
        self.networks.clear()

    def believe(self, proxies: Proxies) -> None:
        """Take back what is trusted by now."""
        self.shown = [proxy for proxy in self.shown if not proxies.trusts(proxy)]

    @property
    def hint(self) -> str:
        """What is wrong and what to do, as one sentence; '' while the log shows clients."""
        if not self.shown:
            return ""
        options = " ".join(f"--trusted-proxy {proxy}" for proxy in self.shown)
        return (
            f"every request comes from {' and '.join(_owners(self.shown))}: {PROXY_SHOWN}; "
            f"log X-Forwarded-For and give {options} (sources.trusted_proxy)"
        )


def first_hint(sources: Iterable[tuple[str, Peers]]) -> str:
    """The hint of the first source (name, peers) that has one, with how many others have one, too; '' when none has."""
    found = [(name, peers.hint) for name, peers in sources if peers.shown]
    if not found:
        return ""
    name, hint = found[0]
    return f"{name}{f' and {len(found) - 1} more' if len(found) > 1 else ''}: {hint}"


def _owners(proxies: Iterable[str]) -> list[str]:
    """Private addresses, and CDNs by name, each once."""
    return list(dict.fromkeys(_CDN_OF.get(proxy, proxy) for proxy in proxies))
