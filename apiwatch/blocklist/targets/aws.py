"""AWS: the addresses of WAFv2 IP sets, one set per family, and numbered entries of a network ACL for a handful."""

import json
from collections.abc import Mapping, Sequence

from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.blocklist.targets.documents import document, lines_of, objects
from apiwatch.errors import GuardError

__all__ = ["AwsNetworkAcl", "AwsWaf"]

_MOST = 10_000
"""Addresses of one IP set."""


class AwsWaf(Target):
    """`{"IPV4": [...], "IPV6": [...]}`: what the two sets hold, every network with its prefix length."""

    name = "aws-waf"
    title = "AWS WAFv2 IP sets"
    suffix = "json"
    caps = Caps(max_entries=_MOST, layer="edge", sees="both")

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Options: `ipv4`, `ipv6`, `scope`, `region`, `profile`."""
        from apiwatch.blocklist.remote.aws import WafSets

        return WafSets(options, run)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        sets = {f"IPV{version}": [row.net for row in plan.family(version)] for version in (4, 6)}
        for name, nets in sets.items():
            if len(nets) > _MOST:
                raise GuardError(
                    f"{len(nets)} networks do not fit into one {name} set (at most {_MOST}); withdraw some"
                )
        return json.dumps(sets, indent=1) + "\n"

    def _parsed(self, text: str) -> Sequence[str]:
        read = document(text)
        try:
            sets = {name: [canonical(net) for net in read[name]] for name in ("IPV4", "IPV6")}
        except (KeyError, TypeError):
            raise unexpected(text[:80]) from None
        if read != sets or any(":" in net for net in sets["IPV4"]) or any(":" not in net for net in sets["IPV6"]):
            raise unexpected(text[:80])
        return [*sets["IPV4"], *sets["IPV6"]]

    def commands(self, paths: Sequence[str]) -> Commands:
        """One update per set, with the token that says which state it replaces."""
        path = quoted_path(paths)
        which = "--scope REGIONAL --name NAME --id ID"
        token = f'--lock-token "$(aws wafv2 get-ip-set {which} --query LockToken --output text)"'
        update = f"aws wafv2 update-ip-set {which} {token} --addresses"
        return Commands(
            apply=tuple(f"{update} $(jq -r '.IPV{version}[]' {path})  # the IPv{version} set" for version in (4, 6)),
            verify=(f"aws wafv2 get-ip-set {which} --query IPSet.Addresses",),
            undo=(f"{update} '[]'",),
        )


class AwsNetworkAcl(Target):
    """Deny entries of a network ACL: stateless, lowest number first, for at most 20 networks."""

    name = "aws-nacl"
    title = "AWS network ACL"
    suffix = "json"
    caps = Caps(max_entries=20, layer="packet", sees="peer")

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Options: `acl`, `first`, `region`, `profile`."""
        from apiwatch.blocklist.remote.aws import NetworkAcl

        return NetworkAcl(options, run)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        from apiwatch.blocklist.remote.aws import NUMBERS, acl_entry

        if len(plan.rows) > NUMBERS:
            raise GuardError(
                f"{len(plan.rows)} networks are more than a network ACL takes (at most {NUMBERS}); "
                "use the target aws-waf"
            )
        return lines_of([acl_entry(number, row.net) for number, row in enumerate(plan.rows, start=1)])

    def _parsed(self, text: str) -> Sequence[str]:
        from apiwatch.blocklist.remote.aws import acl_entry

        found: list[str] = []
        for number, entry in enumerate(objects(text), start=1):
            net = canonical(str(entry.get("CidrBlock") or entry.get("Ipv6CidrBlock")))
            if entry != acl_entry(number, net):
                raise unexpected(str(entry))
            found.append(net)
        return found

    def commands(self, paths: Sequence[str]) -> Commands:
        """One request per entry; the numbers must be lower than those of the rules that allow."""
        entries = f"sed -n 's/,*$//; /^{{/p' {quoted_path(paths)}"
        call = "aws ec2 create-network-acl-entry --network-acl-id ACL --cli-input-json"
        return Commands(
            apply=(f'{entries} | while IFS= read -r entry; do {call} "$entry"; done',),
            verify=("aws ec2 describe-network-acls --network-acl-ids ACL",),
            undo=(
                "for n in $(seq 1 20); do aws ec2 delete-network-acl-entry --network-acl-id ACL --ingress "
                "--rule-number $n; done",
            ),
        )
