"""Fastly: the entries of an access control list, which VCL asks: `if (client.ip ~ apiwatch) { error 403; }`."""

import json
from collections.abc import Mapping, Sequence

from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.comments import comment
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.blocklist.targets.documents import document

__all__ = ["FastlyEntries"]

_COMMENT = 100
_MOST = 1000
"""Entries of one list, unless Fastly raises it."""


class FastlyEntries(Target):
    """The body of PATCH /service/ID/acl/ID/entries."""

    name = "fastly"
    title = "Fastly access control list"
    suffix = "json"
    caps = Caps(comment=_COMMENT, max_entries=_MOST, layer="edge", sees="peer")

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Options: `service`, `acl`, `token_env` or `token_file`."""
        from apiwatch.blocklist.remote.fastly import Fastly

        return Fastly(options, run)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        from apiwatch.blocklist.remote.fastly import created

        self._require_room(plan, "withdraw some")
        return json.dumps({"entries": [created(row.net, comment(row, _COMMENT)) for row in plan.rows]}, indent=1) + "\n"

    def _parsed(self, text: str) -> Sequence[str]:
        from apiwatch.blocklist.remote.fastly import created

        read = document(text)
        if not isinstance(read, dict) or read.keys() != {"entries"} or not isinstance(read["entries"], list):
            raise unexpected(text[:80])
        found: list[str] = []
        for entry in read["entries"]:
            try:
                width = f"/{entry['subnet']}" if "subnet" in entry else ""
                net = canonical(f"{entry['ip']}{width}")
                same = entry == created(net, entry["comment"])
            except (KeyError, TypeError):
                same = False
            if not same:
                raise unexpected(str(entry))
            found.append(net)
        return found

    def commands(self, paths: Sequence[str]) -> Commands:
        """Entries are added; what was there before stays, so the applier is the better way."""
        acl = "https://api.fastly.com/service/SERVICE/acl/ACL"
        curl = 'curl --fail-with-body -sS -H "Fastly-Key: $FASTLY_TOKEN" -H "Content-Type: application/json"'
        return Commands(
            apply=(
                "# once: an ACL `apiwatch` of the service, and in vcl_recv: if (client.ip ~ apiwatch) { error 403; }",
                f"{curl} -X PATCH {acl}/entries --data-binary @{quoted_path(paths)}",
            ),
            verify=(f"{curl} {acl}/entries",),
            undo=(f"# delete each entry by its id: {curl} -X DELETE {acl}/entry/ID",),
        )
