"""Policies for Cilium and Calico: their fields, and their way through a server that speaks server-side apply."""

from typing import Any

import pytest
import yaml

from apiwatch.blocklist import TARGETS
from tests.blocklist.kit import plan_of
from tests.blocklist.remote.service import Asked, Reply, applier_of, put, serving

EACH = pytest.mark.parametrize("name", ["cilium", "calico"])
NETS = ("203.0.113.7/32", "203.0.113.64/26", "2001:db8:0:abcd::/64")

TEXT = str
LABELS = {"app.kubernetes.io/managed-by": TEXT}
SCHEMAS: dict[str, Any] = {
    "CiliumCIDRGroup": {"externalCIDRs": [TEXT]},
    "CiliumClusterwideNetworkPolicy": {
        "endpointSelector": {},
        "enableDefaultDeny": {"ingress": bool, "egress": bool},
        "ingressDeny": [{"fromCIDRSet": [{"cidrGroupRef": TEXT}]}],
    },
    "GlobalNetworkSet": {"nets": [TEXT]},
    "Tier": {"order": int, "defaultAction": TEXT},
    "GlobalNetworkPolicy": {
        "tier": TEXT,
        "order": int,
        "selector": TEXT,
        "types": [TEXT],
        "ingress": [{"action": TEXT, "source": {"selector": TEXT}}, {"action": TEXT}],
    },
}
"""Fields of the specs as the custom resource definitions of Cilium 1.16 and Calico 3.29 have them."""

PLURALS = {
    "CiliumCIDRGroup": "cilium.io/v2alpha1/ciliumcidrgroups",
    "CiliumClusterwideNetworkPolicy": "cilium.io/v2/ciliumclusterwidenetworkpolicies",
    "GlobalNetworkSet": "projectcalico.org/v3/globalnetworksets",
    "Tier": "projectcalico.org/v3/tiers",
    "GlobalNetworkPolicy": "projectcalico.org/v3/globalnetworkpolicies",
}


def fits(value: Any, schema: Any) -> bool:
    if isinstance(schema, dict):
        return (
            isinstance(value, dict) and value.keys() == schema.keys() and all(fits(value[k], schema[k]) for k in value)
        )
    if isinstance(schema, list):
        each = schema if len(schema) > 1 else schema * len(value)
        return isinstance(value, list) and len(value) == len(each) and all(map(fits, value, each))
    return type(value) is schema


@EACH
def test_objects_have_the_fields_of_their_kinds(name: str) -> None:
    (artifact,) = TARGETS[name].render(plan_of(*NETS), ())
    made = yaml.safe_load(artifact.content)
    assert (made["apiVersion"], made["kind"]) == ("v1", "List")
    for each in made["items"]:
        assert fits(each["spec"], SCHEMAS[each["kind"]]), each
    assert tuple(next(iter(made["items"][0]["spec"].values()))) == NETS


def test_nobody_else_is_denied() -> None:
    def rendered(name: str) -> list[dict[str, Any]]:
        (artifact,) = TARGETS[name].render(plan_of(*NETS), ())
        items: list[dict[str, Any]] = yaml.safe_load(artifact.content)["items"]
        return items

    assert rendered("cilium")[1]["spec"]["enableDefaultDeny"] == {"ingress": False, "egress": False}
    _, tier, policy = rendered("calico")
    assert tier["metadata"]["name"] == policy["spec"]["tier"] == policy["metadata"]["name"].partition(".")[0]
    assert policy["spec"]["ingress"][-1] == {"action": "Pass"}


class Server:
    """Server-side apply of known kinds."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != "Bearer of-nothing":
            return Reply(401, {"kind": "Status", "message": "Unauthorized"})
        if asked.method == "PATCH":
            body = asked.body
            assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
            assert asked.query == {"fieldManager": "apiwatch", "force": "true"}
            assert asked.path == f"/apis/{PLURALS[body['kind']]}/{body['metadata']['name']}"
            self.held[asked.path] = body
            return Reply(200, body)
        if asked.path not in self.held:
            return Reply(404, {"kind": "Status", "reason": "NotFound"})
        if asked.method == "DELETE":
            del self.held[asked.path]
            return Reply(200, {"kind": "Status", "status": "Success"})
        return Reply(200, self.held[asked.path])


@EACH
def test_a_set_is_applied_read_back_restored_and_removed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBE", "of-nothing")
    server = Server()
    with serving(server) as service:
        applier = applier_of(name, **{"url": service.url, "token_env": "KUBE"})
        assert applier.read() == {}
        nothing = applier.snapshot()
        put(applier, name, *NETS)
        assert tuple(applier.read()) == NETS
        before = applier.snapshot()
        put(applier, name, "203.0.113.9")
        assert tuple(applier.read()) == ("203.0.113.9/32",)
        for _ in range(2):
            applier.restore(before)
        assert tuple(applier.read()) == NETS
        applier.restore(nothing)
        assert applier.read() == {}
        for _ in range(2):
            applier.remove()
        assert server.held == {}
