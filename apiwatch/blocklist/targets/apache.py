"""Apache httpd (mod_authz_core, mod_authz_host): one `<Location "/">` for the server configuration.

`AuthMerging And` leaves every other rule of the site in force: the list can only take away. Included outside of the
virtual hosts it holds in all of them. Apache takes no comment behind a directive, so reasons stand above,
and it refuses a /0, which therefore becomes two halves.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import Reloaded, ServerFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import above, notes
from apiwatch.blocklist.networks import Network, bare, canonical, collapsed, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected

__all__ = ["Apache"]

_COMMENT = 120
_HEAD = ('<Location "/">', "AuthMerging And", "<RequireAny>")
_LIST = ("<RequireAll>", "Require all granted")
_TAIL = ("</RequireAll>", "</RequireAny>", "</Location>")
_FRAME = frozenset((*_HEAD, *_LIST, *_TAIL))
_LINE = re.compile(r"(?:Require (not )?ip (\S+))?(?:#.*)?", re.ASCII)
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


class Apache(Target):
    """A file to include once, outside of the virtual hosts."""

    name = "apache"
    title = "Apache httpd include"
    suffix = "conf"
    caps = Caps(comment=_COMMENT, layer="http", sees="both")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        lines = [f"# {note}" for note in notes(plan)]
        lines += _HEAD
        allowed = [parse_network(text) for text in allow]
        for version in (4, 6):
            for network in collapsed(allowed, version):
                halves: Iterable[Network] = [network] if network.prefixlen else network.subnets()
                lines += [f"Require ip {bare(half)}" for half in halves]
        lines += _LIST
        for row in plan.rows:
            lines += [above(row, _COMMENT), f"Require not ip {bare(row.network)}"]
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
                if read[1] is not None:
                    found.append(network)
        return found

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


def _ways(apache: str, directory: Path) -> list[list[str]]:
    """One for each directory in which distributions keep the modules."""
    found: list[list[str]] = []
    for modules in filter(lambda path: Path(path).is_dir(), _MODULES):
        config = directory / f"httpd{len(found)}.conf"
        config.write_text(_CONFIG.format(modules=modules, file=directory / "list.conf"))
        found.append([apache, "-t", "-d", str(directory), "-f", str(config)])
    return found
