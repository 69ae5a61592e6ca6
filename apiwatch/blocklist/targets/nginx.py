"""nginx (ngx_http_geo_module, ngx_http_map_module): a file for `http { }` that defines `$apiwatch_block`.

`deny` lines would not do: a location that answers with `return` runs before them, and a location with access rules of
its own does not inherit them. Nothing in nginx expires by itself, so the file says until when it is right. Paths are
compared as nginx reads them (`$uri`: decoded, `//` and `..` resolved), before any `rewrite`.
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
from apiwatch.blocklist.conditions import literal, path_regex
from apiwatch.blocklist.networks import Network, bare, united
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path, written
from apiwatch.blocklist.targets.lines import NET
from apiwatch.blocklist.targets.sections import CONDITIONS, Sections, mark
from apiwatch.model.condition import Condition

__all__ = ["Nginx"]

_COMMENT = 120
_EMPTY = "geo $apiwatch_block {\n\tdefault 0;\n}\n"
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
    include apiwatch.conf;
    server {
        listen unix:nginx.sock;
        if ($apiwatch_block) { return 403; }
    }
}
"""


class Nginx(Sections):
    """A file to include in `http { }`; it says 1 in `$apiwatch_block` for what is blocked."""

    name = "nginx"
    title = "nginx include"
    suffix = "conf"
    caps = Caps(comment=_COMMENT, conditions=CONDITIONS, layer="http", sees="both")
    row = re.compile(rf"\t{NET} 1;(?: #.*)?", re.ASCII)
    fixed = re.compile(r"\t\S+ 0; # allowed", re.ASCII)

    def head(self, plan: Plan) -> Sequence[str]:
        """See `Sections.head`."""
        return notes(plan)

    def frame(self, conditions: Sequence[Condition]) -> Iterator[str | int]:
        """See `Sections.frame`: `$apiwatch_N` is 1 for networks of a section; one pattern for each looks at requests.

        Few variables, since nginx warns when there are many.
        """
        yield from (f"geo {'$apiwatch_0' if conditions else '$apiwatch_block'} {{", "\tdefault 0;", 0, "}")
        for place, condition in enumerate(conditions, 1):
            yield from (mark(condition), f"geo $apiwatch_{place} {{", "\tdefault 0;", place, "}")
        if conditions:
            digits = "".join(f"$apiwatch_{place}" for place in range(len(conditions) + 1))
            yield from (
                f'map "{digits}\\n$host\\n$http_user_agent\\n$uri" $apiwatch_block {{',
                "\tdefault 0;",
                "\t~^1 1;",
            )
            yield from (f'\t"~{_pattern(place, condition)}" 1;' for place, condition in enumerate(conditions, 1))
            yield "}"

    def entered(self, rows: Sequence[Row], allowed: Sequence[Network], place: int) -> Iterator[str]:
        """See `Sections.entered`: the narrowest network decides."""
        yield from (f"\t{bare(network)} 0; # allowed" for network in united(allowed))
        yield from (f"\t{bare(row.network)} 1;" + self._comment(row, " # ") for row in rows)

    def _validated(self, content: bytes) -> CheckResult:
        """`nginx -t`; older ones have no `-e`. A warning is an objection: it says that bits behind a prefix are cut."""
        result = check_list(("nginx",), "apiwatch.conf", _EMPTY.encode(), content, _ways)
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
                f"# once, in http {{ }}: include {path};  (its absolute path)",
                "# once, in each server { }: if ($apiwatch_block) { return 403; }",
                reload,
            ),
            verify=(f"nginx -T 2>/dev/null | grep -F -A1 -e {path}",),
            undo=(f"{written(_EMPTY.splitlines(), path)} && {reload}",),
        )


def _pattern(place: int, condition: Condition) -> str:
    r"""For a line of digits, the host, the user agent and the path, which alone can have more than one line.

    >>> _pattern(2, Condition(path="/users"))
    '^.{2}1.*\\n.*\\n.*\\n/users(?:/|\\z)'
    """
    host = rf"(?i:{literal(condition.host)})" if condition.host else ".*"
    agent = f".*{literal(condition.agent)}.*" if condition.agent else ".*"
    path = rf"\n{path_regex(condition.path).removeprefix('^')}" if condition.path else ""
    return rf"^.{{{place}}}1.*\n{host}\n{agent}{path}"


def _ways(nginx: str, directory: Path) -> list[list[str]]:
    (directory / "nginx.conf").write_text(_CONFIG)
    command = [nginx, "-t", "-q", "-p", str(directory), "-c", "nginx.conf"]
    return [[*command, "-e", "stderr"], command]
