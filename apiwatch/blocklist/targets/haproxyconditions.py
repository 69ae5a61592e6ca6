"""HAProxy: patterns for entries with conditions, for which an access list of addresses (target `haproxy`) has no room.

A pattern is compared with one text that the configuration makes of each request: the address as hexadecimal digits,
the path, the host and the user agent, with a blank between them. The path is decoded; `//` and `..`
stay as they are. What is blocked everywhere is written, too, so that one list is enough where it is short.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import Reloaded, ServerFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import above, notes
from apiwatch.blocklist.conditions import literal, read_portable
from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.blocklist.planning import Plan, Row, key_of
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path, unexpected
from apiwatch.blocklist.targets.lines import NET
from apiwatch.blocklist.targets.sections import CONDITIONS, Sections, mark
from apiwatch.model.condition import ALWAYS, Condition

__all__ = ["HAProxyConditions"]

_COMMENT = 120
_REQUEST = (
    'http-request set-var-fmt(txn.apiwatch) "%[src,hex] '
    "%[path,url_dec,regsub('[^!-~]','_',g)] %[req.hdr(host),lower] %[req.hdr(user-agent)]\""
)
_DENY = "http-request deny deny_status 403 if {{ var(txn.apiwatch) -m reg -f {file} }}"
_CONFIG = f"""defaults
    mode http
    timeout client 1s
    timeout server 1s
    timeout connect 1s
frontend check
    bind unix@check.sock
    {_REQUEST}
    {_DENY}
"""
_NET = re.compile(rf"#= {NET}", re.ASCII)
_MAPPED = f"(?:{'0' * 20}FFFF)?"


class HAProxyConditions(Sections):
    """A file for `-m reg -f FILE`; above each pattern stands the network that it is for."""

    name = "haproxy-conditions"
    title = "HAProxy patterns with conditions"
    suffix = "patterns"
    mode = 0o644
    caps = Caps(comment=_COMMENT, max_entries=1000, conditions=CONDITIONS, layer="http", sees="both")
    remarks = re.compile(r"#(?![|=]).*|", re.ASCII)

    def head(self, plan: Plan) -> Sequence[str]:
        """See `Sections.head`."""
        self._require_room(plan, "HAProxy tries one pattern after the other; use the target haproxy for what is long")
        return notes(plan)

    def frame(self, conditions: Sequence[Condition]) -> Iterator[str | int]:
        """See `Sections.frame`."""
        yield 0
        for place, condition in enumerate(conditions, 1):
            yield from (mark(condition), place)

    def entered(self, rows: Sequence[Row], allowed: Sequence[Network], place: int) -> Iterator[str]:
        """See `Sections.entered`; exceptions cannot be said: nothing that is allowed is ever listed."""
        for row in rows:
            yield from (above(row, _COMMENT), f"#= {row.net}", pattern(row.network, row.condition))

    def read(self, lines: Sequence[str]) -> list[str]:
        """See `Sections.read`."""
        found: list[str] = []
        condition = ALWAYS
        rest = iter(lines)
        for line in rest:
            if told := self.marks.fullmatch(line):
                condition = read_portable(told["only"])
            elif net := _NET.fullmatch(line):
                network = parse_network(net["net"])
                if next(rest, "") != pattern(network, condition):
                    raise unexpected(line)
                found.append(key_of(network, condition))
            else:
                raise unexpected(line)
        return found

    def _validated(self, content: bytes) -> CheckResult:
        """`haproxy -c`."""
        return check_list(("haproxy",), "list.patterns", b"# no entries\n", content, _ways)

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `check` and `reload`, commands with their arguments."""
        given = Options(self.name, options, ("path", "check", "reload"))
        check = given.command("check", "haproxy -c -q -f /etc/haproxy/haproxy.cfg")
        reload = given.command("reload", "systemctl reload haproxy")
        return ServerFile(self, given.path("path"), Reloaded(run, check, reload))

    def commands(self, paths: Sequence[str]) -> Commands:
        """The two lines of haproxy.cfg that use the file, then a reload."""
        path = quoted_path(paths)
        reload = "haproxy -c -q -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy"
        return Commands(
            apply=(
                f"# once, first in each frontend: {_REQUEST}",
                f"# once, below it: {_DENY.format(file=path)}  (its absolute path)",
                reload,
            ),
            verify=(f"echo 'show acl' | socat - /run/haproxy/admin.sock | grep -F -e {path}",),
            undo=(f": > {path} && {reload}",),
        )


def pattern(network: Network, condition: Condition) -> str:
    r"""What the text of a request looks like that is meant.

    >>> pattern(parse_network("203.0.113.64/26"), Condition(path="/users"))[24:]
    'FFFF)?CB0071[4-7][0-9A-F]{1}\\x20/users(?:/[^ ]*)?\\x20'
    """
    digits = network.max_prefixlen // 4
    whole, rest = divmod(network.prefixlen, 4)
    first = f"{int(network.network_address):0{digits}X}"
    last = f"{int(network.broadcast_address):0{digits}X}"
    some = f"[{first[whole]}-{last[whole]}]" if rest else ""
    free = digits - whole - bool(rest)
    address = f"{_MAPPED if network.version == 4 else ''}{first[:whole]}{some}"
    path = rf"{literal(condition.path)}(?:/[^ ]*)?" if condition.path else "[^ ]*"
    host = rf"{literal(condition.host)}\x2e?(?::[0-9]*)?" if condition.host else "[^ ]*"
    agent = rf"\x20.*{literal(condition.agent)}" if condition.agent else r"\x20"
    behind = rf"{path}\x20{host}{agent}" if condition.host or condition.agent else rf"{path}\x20"
    return rf"^{address}{f'[0-9A-F]{{{free}}}' if free else ''}\x20{behind if condition else ''}"


def _ways(haproxy: str, directory: Path) -> list[list[str]]:
    (directory / "haproxy.cfg").write_text(_CONFIG.format(file=directory / "list.patterns"))
    return [[haproxy, "-c", "-f", "haproxy.cfg"]]
