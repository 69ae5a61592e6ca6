"""Varnish 7 (VCL 4.1): an access list and the lines of `vcl_recv` that use it, to include before any other `vcl_recv`.

In an access list the most specific entry decides, and `!` makes it an exception. Strings and comments take no
character that VCL treats specially, since networks are canonical and comments are cleaned.
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
from apiwatch.blocklist.networks import Network, canonical, united
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.planning import plan as plan_of
from apiwatch.blocklist.target import Caps, CheckResult, Commands, quoted_path, written
from apiwatch.blocklist.targets.lines import Lines, one_of
from apiwatch.errors import ApplyError, GuardError

__all__ = ["Varnish"]

_COMMENT = 120
_HEAD = "acl apiwatch_block +table {"
_TAIL = ("}", "sub vcl_recv {", "\tif (client.ip ~ apiwatch_block) {", "\t\treturn (synth(403));", "\t}", "}")
_CONFIG = 'vcl 4.1;\ninclude "{file}";\nbackend default none;\n'
_OURS = "apiwatch_"
"""What the names of VCLs begin with that we loaded."""


class Varnish(Lines):
    """A file to include in the VCL of the site."""

    name = "varnish"
    title = "Varnish VCL include"
    suffix = "vcl"
    mode = 0o644
    caps = Caps(comment=_COMMENT, layer="http", sees="peer")
    row = re.compile(r'\t"(?P<address>[0-9a-f:.]+)"/(?P<bits>[0-9]+);(?: #.*)?', re.ASCII)
    fixed = one_of((_HEAD, *_TAIL), r"\t! \S+; # allowed|#.*")

    def _lines(self, plan: Plan, allowed: Sequence[Network]) -> Iterator[str]:
        yield from (*notes(plan), _HEAD)
        yield from (f"\t! {_quoted(network)}; # allowed" for network in united(allowed))
        for row in plan.rows:
            yield f"\t{_quoted(row.network)};" + self._comment(row, " # ")
        yield from _TAIL

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
            if "}" in lines[start:]:
                return self._target.parse("\n".join(lines[start : lines.index("}", start)]).encode())
            if active[0].startswith(f"{_OURS}{_digest(self._path)}_"):
                return self._target.parse(self._path.read_bytes())
        except GuardError as error:
            raise ApplyError(f"varnishd uses another list than one of apiwatch: {error}") from None
        raise ApplyError(f"varnishd uses another list than {self._path} holds; load {self._config} again")

    def _ask(self, *words: str) -> str:
        return done(self._run, [*self._admin, *words])
