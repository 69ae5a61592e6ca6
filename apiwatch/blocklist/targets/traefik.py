"""Traefik 3: a file for the directory of its file provider. Traefik denies nothing, so a router that comes first does.

One network that Traefik does not understand would switch the router off and let everybody in; it has no check mode
either. So the address of its API is worth to be configured: it says which rule is in force.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from apiwatch.blocklist.appliers.adminapi import ask
from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import ServerFile, wait_for
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.comments import comment, notes
from apiwatch.blocklist.networks import bare, canonical, collapsed, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, Commands, Target, quoted_path, unexpected
from apiwatch.errors import ApplyError

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

_FIRST, _MORE, _EXCEPT = "        (", "        || ", "        && !"
_FRAME = frozenset((*_HEAD, *_ROUTERS, *_RULE_ENDS, *_TAIL))
_LINE = re.compile(r"(?:        (\(|\|\| |&& !)ClientIP\(`([0-9a-f:./]+)`\))?|#.*", re.ASCII)
_RULE = re.compile(r"(!?)ClientIP\(`([0-9a-f:./]+)`\)", re.ASCII)


class Traefik(Target):
    """A file for `providers.file.directory`."""

    name = "traefik"
    title = "Traefik dynamic configuration"
    suffix = "yml"
    mode = 0o644
    caps = Caps(comment=_COMMENT, layer="http", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        lines = [f"# {note}" for note in notes(plan)]
        allowed = [parse_network(text) for text in allow]
        lines += [f"# {bare(row.network)} {comment(row, _COMMENT)}".rstrip() for row in plan.rows]
        lines += _HEAD
        if plan.rows:
            lines += _ROUTERS
            lines += [f"{_MORE if at else _FIRST}ClientIP(`{bare(row.network)}`)" for at, row in enumerate(plan.rows)]
            lines += _RULE_ENDS
            for version in (4, 6):
                lines += [f"{_EXCEPT}ClientIP(`{bare(network)}`)" for network in collapsed(allowed, version)]
            lines += _TAIL
        return "\n".join([*lines, ""])

    def _parsed(self, text: str) -> Sequence[str]:
        found: list[str] = []
        for line in text.splitlines():
            if line in _FRAME:
                continue
            read = _LINE.fullmatch(line)
            if read is None:
                raise unexpected(line)
            if read[2] is not None:
                network = canonical(read[2])
                if not read[1].endswith("!"):
                    found.append(network)
        return found

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
        return frozenset(canonical(net) for no, net in _RULE.findall(router.get("rule", "")) if not no)
