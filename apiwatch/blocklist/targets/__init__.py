"""One module per firewall."""

from apiwatch.blocklist.target import Target
from apiwatch.blocklist.targets.apache import Apache
from apiwatch.blocklist.targets.aws import AwsNetworkAcl, AwsWaf
from apiwatch.blocklist.targets.azure import AzureNsg, AzureWaf
from apiwatch.blocklist.targets.blackhole import Blackhole
from apiwatch.blocklist.targets.caddy import Caddy
from apiwatch.blocklist.targets.cisco import Cisco
from apiwatch.blocklist.targets.cloudarmor import CloudArmor
from apiwatch.blocklist.targets.cloudflare import CloudflareAccessRules, CloudflareItems, CloudflareRule
from apiwatch.blocklist.targets.crowdsec import CrowdSec
from apiwatch.blocklist.targets.envoy import Envoy
from apiwatch.blocklist.targets.failtwoban import Fail2ban
from apiwatch.blocklist.targets.fastly import FastlyEntries
from apiwatch.blocklist.targets.feeds import CheckPoint, FortiGate, PaloAlto
from apiwatch.blocklist.targets.firewalld import Firewalld
from apiwatch.blocklist.targets.haproxy import HAProxy
from apiwatch.blocklist.targets.haproxyconditions import HAProxyConditions
from apiwatch.blocklist.targets.hostsdeny import HostsDeny
from apiwatch.blocklist.targets.intelligence import Misp, Stix
from apiwatch.blocklist.targets.ipset import Ipset
from apiwatch.blocklist.targets.iptables import Iptables
from apiwatch.blocklist.targets.junos import Junos
from apiwatch.blocklist.targets.kubernetes import Calico, Cilium
from apiwatch.blocklist.targets.mikrotik import MikroTik
from apiwatch.blocklist.targets.nftables import Nftables
from apiwatch.blocklist.targets.nginx import Nginx
from apiwatch.blocklist.targets.pf import Pf
from apiwatch.blocklist.targets.records import Csv, JsonLines
from apiwatch.blocklist.targets.text import PlainList
from apiwatch.blocklist.targets.traefik import Traefik
from apiwatch.blocklist.targets.ufw import Ufw
from apiwatch.blocklist.targets.varnish import Varnish

__all__ = ["TARGETS"]

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Nftables(),
        Ipset(),
        Iptables(),
        Ufw(),
        Firewalld(),
        Fail2ban(),
        Blackhole(),
        HostsDeny(),
        Pf(),
        MikroTik(),
        Cisco(),
        Junos(),
        Nginx(),
        Apache(),
        HAProxy(),
        HAProxyConditions(),
        Caddy(),
        Traefik(),
        Envoy(),
        Varnish(),
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
