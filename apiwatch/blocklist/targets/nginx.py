"""nginx (ngx_http_geo_module): lines for the inside of a `geo` block.

`deny` lines would not do: a location that answers with `return` runs before them, and a location with access rules of
its own does not inherit them. Nothing in nginx expires by itself, so the file says until when it is right.
"""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from apiwatch.blocklist.comments import comment, heading, utc
from apiwatch.blocklist.networks import bare, canonical, collapsed, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.running import find, run
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected

__all__ = ["Nginx"]

_COMMENT = 120
_LINE = re.compile(r"(?:(\S+) ([01]);)?(?:(?:^| )#.*)?", re.ASCII)
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


class Nginx(Target):
    """A file to include in `geo $apiwatch_block { default 0; include FILE; }`."""

    name = "nginx"
    title = "nginx geo include"
    suffix = "conf"
    caps = Caps(comment=_COMMENT, layer="http", sees="both")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        lines = [f"# {heading(plan)}"]
        ends = [row.expires for row in plan.rows if row.expires is not None]
        if ends:
            lines.append(f"# nothing here expires by itself: export again after {utc(min(ends))}")
        if not plan.rows:
            lines.append("# no entries")
        allowed = [parse_network(text) for text in allow]
        for version in (4, 6):
            own = collapsed(allowed, version)
            lines += [f"{bare(network)} 0; # allowed" for network in own]
        for row in plan.rows:
            text = comment(row, _COMMENT)
            lines.append(f"{bare(row.network)} 1;" + (f" # {text}" if text else ""))
        return "\n".join([*lines, ""])

    def _parsed(self, text: str) -> Sequence[str]:
        found: list[str] = []
        for line in text.splitlines():
            read = _LINE.fullmatch(line)
            if read is None:
                raise unexpected(line)
            if read[1] is not None:
                network = canonical(read[1])
                if read[2] == "1":
                    found.append(network)
        return found

    def _validated(self, content: bytes) -> CheckResult:
        """`nginx -t` on a configuration of our own around the file, in a directory that is then removed."""
        nginx = find("nginx")
        if nginx is None:
            return CheckResult(False, False, "nginx", "nginx is not installed here")
        with tempfile.TemporaryDirectory(prefix="apiwatch-") as name:
            directory = Path(name)
            (directory / "nginx.conf").write_text(_CONFIG)
            include = directory / "apiwatch-geo.conf"
            command = [nginx, "-t", "-q", "-p", name, "-c", "nginx.conf", "-e", "stderr"]
            reason = ""
            for arguments in (command, command[:-2]):
                include.write_bytes(b"# no entries\n")
                probe = run(arguments, directory)
                if probe.ok:
                    include.write_bytes(content)
                    outcome = run(arguments, directory)
                    fine = outcome.ok and "[warn]" not in outcome.output
                    return CheckResult(outcome.code is not None, fine, "nginx", outcome.output)
                reason = reason or probe.output
        return CheckResult(False, False, "nginx", f"nginx cannot check here: {reason}")

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
