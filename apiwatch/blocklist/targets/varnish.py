"""Varnish 7 (VCL 4.1): an access list and the lines of `vcl_recv` that use it, to include before any other `vcl_recv`.

In an access list the most specific entry decides, and `!` makes it an exception. Strings and comments take no
character that VCL treats specially, since networks are canonical and comments are cleaned.
Paths are compared as clients write them, with the query cut off: a site that decodes them does so before the include.
`+table` makes data of the list: as code, thousands of networks would take minutes to compile.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from apiwatch.blocklist.appliers.common import done
from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import ServerFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import notes
from apiwatch.blocklist.conditions import host_regex, literal, path_regex
from apiwatch.blocklist.networks import Network, canonical, united
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.planning import plan as plan_of
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path, written
from apiwatch.blocklist.targets.sections import CONDITIONS, Sections, mark
from apiwatch.errors import ApplyError, GuardError
from apiwatch.model.condition import Condition

__all__ = ["Varnish"]

_COMMENT = 120
_HEAD = "acl apiwatch_block +table {"
_RECV = "sub vcl_recv {"
_REFUSE = ("\t\treturn (synth(403));", "\t}")
_TAIL = ("}", _RECV, "\tif (client.ip ~ apiwatch_block) {", *_REFUSE, "}")
_CONFIG = 'vcl 4.1;\ninclude "{file}";\nbackend default none;\n'
_OURS = "apiwatch_"
"""What the names of VCLs begin with that we loaded."""


class Varnish(Sections):
    """A file to include in the VCL of the site."""

    name = "varnish"
    title = "Varnish VCL include"
    suffix = "vcl"
    mode = 0o644
    caps = Caps(comment=_COMMENT, conditions=CONDITIONS, layer="http", sees="peer")
    row = re.compile(r'\t"(?P<address>[0-9a-f:.]+)"/(?P<bits>[0-9]+);(?: #.*)?', re.ASCII)
    fixed = re.compile(r"\t! \S+; # allowed", re.ASCII)

    def head(self, plan: Plan) -> Sequence[str]:
        """See `Sections.head`."""
        return notes(plan)

    def frame(self, conditions: Sequence[Condition]) -> Iterator[str | int]:
        """See `Sections.frame`: an access list for each section, and where each is asked."""
        yield from (_HEAD, 0)
        for place, condition in enumerate(conditions, 1):
            yield from ("}", mark(condition), f"acl apiwatch_block_{place} +table {{", place)
        yield from _TAIL[:-1]
        for place, condition in enumerate(conditions, 1):
            tests = " && ".join((f"client.ip ~ apiwatch_block_{place}", *_tests(condition)))
            yield from (f"\tif ({tests}) {{", *_REFUSE)
        yield _TAIL[-1]

    def entered(self, rows: Sequence[Row], allowed: Sequence[Network], place: int) -> Iterator[str]:
        """See `Sections.entered`."""
        yield from (f"\t! {_quoted(network)}; # allowed" for network in united(allowed))
        yield from (f"\t{_quoted(row.network)};" + self._comment(row, " # ") for row in rows)

    def _network(self, row: re.Match[str]) -> str:
        return canonical(f"{row['address']}/{row['bits']}")

    def _validated(self, content: bytes) -> CheckResult:
        """`varnishd -C`; what it prints when all is well is a program in C."""
        result = check_list(("varnishd",), "list.vcl", self._text(plan_of((), 0.0), ()).encode(), content, _ways)
        return replace(result, output="") if result.ok else result

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `config`, the VCL of the site; `varnishadm`, a command with its arguments."""
        given = Options(self.name, options, ("path", "config", "varnishadm"))
        config = given.path("config", "/etc/varnish/default.vcl")
        path, admin = given.path("path"), given.command("varnishadm", "varnishadm")
        return ServerFile(self, path, _Running(self, run, admin, Path(path), config))

    def commands(self, paths: Sequence[str]) -> Commands:
        """One line of the site's VCL that uses the file, then another VCL beside the old one."""
        path = quoted_path(paths)
        load = "n=apiwatch_$(date +%s) && varnishadm vcl.load $n /etc/varnish/default.vcl && varnishadm vcl.use $n"
        return Commands(
            apply=(
                f"# once, first in default.vcl behind `vcl 4.1;`: include {path}  (absolute, in double quotes)",
                load,
            ),
            verify=("varnishadm vcl.list",),
            undo=(f"{written((_HEAD, *_TAIL), path)} && {load}",),
        )


def _quoted(network: Network) -> str:
    return f'"{network.network_address}"/{network.prefixlen}'


def _tests(condition: Condition) -> Iterator[str]:
    """A test for each part; the patterns hold no double quote, and a backslash means nothing to VCL."""
    if condition.host:
        yield f'req.http.host ~ "{host_regex(condition.host)}"'
    if condition.path:
        yield f'req.url ~ "{path_regex(condition.path, query=True)}"'
    if condition.agent:
        yield f'req.http.user-agent ~ "{literal(condition.agent)}"'


def _ways(varnishd: str, directory: Path) -> list[list[str]]:
    (directory / "main.vcl").write_text(_CONFIG.format(file=directory / "list.vcl"))
    return [[varnishd, "-C", "-j", "none", "-n", str(directory), "-f", str(directory / "main.vcl")]]


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError:
        return "none"


class _Running:
    """A running varnishd: a VCL that does not compile leaves the old one in use."""

    def __init__(self, target: Varnish, run: Run, admin: Sequence[str], path: Path, config: str) -> None:
        self._target = target
        self._run = run
        self._admin = admin
        self._path = path
        self._config = config

    def take(self, nets: frozenset[str]) -> None:
        """See `Server.take`."""
        name = f"{_OURS}{_digest(self._path)}_{secrets.token_hex(3)}"
        self._ask("vcl.load", name, self._config)
        self._ask("vcl.use", name)
        for old in self._ask("vcl.list").splitlines():
            words = old.split()
            if words[:1] == ["available"] and words[-1].startswith(_OURS):
                self._run([*self._admin, "vcl.discard", words[-1]])  # one that is still in use goes later
        if self.loaded() != nets:
            raise ApplyError(f"{self._config} does not use the list; include it there, before any other vcl_recv")

    def loaded(self) -> frozenset[str]:
        """See `Server.loaded`: the source of the VCL in use, which varnishd keeps.

        It shows the first 64 KiB of it; behind them, the name tells from which file it was loaded.
        """
        active = [words[-1] for line in self._ask("vcl.list").splitlines() if (words := line.split())[:1] == ["active"]]
        lines = self._ask("vcl.show", "-v", active[0]).splitlines() if active else []
        if _HEAD not in lines:
            return frozenset()
        start = lines.index(_HEAD)
        try:
            if _RECV in lines[start:] and "}" in lines[lines.index(_RECV, start) :]:
                end = lines.index("}", lines.index(_RECV, start)) + 1
                return self._target.parse("\n".join(lines[start:end]).encode())
            if active[0].startswith(f"{_OURS}{_digest(self._path)}_"):
                return self._target.parse(self._path.read_bytes())
        except GuardError as error:
            raise ApplyError(f"varnishd uses another list than one of apiwatch: {error}") from None
        raise ApplyError(f"varnishd uses another list than {self._path} holds; load {self._config} again")

    def _ask(self, *words: str) -> str:
        return done(self._run, [*self._admin, *words])
