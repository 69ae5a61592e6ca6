"""Access logs of an Apache configuration (https://httpd.apache.org/docs/2.4/mod/mod_log_config.html)."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from apiwatch.errors import InputError
from apiwatch.formats.configs.escapes import unescaped
from apiwatch.formats.configs.model import AccessLog, Configuration, FormatString, Load, Proxies, merged
from apiwatch.patterns import late

__all__ = ["apache_configuration"]

_COMMON = r'%h %l %u %t "%r" %>s %b'
_DEEPEST_INCLUDE = 16
_CONTINUED = late(r"\\\r?\n")
_WORD = late(r"\"((?:[^\"\\]|\\.)*+)\"?|'((?:[^'\\]|\\.)*+)'?|(\S+)", re.DOTALL)
_VARIABLE = late(r"\$\{(\w{1,128})\}")
_DEFAULT = ""
"""Name of the format that TransferLog and a CustomLog of old style use."""


class _Line(NamedTuple):
    """A directive, or the `<SECTION` or `</SECTION` of a block, in lower case."""

    name: str
    words: tuple[str, ...]
    where: str


def apache_configuration(text: str, file: str, load: Load, variables: Mapping[str, str]) -> Configuration:
    """What a configuration and the files that it includes say.

    `variables` are those of the environment of the server (`envvars` on Debian); Define adds to them. Conditional
    sections (IfModule, IfDefine, If) count as if their condition held. Faults are in the result.
    """
    return _Apache(load, variables).read(text, file)


class _Apache:
    """One reading."""

    def __init__(self, load: Load, variables: Mapping[str, str]) -> None:
        self._load = load
        self._variables = dict(variables)
        self._formats = {name: FormatString(name or "common", _COMMON, "", "built in") for name in (_DEFAULT, "CLF")}
        self._faults: list[str] = []
        self._root = ""
        self._networks: list[str] = []
        self._header = ""

    def read(self, text: str, file: str) -> Configuration:
        """The configuration of a main file."""
        main: list[AccessLog] = []
        hosts: list[tuple[str, list[AccessLog]]] = []
        names: list[str] = []
        here = main
        for line in self._lines(text, file, (file,)):
            if line.name == "<virtualhost":
                names, here = [], []
            elif line.name == "</virtualhost":
                hosts.append((" ".join(names) or "a virtual host without ServerName", here))
                here = main
            elif line.name in {"servername", "serveralias"}:
                names += line.words
            elif line.name in {"customlog", "transferlog", "globallog"} and line.words:
                here.append(self._log(line))
            else:
                self._note(line)
        logs = [log._replace(sites=(site,)) for site, own in hosts for log in (own or main)]
        if not hosts or all(own for _, own in hosts):
            logs += main
        # Without a list mod_remoteip believes whoever connects.
        networks = tuple(dict.fromkeys(self._networks)) or (("0.0.0.0/0",) if self._header else ())
        proxies = Proxies(networks if self._header else (), self._header)
        return Configuration("apache", self._formats, merged(logs), (), proxies, tuple(self._faults))

    def _note(self, line: _Line) -> None:
        """A directive that is not a log itself."""
        name, words = line.name, line.words
        if name == "logformat" and words:
            named = words[1] if len(words) > 1 else _DEFAULT
            self._formats[named] = FormatString(named or "the default", unescaped(words[0]), "", line.where)
        elif name == "serverroot" and words:
            self._root = words[0]
        elif name == "define" and len(words) == 2:
            self._variables[words[0]] = words[1]
        elif name in {"remoteipinternalproxy", "remoteiptrustedproxy"}:
            self._networks += words
        elif name == "remoteipheader" and words:
            self._header = words[0]
        elif name == "remoteipproxyprotocol" and words and words[0].lower() == "on":
            self._header, self._networks = "the PROXY protocol", ["each peer"]

    def _log(self, line: _Line) -> AccessLog:
        target, *rest = line.words
        options = tuple(word for word in rest[1:] if "=" in word)
        name = _DEFAULT
        if rest and line.name != "transferlog":
            name = rest[0]
            if name not in self._formats:
                # Not a nickname, so that it is the format itself; Apache decides in the same way.
                if "%" not in name:
                    self._faults.append(f"{line.where}: LogFormat {name} is not defined; name the main file")
                self._formats[name] = FormatString("given in place", unescaped(name), "", line.where)
        if target[:1] != "|" and self._root:
            target = posixpath.join(self._root, target)
        for unknown in _VARIABLE.findall(target):
            self._faults.append(f"{line.where}: ${{{unknown}}} is neither defined here nor in envvars")
        return AccessLog(target, name, (), line.where, options)

    def _lines(self, text: str, file: str, files: tuple[str, ...]) -> Iterator[_Line]:
        number = 1
        for raw in _logical(text):
            start, number = number, number + raw.count("\n") + 1
            words = [self._word(found) for found in _WORD.finditer(_CONTINUED.sub(" ", raw))]
            if not words or words[0].startswith("#"):
                continue
            name = words[0].rstrip(">").lower()
            where = f"{file}:{start}"
            if name in {"include", "includeoptional"} and len(words) == 2:
                yield from self._included(name, words[1], where, files)
            else:
                yield _Line(name, tuple(words[1:]), where)

    def _included(self, name: str, pattern: str, where: str, files: tuple[str, ...]) -> Iterator[_Line]:
        try:
            found = self._load(posixpath.join(self._root, pattern))
        except InputError as error:
            if name == "include":
                self._faults.append(f"{where}: {error}")
            return
        for inner, text in found:
            if inner in files or len(files) > _DEEPEST_INCLUDE:
                self._faults.append(f"{where}: {name} {pattern} leads back to itself or is too deep")
            else:
                yield from self._lines(text, inner, (*files, inner))

    def _word(self, found: re.Match[str]) -> str:
        double, single, bare = found.groups()
        text = bare if bare is not None else double if double is not None else single
        if bare is None:
            quote = '"' if double is not None else "'"
            text = text.replace("\\" + quote, quote).replace("\\\\", "\\")
        return _VARIABLE.sub(lambda name: self._variables.get(name[1], name[0]), text)


def _logical(text: str) -> list[str]:
    """Lines, with those that a backslash continues as one."""
    return re.split(r"(?<!\\)\n|(?<=\\\\)\n", text)
