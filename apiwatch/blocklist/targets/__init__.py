"""One module per firewall."""

from apiwatch.blocklist.target import Target
from apiwatch.blocklist.targets.aws import AwsNetworkAcl, AwsWaf
from apiwatch.blocklist.targets.azure import AzureNsg, AzureWaf
from apiwatch.blocklist.targets.cloudarmor import CloudArmor
from apiwatch.blocklist.targets.cloudflare import CloudflareAccessRules, CloudflareItems, CloudflareRule
from apiwatch.blocklist.targets.crowdsec import CrowdSec
from apiwatch.blocklist.targets.fastly import FastlyEntries
from apiwatch.blocklist.targets.feeds import CheckPoint, FortiGate, PaloAlto
from apiwatch.blocklist.targets.intelligence import Misp, Stix
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
        CloudArmor(),
        AzureWaf(),
        AzureNsg(),
        Cilium(),
        Calico(),
        PaloAlto(),
        FortiGate(),
        CheckPoint(),
        Stix(),
        Misp(),
        Csv(),
        JsonLines(),
    )
}
"""Name -> target."""
