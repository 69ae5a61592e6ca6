"""What each code of the guard rails and warnings means, in a few words for people."""

from collections.abc import Mapping

__all__ = ["RAILS"]

RAILS: Mapping[str, str] = {
    "H1": "this machine, its operators, gateways, name servers and services: never blocked",
    "H2": "loopback, link-local, multicast and the like: never a client",
    "H3": "private and shared networks: typed twice, or block.allow_private",
    "H4": "a proxy: a trusted one never, one of a CDN typed twice",
    "H4b": "only a proxy named the client, and this firewall sees the proxy",
    "H5": "too wide, or it cuts off too many answered requests of others",
    "H6": "much would be unblocked that nobody has ended",
    "H7": "no network, or the file does not say what was planned",
    "H8": "on block.allow: never blocked",
    "H9": "left out: this firewall cannot tell requests apart",
    "S0": "a part of what is to be protected could not be read",
    "S1": "a crawler of a search engine",
    "S2": "others behind it are cut off, too",
    "S3": "an exit of Tor, or a VPN of block.vpn: keep it short",
    "S4": "IPv6: less than a host has, or several addresses in one /64",
    "S5": "never ends",
    "S6": "is queued already",
    "S7": "this firewall lets go of nothing by itself",
    "S8": "on the allow-list of alerts as well",
}
"""Code -> what it is about. H refuses, S warns; `guard` and `review` say what exactly."""
