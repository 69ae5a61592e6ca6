"""Cilium and Calico in a Kubernetes cluster: a set of networks and a policy that denies it, by server-side apply.

A NetworkPolicy of Kubernetes itself cannot deny anything: it only says what is allowed. Both policies here deny the
set and leave everything else as it is: Cilium's does not put pods into default-deny (`enableDefaultDeny`), and
Calico's stands in a tier of its own and passes on what it does not deny.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.remote.client import Api, Missing
from apiwatch.blocklist.remote.holding import Holding, Item, canonical_of
from apiwatch.blocklist.remote.options import Options

__all__ = ["Cluster", "calico", "cilium", "make"]

_MANAGER = {"fieldManager": "apiwatch", "force": "true"}
_LABELS = {"app.kubernetes.io/managed-by": "apiwatch"}


def cilium(nets: Sequence[str]) -> list[dict[str, Any]]:
    """CiliumCIDRGroup and CiliumClusterwideNetworkPolicy (docs.cilium.io, Deny Policies)."""
    group = {
        "apiVersion": "cilium.io/v2alpha1",
        "kind": "CiliumCIDRGroup",
        "metadata": {"name": "apiwatch", "labels": _LABELS},
        "spec": {"externalCIDRs": list(nets)},
    }
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": "apiwatch", "labels": _LABELS},
        "spec": {
            "endpointSelector": {},
            "enableDefaultDeny": {"ingress": False, "egress": False},
            "ingressDeny": [{"fromCIDRSet": [{"cidrGroupRef": "apiwatch"}]}],
        },
    }
    return [group, policy]


def calico(nets: Sequence[str]) -> list[dict[str, Any]]:
    """GlobalNetworkSet, Tier and GlobalNetworkPolicy (docs.tigera.io, Calico 3.29 and newer)."""
    version = "projectcalico.org/v3"
    return [
        {
            "apiVersion": version,
            "kind": "GlobalNetworkSet",
            "metadata": {"name": "apiwatch", "labels": {**_LABELS, "apiwatch": "block"}},
            "spec": {"nets": list(nets)},
        },
        {
            "apiVersion": version,
            "kind": "Tier",
            "metadata": {"name": "apiwatch", "labels": _LABELS},
            "spec": {"order": 1, "defaultAction": "Pass"},
        },
        {
            "apiVersion": version,
            "kind": "GlobalNetworkPolicy",
            "metadata": {"name": "apiwatch.deny", "labels": _LABELS},
            "spec": {
                "tier": "apiwatch",
                "order": 1,
                "selector": "all()",
                "types": ["Ingress"],
                "ingress": [{"action": "Deny", "source": {"selector": "apiwatch == 'block'"}}, {"action": "Pass"}],
            },
        },
    ]


_PLURALS = {
    "CiliumCIDRGroup": "ciliumcidrgroups",
    "CiliumClusterwideNetworkPolicy": "ciliumclusterwidenetworkpolicies",
    "GlobalNetworkSet": "globalnetworksets",
    "Tier": "tiers",
    "GlobalNetworkPolicy": "globalnetworkpolicies",
}


class Cluster(Holding):
    """Options `url` (of the API server), `token_env` or `token_file`, `ca_file`; the set is one object, so atomic."""

    def __init__(
        self, target: str, field: str, made: Callable[[Sequence[str]], list[dict[str, Any]]], options: Mapping[str, str]
    ) -> None:
        """`made` gives the objects of a list, the set first; its networks stand in the `field` of its spec."""
        known = Options(target, options, needed=("url",), optional=("ca_file",), points_to="token")
        token = known.secret()
        self._field = field
        self._made = made
        rights = f"get, create, patch and delete of {', '.join(_PLURALS[each['kind']] for each in made(()))}"
        headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json"}
        self._api = Api("Kubernetes", known.get("url"), token, headers, rights=rights, ca_file=known.path("ca_file"))

    def _items(self) -> list[Item]:
        try:
            read = self._api.call("GET", _path(self._made(())[0]))
        except Missing:
            return []
        spec = read.get("spec") if isinstance(read, dict) else None
        return [Item(canonical_of("Kubernetes", net)) for net in (spec or {}).get(self._field) or ()]

    def _replace(self, held: Sequence[Item], wanted: Sequence[Item]) -> None:
        for made in self._made([item.net for item in wanted]):
            self._api.call(
                "PATCH",
                _path(made),
                body=made,
                params=_MANAGER,
                content_type="application/apply-patch+yaml",
                again=True,
            )

    def remove(self) -> None:
        """See `Applier.remove`; the policies go first."""
        for made in reversed(self._made(())):
            try:
                self._api.call("DELETE", _path(made))
            except Missing:
                continue


def make(target: str, options: Mapping[str, str], _run: Run) -> Cluster:
    """The applier of the target `cilium` or `calico`."""
    if target == "cilium":
        return Cluster(target, "externalCIDRs", cilium, options)
    return Cluster(target, "nets", calico, options)


def _path(made: Mapping[str, Any]) -> str:
    return f"/apis/{made['apiVersion']}/{_PLURALS[made['kind']]}/{made['metadata']['name']}"
