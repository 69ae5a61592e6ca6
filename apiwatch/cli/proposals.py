"""From a web server's configuration to the commands that watch its logs, and to what stands in their way."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from apiwatch.cli.checks import Check
from apiwatch.cli.destinations import Destination
from apiwatch.errors import UsageError
from apiwatch.formats.configs import AccessLog, Configuration, FormatString
from apiwatch.formats.judging import Judged, judged, option_of

__all__ = ["Proposal", "proposals"]

_SITES = 4
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0", "all"})


class Proposal(NamedTuple):
    """One log, and how to watch it."""

    check: Check
    path: Path | None
    """The file, when it is one."""
    log_format: str | None
    """For `--log-format`; None when detection reads the lines as well."""


def proposals(found: Configuration, directory: Path) -> Iterator[Proposal]:
    """A check for each thing worth knowing, and one with a command for each log.

    `directory` is that of the configuration; relative paths of logs are looked for from there.
    """
    for sentence in found.faults:
        yield _only("config", "wrong", sentence)
    used = list(dict.fromkeys(log.format for log in found.logs if log.format in found.formats))
    verdicts: dict[str, Judged] = {}
    for name in used:
        try:
            verdicts[name] = judged(found.formats[name])
        except UsageError as error:
            where = found.formats[name].where
            yield _only("format", "wrong", f"{found.formats[name].name} ({where}) cannot be used: {error}")
    faults: dict[tuple[str, str], list[str]] = {}
    for name, verdict in verdicts.items():
        for fault in _format_faults(found.formats[name], verdict):
            faults.setdefault(fault, []).append(f"{found.formats[name].name} ({found.formats[name].where})")
    for (state, text), names in faults.items():
        yield _only("format", state, f"{', '.join(names)}: {text}")
    yield from _about_proxies(found, verdicts)
    for log in found.logs:
        yield _proposal(log, found, verdicts.get(log.format), directory)
    for silent in found.silent:
        yield _only("not logged", "note", f"{silent.site}: access_log is off ({silent.where}); apiwatch is blind there")
    if not found.logs and not found.faults:
        yield _only("log", "wrong", "no access log is written: add an access_log (nginx) or a CustomLog (Apache)")


def _only(name: str, state: str, text: str) -> Proposal:
    return Proposal(Check(name, state, text), None, None)


def _format_faults(found: FormatString, verdict: Judged) -> Iterator[tuple[str, str]]:
    """What the lines of a format lack, and what is dangerous in them."""
    fields = verdict.fields
    if found.escape == "none":
        yield (
            "wrong",
            "escape=none writes what clients send as it is: a quote in a header moves the fields, and %0A in a logged "
            "$uri writes whole lines, with any address in them; take it away, or use escape=json with a JSON format",
        )
    if "\n" in found.text.strip("\n"):
        yield "wrong", "one request takes several lines; apiwatch reads one from each line: take the line ends out"
    if not fields & {"client", "peer", "proxied", "forwarded"}:
        yield "wrong", f"the client's address is missing; add {'$remote_addr' if found.escape else '%h'}"
    if "status" not in fields:
        yield "wrong", f"the status is missing, and with it every outcome; add {'$status' if found.escape else '%>s'}"
    if not fields & {"request", "target", "path"}:
        yield "wrong", f"the request is missing; add {'$request' if found.escape else '%r'}"
    if "time" not in fields:
        yield "note", "the time is missing; the time at which a line is read stands in, and history has no times at all"
    if "agent" not in fields:
        yield "note", "the user agent is missing; clients behind one address cannot be told apart"


def _about_proxies(found: Configuration, verdicts: dict[str, Judged]) -> Iterator[Proposal]:
    proxies = found.proxies
    open_to = [network for network in proxies.networks if network in _ANYWHERE]
    if open_to:
        yield _only(
            "proxies",
            "wrong",
            f"{open_to[0]} may say who the client is ({proxies.header}), and that is everybody: any client can choose "
            "the address in the log; name the networks of your proxies only",
        )
    elif proxies.networks:
        yield _only(
            "proxies",
            "ok",
            f"{found.server} itself takes the client from {proxies.header} when {', '.join(proxies.networks[:8])} "
            "says so; the log holds the real client, and --trusted-proxy is not needed for these",
        )
    elif proxies.sign:
        blind = [
            found.formats[name].name for name, one in verdicts.items() if not one.fields & {"forwarded", "proxied"}
        ]
        remedy = 'add "$http_x_forwarded_for" (PROXY protocol: $proxy_protocol_addr) to it, or set_real_ip_from'
        if blind:
            yield _only(
                "proxies",
                "note",
                f"{proxies.sign} tells of a proxy in front, but {', '.join(blind)} holds only its address; {remedy}",
            )
    if any("forwarded" in one.fields or "proxied" in one.fields for one in verdicts.values()) and not proxies.networks:
        yield _only(
            "proxies",
            "note",
            "the log names the client behind a proxy; that is believed only with --trusted-proxy NETWORK of the proxy",
        )


def _proposal(log: AccessLog, found: Configuration, verdict: Judged | None, directory: Path) -> Proposal:
    """The command for one log."""
    options: list[str] = []
    form = found.formats.get(log.format)
    reading = f"format {form.name if form is not None else log.format}"
    log_format: str | None = None
    if verdict is not None and form is not None:
        if verdict.automatic:
            reading += f", which is recognised by itself ({verdict.automatic})"
        else:
            log_format = option_of(form)
            options = ["--log-format", log_format]
    place = Destination(log, directory, found.server)
    sites = ", ".join(log.sites[:_SITES]) + (f" and {len(log.sites) - _SITES} more" if len(log.sites) > _SITES else "")
    notes = [f"{place.shown}: {reading}", *([f"of {sites}"] if sites else []), *place.notes, *_option_notes(log)]
    state = "wrong" if place.blocked else "note" if len(notes) > 1 + bool(sites) else "ok"
    command = ""
    if place.arguments and verdict is not None:
        command = shlex.join(["apiwatch", *options, *place.arguments])
        if place.piped:
            command = f"{place.piped} | {command}"
    return Proposal(Check("log", state, f"{'; '.join(notes)} ({log.where})", command), place.path, log_format)


def _option_notes(log: AccessLog) -> Iterator[str]:
    names = {option.partition("=")[0]: option for option in log.options}
    if "gzip" in names:
        yield "it is compressed while it is written and cannot be followed live: take `gzip` away"
    elif "buffer" in names and "flush" not in names:
        yield f"{names['buffer']} without flush= holds lines back until it is full: add flush=1s"
    for name in ("if", "env", "expr"):
        if name in names:
            yield f"only requests with {names[name]} are in it"
