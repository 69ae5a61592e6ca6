"""nginx (ngx_http_geo_module): lines for the inside of a `geo` block.

`deny` lines would not do: a location that answers with `return` runs before them, and a location with access rules of
its own does not inherit them. Nothing in nginx expires by itself, so the file says until when it is right.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import Reloaded, ServerFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import notes
from apiwatch.blocklist.networks import Network, bare, united
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path
from apiwatch.blocklist.targets.lines import NET, Lines

__all__ = ["Nginx"]

_COMMENT = 120
_CONFIG = """daemon off;
pid nginx.pid;
error_log stderr;
events { }
http {
    access_log off;
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
    geo $apiwatch_block {
        default 0;
        include apiwatch-geo.conf;
    }
    server {
        listen unix:nginx.sock;
        if ($apiwatch_block) { return 403; }
    }
}
"""


class Nginx(Lines):
    """A file to include in `geo $apiwatch_block { default 0; include FILE; }`."""

    name = "nginx"
    title = "nginx geo include"
    suffix = "conf"
    caps = Caps(comment=_COMMENT, layer="http", sees="both")
    row = re.compile(rf"{NET} 1;(?: #.*)?", re.ASCII)
    fixed = re.compile(r"(?:\S+ 0; # allowed|#.*)?", re.ASCII)

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        yield from notes(plan)
        yield from (f"{bare(network)} 0; # allowed" for network in united(allowed))
        for row in plan.rows:
            yield f"{bare(row.network)} 1;" + self._comment(row, " # ")

    def _validated(self, content: bytes) -> CheckResult:
        """`nginx -t`; older ones have no `-e`. A warning is an objection: it says that bits behind a prefix are cut."""
        result = check_list(("nginx",), "apiwatch-geo.conf", b"# no entries\n", content, _ways)
        return replace(result, ok=result.ok and "[warn]" not in result.output)

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `check` and `reload`, commands with their arguments."""
        given = Options(self.name, options, ("path", "check", "reload"))
        server = Reloaded(run, given.command("check", "nginx -t"), given.command("reload", "nginx -s reload"))
        return ServerFile(self, given.path("path"), server)

    def commands(self, paths: Sequence[str]) -> Commands:
        """The two lines of nginx.conf that use the file, then a reload."""
        path = quoted_path(paths)
        reload = "nginx -t && nginx -s reload"
        return Commands(
            apply=(
                f"# once, in http {{ }}: geo $apiwatch_block {{ default 0; include {path}; }}  (its absolute path)",
                "# once, in each server { }: if ($apiwatch_block) { return 403; }",
                reload,
            ),
            verify=(f"nginx -T 2>/dev/null | grep -F -A1 -e {path}",),
            undo=(f": > {path} && {reload}",),
        )


def _ways(nginx: str, directory: Path) -> list[list[str]]:
    (directory / "nginx.conf").write_text(_CONFIG)
    command = [nginx, "-t", "-q", "-p", str(directory), "-c", "nginx.conf"]
    return [[*command, "-e", "stderr"], command]
