"""Networks from which a server hears proxies instead of clients: private ones, and those of some CDNs.

CDNs publish where their proxies connect from: Cloudflare at https://www.cloudflare.com/ips-v4 and /ips-v6, Fastly at
https://api.fastly.com/public-ip-list. The lists here are as of April 2026, as far as the public projects that carry
them agree. CDNs with long lists that change by the week (CloudFront, Akamai, Google) are left out.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network

__all__ = ["CDNS", "PRIVATE"]

Network = IPv4Network | IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(part) for part in text.split())


PRIVATE: tuple[Network, ...] = _networks(
    "127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7"
)
"""Loopback, RFC 1918, shared address space (RFC 6598), unique local addresses (RFC 4193)."""

CDNS: dict[str, tuple[Network, ...]] = {
    "Cloudflare": _networks(
        "103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 104.16.0.0/13 104.24.0.0/14 108.162.192.0/18 131.0.72.0/22 "
        "141.101.64.0/18 162.158.0.0/15 172.64.0.0/13 173.245.48.0/20 188.114.96.0/20 190.93.240.0/20 "
        "197.234.240.0/22 198.41.128.0/17 "
        "2400:cb00::/32 2405:8100::/32 2405:b500::/32 2606:4700::/32 2803:f800::/32 2a06:98c0::/29 2c0f:f248::/32"
    ),
    "Fastly": _networks(
        "23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20 "
        "140.248.64.0/18 140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 172.111.64.0/18 "
        "185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 "
        "2a04:4e40::/32 2a04:4e42::/32"
    ),
}
"""Name -> networks of its proxies."""
