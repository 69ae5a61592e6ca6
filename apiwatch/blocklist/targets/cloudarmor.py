"""Google Cloud Armor: rules of a security policy, ten networks each, as lines for `gcloud`; first as a preview.

Cloud Armor replaces no set at once: the old rules of ours go, then the new ones come. A network under a condition is a
rule of its own with an expression. Paths are compared as clients write them.
"""

import re
from collections.abc import Sequence

from apiwatch.blocklist.comments import heading
from apiwatch.blocklist.conditions import agent_of, literal
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.errors import GuardError
from apiwatch.model.condition import ALWAYS, Condition

__all__ = ["CloudArmor"]

_RANGES = 10
"""Networks of one rule."""

_RULES = 100
_FIRST = 1000
"""Priority of our first rule."""

_HEAD = f"""\
#!/bin/sh
# POLICY=NAME sh FILE shows in the logs what would be denied; PREVIEW=--no-preview POLICY=NAME sh FILE denies it.
set -eu
: "${{POLICY:?name the security policy}}"
rules="gcloud compute security-policies rules"
for priority in $($rules list "$POLICY" --filter='description:apiwatch' --format='value(priority)'); do
\t[ "$priority" -ge {_FIRST} ] && [ "$priority" -lt {_FIRST + _RULES} ] || continue
\t$rules delete "$priority" --security-policy="$POLICY" --quiet
done
"""
_RULE = re.compile(
    r'\$rules create [0-9]+ --security-policy="\$POLICY" --action=deny-403 (?:--src-ip-ranges=(?P<nets>[0-9a-f.:/,]+)|'
    r"--expression='inIpRange\(origin\.ip, \"(?P<net>[0-9a-f.:/]+)\"\)(?P<tests>[^']+)') "
    r'--description=apiwatch "\$\{PREVIEW---preview\}"',
    re.ASCII,
)
_TESTS = re.compile(
    r'(?: && request\.headers\["host"\]\.lower\(\) == "(?P<host>[^"]+)")?'
    r'(?: && \(request\.path == "(?P<path>[^"]+)" \|\| request\.path\.startsWith\("[^"]+"\)\))?'
    r'(?: && request\.headers\["user-agent"\]\.contains\("(?P<agent>[^"]+)"\))?',
    re.ASCII,
)


class CloudArmor(Target):
    """A script that only calls `gcloud`; from the queue it holds addresses, and conditions in harmless letters."""

    name = "gcp-armor"
    title = "Google Cloud Armor rules"
    suffix = "sh"
    caps = Caps(max_entries=_RANGES * _RULES, conditions=_RULES, layer="edge", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        if len(plan.rows) > _RANGES * _RULES:
            raise GuardError(
                f"{len(plan.rows)} networks do not fit into {_RULES} rules of Cloud Armor (ten each); withdraw some"
            )
        always = [row.net for row in plan.under(ALWAYS)]
        matches = [_ranges(always[at : at + _RANGES]) for at in range(0, len(always), _RANGES)]
        matches += [_expression(row.net, row.condition) for row in plan.rows if row.condition]
        if len(matches) > _RULES:
            raise GuardError(f"the list needs {len(matches)} rules of Cloud Armor, and it has {_RULES}; withdraw some")
        rules = (_rule(number, match) for number, match in enumerate(matches, _FIRST))
        return "".join((_HEAD, f"# {heading(plan)}\n", *(f"{rule}\n" for rule in rules)))

    def _parsed(self, text: str) -> Sequence[str]:
        if not text.startswith(f"{_HEAD}# apiwatch rev "):
            raise unexpected(text[:80])
        found: list[str] = []
        for number, line in enumerate(text.removeprefix(_HEAD).splitlines()[1:], _FIRST):
            rule = _RULE.fullmatch(line)
            tests = _TESTS.fullmatch(rule["tests"] or "") if rule else None
            if not rule or not tests:
                raise unexpected(line)
            nets = [canonical(net) for net in (rule["nets"] or rule["net"]).split(",")]
            condition = Condition(*(_read(tests[name] or "") for name in ("host", "path", "agent")))
            if line != _rule(number, _expression(nets[0], condition) if condition else _ranges(nets)):
                raise unexpected(line)
            found += [f"{net} {condition}".rstrip() for net in nets]
        return found

    def commands(self, paths: Sequence[str]) -> Commands:
        """First as a preview, then for real."""
        path = quoted_path(paths)
        return Commands(
            apply=(f"POLICY=NAME sh {path}", f"PREVIEW=--no-preview POLICY=NAME sh {path}"),
            verify=("gcloud compute security-policies rules list NAME --filter=description:apiwatch",),
            undo=(
                "for p in $(gcloud compute security-policies rules list NAME --filter=description:apiwatch "
                "--format='value(priority)'); do gcloud compute security-policies rules delete $p "
                "--security-policy=NAME --quiet; done",
            ),
        )


def _rule(number: int, match: str) -> str:
    return (
        f'$rules create {number} --security-policy="$POLICY" --action=deny-403 {match} --description=apiwatch '
        '"${PREVIEW---preview}"'
    )


def _ranges(nets: Sequence[str]) -> str:
    return f"--src-ip-ranges={','.join(nets)}"


def _expression(net: str, condition: Condition) -> str:
    """At most five tests, which is as many as an expression may have, with strings of CEL that hold a `literal`."""
    tests = [f'inIpRange(origin.ip, "{net}")']
    if condition.host:
        tests.append(f'request.headers["host"].lower() == "{literal(condition.host)}"')
    if condition.path:
        path = literal(condition.path)
        tests.append(f'(request.path == "{path}" || request.path.startsWith("{path}/"))')
    if condition.agent:
        tests.append(f'request.headers["user-agent"].contains("{literal(condition.agent)}")')
    return f"--expression='{' && '.join(tests)}'"


def _read(text: str) -> str:
    return agent_of(text) if text else ""
