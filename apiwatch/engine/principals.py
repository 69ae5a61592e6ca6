"""Whom the tests are kept for (design of detection, section 2.1): token, user, (address, agent), /64, IPv4."""

import re
from socket import AF_INET6, inet_ntop, inet_pton

from apiwatch.engine.clients import Client

__all__ = ["ADMITTED", "agent_family", "mark_mixed", "network_key", "network_principal", "wide_network"]

MIXED_SPAN = 600.0
NAT_SPAN = 86_400.0
NAT_NAMES = 3
NAT_AGENTS = 3
NAT_FAMILIES = 5
ADMITTED = 20
"""New users or tokens that one client may turn into principals in ten minutes."""

_NAMES_KEPT = 8
_FAMILIES = (
    ("bot", re.compile(r"bot|crawl|spider|slurp|preview|monitor|uptime", re.IGNORECASE).search),
    ("edge", re.compile(r"Edg[AeiO]?[A-Za-z]*/").search),
    ("opera", re.compile(r"OPR/|Opera").search),
    ("samsung", re.compile(r"SamsungBrowser").search),
    ("firefox", re.compile(r"Firefox/|FxiOS").search),
    ("chrome", re.compile(r"Chrome/|CriOS").search),
    ("safari", re.compile(r"Safari/").search),
    ("ie", re.compile(r"MSIE|Trident/").search),
    ("curl", re.compile(r"^curl/").search),
    ("wget", re.compile(r"^Wget/").search),
    ("python", re.compile(r"python|aiohttp|httpx", re.IGNORECASE).search),
    ("go", re.compile(r"^Go-http-client").search),
    ("okhttp", re.compile(r"okhttp", re.IGNORECASE).search),
    ("java", re.compile(r"java|Apache-HttpClient", re.IGNORECASE).search),
    ("apple", re.compile(r"CFNetwork|Darwin").search),
    ("node", re.compile(r"axios|node|undici|got ", re.IGNORECASE).search),
)


def network_key(address: str) -> tuple[str, str]:
    """(key, kind) of the network principal of an address: the /64 of an IPv6 address, else the address itself.

    >>> network_key("2001:db8::1:2"), network_key("192.0.2.7")
    (('2001:db8::/64', 'ipv6-64'), ('192.0.2.7', 'ipv4'))
    """
    if ":" not in address:
        return address, "ipv4" if address[-1:].isdigit() else "host"
    try:
        packed = inet_pton(AF_INET6, address)
    except (OSError, ValueError):
        return address, "host"
    return f"{inet_ntop(AF_INET6, packed[:8] + bytes(8))}/64", "ipv6-64"


def wide_network(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 address, or a host name as it is.

    >>> wide_network("192.0.2.7"), wide_network("2001:db8:1:2::3")
    ('192.0.2.0/24', '2001:db8:1::/48')
    """
    if ":" not in address:
        return f"{address.rpartition('.')[0]}.0/24" if address[-1:].isdigit() else address
    try:
        packed = inet_pton(AF_INET6, address)
    except (OSError, ValueError):
        return address
    return f"{inet_ntop(AF_INET6, packed[:6] + bytes(10))}/48"


def agent_family(agent: str | None) -> str:
    """Coarse product of a user agent: one of about 18 words, so that rotating agents cannot split a client further."""
    if not agent:
        return "none"
    for name, matches in _FAMILIES:
        if matches(agent):
            return name
    return "other"


def network_principal(client: Client, time: float) -> tuple[str, str]:
    """(key, kind) of the network principal behind a client: on a shared address each agent family is one."""
    if time < client.nat_until:
        return f"{client.key} {client.family}", "nat"
    return client.key, client.kind


def mark_mixed(client: Client, time: float, name: str | None) -> None:
    """Note a change of user agent or user behind one address; several of each within 10 min mean a shared address.

    The condition is: >= 3 users or tokens, answered, and >= 3 user agents, or >= 5 agent families.
    """
    if time - client.mixed_since > MIXED_SPAN:
        client.mixed_since = time
        client.families.clear()
        client.mixed_agents.clear()
        client.names.clear()
        client.admitted = 0
    if client.family not in client.families:
        client.families.append(client.family)
    agents = client.mixed_agents
    if len(agents) < NAT_AGENTS and (agent := client.agent or "") not in agents:
        agents.append(agent)
    if name is not None and name not in client.names and len(client.names) < _NAMES_KEPT:
        client.names.append(name)
    if len(client.families) >= NAT_FAMILIES or (len(agents) >= NAT_AGENTS and len(client.names) >= NAT_NAMES):
        client.nat_until = time + NAT_SPAN
