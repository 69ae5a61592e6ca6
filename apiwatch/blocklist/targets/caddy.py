"""Caddy 2: a Caddyfile snippet, imported at the top and then used in each site.

`error` ends a request like `respond`, but sites seldom use it: the global option `order error first` can put it before
every other directive, `handle` and `redir` included, without moving what the site itself does. Paths are compared as
Caddy reads them: decoded, `//` and `..` resolved, capitals as they are (Caddy's own `path` would not tell them apart).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from apiwatch.blocklist.appliers.adminapi import ask
from apiwatch.blocklist.appliers.common import done
from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import ServerFile, wait_for
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import above, notes
from apiwatch.blocklist.conditions import agent_of, literal, path_of, path_regex
from apiwatch.blocklist.networks import Network, bare, parse_network, united
from apiwatch.blocklist.planning import Plan, Row, key_of
from apiwatch.blocklist.planning import plan as plan_of
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path, written
from apiwatch.blocklist.targets.lines import NET
from apiwatch.blocklist.targets.sections import CONDITIONS, Sections, mark
from apiwatch.errors import ApplyError, GuardError
from apiwatch.model.condition import Condition

__all__ = ["Caddy"]

_COMMENT = 120
_MARK = "apiwatch blocklist"
"""The text of the error, by which the running configuration shows where the list is."""

_HEAD = ("(apiwatch) {", "\t@apiwatch_blocked {")
_NOBODY = "\t\tremote_ip"
"""Without addresses it matches no request."""

_REFUSE = f'"{_MARK}" 403'
_TAIL = ("\t}", f"\terror @apiwatch_blocked {_REFUSE}", "}")
_CONFIG = "{\n\torder error first\n}\nimport list.caddy\nhttp://localhost:65535 {\n\timport apiwatch\n}\n"
_ADMIN = "http://127.0.0.1:2019"


class Caddy(Sections):
    """A file with the snippet `(apiwatch)`."""

    name = "caddy"
    title = "Caddyfile snippet"
    suffix = "caddy"
    mode = 0o644
    caps = Caps(comment=_COMMENT, conditions=CONDITIONS, layer="http", sees="peer")
    row = re.compile(rf"\t\tremote_ip {NET}", re.ASCII)
    fixed = re.compile(r"\t\tnot remote_ip \S+|\t\tremote_ip", re.ASCII)

    def head(self, plan: Plan) -> Sequence[str]:
        """See `Sections.head`."""
        return notes(plan)

    def frame(self, conditions: Sequence[Condition]) -> Iterator[str | int]:
        """See `Sections.frame`: a matcher for each section, and an error for each."""
        yield from (*_HEAD, 0)
        for place, condition in enumerate(conditions, 1):
            yield from ("\t}", f"\t{mark(condition)}", f"\t@apiwatch_{place} {{", *_matchers(condition))
            yield place
        yield from _TAIL[:-1]
        yield from (f"\terror @apiwatch_{place} {_REFUSE}" for place in range(1, len(conditions) + 1))
        yield _TAIL[-1]

    def entered(self, rows: Sequence[Row], allowed: Sequence[Network], place: int) -> Iterator[str]:
        """See `Sections.entered`."""
        yield from (f"\t\tnot remote_ip {bare(network)}" for network in united(allowed))
        for row in rows:
            yield from (f"\t\t{above(row, _COMMENT)}", f"\t\tremote_ip {bare(row.network)}")
        if not rows:
            yield _NOBODY

    def _validated(self, content: bytes) -> CheckResult:
        """`caddy validate`."""
        return check_list(("caddy",), "list.caddy", self._text(plan_of((), 0.0), ()).encode(), content, _ways)

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `config`, the Caddyfile; `caddy`, a command; `admin`, the address of its API."""
        given = Options(self.name, options, ("path", "config", "caddy", "admin"))
        config = given.path("config", "/etc/caddy/Caddyfile")
        admin = given.url("admin", _ADMIN) or _ADMIN
        return ServerFile(self, given.path("path"), _Running(run, given.command("caddy", "caddy"), config, admin))

    def commands(self, paths: Sequence[str]) -> Commands:
        """The lines of the Caddyfile that use the file, then a reload that keeps the old list when it fails."""
        path = quoted_path(paths)
        reload = "caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile"
        return Commands(
            apply=(
                "# once, in the global options { } at the top of the Caddyfile: order error first",
                f"# once, below them: import {path}  (its absolute path); in each site: import apiwatch",
                reload,
            ),
            verify=(f"curl -s {_ADMIN}/config/ | grep -c '{_MARK}'",),
            undo=(f"{written((*_HEAD, _NOBODY, *_TAIL), path)} && {reload}",),
        )


def _matchers(condition: Condition) -> Iterator[str]:
    """A line for each part; a pattern in double quotes holds nothing that Caddy replaces."""
    if condition.host:
        yield f"\t\thost {condition.host}"
    if condition.path:
        yield f'\t\tpath_regexp "{path_regex(condition.path)}"'
    if condition.agent:
        yield f'\t\theader_regexp User-Agent "{literal(condition.agent)}"'


def _ways(caddy: str, directory: Path) -> list[list[str]]:
    (directory / "Caddyfile").write_text(_CONFIG)
    return [[caddy, "validate", "--config", "Caddyfile", "--adapter", "caddyfile"]]


class _Running:
    """A running Caddy: a configuration that it does not take leaves the old one in force."""

    def __init__(self, run: Run, caddy: Sequence[str], config: str, admin: str) -> None:
        self._run = run
        self._caddy = caddy
        self._config = config
        self._admin = admin

    def take(self, nets: frozenset[str]) -> None:
        """See `Server.take`."""
        about = ["--config", self._config, "--adapter", "caddyfile"]
        done(self._run, [*self._caddy, "validate", *about])
        done(self._run, [*self._caddy, "reload", *about, "--address", self._admin.split("://", 1)[1]])
        wait_for(
            nets,
            self.loaded,
            f"Caddy does not use the list; {self._config} must import it, and each site must `import apiwatch`",
        )

    def loaded(self) -> frozenset[str]:
        """See `Server.loaded`. ApplyError when sites differ, or let other directives answer before the list."""
        lists: set[frozenset[str]] = set()
        for routes in _routes(ask(f"{self._admin}/config/")):
            at = [number for number, route in enumerate(routes) if _is_ours(route)]
            if at != list(range(len(at))):
                raise ApplyError(
                    f"Caddy lets other directives answer before the list; put `order error first` into the global "
                    f"options of {self._config}"
                )
            if at:
                lists.add(frozenset(key for number in at for key in _keys(routes[number])))
        if len(lists) > 1:
            raise ApplyError(f"Caddy's sites hold different lists; reload it with {self._config}")
        return lists.pop() if lists else frozenset()


def _routes(node: Any) -> Iterator[list[Any]]:
    """Every list of routes in a configuration."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "routes" and isinstance(value, list):
                yield value
            yield from _routes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _routes(value)


def _is_ours(route: Any) -> bool:
    return any(step.get("handler") == "error" and step.get("error") == _MARK for step in route.get("handle") or ())


def _keys(route: Any) -> Iterator[str]:
    """What a route of ours blocks; ApplyError when it compares anything else than ours do."""
    try:
        for match in route.get("match") or ():
            (host,) = match.get("host", ("",))
            path = match["path_regexp"]["pattern"] if "path_regexp" in match else ""
            agent = match["header_regexp"]["User-Agent"]["pattern"] if "header_regexp" in match else ""
            condition = Condition(host, path and path_of(path), agent and agent_of(agent))
            for text in match.get("remote_ip", {}).get("ranges") or ():
                yield key_of(parse_network(text), condition)
    except (GuardError, KeyError, TypeError, ValueError):
        raise ApplyError("Caddy uses another list than one of apiwatch; reload it") from None
