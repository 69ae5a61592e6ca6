"""Kubernetes with Cilium or Calico, as a `List` for `kubectl apply -f`; addresses must survive to the pods.

Services need `externalTrafficPolicy: Local`, or pods see the addresses of nodes instead of clients.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.blocklist.targets.documents import document

__all__ = ["Calico", "Cilium"]


class _Objects(Target):
    suffix = "json"
    caps = Caps(layer="packet", sees="peer")
    field: ClassVar[str]
    """Of the spec of the first object: its networks."""
    kinds: ClassVar[tuple[str, ...]]
    """What `kubectl` calls the objects, with their names; policies first."""

    def _made(self) -> Callable[[Sequence[str]], list[dict[str, Any]]]:
        raise NotImplementedError

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        items = self._made()([row.net for row in plan.rows])
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1) + "\n"

    def _parsed(self, text: str) -> Sequence[str]:
        read = document(text)
        try:
            nets = [canonical(net) for net in read["items"][0]["spec"][self.field]]
        except (KeyError, TypeError, IndexError):
            raise unexpected(text[:80]) from None
        if read != {"apiVersion": "v1", "kind": "List", "items": self._made()(nets)}:
            raise unexpected(text[:80])
        return nets

    def commands(self, paths: Sequence[str]) -> Commands:
        """One apply; the API server checks the fields of a dry run."""
        path = quoted_path(paths)
        return Commands(
            apply=(
                "# pods must see clients: externalTrafficPolicy: Local; a plain NetworkPolicy cannot deny",
                f"kubectl apply --server-side --field-manager=apiwatch --dry-run=server -f {path}",
                f"kubectl apply --server-side --field-manager=apiwatch -f {path}",
            ),
            verify=(f"kubectl get {self.kinds[-1]} -o yaml",),
            undo=(f"kubectl delete --ignore-not-found {' '.join(self.kinds)}",),
        )


class Cilium(_Objects):
    """CiliumCIDRGroup and a cluster-wide policy that denies it."""

    name = "cilium"
    title = "Kubernetes, Cilium policy"
    field = "externalCIDRs"
    kinds = ("ciliumclusterwidenetworkpolicy/apiwatch", "ciliumcidrgroup/apiwatch")

    def _made(self) -> Callable[[Sequence[str]], list[dict[str, Any]]]:
        from apiwatch.blocklist.remote.kubernetes import cilium

        return cilium

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Options: `url`, `token_env` or `token_file`, `ca_file`."""
        from apiwatch.blocklist.remote.kubernetes import make

        return make("cilium", options, run)


class Calico(_Objects):
    """GlobalNetworkSet and a policy that denies it, in a tier of its own."""

    name = "calico"
    title = "Kubernetes, Calico policy"
    field = "nets"
    kinds = ("globalnetworkpolicy/apiwatch.deny", "tier/apiwatch", "globalnetworkset/apiwatch")

    def _made(self) -> Callable[[Sequence[str]], list[dict[str, Any]]]:
        from apiwatch.blocklist.remote.kubernetes import calico

        return calico

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Options: `url`, `token_env` or `token_file`, `ca_file`."""
        from apiwatch.blocklist.remote.kubernetes import make

        return make("calico", options, run)
