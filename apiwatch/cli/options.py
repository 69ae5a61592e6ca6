"""Options that several commands share. An option beats the settings file only if it was typed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from apiwatch.errors import UsageError

if TYPE_CHECKING:
    from apiwatch.config import Settings

__all__ = [
    "Show",
    "SourceOptions",
    "as_json",
    "load_settings",
    "show_options",
    "state_file",
    "state_options",
    "take_show",
    "take_source_options",
    "with_show",
    "with_source_options",
]

F = TypeVar("F", bound=Callable[..., Any])

_TLS_OPTIONS = (
    ("--syslog-client-ca", "Authorities whose clients may send syslog over TLS, everyone without it (PEM)."),
    ("--syslog-key", "Private key for syslog over TLS, if it is not in the file of the certificate (PEM)."),
    ("--syslog-certificate", "Certificate for syslog over TLS (PEM)."),
)


class SourceOptions(Struct, frozen=True):
    """What was typed about where lines come from and how they are read; None and () were not typed."""

    format: str | None = None
    log_format: str | None = None
    trusted_proxy: tuple[str, ...] = ()
    client_header: str | None = None
    time_zone: str | None = None
    syslog: tuple[str, ...] = ()
    syslog_certificate: str | None = None
    syslog_key: str | None = None
    syslog_client_ca: str | None = None
    syslog_allow: tuple[str, ...] = ()
    journal: tuple[str, ...] = ()
    since: str | None = None
    openapi: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """The same options for the command line of a child."""
        found: list[str] = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            option = f"--{name.replace('_', '-')}"
            found += [f"{option}={one}" for one in (value if isinstance(value, tuple) else [value]) if one is not None]
        return found


def state_options(command: F) -> F:
    """--db and --config."""
    command = click.option("--config", type=click.Path(readable=False), metavar="FILE", help="Settings file.")(command)
    return click.option(
        "--db",
        type=click.Path(readable=False),
        metavar="FILE",
        help="State file (default: in the user's state directory).",
    )(command)


def as_json(command: F) -> F:
    """--json."""
    text = "Print one JSON object per line."
    return click.option("--json", "json_lines", is_flag=True, help=text)(command)


def with_source_options(*, syslog: bool, since: str) -> Callable[[F], F]:
    """--format, --log-format, --trusted-proxy, and --syslog with its kin, --journal, --since and --openapi if asked.

    `since` tells its default; '' leaves it out. They arrive as keyword arguments; `take_source_options` packs them.
    """

    def add(command: F) -> F:
        if since:
            text = f"How far back to read: a duration, a time such as 2026-08-01T10:00:00Z, or `start` ({since})."
            command = click.option("--since", metavar="TIME", help=text)(command)
            text = "OpenAPI 3.x file (YAML or JSON): its routes are known, others that answer are reported; repeatable."
            path = click.Path(readable=False)
            command = click.option("--openapi", multiple=True, type=path, metavar="FILE", help=text)(command)
        if syslog:
            text = "Read the systemd journal of a unit, or `all`; repeatable."
            command = click.option("--journal", multiple=True, metavar="UNIT", help=text)(command)
            text = "Network that may send syslog, everyone without it; repeatable."
            command = click.option("--syslog-allow", multiple=True, metavar="CIDR", help=text)(command)
            for name, text in _TLS_OPTIONS:
                command = click.option(name, type=click.Path(readable=False), metavar="FILE", help=text)(command)
            text = "Listen on udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH; repeatable."
            command = click.option("--syslog", multiple=True, metavar="URL", help=text)(command)
        text = "Network whose X-Forwarded-For is believed; repeatable."
        command = click.option("--trusted-proxy", multiple=True, metavar="CIDR", help=text)(command)
        text = "Header in which trusted proxies name the client, such as CF-Connecting-IP (X-Forwarded-For)."
        command = click.option("--client-header", metavar="NAME", help=text)(command)
        text = "Zone of times that are written without one, such as Europe/Berlin (this machine's)."
        command = click.option("--time-zone", metavar="NAME", help=text)(command)
        text = "nginx log_format or Apache LogFormat, verbatim."
        command = click.option("--log-format", metavar="STRING", help=text)(command)
        return click.option(
            "--format", "format_name", metavar="NAME", help="Log format, or `auto`.", shell_complete=_complete_format
        )(command)

    return add


def _complete_format(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    return [name for name in _format_names() if name.startswith(begun)]


def _format_names() -> list[str]:
    from apiwatch.formats import FORMATS

    return ["auto", *(name for info in FORMATS for name in (info.name, *info.also))]


class Show(Struct, frozen=True):
    """What was typed about how to show what happens."""

    ascii: bool = False
    mouse: bool = True
    plain: bool = False
    """Lines instead of a screen."""
    json: bool = False
    """Lines of JSON instead of a screen."""
    read_only: bool = False
    lifeline: int | None = None
    """For a browser: standard input and output lead to `apiwatch serve`, which holds the other end of this pipe."""

    @property
    def served(self) -> bool:
        """Whether it is seen in a browser."""
        return self.lifeline is not None

    @property
    def streams(self) -> bool:
        """Whether there is no screen."""
        return self.plain or self.json


def show_options(command: F) -> F:
    """--ascii, --no-mouse, --plain and --json; they arrive as keyword arguments, which `take_show` packs."""
    text = "Like --plain, one JSON object per alert."
    command = click.option("--json", "show_json", is_flag=True, help=text)(command)
    text = "No screen: one line per new alert, for screen readers and pipes; what changes goes to standard error."
    command = click.option("--plain", "show_plain", is_flag=True, help=text)(command)
    text = "Leave selecting text to the terminal."
    command = click.option("--no-mouse", is_flag=True, help=text)(command)
    text = "Draw with ASCII characters only (by itself when the locale is not UTF-8, and on the console of Linux)."
    return click.option("--ascii", "ascii_only", is_flag=True, help=text)(command)


def take_show(given: dict[str, Any]) -> Show:
    """The keyword arguments of `show_options`."""
    return Show(
        ascii=given["ascii_only"],
        mouse=not given["no_mouse"],
        plain=given["show_plain"],
        json=given["show_json"],
        read_only=given.get("read_only", False),
        lifeline=given.get("served"),
    )


def with_show(settings: "Settings", show: Show) -> "Settings":
    """The settings with what was typed about the screen."""
    import os

    from msgspec.structs import replace

    from apiwatch.cli.terminal import draws_blocks

    screen = settings.dashboard
    plain_only = screen.ascii or show.ascii or not draws_blocks(os.environ)
    return replace(settings, dashboard=replace(screen, ascii=plain_only, mouse=screen.mouse and show.mouse))


def take_source_options(given: dict[str, Any]) -> SourceOptions:
    """The keyword arguments of `with_source_options`."""
    return SourceOptions(
        format=given.get("format_name"),
        log_format=given.get("log_format"),
        trusted_proxy=tuple(given.get("trusted_proxy", ())),
        client_header=given.get("client_header"),
        time_zone=given.get("time_zone"),
        syslog=tuple(given.get("syslog", ())),
        syslog_certificate=given.get("syslog_certificate"),
        syslog_key=given.get("syslog_key"),
        syslog_client_ca=given.get("syslog_client_ca"),
        syslog_allow=tuple(given.get("syslog_allow", ())),
        journal=tuple(given.get("journal", ())),
        since=given.get("since"),
        openapi=tuple(given.get("openapi", ())),
    )


def load_settings(config: str | None, typed: SourceOptions | None = None) -> "Settings":
    """The settings file with what was typed on top. Raises ConfigError and UsageError."""
    from msgspec.structs import replace

    from apiwatch.config import (
        load,
        parse_header,
        parse_network,
        parse_path,
        parse_since,
        parse_syslog,
        parse_unit,
        parse_zone,
    )

    settings = load(Path(config) if config is not None else None)
    if typed is None:
        return settings
    sources = settings.sources
    if typed.format is not None:
        sources = replace(sources, format=_known_format(typed.format))
    if typed.log_format is not None:
        sources = replace(sources, log_format=typed.log_format)
    if typed.trusted_proxy:
        sources = replace(sources, trusted_proxy=_all_checked("--trusted-proxy", parse_network, typed.trusted_proxy))
    if typed.client_header is not None:
        sources = replace(sources, client_header=_checked("--client-header", parse_header, typed.client_header))
    if typed.time_zone is not None:
        sources = replace(sources, time_zone=_checked("--time-zone", parse_zone, typed.time_zone))
    if typed.syslog:
        sources = replace(sources, syslog=_all_checked("--syslog", parse_syslog, typed.syslog))
    if typed.syslog_allow:
        sources = replace(sources, syslog_allow=_all_checked("--syslog-allow", parse_network, typed.syslog_allow))
    if typed.journal:
        sources = replace(sources, journal=_all_checked("--journal", parse_unit, typed.journal))
    tls = {"certificate": typed.syslog_certificate, "key": typed.syslog_key, "client_ca": typed.syslog_client_ca}
    if any(tls.values()):
        given = {name: path for name, path in tls.items() if path}
        sources = replace(sources, syslog_tls=replace(sources.syslog_tls, **given))
    if typed.since is not None:
        sources = replace(sources, since=_checked("--since", parse_since, typed.since))
    if sources.log_format is not None:
        _check_log_format(sources.log_format, "--log-format" if typed.log_format is not None else "sources.log_format")
    routes = settings.routes
    if typed.openapi:
        routes = replace(routes, openapi=_all_checked("--openapi", parse_path, typed.openapi))
    return replace(settings, sources=sources, routes=routes)


def state_file(db: str | None, config: str | None) -> Path:
    """The state file of a command that only needs that."""
    from apiwatch.config import state_path

    return state_path(load_settings(config), db)


def _checked(option: str, parse: Callable[[str], str], text: str) -> str:
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None


def _all_checked(option: str, parse: Callable[[str], str], texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_checked(option, parse, text) for text in texts)


def _check_log_format(text: str, origin: str) -> None:
    """Raise UsageError now, and not when the first line is read, for a format string that cannot be read."""
    from apiwatch.formats import LineParser

    try:
        LineParser(log_format=text)
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from None


def _known_format(name: str) -> str:
    import difflib

    names = _format_names()
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`apiwatch formats` lists the known ones"
    raise UsageError(f"--format: `{name}` is not a known format; {hint}")
