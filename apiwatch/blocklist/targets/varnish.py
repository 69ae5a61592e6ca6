"""Varnish 7 (VCL 4.1): an access list and the lines of `vcl_recv` that use it, to include before any other `vcl_recv`.

In an access list the most specific entry decides, and `!` makes it an exception. Strings and comments take no
character that VCL treats specially, since networks are canonical and comments are cleaned.
`+table` makes data of the list: as code, thousands of networks would take minutes to compile.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from apiwatch.blocklist.appliers.common import done
from apiwatch.blocklist.appliers.options import Options
from apiwatch.blocklist.appliers.serverfile import ServerFile
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.checking import check_list
from apiwatch.blocklist.comments import comment, notes
from apiwatch.blocklist.networks import Network, canonical, collapsed, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.planning import plan as plan_of
from apiwatch.blocklist.target import Caps, CheckResult, Commands, Target, quoted_path, unexpected, written
from apiwatch.errors import ApplyError, GuardError

__all__ = ["Varnish"]

_COMMENT = 120
_HEAD = "acl apiwatch_block +table {"
_TAIL = ("}", "sub vcl_recv {", "\tif (client.ip ~ apiwatch_block) {", "\t\treturn (synth(403));", "\t}", "}")
_FRAME = frozenset((_HEAD, *_TAIL))
_LINE = re.compile(r'(?:\t(! )?"([0-9a-f:.]+)"/([0-9]+);)?(?:(?:^| )#.*)?', re.ASCII)
_CONFIG = 'vcl 4.1;\ninclude "{file}";\nbackend default none;\n'
_OURS = "apiwatch_"
"""What the names of VCLs begin with that we loaded."""


class Varnish(Target):
    """A file to include in the VCL of the site."""

    name = "varnish"
    title = "Varnish VCL include"
    suffix = "vcl"
    mode = 0o644
    caps = Caps(comment=_COMMENT, layer="http", sees="peer")

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        lines = [f"# {note}" for note in notes(plan)]
        lines.append(_HEAD)
        allowed = [parse_network(text) for text in allow]
        for version in (4, 6):
            lines += [f"\t! {_quoted(network)}; # allowed" for network in collapsed(allowed, version)]
        for row in plan.rows:
            text = comment(row, _COMMENT)
            lines.append(f"\t{_quoted(row.network)};" + (f" # {text}" if text else ""))
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
                network = canonical(f"{read[2]}/{read[3]}")
                if read[1] is None:
                    found.append(network)
        return found

    def _validated(self, content: bytes) -> CheckResult:
        """`varnishd -C`; what it prints when all is well is a program in C."""
        result = check_list(("varnishd",), "list.vcl", self._text(plan_of((), 0.0), ()).encode(), content, _ways)
        return replace(result, output="") if result.ok else result

    def applier(self, options: Mapping[str, str], run: Run, /) -> ServerFile:
        """Options: `path` of the list; `config`, the VCL of the site; `varnishadm`, a command with its arguments."""
        given = Options(self.name, options, ("path", "config", "varnishadm"))
        config = given.path("config", "/etc/varnish/default.vcl")
        return ServerFile(
            self, given.path("path"), _Running(self, run, given.command("varnishadm", "varnishadm"), config)
        )

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


def _ways(varnishd: str, directory: Path) -> list[list[str]]:
    (directory / "main.vcl").write_text(_CONFIG.format(file=directory / "list.vcl"))
    return [[varnishd, "-C", "-j", "none", "-n", str(directory), "-f", str(directory / "main.vcl")]]


class _Running:
    """A running varnishd: a VCL that does not compile leaves the old one in use."""

    def __init__(self, target: Varnish, run: Run, admin: Sequence[str], config: str) -> None:
        self._target = target
        self._run = run
        self._admin = admin
        self._config = config

    def take(self, nets: frozenset[str]) -> None:
        """See `Server.take`."""
        name = f"{_OURS}{secrets.token_hex(6)}"
        self._ask("vcl.load", name, self._config)
        self._ask("vcl.use", name)
        for old in self._ask("vcl.list").splitlines():
            words = old.split()
            if words[:1] == ["available"] and words[-1].startswith(_OURS):
                self._ask("vcl.discard", words[-1])
        if self.loaded() != nets:
            raise ApplyError(f"{self._config} does not use the list; include it there, before any other vcl_recv")

    def loaded(self) -> frozenset[str]:
        """See `Server.loaded`: the source of the VCL in use, which varnishd keeps."""
        active = [words[-1] for line in self._ask("vcl.list").splitlines() if (words := line.split())[:1] == ["active"]]
        if not active:
            return frozenset()
        lines = self._ask("vcl.show", "-v", active[0]).splitlines()
        if _HEAD not in lines:
            return frozenset()
        start = lines.index(_HEAD)
        end = lines.index("}", start)
        try:
            return self._target.parse("\n".join(lines[start:end]).encode())
        except GuardError as error:
            raise ApplyError(f"varnishd uses another list than one of apiwatch: {error}") from None

    def _ask(self, *words: str) -> str:
        return done(self._run, [*self._admin, *words])
