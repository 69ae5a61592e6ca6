"""CrowdSec: a file for `cscli decisions import`; applied through cscli, or through the local API from elsewhere."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.blocklist.targets.documents import lines_of, objects

__all__ = ["CrowdSec"]

_NAME = re.compile(r"apiwatch/[A-Za-z0-9._:@=+,-]{1,60}", re.ASCII)
_DURATION = re.compile(r"[1-9][0-9]*s", re.ASCII)
_FIELDS = {"duration", "scope", "type", "value", "reason"}


class CrowdSec(Target):
    """Decisions that end by themselves; bouncers fetch them."""

    name = "crowdsec"
    title = "CrowdSec decisions"
    suffix = "json"
    caps = Caps(ttl=True, comment=60, layer="edge", sees="both")

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Through the local API where `url` is given, else through cscli."""
        from apiwatch.blocklist.remote.crowdsec import Cscli, Lapi

        return Lapi(options, run) if "url" in options else Cscli(options, run)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        from apiwatch.blocklist.remote.crowdsec import decision, scenario

        return lines_of([decision(row.net, scenario(row), plan.remaining(row)) for row in plan.rows])

    def _parsed(self, text: str) -> Sequence[str]:
        return [_network(item, text) for item in objects(text)]

    def commands(self, paths: Sequence[str]) -> Commands:
        """Import; importing twice stores everything twice, so what is ours goes first."""
        path = quoted_path(paths)
        renamed = () if paths[0].endswith(".json") else ("# cscli tells the format by the name: call the file *.json",)
        withdraw = (
            f'sed -n \'s/.*"reason": "\\(apiwatch[^"]*\\)".*/\\1/p\' {path} | sort -u | '
            "xargs -r -n 1 cscli decisions delete --scenario"
        )
        return Commands(
            apply=(*renamed, withdraw, f"cscli decisions import -i {path}"),
            verify=("cscli decisions list -a --origin cscli-import",),
            undo=(withdraw,),
        )


def _network(item: Mapping[str, Any], text: str) -> str:
    right = item.keys() == _FIELDS and item["type"] == "ban" and item["scope"] in ("ip", "range")
    if not right or not _NAME.fullmatch(str(item["reason"])) or not _DURATION.fullmatch(str(item["duration"])):
        raise unexpected(json.dumps(item))
    return canonical(str(item["value"]))
