"""One module per firewall."""

from apiwatch.blocklist.target import Target
from apiwatch.blocklist.targets.apache import Apache
from apiwatch.blocklist.targets.caddy import Caddy
from apiwatch.blocklist.targets.envoy import Envoy
from apiwatch.blocklist.targets.haproxy import HAProxy
from apiwatch.blocklist.targets.ipset import Ipset
from apiwatch.blocklist.targets.nftables import Nftables
from apiwatch.blocklist.targets.nginx import Nginx
from apiwatch.blocklist.targets.records import Csv, JsonLines
from apiwatch.blocklist.targets.text import PlainList
from apiwatch.blocklist.targets.traefik import Traefik
from apiwatch.blocklist.targets.varnish import Varnish

__all__ = ["TARGETS"]

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Nftables(),
        Ipset(),
        Nginx(),
        Apache(),
        HAProxy(),
        Caddy(),
        Traefik(),
        Envoy(),
        Varnish(),
        PlainList(),
        Csv(),
        JsonLines(),
    )
}
"""Name -> target."""
