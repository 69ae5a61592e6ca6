"""Caddy 2: a Caddyfile snippet, imported at the top and then used in each site.

`error` ends a request like `respond`, but sites seldom use it: the global option `order error first` can put it before
every other directive, `handle` and `redir` included, without moving what the site itself does.
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
from apiwatch.blocklist.networks import bare, canonical, collapsed, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.planning import plan as plan_of
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected, written
from apiwatch.errors import ApplyError

__all__ = ["Caddy"]

_COMMENT = 120
_MARK = "apiwatch blocklist"
"""The text of the error, by which the running configuration shows where the list is."""

_HEAD = ("(apiwatch) {", "\t@apiwatch_blocked {")
_NOBODY = "\t\tremote_ip"
"""Without addresses it matches no request."""

_TAIL = ("\t}", f'\terror @apiwatch_blocked "{_MARK}" 403', "}")
_FRAME = frozenset((*_HEAD, _NOBODY, *_TAIL))
_LINE = re.compile(r"(?:\t\t(not )?remote_ip ([0-9a-f:./]+))?|(?:\t\t)?#.*", re.ASCII)
_CONFIG = "{\n\torder error first\n}\nimport list.caddy\nhttp://localhost:65535 {\n\timport apiwatch\n}\n"
_ADMIN = "http://127.0.0.1:2019"


class Caddy(Target):
    """A file with the snippet `(apiwatch)`."""

    name = "caddy"
    title = "Caddyfile snippet"
    suffix = "caddy"
    mode = 0o644
    caps = Caps(comment=_COMMENT, layer="http", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        lines = [f"# {note}" for note in notes(plan)]
        lines += _HEAD
        allowed = [parse_network(text) for text in allow]
        for version in (4, 6):
            lines += [f"\t\tnot remote_ip {bare(network)}" for network in collapsed(allowed, version)]
        for row in plan.rows:
            lines += [f"\t\t{above(row, _COMMENT)}", f"\t\tremote_ip {bare(row.network)}"]
        if not plan.rows:
            lines.append(_NOBODY)
        return "\n".join([*lines, *_TAIL, ""])

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
                if read[1] is None:
                    found.append(network)
        return found

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
            if at and at[0] > 0:
                raise ApplyError(
                    f"Caddy lets other directives answer before the list; put `order error first` into the global "
                    f"options of {self._config}"
                )
            lists |= {_ranges(routes[number]) for number in at}
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


def _ranges(route: Any) -> frozenset[str]:
    texts = (text for match in route.get("match") or () for text in match.get("remote_ip", {}).get("ranges") or ())
    return frozenset(canonical(text) for text in texts)
