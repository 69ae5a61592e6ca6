"""Google Cloud Armor: rules of a security policy, ten networks each, as lines for `gcloud`; first as a preview.

Cloud Armor replaces no set at once: the old rules of ours go, then the new ones come.
"""

import re
from collections.abc import Sequence

from apiwatch.blocklist.comments import heading
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.errors import GuardError

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
    r'\$rules create ([0-9]+) --security-policy="\$POLICY" --action=deny-403 --src-ip-ranges=([0-9a-f.:/,]+) '
    r'--description=apiwatch "\$\{PREVIEW---preview\}"',
    re.ASCII,
)


class CloudArmor(Target):
    """A script that only calls `gcloud`; it holds addresses and nothing else from the queue."""

    name = "gcp-armor"
    title = "Google Cloud Armor rules"
    suffix = "sh"
    caps = Caps(max_entries=_RANGES * _RULES, layer="edge", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        if len(plan.rows) > _RANGES * _RULES:
            raise GuardError(
                f"{len(plan.rows)} networks do not fit into {_RULES} rules of Cloud Armor (ten each); withdraw some"
            )
        lines = [f"# {heading(plan)}\n"]
        for number, at in enumerate(range(0, len(plan.rows), _RANGES)):
            ranges = ",".join(row.net for row in plan.rows[at : at + _RANGES])
            lines.append(
                f'$rules create {_FIRST + number} --security-policy="$POLICY" --action=deny-403 '
                f'--src-ip-ranges={ranges} --description=apiwatch "${{PREVIEW---preview}}"\n'
            )
        return _HEAD + "".join(lines)

    def _parsed(self, text: str) -> Sequence[str]:
        if not text.startswith(f"{_HEAD}# apiwatch rev "):
            raise unexpected(text[:80])
        found: list[str] = []
        for line in text.removeprefix(_HEAD).splitlines()[1:]:
            rule = _RULE.fullmatch(line)
            if not rule:
                raise unexpected(line)
            found += [canonical(net) for net in rule[2].split(",")]
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
