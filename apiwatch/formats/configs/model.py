"""What a web server's configuration says about its access logs."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

__all__ = ["AccessLog", "Configuration", "FormatString", "Load", "Proxies", "Silence", "merged"]

Load = Callable[[str], list[tuple[str, str]]]
"""Include pattern -> (name, text) of every file that it matches, in the order of their names."""


class FormatString(NamedTuple):
    """A log_format or LogFormat, with its strings joined and unquoted as the server does it."""

    name: str
    text: str
    escape: str
    """nginx: default, json or none; '' for Apache."""
    where: str
    """FILE:LINE."""


class AccessLog(NamedTuple):
    """One place that requests are logged to."""

    target: str
    """A path, `syslog:...`, or `|command`, as written; '' for nginx's built-in path."""
    format: str
    """Key in `Configuration.formats`."""
    sites: tuple[str, ...]
    """Names of the servers (and locations) that use it."""
    where: str
    options: tuple[str, ...] = ()
    """What else stands in the directive: `if=...`, `buffer=...`, `gzip`, `env=...`."""


class Silence(NamedTuple):
    """A place whose requests are logged nowhere."""

    site: str
    where: str


class Proxies(NamedTuple):
    """What tells that clients come through proxies."""

    networks: tuple[str, ...] = ()
    """Networks whose word about the client the server believes (realip, mod_remoteip)."""
    header: str = ""
    """Where the server takes the client from; '' when it does not."""
    sign: str = ""
    """The first other directive that speaks of a proxy in front, with FILE:LINE."""


class Configuration(NamedTuple):
    """All of it."""

    server: str
    """'nginx' or 'apache'."""
    formats: dict[str, FormatString]
    logs: tuple[AccessLog, ...]
    silent: tuple[Silence, ...]
    proxies: Proxies
    faults: tuple[str, ...]
    """What is wrong or missing, a sentence each."""


def merged(logs: Iterable[AccessLog]) -> tuple[AccessLog, ...]:
    """Logs of one target, format and options as one, with the sites of all."""
    found: dict[tuple[str, str, tuple[str, ...]], AccessLog] = {}
    for log in logs:
        key = (log.target, log.format, log.options)
        before = found.get(key)
        sites = tuple(dict.fromkeys((*before.sites, *log.sites))) if before is not None else log.sites
        found[key] = (before or log)._replace(sites=sites)
    return tuple(found.values())
