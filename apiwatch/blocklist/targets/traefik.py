"""Traefik 3: a file for the directory of its file provider. Traefik denies nothing, so a router that comes first does.

One network that Traefik does not understand would switch the router off and let everybody in; it has no check mode
either. So the address of its API is worth to be configured: it says which rule is in force. Paths are compared as
Traefik reads them: decoded but for what is reserved, `//` and `..` resolved.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apiwatch.blocklist.appliers.adminapi import ask
from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import ServerFile, wait_for
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.comments import comment, notes
from apiwatch.blocklist.conditions import agent_of, literal, path_of, path_regex
from apiwatch.blocklist.networks import Network, bare, parse_network, united
from apiwatch.blocklist.planning import Plan, Row, key_of
from apiwatch.blocklist.target import Caps, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET
from apiwatch.blocklist.targets.sections import ALLOWED, CONDITIONS, Sections, mark
from apiwatch.errors import ApplyError, GuardError
from apiwatch.model.condition import Condition

__all__ = ["Traefik"]

_COMMENT = 120
_NAME = "apiwatch-block"
_HEAD = (
    "http:",
    "  middlewares:",
    f"    {_NAME}:",
    "      ipAllowList:",
    '        sourceRange: ["255.255.255.255/32"]',
)
_COMMON = ("      priority: 100000", "      service: noop@internal", f"      middlewares: [{_NAME}]")
_ROUTERS = ("  routers:", f"    {_NAME}:", *_COMMON, "      rule: &rule >-")
_RULE_ENDS = ("        )",)
_TAIL = (f"    {_NAME}-tls:", *_COMMON, "      tls: {}", "      rule: *rule")
"""A router with `tls` sees the encrypted requests, one without it the others."""

_NOBODY = "(ClientIP(`255.255.255.255`)"
"""What the networks of a section are added to, so that none of them is the first."""

_MORE, _EXCEPT = "        || ", "        && !"
_SECTION = re.compile(
    r"\((?P<parts>(?:(?:Host|PathRegexp|HeaderRegexp)\((?:`[^`]*`,? ?)+\) && )*)\(ClientIP\(`255\.255\.255\.255`\)"
    r"(?P<nets>(?: \|\| ClientIP\(`[0-9a-f:./]+`\))*)",
    re.ASCII,
)
_PART = re.compile(r"(Host|PathRegexp|HeaderRegexp)\(((?:`[^`]*`,? ?)+)\)", re.ASCII)
_NET = re.compile(r"ClientIP\(`([0-9a-f:./]+)`\)", re.ASCII)


class Traefik(Sections):
    """A file for `providers.file.directory`."""

    name = "traefik"
    title = "Traefik dynamic configuration"
    suffix = "yml"
    mode = 0o644
    caps = Caps(
        comment=_COMMENT, max_entries=10_000, conditions=CONDITIONS, layer="http", sees="peer"
    )  # it tries one after the other
    row = re.compile(rf"        \|\| ClientIP\(`{NET}`\)", re.ASCII)
    fixed = re.compile(r"        && !ClientIP\(`\S+`\)", re.ASCII)

    def head(self, plan: Plan) -> Iterator[str]:
        """See `Sections.head`: with the reasons, since a rule has no room for remarks."""
        yield from notes(plan)
        yield from (f"# {bare(row.network)} {comment(row, _COMMENT)}".rstrip() for row in plan.rows)

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        yield from super()._lines(plan, allowed) if plan.rows else _HEAD

    def read(self, lines: Sequence[str]) -> list[str]:
        """See `Sections.read`; a file without networks has no routers."""
        return [] if tuple(lines) == _HEAD else super().read(lines)

    def frame(self, conditions: Sequence[Condition]) -> Iterator[str | int]:
        """See `Sections.frame`: one rule, with the networks of each section in brackets."""
        yield from (*(mark(condition) for condition in conditions), *_HEAD, *_ROUTERS)
        yield from (f"        ({_NOBODY}", 0, "        )")
        for place, condition in enumerate(conditions, 1):
            yield from (f"{_MORE}({''.join(f'{part} && ' for part in _matchers(condition))}{_NOBODY}", place)
            yield "        ))"
        yield from (*_RULE_ENDS, ALLOWED, *_TAIL)

    def entered(self, rows: Sequence[Row], allowed: Sequence[Network], place: int) -> Iterator[str]:
        """See `Sections.entered`."""
        yield from (f"{_MORE}ClientIP(`{bare(row.network)}`)" for row in rows)
        if place == ALLOWED:
            yield from (f"{_EXCEPT}ClientIP(`{bare(network)}`)" for network in united(allowed))

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `api`, the address of Traefik's API. Without it nothing is read back."""
        given = Options(self.name, options, ("path", "api"))
        return ServerFile(self, given.path("path"), _Running(given.url("api")))

    def commands(self, paths: Sequence[str]) -> Commands:
        """The file is taken up as soon as it is there; it must come by a rename, as apiwatch writes it."""
        path = quoted_path(paths)
        return Commands(
            apply=(
                f"# once: providers.file.directory = the directory of {path}; Traefik watches it, nothing to reload",
            ),
            verify=(f"curl -s http://127.0.0.1:8080/api/http/routers/{_NAME}@file",),
            undo=(f"rm -f {path}",),
        )


class _Running:
    """A running Traefik, which watches the file."""

    def __init__(self, api: str | None) -> None:
        self._api = api

    def take(self, nets: frozenset[str]) -> None:
        """See `Server.take`."""
        if self._api is not None:
            wait_for(
                nets,
                lambda: self._rules(strict=False),
                "Traefik does not use the list; its file provider must watch the directory that it is in",
            )
            self._rules()

    def loaded(self) -> frozenset[str] | None:
        """See `Server.loaded`: the rule of both routers. ApplyError when Traefik refuses one."""
        return None if self._api is None else self._rules()

    def _rules(self, *, strict: bool = True) -> frozenset[str]:
        rules = {self._rule(name, strict) for name in (_NAME, f"{_NAME}-tls")}
        if len(rules) == 1:
            return rules.pop()
        if strict:
            raise ApplyError(f"Traefik holds one of the routers {_NAME} and {_NAME}-tls only; look into its log")
        return frozenset({"between two lists"})

    def _rule(self, name: str, strict: bool) -> frozenset[str]:
        router: dict[str, Any] | None = ask(f"{self._api}/api/http/routers/{name}@file")
        if router is None:
            return frozenset()
        if strict and router.get("status") != "enabled":
            raise ApplyError(f"Traefik has switched the router {name} off and lets everybody in; look into its log")
        return frozenset(_keys(router.get("rule", "")))


def _matchers(condition: Condition) -> Iterator[str]:
    """A matcher for each part; nothing in them is special between backticks, or to YAML in a folded text."""
    if condition.host:
        yield f"Host(`{condition.host}`)"
    if condition.path:
        yield f"PathRegexp(`{path_regex(condition.path)}`)"
    if condition.agent:
        yield f"HeaderRegexp(`User-Agent`, `{literal(condition.agent)}`)"


def _keys(rule: str) -> Iterator[str]:
    """What a rule of ours blocks; ApplyError when it compares anything else than ours do."""
    try:
        for section in _SECTION.finditer(rule):
            parts = {name: values.split("`")[-2] for name, values in _PART.findall(section["parts"])}
            path, agent = parts.get("PathRegexp", ""), parts.get("HeaderRegexp", "")
            condition = Condition(parts.get("Host", ""), path and path_of(path), agent and agent_of(agent))
            yield from (key_of(parse_network(net), condition) for net in _NET.findall(section["nets"]))
    except GuardError:
        raise ApplyError("Traefik uses another list than one of apiwatch; look at its routers") from None
