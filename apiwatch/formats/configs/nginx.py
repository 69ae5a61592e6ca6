"""Access logs of an nginx configuration (https://nginx.org/en/docs/http/ngx_http_log_module.html)."""

from collections.abc import Iterator

from apiwatch.errors import InputError
from apiwatch.formats.configs.model import AccessLog, Configuration, FormatString, Load, Proxies, Silence, merged
from apiwatch.formats.configs.words import Directive, directives

__all__ = ["COMBINED", "nginx_configuration"]

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
"""The format that nginx has built in."""

_DEEPEST_INCLUDE = 16
_ESCAPES = frozenset({"default", "json", "none"})
_FORWARDED = ("$http_x_forwarded_for", "$http_x_real_ip", "$http_forwarded", "$http_cf_connecting_ip")
_HANDED_ON = frozenset(
    {"log_format", "proxy_set_header", "grpc_set_header", "fastcgi_param", "uwsgi_param", "scgi_param"}
)
"""Directives that name a forwarded-for variable without saying that it comes from a proxy in front."""


def nginx_configuration(text: str, file: str, load: Load) -> Configuration:
    """What a configuration and the files that it includes say.

    A file that is only a part of one (a virtual host) is read as the inside of `http`. Raises InputError for a text
    that is not an nginx configuration; faults of included files are in the result.
    """
    return _Nginx(load).read(directives(text, file), file)


class _Nginx:
    """One reading."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._formats = {"combined": FormatString("combined", COMBINED, "default", "built in")}
        self._logs: list[AccessLog] = []
        self._silent: list[Silence] = []
        self._faults: list[str] = []
        self._networks: list[str] = []
        self._header = self._sign = ""

    def read(self, root: tuple[Directive, ...], file: str) -> Configuration:
        """The configuration of a main file."""
        top = tuple(self._expanded(root, (file,)))
        outer = [one for one in top if one.name == "http"]
        for block in [one.block or () for one in outer] or [top]:
            self._formats_of(block)
            self._signs(block)
            self._level(block, "", self._default() if outer else ())
        if any(one.name == "stream" and "access_log" in {inner.name for inner in one.block or ()} for one in top):
            self._faults.append("the logs of `stream` hold connections and no requests; apiwatch cannot use them")
        logs = merged(self._logs)
        unknown = {log.format: log.where for log in logs if log.format not in self._formats}
        for name, where in unknown.items():
            self._faults.append(f"{where}: log_format {name} is not defined here; name the main file, nginx.conf")
        header = self._header or ("X-Real-IP" if self._networks else "")
        proxies = Proxies(tuple(dict.fromkeys(self._networks)), header if self._networks else "", self._sign)
        return Configuration("nginx", self._formats, logs, tuple(self._silent), proxies, tuple(self._faults))

    def _expanded(self, block: tuple[Directive, ...], files: tuple[str, ...]) -> Iterator[Directive]:
        """Directives with the included ones in the place of `include`."""
        for one in block:
            if one.name != "include" or len(one.arguments) != 1:
                inner = one.block
                yield one if inner is None else one._replace(block=tuple(self._expanded(inner, files)))
                continue
            try:
                found = self._load(one.arguments[0])
            except InputError as error:
                self._faults.append(f"{one.where}: {error}")
                continue
            for name, text in found:
                if name in files or len(files) > _DEEPEST_INCLUDE:
                    self._faults.append(f"{one.where}: include {one.arguments[0]} leads back to itself or is too deep")
                    continue
                try:
                    yield from self._expanded(directives(text, name), (*files, name))
                except InputError as error:
                    self._faults.append(str(error))

    def _formats_of(self, block: tuple[Directive, ...]) -> None:
        for one in block:
            if one.name == "log_format" and len(one.arguments) >= 2:
                name, *strings = one.arguments
                escape = "default"
                if strings[0].startswith("escape="):
                    escape = strings.pop(0).removeprefix("escape=")
                if escape not in _ESCAPES:
                    self._faults.append(f"{one.where}: escape={escape} is not known; nginx has default, json and none")
                    continue
                self._formats[name] = FormatString(name, "".join(strings), escape, one.where)

    def _signs(self, block: tuple[Directive, ...]) -> None:
        """Look for proxies in front."""
        for one in block:
            words = one.arguments
            if one.name == "set_real_ip_from" and words:
                self._networks.append(words[0])
            elif one.name == "real_ip_header" and words:
                self._header = words[0]
            elif not self._sign and (
                (one.name == "listen" and "proxy_protocol" in words)
                or (one.name not in _HANDED_ON and any(name in word for word in words for name in _FORWARDED))
            ):
                self._sign = f"`{one.name} {' '.join(words)}` ({one.where})"
            self._signs(one.block or ())

    def _default(self) -> tuple[AccessLog, ...]:
        return (AccessLog("", "combined", (), "built in"),)

    def _level(self, block: tuple[Directive, ...], site: str, inherited: tuple[AccessLog, ...]) -> None:
        """The logs of one level; a level without its own has those of the level above."""
        own = [one for one in block if one.name == "access_log" and one.arguments]
        logs = inherited
        if own:
            off = next((one for one in own if one.arguments[0] == "off"), None)
            logs = () if off is not None else tuple(_log(one) for one in own)
            if off is not None:
                self._silent.append(Silence(site or "every server without its own access_log", off.where))
        inner = [one for one in block if one.block is not None and one.name in {"server", "location", "if"}]
        if site.startswith("location ") or " location " in site:
            if own:
                self._logs += (log._replace(sites=(site,)) for log in logs)
        elif site:
            self._logs += (log._replace(sites=(*log.sites, site)) for log in logs)
        elif not any(one.name == "server" for one in inner):
            self._logs += logs
        for one in inner:
            self._level(one.block or (), _site(one, site), logs)


def _log(one: Directive) -> AccessLog:
    target, *rest = one.arguments
    named = rest.pop(0) if rest and "=" not in rest[0] else "combined"
    return AccessLog(target, named, (), one.where, tuple(rest))


def _site(one: Directive, outer: str) -> str:
    if one.name == "server":
        names = [name for inner in one.block or () if inner.name == "server_name" for name in inner.arguments]
        listens = [inner.arguments[0] for inner in one.block or () if inner.name == "listen" and inner.arguments]
        real = [name for name in names if name not in {"_", ""}]
        return " ".join(real) or f"the server on {', '.join(listens) or 'port 80'}"
    return f"{outer} location {' '.join(one.arguments)}".strip() if one.name == "location" else f"{outer} location if"
