"""AWS as moto imitates it; it checks hardly anything, so that our own checks are tested, too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apiwatch.blocklist import TARGETS
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.errors import ApplyError, GuardError, UsageError
from tests.blocklist.kit import plan_of
from tests.blocklist.remote.service import applier_of, put

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, Any]]:
    boto3 = pytest.importorskip("boto3", reason="not installed: boto3")
    moto = pytest.importorskip("moto", reason="not installed: moto")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "of-nothing")
        with moto.mock_aws():
            yield {name: boto3.client(name, region_name=REGION) for name in ("wafv2", "ec2")}


@pytest.fixture(scope="module")
def sets(clients: dict[str, Any]) -> dict[str, str]:
    made = {}
    for version in (4, 6):
        answer = clients["wafv2"].create_ip_set(
            Name=f"apiwatch{version}", Scope="REGIONAL", IPAddressVersion=f"IPV{version}", Addresses=[]
        )
        made[f"ipv{version}"] = f"apiwatch{version}/{answer['Summary']['Id']}"
    return made


def waf(sets: dict[str, str]) -> Applier:
    return applier_of("aws-waf", region=REGION, **sets)


def test_sets_are_replaced_restored_and_emptied(sets: dict[str, str]) -> None:
    applier = waf(sets)
    nothing = applier.snapshot()
    put(applier, "aws-waf", "203.0.113.7", "203.0.113.64/26", "2001:db8:0:abcd::/64")
    assert set(applier.read()) == {"203.0.113.7/32", "203.0.113.64/26", "2001:db8:0:abcd::/64"}
    before = applier.snapshot()
    put(applier, "aws-waf", "203.0.113.9")
    assert set(applier.read()) == {"203.0.113.9/32"}
    for _ in range(2):
        applier.restore(before)
    assert len(applier.read()) == 3
    applier.restore(nothing)
    applier.remove()
    assert applier.read() == {}


def test_a_stale_token_is_renewed(
    clients: dict[str, Any], sets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    applier: Any = waf(sets)
    client = applier._client
    read = client.get_ip_set
    spoiled: list[dict[str, str]] = []

    def get_ip_set(**which: str) -> Any:
        answer = read(**which)
        if not spoiled:  # somebody else writes between our reading and our writing
            spoiled.append(which)
            clients["wafv2"].update_ip_set(**which, Addresses=["192.0.2.1/32"], LockToken=answer["LockToken"])
        return answer

    monkeypatch.setattr(client, "get_ip_set", get_ip_set)
    applier._fill(
        {"Name": sets["ipv4"].split("/")[0], "Id": sets["ipv4"].split("/")[1], "Scope": "REGIONAL"}, ["203.0.113.7/32"]
    )
    assert spoiled
    assert set(applier.read()) == {"203.0.113.7/32"}
    applier.remove()


def test_what_is_missing_is_said(sets: dict[str, str]) -> None:
    with pytest.raises(ApplyError, match=r"1 IPv6 networks and no set for them.*aws-waf.ipv6"):
        put(waf({"ipv4": sets["ipv4"]}), "aws-waf", "2001:db8::/64")
    with pytest.raises(ApplyError, match=r"AWS: .*WAFNonexistentItemException"):
        waf({"ipv4": "none/none"}).read()
    for options, says in (
        ({}, "is missing"),
        ({"ipv4": "name"}, "must be NAME/ID"),
        ({"ipv4": "a/b", "scope": "GLOBAL"}, "REGIONAL or CLOUDFRONT"),
        ({"ipv4": "a/b", "scope": "CLOUDFRONT", "region": REGION}, "only in us-east-1"),
    ):
        with pytest.raises(UsageError, match=says):
            applier_of("aws-waf", **options)


def test_entries_of_a_network_acl(clients: dict[str, Any]) -> None:
    ec2 = clients["ec2"]
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    acl = ec2.create_network_acl(VpcId=network)["NetworkAcl"]["NetworkAclId"]

    def entries() -> dict[int, str]:
        rows = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
        return {r["RuleNumber"]: r.get("CidrBlock") or r["Ipv6CidrBlock"] for r in rows if not r["Egress"]}

    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0"
    )
    others = entries()
    applier = applier_of("aws-nacl", acl=acl, first="10", region=REGION)
    put(applier, "aws-nacl", "203.0.113.7", "203.0.113.64/26")
    assert entries() == {**others, 10: "203.0.113.7/32", 11: "203.0.113.64/26"}
    before = applier.snapshot()
    put(applier, "aws-nacl", "203.0.113.64/26", "203.0.113.9", "203.0.113.10")
    assert entries() == {**others, 10: "203.0.113.9/32", 11: "203.0.113.64/26", 12: "203.0.113.10/32"}
    for _ in range(2):
        applier.restore(before)
    assert set(applier.read()) == {"203.0.113.7/32", "203.0.113.64/26"}
    applier.remove()
    assert entries() == others
    with pytest.raises(ApplyError, match=r"entry 100 .* allows something"):
        applier_of("aws-nacl", acl=acl, first="95", region=REGION).read()
    with pytest.raises(UsageError, match="first"):
        applier_of("aws-nacl", acl=acl, first="0")
    with pytest.raises(GuardError, match="21 networks are more than"):
        TARGETS["aws-nacl"].render(plan_of(*(f"203.0.113.{2 * at}" for at in range(21))), ())


def test_files_keep_the_families_apart() -> None:
    (artifact,) = TARGETS["aws-waf"].render(plan_of("203.0.113.7", "2001:db8::/64"), ())
    assert json.loads(artifact.content) == {"IPV4": ["203.0.113.7/32"], "IPV6": ["2001:db8::/64"]}
    for text in ('{"IPV4": ["2001:db8::/64"], "IPV6": []}', '{"IPV4": []}', '{"IPV4": ["203.0.113.7"], "IPV6": []}'):
        with pytest.raises(GuardError):
            TARGETS["aws-waf"].parse(text.encode())
