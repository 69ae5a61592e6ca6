"""Apache httpd (mod_authz_core, mod_authz_host): one `<Location "/">` for the server configuration.

`AuthMerging And` leaves every other rule of the site in force: the list can only take away. Included outside of the
virtual hosts it holds in all of them. Paths are compared as Apache reads them (`REQUEST_URI`: decoded, `//` and `..`
resolved), after rules of the server that pass a rewritten path on. Apache takes no comment behind a directive, so
reasons stand above, and it refuses a /0, which therefore becomes two halves.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import Reloaded, ServerFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import above, notes
from apiwatch.blocklist.conditions import host_regex, literal, path_regex
from apiwatch.blocklist.networks import Network, bare, united
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET
from apiwatch.blocklist.targets.sections import ALLOWED, CONDITIONS, Sections, mark
from apiwatch.model.condition import Condition

__all__ = ["Apache"]

_COMMENT = 120
_HEAD = ('<Location "/">', "AuthMerging And", "<RequireAny>")
_LIST = ("<RequireAll>", "Require all granted")
_TAIL = ("</RequireAll>", "</RequireAny>", "</Location>")
_NEVER = re.compile(r"(?!)")
_OPEN = re.compile(r"Require ip \S+", re.ASCII)
_ROW = re.compile(rf"Require ip {NET}", re.ASCII)
_ROW_0 = re.compile(rf"Require not ip {NET}", re.ASCII)
_MODULES = (
    "/usr/lib/apache2/modules",
    "/usr/lib64/httpd/modules",
    "/usr/lib/httpd/modules",
    "/usr/lib64/apache2",
    "/usr/local/apache2/modules",
)
_CONFIG = """ServerName localhost
PidFile apache.pid
DefaultRuntimeDir .
ErrorLog error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_host_module {modules}/mod_authz_host.so
Listen 127.0.0.1:65535
Include {file}
"""


class Apache(Sections):
    """A file to include once, outside of the virtual hosts."""

    name = "apache"
    title = "Apache httpd include"
    suffix = "conf"
    caps = Caps(
        comment=_COMMENT, max_entries=2000, conditions=CONDITIONS, layer="http", sees="both"
    )  # it tries one after the other

    def patterns(self, place: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """See `Sections.patterns`."""
        return (_NEVER, _OPEN) if place == ALLOWED else (_ROW if place else _ROW_0, _NEVER)

    def head(self, plan: Plan) -> Sequence[str]:
        """See `Sections.head`."""
        return notes(plan)

    def frame(self, conditions: Sequence[Condition]) -> Iterator[str | int]:
        """See `Sections.frame`: a section with a condition fails when a network and all of its expressions hold."""
        yield from (*_HEAD, ALLOWED, *_LIST, 0)
        for place, condition in enumerate(conditions, 1):
            yield from (mark(condition), "<RequireNone>", "<RequireAll>", *_expressions(condition), "<RequireAny>")
            yield from (place, "</RequireAny>", "</RequireAll>", "</RequireNone>")
        yield from _TAIL

    def entered(self, rows: Sequence[Row], allowed: Sequence[Network], place: int) -> Iterator[str]:
        """See `Sections.entered`."""
        if place == ALLOWED:
            for network in united(allowed):
                halves: Iterable[Network] = [network] if network.prefixlen else network.subnets()
                yield from (f"Require ip {bare(half)}" for half in halves)
        for row in rows:
            yield from (above(row, _COMMENT), f"Require {'' if place else 'not '}ip {bare(row.network)}")

    def _validated(self, content: bytes) -> CheckResult:
        """`apache2 -t`, or `httpd -t`."""
        return check_list(("apache2", "httpd"), "list.conf", b"# no entries\n", content, _ways)

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `check` and `reload`, commands with their arguments."""
        given = Options(self.name, options, ("path", "check", "reload"))
        check, reload = given.command("check", "apachectl configtest"), given.command("reload", "apachectl graceful")
        return ServerFile(self, given.path("path"), Reloaded(run, check, reload))

    def commands(self, paths: Sequence[str]) -> Commands:
        """One line of the server configuration that uses the file, then a graceful reload."""
        path = quoted_path(paths)
        reload = "apachectl configtest && apachectl graceful"
        return Commands(
            apply=(f"# once, outside of every <VirtualHost>: Include {path}  (its absolute path)", reload),
            verify=(f"apachectl -t -D DUMP_INCLUDES | grep -F -e {path}",),
            undo=(f": > {path} && {reload}",),
        )


def _expressions(condition: Condition) -> Iterator[str]:
    """A line for each part; the patterns hold no `#`, which ends them, and no quote."""
    if condition.host:
        yield f'Require expr "%{{HTTP_HOST}} =~ m#{host_regex(condition.host)}#"'
    if condition.path:
        yield f'Require expr "%{{REQUEST_URI}} =~ m#{path_regex(condition.path)}#"'
    if condition.agent:
        yield f'Require expr "%{{HTTP_USER_AGENT}} =~ m#{literal(condition.agent)}#"'


def _ways(apache: str, directory: Path) -> list[list[str]]:
    """One for each directory in which distributions keep the modules."""
    found: list[list[str]] = []
    for modules in filter(lambda path: Path(path).is_dir(), _MODULES):
        config = directory / f"httpd{len(found)}.conf"
        config.write_text(_CONFIG.format(modules=modules, file=directory / "list.conf"))
        found.append([apache, "-t", "-d", str(directory), "-f", str(config)])
    return found
