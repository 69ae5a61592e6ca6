"""Where a web server's access log goes: a file, many files, syslog, another program, standard output."""

import re
from pathlib import Path

from apiwatch.formats.configs import AccessLog

__all__ = ["Destination"]

_BUILT_IN = (
    "/var/log/nginx/access.log",
    "/usr/local/nginx/logs/access.log",
    "/usr/local/openresty/nginx/logs/access.log",
)
_PREFIXES = ("/usr/share/nginx", "/usr/local/nginx", "/usr/local/openresty/nginx", "/opt/nginx")
_STREAM = re.compile(r"/dev/(?:stdout|stderr|fd/\d+)|/proc/(?:self|\d+)/fd/\d+")
_VARIABLE = re.compile(r"\$\{?\w+\}?")
_ROTATED = re.compile(r"%[-_0^#]?[A-Za-z]")
_ROTATORS = frozenset({"rotatelogs", "rotatelogs2", "cronolog"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Destination:
    """Where one log goes."""

    def __init__(self, log: AccessLog, directory: Path, server: str) -> None:
        self.shown = log.target
        self.arguments: list[str] = []
        """What to give apiwatch; empty when it cannot read this."""
        self.piped = ""
        """The command whose output apiwatch reads, '' when none."""
        self.path: Path | None = None
        """The file, when it is one."""
        self.notes: list[str] = []
        self.blocked = False
        """Whether nothing can be read here as things are."""
        if log.target.startswith("syslog:"):
            self._syslog(log.target.removeprefix("syslog:"))
        elif log.target.startswith("|"):
            self._command(log.target.lstrip("|$"))
        else:
            self._file(log.target, directory, server)

    def _syslog(self, text: str) -> None:
        settings = dict(part.partition("=")[::2] for part in text.split(","))
        server = settings.get("server", "")
        if server.startswith("unix:"):
            url, local = f"unix://{server.removeprefix('unix:')}", True
        else:
            host, port = server, "514"
            if not server.endswith("]") and ":" in server:
                host, _, port = server.rpartition(":")
            url, local = f"udp://{host}:{port}", host in _LOCAL
        self.arguments = ["--syslog", url]
        self.notes.append("it is sent by syslog, which apiwatch receives itself")
        if not local:
            self.notes.append("run the command on that machine")
        elif url.endswith((":514", "/dev/log")):
            self.notes.append("the syslog daemon has that place already: read its file, or send to a port of its own")

    def _command(self, text: str) -> None:
        words = text.split()
        name = Path(words[0]).name if words else ""
        files = [word for word in words[1:] if word.startswith("/")]
        self.notes.append(f"it is written by the program {name}")
        if name in _ROTATORS and files:
            self.arguments = [_ROTATED.sub("*", files[0]) + ("" if _ROTATED.search(files[0]) else "*")]
        else:
            self.notes.append("name the file that it writes")
            self.blocked = True

    def _file(self, target: str, directory: Path, server: str) -> None:
        if not target:
            target = next((name for name in _BUILT_IN if Path(name).exists()), _BUILT_IN[0])
            self.shown = target
            self.notes.append("no access_log is given, so that the built-in path is used: `nginx -V` names it")
        path = Path(target)
        if not path.is_absolute():
            roots = [directory, directory.parent, *(map(Path, _PREFIXES) if server == "nginx" else ())]
            path = next((root / target for root in roots if (root / target).exists()), directory / target)
            self.notes.append(f"the path is relative to the prefix of {server}, taken as {path}")
        if _STREAM.fullmatch(str(path.readlink() if path.is_symlink() else path)) or _STREAM.fullmatch(target):
            self.arguments, self.piped = ["-"], "docker logs -f --tail 1000 CONTAINER"
            self.notes.append("it goes to standard output: read it from the container runtime or by `kubectl logs -f`")
            return
        if server == "nginx" and _VARIABLE.search(target):
            self.arguments = [_VARIABLE.sub("*", str(path))]
            self.notes.append("the name holds variables: all files that match are read")
            return
        self.arguments, self.path = [str(path)], path
        if not path.parent.is_dir():
            self.notes.append(f"there is no directory {path.parent}")
            self.blocked = True
        elif not path.exists():
            self.notes.append("the file is not there yet; apiwatch waits for it")
