"""One module per firewall."""

from apiwatch.blocklist.target import Target
from apiwatch.blocklist.targets.aws import AwsNetworkAcl, AwsWaf
from apiwatch.blocklist.targets.cloudflare import CloudflareAccessRules, CloudflareItems, CloudflareRule
from apiwatch.blocklist.targets.crowdsec import CrowdSec
from apiwatch.blocklist.targets.fastly import FastlyEntries
from apiwatch.blocklist.targets.ipset import Ipset
from apiwatch.blocklist.targets.kubernetes import Calico, Cilium
from apiwatch.blocklist.targets.nftables import Nftables
from apiwatch.blocklist.targets.nginx import Nginx
from apiwatch.blocklist.targets.records import Csv, JsonLines
from apiwatch.blocklist.targets.text import PlainList

__all__ = ["TARGETS"]

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Nftables(),
        Ipset(),
        Nginx(),
        PlainList(),
        CrowdSec(),
        CloudflareItems(),
        CloudflareRule(),
        CloudflareAccessRules(),
        AwsWaf(),
        AwsNetworkAcl(),
        FastlyEntries(),
        Cilium(),
        Calico(),
        Csv(),
        JsonLines(),
    )
}
"""Name -> target."""
