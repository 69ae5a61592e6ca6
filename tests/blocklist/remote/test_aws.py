"""WAFv2 as moto imitates it, and EC2's query protocol; neither checks much, so that our own checks are tested, too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apiwatch.blocklist import TARGETS
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.errors import ApplyError, GuardError, UsageError
from tests.blocklist.kit import plan_of
from tests.blocklist.remote.service import Asked, Reply, applier_of, put, serving

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def wafv2() -> Iterator[Any]:
    boto3 = pytest.importorskip("boto3", reason="not installed: boto3")
    moto = pytest.importorskip("moto", reason="not installed: moto")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "of-nothing")
        with moto.mock_aws():
            yield boto3.client("wafv2", region_name=REGION)


@pytest.fixture(scope="module")
def sets(wafv2: Any) -> dict[str, str]:
    made = {}
    for version in (4, 6):
        answer = wafv2.create_ip_set(
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


def test_a_stale_token_is_renewed(wafv2: Any, sets: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    applier: Any = waf(sets)
    client = applier._client
    read = client.get_ip_set
    spoiled: list[dict[str, str]] = []

    def get_ip_set(**which: str) -> Any:
        answer = read(**which)
        if not spoiled:  # somebody else writes between our reading and our writing
            spoiled.append(which)
            wafv2.update_ip_set(**which, Addresses=["192.0.2.1/32"], LockToken=answer["LockToken"])
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


class Ec2:
    """Entries of one network ACL, asked by the query protocol of EC2 (API version 2016-11-15)."""

    def __init__(self) -> None:
        self.entries: dict[int, dict[str, str]] = {}

    def __call__(self, asked: Asked) -> Reply:
        words = asked.body
        action = words["Action"]
        if action == "DescribeNetworkAcls":
            assert words["NetworkAclId.1"] == "acl-1"
            rows = "".join(self.shown(number, entry) for number, entry in self.entries.items())
            return self.answer(action, f"<networkAclSet><item><entrySet>{rows}</entrySet></item></networkAclSet>")
        number = int(words["RuleNumber"])
        assert (words["NetworkAclId"], words["Egress"]) == ("acl-1", "false")
        if (number in self.entries) == (action == "CreateNetworkAclEntry"):
            return Reply(
                400, b"<Response><Errors><Error><Code>NetworkAclEntryAlreadyExists</Code></Error></Errors></Response>"
            )
        if action == "DeleteNetworkAclEntry":
            del self.entries[number]
        else:
            assert (words["Protocol"], words["RuleAction"]) == ("-1", "deny")
            self.entries[number] = words
        return self.answer(action, "<return>true</return>")

    @staticmethod
    def shown(number: int, entry: dict[str, str]) -> str:
        family = "ipv6CidrBlock" if "Ipv6CidrBlock" in entry else "cidrBlock"
        net = entry.get("Ipv6CidrBlock") or entry["CidrBlock"]
        return (
            f"<item><ruleNumber>{number}</ruleNumber><protocol>-1</protocol><ruleAction>{entry['RuleAction']}</ruleAction>"
            f"<egress>{entry['Egress']}</egress><{family}>{net}</{family}></item>"
        )

    @staticmethod
    def answer(action: str, body: str) -> Reply:
        text = f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">{body}</{action}Response>'
        return Reply(200, text.encode(), {"Content-Type": "text/xml"})

    def nets(self) -> dict[int, str]:
        return {number: e.get("Ipv6CidrBlock") or e["CidrBlock"] for number, e in self.entries.items()}


def test_entries_of_a_network_acl(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="not installed: boto3")
    ec2 = Ec2()
    ec2.entries[100] = {"RuleAction": "allow", "Egress": "false", "CidrBlock": "0.0.0.0/0"}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-nothing")
    with serving(ec2) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", service.url)
        applier = applier_of("aws-nacl", acl="acl-1", first="10", region=REGION)
        put(applier, "aws-nacl", "203.0.113.7", "203.0.113.64/26")
        assert ec2.nets() == {100: "0.0.0.0/0", 10: "203.0.113.7/32", 11: "203.0.113.64/26"}
        before = applier.snapshot()
        put(applier, "aws-nacl", "203.0.113.64/26", "203.0.113.9", "2001:db8::/64")
        assert ec2.nets() == {100: "0.0.0.0/0", 10: "203.0.113.9/32", 11: "203.0.113.64/26", 12: "2001:db8::/64"}
        for _ in range(2):
            applier.restore(before)
        assert set(applier.read()) == {"203.0.113.7/32", "203.0.113.64/26"}
        applier.remove()
        assert ec2.nets() == {100: "0.0.0.0/0"}
        with pytest.raises(ApplyError, match=r"entry 100 .* allows something"):
            applier_of("aws-nacl", acl="acl-1", first="95", region=REGION).read()
        service.troubles = [
            Reply(403, b"<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>")
        ]
        with pytest.raises(ApplyError, match=r"refuses the credentials .*describe_network_acls"):
            applier.read()
    with pytest.raises(UsageError, match="first"):
        applier_of("aws-nacl", acl="acl-1", first="0")
    with pytest.raises(GuardError, match="21 networks are more than"):
        TARGETS["aws-nacl"].render(plan_of(*(f"203.0.113.{2 * at}" for at in range(21))), ())


def test_files_keep_the_families_apart() -> None:
    (artifact,) = TARGETS["aws-waf"].render(plan_of("203.0.113.7", "2001:db8::/64"), ())
    assert json.loads(artifact.content) == {"IPV4": ["203.0.113.7/32"], "IPV6": ["2001:db8::/64"]}
    for text in ('{"IPV4": ["2001:db8::/64"], "IPV6": []}', '{"IPV4": []}', '{"IPV4": ["203.0.113.7"], "IPV6": []}'):
        with pytest.raises(GuardError):
            TARGETS["aws-waf"].parse(text.encode())
