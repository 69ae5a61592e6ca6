"""HAProxy: an access list file, and the runtime API that replaces it in the running process without a reload.

`#` starts a comment only at the start of a line, so reasons stand above. The runtime API changes the memory alone; the
file is written as well, so that a restart does not bring back an old list. `set-acl` transactions need HAProxy 2.4.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.haproxysocket import AdminSocket
from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import Reloaded, ServerFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import above, notes
from apiwatch.blocklist.networks import bare, canonical, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected

__all__ = ["HAProxy"]

_COMMENT = 120
_LINE = re.compile(r"([0-9a-f:.]+(?:/[0-9]+)?)?|#.*", re.ASCII)
_CONFIG = """defaults
    mode http
    timeout client 1s
    timeout server 1s
    timeout connect 1s
frontend check
    bind unix@check.sock
    http-request deny deny_status 403 if {{ src -f {file} }}
"""


class HAProxy(Target):
    """A file for `src -f FILE`. It has no exceptions: nothing that is allowed is ever listed."""

    name = "haproxy"
    title = "HAProxy access list"
    suffix = "acl"
    mode = 0o644
    caps = Caps(comment=_COMMENT, layer="http", sees="both")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        for text in allow:
            parse_network(text)
        lines = [f"# {note}" for note in notes(plan)]
        for row in plan.rows:
            lines += [above(row, _COMMENT), bare(row.network)]
        return "\n".join([*lines, ""])

    def _parsed(self, text: str) -> Sequence[str]:
        found: list[str] = []
        for line in text.splitlines():
            read = _LINE.fullmatch(line)
            if read is None:
                raise unexpected(line)
            if read[1] is not None:
                found.append(canonical(read[1]))
        return found

    def _validated(self, content: bytes) -> CheckResult:
        """`haproxy -c`."""
        return check_list(("haproxy",), "list.acl", b"# no entries\n", content, _ways)

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list, as the configuration names it; `socket` with `level admin`.

        Without a socket `check` and `reload`, commands with their arguments, and no read-back from the process.
        """
        given = Options(self.name, options, ("path", "socket", "check", "reload"))
        path = given.path("path")
        if "socket" in options:
            return ServerFile(self, path, AdminSocket(given.path("socket"), path))
        check = given.command("check", "haproxy -c -q -f /etc/haproxy/haproxy.cfg")
        return ServerFile(self, path, Reloaded(run, check, given.command("reload", "systemctl reload haproxy")))

    def commands(self, paths: Sequence[str]) -> Commands:
        """The line of haproxy.cfg that uses the file, then a reload."""
        path = quoted_path(paths)
        reload = "haproxy -c -q -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy"
        return Commands(
            apply=(
                f"# once, first in each frontend: http-request deny deny_status 403 if {{ src -f {path} }}"
                "  (its absolute path)",
                reload,
            ),
            verify=(f"echo 'show acl' | socat - /run/haproxy/admin.sock | grep -F -e {path}",),
            undo=(f": > {path} && {reload}",),
        )


def _ways(haproxy: str, directory: Path) -> list[list[str]]:
    (directory / "haproxy.cfg").write_text(_CONFIG.format(file=directory / "list.acl"))
    return [[haproxy, "-c", "-f", "haproxy.cfg"]]
