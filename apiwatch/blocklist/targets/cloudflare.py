"""Cloudflare: the items of an IP list, an expression for a custom rule, and IP access rules for a handful."""

import re
from collections.abc import Mapping, Sequence

from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.comments import comment
from apiwatch.blocklist.networks import Network, bare, canonical, parse_network
from apiwatch.blocklist.planning import Plan, Row, key_of
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.blocklist.targets.documents import lines_of, objects
from apiwatch.blocklist.targets.sections import CONDITIONS
from apiwatch.errors import GuardError
from apiwatch.model.condition import ALWAYS, Condition

__all__ = ["CloudflareAccessRules", "CloudflareItems", "CloudflareRule"]

_COMMENT = 100
_API = "https://api.cloudflare.com/client/v4"
_CURL = 'curl --fail-with-body -sS -H "Authorization: Bearer $CLOUDFLARE_TOKEN" -H "Content-Type: application/json"'

_EXPRESSION_LIMIT = 4096
"""Characters of a rule's expression."""

_CLAUSE = re.compile(
    r"\(ip\.src in \{(?P<nets>[0-9a-f.:/ ]+)\}(?: and lower\(http\.host\) eq \"(?P<host>[^\"]+)\")?"
    r"(?: and \(http\.request\.uri\.path eq \"(?P<path>[^\"]+)\" or starts_with\([^)\"]+\"[^\"]+\"\)\))?"
    r"(?: and http\.user_agent contains \"(?P<agent>(?:[^\\\"]|\\.)+)\")?\)",
    re.ASCII,
)
_NOTHING = "(false)\n"

_HANDFUL = 50
_RANGES = {4: (16, 24, 32), 6: (32, 48, 64, 128)}
"""IP version -> prefix lengths that an access rule can have."""


class CloudflareItems(Target):
    """The body of PUT .../rules/lists/ID/items, which replaces the list; a rule `ip.src in $NAME` blocks it."""

    name = "cloudflare"
    title = "Cloudflare IP list"
    suffix = "json"
    caps = Caps(comment=_COMMENT, layer="edge", sees="peer")

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Options: `account`, `list`, `token_env` or `token_file`."""
        from apiwatch.blocklist.remote.cloudflare import CloudflareList

        return CloudflareList(options, run)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        return lines_of([{"ip": bare(row.network), "comment": comment(row, _COMMENT)} for row in plan.rows])

    def _parsed(self, text: str) -> Sequence[str]:
        items = objects(text)
        if any(item.keys() != {"ip", "comment"} for item in items):
            raise unexpected(text[:80])
        return [canonical(str(item["ip"])) for item in items]

    def commands(self, paths: Sequence[str]) -> Commands:
        """The token is taken from the environment, so that no list of processes shows it to others for long."""
        items = f"{_API}/accounts/ACCOUNT/rules/lists/LIST/items"
        return Commands(
            apply=(
                "# once: a list of the kind ip, and a custom rule with the expression (ip.src in $NAME) that blocks",
                f"{_CURL} -X PUT {items} --data-binary @{quoted_path(paths)}",
            ),
            verify=(f"{_CURL} {items}",),
            undo=(f"{_CURL} -X PUT {items} --data-binary '[]'",),
        )


class CloudflareRule(Target):
    """The expression of one custom rule, for plans without lists, or for entries with conditions.

    Paths are compared as Cloudflare reads them, which depends on its URL normalization.
    """

    name = "cloudflare-rule"
    title = "Cloudflare rule expression"
    suffix = "txt"
    caps = Caps(conditions=CONDITIONS, layer="edge", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        if not plan.rows:
            return _NOTHING
        sections = ((each, plan.under(each)) for each in (ALWAYS, *plan.conditions()))
        text = " or ".join(_clause(each, [row.network for row in rows]) for each, rows in sections if rows) + "\n"
        if len(text) > _EXPRESSION_LIMIT:
            raise GuardError(
                f"{len(plan.rows)} networks make {len(text)} characters, and an expression has at most "
                f"{_EXPRESSION_LIMIT}; use the target cloudflare, which writes a list, or withdraw some"
            )
        return text

    def _parsed(self, text: str) -> Sequence[str]:
        if text == _NOTHING:
            return []
        found: list[str] = []
        clauses: list[str] = []
        for clause in _CLAUSE.finditer(text):
            agent = re.sub(r"\\(.)", r"\1", clause["agent"] or "")
            condition = Condition(clause["host"] or "", clause["path"] or "", agent)
            networks = [parse_network(word) for word in clause["nets"].split(" ")]
            clauses.append(_clause(condition, networks))
            found += [key_of(network, condition) for network in networks]
        if f"{' or '.join(clauses)}\n" != text:
            raise unexpected(text)
        return found

    def commands(self, paths: Sequence[str]) -> Commands:
        """A rule is pasted by hand."""
        path = quoted_path(paths)
        return Commands(
            apply=(f"# paste {path} as the expression of a custom rule that blocks (Security, WAF, Custom rules)",),
            verify=(f"cat {path}",),
            undo=("# disable that custom rule; nothing in it expires by itself",),
        )


class CloudflareAccessRules(Target):
    """IP access rules of a zone, each a request of its own: for a handful of networks."""

    name = "cloudflare-access"
    title = "Cloudflare IP access rules"
    suffix = "json"
    caps = Caps(comment=_COMMENT, max_entries=_HANDFUL, layer="edge", sees="peer")

    @staticmethod
    def applier(options: Mapping[str, str], run: Run, /) -> Applier:
        """Options: `zone`, `token_env` or `token_file`."""
        from apiwatch.blocklist.remote.cloudflare import CloudflareAccess

        return CloudflareAccess(options, run)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        from apiwatch.blocklist.remote.cloudflare import access_rule

        self._require_room(plan, "use the target cloudflare, which writes a list")
        for row in plan.rows:
            _fits(row)
        return lines_of([access_rule(row.net, f"apiwatch {comment(row, _COMMENT)}".rstrip()) for row in plan.rows])

    def _parsed(self, text: str) -> Sequence[str]:
        from apiwatch.blocklist.remote.cloudflare import access_rule

        found: list[str] = []
        for rule in objects(text):
            try:
                net, note = canonical(rule["configuration"]["value"]), str(rule["notes"])
            except (KeyError, TypeError):
                raise unexpected(str(rule)) from None
            if rule != access_rule(net, note) or note.partition(" ")[0] != "apiwatch":
                raise unexpected(str(rule))
            found.append(net)
        return found

    def commands(self, paths: Sequence[str]) -> Commands:
        """One request per rule."""
        rules = f"{_API}/zones/ZONE/firewall/access_rules/rules"
        lines = f"sed -n 's/,*$//; /^{{/p' {quoted_path(paths)}"
        return Commands(
            apply=(f'{lines} | while IFS= read -r rule; do {_CURL} {rules} --data-binary "$rule"; done',),
            verify=(f'{_CURL} "{rules}?notes=apiwatch"',),
            undo=(f"# delete each of them by its id: {_CURL} -X DELETE {rules}/ID",),
        )


def _clause(condition: Condition, networks: Sequence[Network]) -> str:
    """What is true for the requests of some networks that are meant; a string escapes `"` and `\\`."""
    tests = [f"ip.src in {{{' '.join(map(bare, networks))}}}"]
    if condition.host:
        tests.append(f'lower(http.host) eq "{condition.host}"')
    if condition.path:
        path = "http.request.uri.path"
        tests.append(f'({path} eq "{condition.path}" or starts_with({path}, "{condition.path}/"))')
    if condition.agent:
        agent = re.sub(r'(["\\])', r"\\\1", condition.agent)
        tests.append(f'http.user_agent contains "{agent}"')
    return f"({' and '.join(tests)})"


def _fits(row: Row) -> None:
    lengths = _RANGES[row.network.version]
    if row.network.prefixlen not in lengths:
        names = ", ".join(f"/{length}" for length in lengths)
        raise GuardError(f"an access rule takes only {names}, and {row.net} is none; use the target cloudflare")
