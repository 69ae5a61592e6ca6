"""AWS through boto3 (the extra `aws`): WAFv2 IP sets, replaced as a whole, and entries of a network ACL.

Credentials are those that the AWS tools find: the environment, ~/.aws, or the role of the machine. boto3 waits and
tries again by itself when AWS throttles.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.remote.holding import Holding, Item, canonical_of
from apiwatch.blocklist.remote.options import Options
from apiwatch.errors import ApplyError, UsageError
from apiwatch.text import one_line

__all__ = ["NUMBERS", "NetworkAcl", "WafSets", "acl_entry"]

NUMBERS = 20
"""Entries of a network ACL that are ours: as many as AWS allows for a direction, unless asked."""

_ATTEMPTS = 6
_REFUSALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnrecognizedClientException")

_ALL = "-1"
"""Every protocol."""


class _Aws(Holding):
    def _connect(self, service: str, options: Options) -> None:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise UsageError("AWS needs boto3, which is not installed: pip install 'apiwatch[aws]'") from None
        self._errors = (BotoCoreError, ClientError)
        try:
            session = boto3.Session(profile_name=options.get("profile") or None)
            self._client: Any = session.client(
                service,
                region_name=options.get("region") or None,
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=15
                ),
            )
        except self._errors as error:
            raise UsageError(f"AWS: {one_line(str(error), 200)}; correct block.targets, or the AWS settings") from None

    def _call(self, call: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except self._errors as error:
            raise self._failed(error, call.__name__) from None

    def _failed(self, error: Exception, what: str) -> ApplyError:
        code = _code(error)
        if code in _REFUSALS:
            return ApplyError(f"AWS refuses the credentials ({code}): give them the right to {what}, or renew them")
        return ApplyError(f"AWS: {one_line(str(error), 300)}; correct it and run the command again")


class WafSets(_Aws):
    """Options `ipv4` and `ipv6` (`NAME/ID` of a set), `scope` (REGIONAL or CLOUDFRONT), `region`, `profile`."""

    def __init__(self, options: Mapping[str, str], _run: Run) -> None:
        known = Options("aws-waf", options, optional=("ipv4", "ipv6", "scope", "region", "profile"))
        self._scope = known.get("scope", "REGIONAL")
        if self._scope not in ("REGIONAL", "CLOUDFRONT"):
            raise UsageError("`block.targets.aws-waf.scope` must be REGIONAL or CLOUDFRONT; correct it")
        if self._scope == "CLOUDFRONT" and known.get("region", "us-east-1") != "us-east-1":
            raise UsageError("the scope CLOUDFRONT is only in us-east-1; set `block.targets.aws-waf.region` to it")
        self._sets: dict[int, dict[str, str]] = {}
        for version in (4, 6):
            name, _, key = known.get(f"ipv{version}").partition("/")
            if name and key:
                self._sets[version] = {"Name": name, "Id": key, "Scope": self._scope}
            elif name:
                raise UsageError(f"`block.targets.aws-waf.ipv{version}` must be NAME/ID of an IP set; correct it")
        if not self._sets:
            raise UsageError("`block.targets.aws-waf.ipv4` or `ipv6` is missing; set it to NAME/ID of an IP set")
        self._connect("wafv2", known)

    def _items(self) -> list[Item]:
        return [
            Item(canonical_of("AWS", net))
            for which in self._sets.values()
            for net in self._call(self._client.get_ip_set, **which)["IPSet"]["Addresses"]
        ]

    def _replace(self, held: Sequence[Item], wanted: Sequence[Item]) -> None:
        nets = {
            version: sorted({i.net for i in wanted if parse_network(i.net).version == version}) for version in (4, 6)
        }
        for version, some in nets.items():
            if some and version not in self._sets:
                raise ApplyError(
                    f"the list has {len(some)} IPv{version} networks and no set for them, so nothing was changed; set "
                    f"`block.targets.aws-waf.ipv{version}`"
                )
        for version, which in self._sets.items():
            self._fill(which, nets[version])

    def _fill(self, which: Mapping[str, str], nets: Sequence[str]) -> None:
        """Whoever changed the set meanwhile has changed our list: it is read again, and replaced."""
        for attempt in range(_ATTEMPTS):
            token = self._call(self._client.get_ip_set, **which)["LockToken"]
            try:
                self._client.update_ip_set(**which, Addresses=list(nets), LockToken=token)
            except self._errors as error:
                if _code(error) == "WAFOptimisticLockException" and attempt < _ATTEMPTS - 1:
                    continue
                raise self._failed(error, "update_ip_set") from None
            return


def acl_entry(number: int, net: str) -> dict[str, Any]:
    """A numbered entry of a network ACL that denies a network."""
    field = "Ipv6CidrBlock" if ":" in net else "CidrBlock"
    return {"RuleNumber": number, "Protocol": _ALL, "RuleAction": "deny", "Egress": False, field: net}


class NetworkAcl(_Aws):
    """Options `acl` (id) and `first`: the numbers FIRST to FIRST+19 of inbound entries are ours alone.

    An entry that goes makes place for one that comes in a single step; the rest is created, then deleted.
    """

    def __init__(self, options: Mapping[str, str], _run: Run) -> None:
        known = Options("aws-nacl", options, needed=("acl", "first"), optional=("region", "profile"))
        self._acl = known.identifier("acl")
        first = known.get("first")
        if not (first.isascii() and first.isdigit() and 1 <= int(first) <= 32766 - NUMBERS):
            raise UsageError(f"`block.targets.aws-nacl.first` must be a number from 1 to {32766 - NUMBERS}; correct it")
        self._numbers = range(int(first), int(first) + NUMBERS)
        self._connect("ec2", known)

    def _items(self) -> list[Item]:
        answer = self._call(self._client.describe_network_acls, NetworkAclIds=[self._acl])
        found: list[Item] = []
        for entry in answer["NetworkAcls"][0]["Entries"]:
            number = entry["RuleNumber"]
            if entry["Egress"] or number not in self._numbers:
                continue
            if entry["RuleAction"] != "deny":
                raise ApplyError(
                    f"entry {number} of {self._acl} allows something, and the numbers {self._numbers[0]} to "
                    f"{self._numbers[-1]} are meant for apiwatch; move it, or set `block.targets.aws-nacl.first`"
                )
            found.append(
                Item(canonical_of("AWS", entry.get("CidrBlock") or entry.get("Ipv6CidrBlock")), key=str(number))
            )
        return found

    def _replace(self, held: Sequence[Item], wanted: Sequence[Item]) -> None:
        nets = list(dict.fromkeys(item.net for item in wanted))
        known = {item.net for item in held}
        new = [net for net in nets if net not in known]
        stale = [int(item.key) for item in held if item.net not in nets]
        free = [number for number in self._numbers if str(number) not in {item.key for item in held}]
        if len(new) > len(stale) + len(free):
            raise ApplyError(
                f"{len(nets)} networks are more than the {NUMBERS} entries of a network ACL; withdraw some"
            )
        for number, net in zip(stale, new, strict=False):
            self._call(self._client.replace_network_acl_entry, NetworkAclId=self._acl, **acl_entry(number, net))
        for number, net in zip(free, new[len(stale) :], strict=False):
            self._call(self._client.create_network_acl_entry, NetworkAclId=self._acl, **acl_entry(number, net))
        for number in stale[len(new) :]:
            self._call(self._client.delete_network_acl_entry, NetworkAclId=self._acl, RuleNumber=number, Egress=False)


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
