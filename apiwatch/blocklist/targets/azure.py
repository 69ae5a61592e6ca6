"""Azure: custom rules of a web application firewall, and security rules of a network security group."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apiwatch.blocklist.conditions import agent_of, literal
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.blocklist.targets.documents import lines_of, objects
from apiwatch.errors import GuardError
from apiwatch.model.condition import ALWAYS, Condition

__all__ = ["AzureNsg", "AzureWaf"]

_VALUES = 600
"""Addresses of one match condition."""

_RULES = 20
"""Rules of ours; a policy takes 100 custom rules."""

_LITERAL = re.compile(r"\^((?:[A-Za-z0-9/_-]|\\x(?!2e\?)[0-9a-f]{2})+)", re.ASCII)

_PREFIXES = 4000
"""Address prefixes of one security rule."""


class _Rules(Target):
    suffix = "json"

    def _made(self, nets: Sequence[tuple[str, Condition]]) -> list[dict[str, Any]]:
        """The rules of some networks in their order, those of one condition together."""
        raise NotImplementedError

    def _nets(self, rule: Mapping[str, Any]) -> Sequence[Any]:
        raise NotImplementedError

    def _condition(self, rule: Mapping[str, Any]) -> Condition:
        return ALWAYS

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        sections = ((each, plan.under(each)) for each in (ALWAYS, *plan.conditions()))
        return lines_of(self._made([(row.net, each) for each, rows in sections for row in rows]))

    def _parsed(self, text: str) -> Sequence[str]:
        rules = objects(text)
        try:
            found = [(canonical(net), self._condition(rule)) for rule in rules for net in self._nets(rule)]
        except (KeyError, TypeError, IndexError):
            raise unexpected(text[:80]) from None
        if rules != self._made(found):
            raise unexpected(text[:80])
        return [f"{net} {condition}".rstrip() for net, condition in found]


class AzureWaf(_Rules):
    """`properties.customRules` of a WAF policy: IPMatch on the address of the socket, 600 networks a rule.

    `negationConditon` is how Azure spells it. A condition is compared with what clients write, not decoded.
    """

    name = "azure-waf"
    title = "Azure WAF custom rules"
    caps = Caps(max_entries=_VALUES * _RULES, conditions=_RULES, layer="edge", sees="peer")

    def _made(self, nets: Sequence[tuple[str, Condition]]) -> list[dict[str, Any]]:
        groups: list[tuple[Condition, list[str]]] = []
        for net, condition in nets:
            if not groups or groups[-1][0] != condition or len(groups[-1][1]) == _VALUES:
                groups.append((condition, []))
            groups[-1][1].append(net)
        if len(groups) > _RULES:
            raise GuardError(f"{len(nets)} networks do not fit into {_RULES} rules of Azure's WAF; withdraw some")
        return [
            {
                "name": f"apiwatch{number}",
                "priority": number,
                "ruleType": "MatchRule",
                "action": "Block",
                "matchConditions": [_match("RemoteAddr", None, "IPMatch", some), *_matches(condition)],
            }
            for number, (condition, some) in enumerate(groups, start=1)
        ]

    def _condition(self, rule: Mapping[str, Any]) -> Condition:
        values = {_asked(match): match["matchValues"][0] for match in rule["matchConditions"]}
        host, path = (_read(values.get(name, "")) for name in ("Host", "RequestUri"))
        return Condition(host, path, values.get("User-Agent", ""))

    def _nets(self, rule: Mapping[str, Any]) -> Sequence[Any]:
        values: Sequence[Any] = rule["matchConditions"][0]["matchValues"]
        return values

    def commands(self, paths: Sequence[str]) -> Commands:
        """The whole of a policy's custom rules is replaced, so give apiwatch a policy of its own."""
        policy = "az network application-gateway waf-policy update -g GROUP -n POLICY --set"
        return Commands(
            apply=(f'{policy} "customRules=$(cat {quoted_path(paths)})"  # a policy that holds nothing else',),
            verify=("az network application-gateway waf-policy show -g GROUP -n POLICY --query customRules",),
            undo=(f"{policy} 'customRules=[]'",),
        )


def _matches(condition: Condition) -> Iterator[dict[str, Any]]:
    if condition.host:
        host = rf"^{literal(condition.host)}\x2e?(:[0-9]*)?$"
        yield {**_match("RequestHeaders", "Host", "Regex", [host]), "transforms": ["Lowercase"]}
    if condition.path:
        yield _match("RequestUri", None, "Regex", [f"^{literal(condition.path)}([/?]|$)"])
    if condition.agent:
        yield _match("RequestHeaders", "User-Agent", "Contains", [condition.agent])


def _match(variable: str, selector: str | None, operator: str, values: Sequence[str]) -> dict[str, Any]:
    return {
        "matchVariables": [{"variableName": variable, **({"selector": selector} if selector else {})}],
        "operator": operator,
        "negationConditon": False,
        "matchValues": list(values),
    }


def _read(regex: str) -> str:
    """The text that a pattern begins with."""
    found = _LITERAL.match(regex)
    return agent_of(found[1]) if found else ""


def _asked(match: Mapping[str, Any]) -> str:
    (variable,) = match["matchVariables"]
    name: str = variable.get("selector") or variable["variableName"]
    return name


class AzureNsg(_Rules):
    """Inbound deny rules of a network security group, one per family."""

    name = "azure-nsg"
    title = "Azure network security group"
    caps = Caps(max_entries=_PREFIXES, layer="packet", sees="peer")

    def _made(self, nets: Sequence[tuple[str, Condition]]) -> list[dict[str, Any]]:
        made = []
        for priority, version in ((100, 4), (101, 6)):
            some = [net for net, _ in nets if (":" in net) == (version == 6)]
            if len(some) > _PREFIXES:
                raise GuardError(f"{len(some)} IPv{version} networks do not fit into one rule (at most {_PREFIXES})")
            if some:
                made.append(
                    {
                        "name": f"apiwatch{version}",
                        "priority": priority,
                        "direction": "Inbound",
                        "access": "Deny",
                        "protocol": "*",
                        "sourceAddressPrefixes": some,
                        "sourcePortRange": "*",
                        "destinationAddressPrefix": "*",
                        "destinationPortRange": "*",
                    }
                )
        return made

    def _nets(self, rule: Mapping[str, Any]) -> Sequence[Any]:
        values: Sequence[Any] = rule["sourceAddressPrefixes"]
        return values

    def commands(self, paths: Sequence[str]) -> Commands:
        """One rule per family, by its name."""
        create = "az network nsg rule create -g GROUP --nsg-name NSG --direction Inbound --access Deny --protocol '*'"
        path = quoted_path(paths)
        return Commands(
            apply=tuple(
                f"{create} -n apiwatch{version} --priority {priority} --source-address-prefixes "
                f"$(jq -r '.[] | select(.name == \"apiwatch{version}\") | .sourceAddressPrefixes[]' {path})"
                for version, priority in ((4, 100), (6, 101))
            ),
            verify=("az network nsg rule list -g GROUP --nsg-name NSG -o table",),
            undo=tuple(
                f"az network nsg rule delete -g GROUP --nsg-name NSG -n apiwatch{version}" for version in (4, 6)
            ),
        )
