"""`apiwatch block ranges`: networks of CDNs and load balancers that the guard knows, Tor's exits, and newer ones."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.options import as_json, state_file, state_options
from apiwatch.errors import ApiwatchError, GuardError, InputError, UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    import httpx

    from apiwatch.blocklist.proxies import Provider
    from apiwatch.blocklist.tor import TorExits

__all__ = ["ranges", "tor_exits"]

_MODE = 0o644


@click.command()
@state_options
@as_json
@click.option("--refresh", is_flag=True, help="Fetch what their owners publish now, over https.")
@click.option(
    "--from",
    "files",
    multiple=True,
    metavar="NAME=FILE",
    help="Take the list of a name from a file that you fetched; repeatable, also for one name.",
)
def ranges(db: str | None, config: str | None, json_lines: bool, refresh: bool, files: tuple[str, ...]) -> int:
    """Networks of CDNs and cloud load balancers: whose, how many, as of when, and from where.

    Blocking one of them cuts off everybody behind it, so that the guard asks for it twice (rail H4). Of Tor's exits it
    only warns when a block lasts (S3). Exit code 1 when not all could be had; what cannot be fetched, or cannot be
    right, replaces nothing.
    """
    from apiwatch.blocklist.proxies import FILE_NAME, known_providers
    from apiwatch.blocklist.tor import NAME
    from apiwatch.cli.output import emit, rfc3339, say, table

    kept = state_file(db, config).with_name(FILE_NAME)
    given = _named(files)
    failures = _replaced(kept, given, refresh=refresh) if refresh or given else []
    for text in failures:
        say(text)
    known, problem = known_providers(kept)
    exits = tor_exits(kept)
    if problem:
        say(problem)
    rows = [(each.name, each.networks, str(each.as_of), each.source) for each in known]
    if exits is not None:
        rows.append((NAME, exits.addresses, rfc3339(exits.as_of) or "", exits.source))
    if json_lines:
        for name, networks, as_of, source in rows:
            nets = [str(network) for network in networks]
            emit({"type": "ranges", "name": name, "as_of": as_of, "source": source, "nets": nets})
    else:
        shown = [(name, str(len(networks)), as_of, source) for name, networks, as_of, source in rows]
        table(("name", "networks", "as of", "source"), shown)
    return 1 if failures else 0


def tor_exits(beside: Path) -> "TorExits | None":
    """The list of Tor's exits that is kept beside a state file, if one is; says why it cannot be read."""
    from apiwatch.blocklist.tor import FILE_NAME, known_exits
    from apiwatch.cli.output import say

    exits, problem = known_exits(beside.with_name(FILE_NAME))
    if problem:
        say(problem)
    return exits


def _named(files: Sequence[str]) -> dict[str, list[Path]]:
    """Files by the name of their list; UsageError for another name."""
    from apiwatch.blocklist.fetching import SOURCES
    from apiwatch.blocklist.tor import NAME

    found: dict[str, list[Path]] = {}
    for text in files:
        name, _, path = text.partition("=")
        if not path or (name != NAME and name not in SOURCES):
            known = ", ".join((*SOURCES, NAME))
            raise UsageError(f"--from: `{plain(text, 100)}` is not NAME=FILE with one of the names {known}")
        found.setdefault(name, []).append(Path(path))
    return found


def _replaced(kept: Path, given: dict[str, list[Path]], *, refresh: bool) -> list[str]:
    """Take the lists of files, fetch the others if so wished, keep what is new; say what could not be had."""
    import httpx

    from apiwatch.blocklist.fetching import SOURCES, fetch, handed_in
    from apiwatch.blocklist.proxies import known_providers, render_providers

    before, _ = known_providers(kept)
    found = {each.name: each for each in before}
    failures: list[str] = []

    def attempt(name: str, get: "Callable[[], Provider]") -> None:
        try:
            found[name] = get()
        except (GuardError, InputError) as error:
            failures.append(str(error))

    with httpx.Client(headers={"User-Agent": "apiwatch"}) as client:
        for name, source in SOURCES.items():
            if name in given:
                attempt(name, lambda: handed_in(source, found.get(name), given[name]))  # noqa: B023 - called at once
            elif refresh and source.urls:
                attempt(name, lambda: fetch(source, found.get(name), client))  # noqa: B023 - called at once
        failures += _replaced_exits(kept, given, client if refresh else None)
    if tuple(found.values()) != before:
        _write(kept, render_providers(found.values()))
    return failures


def _replaced_exits(kept: Path, given: "dict[str, list[Path]]", client: "httpx.Client | None") -> "Iterator[str]":
    from apiwatch.blocklist.fetching import TOR, networks_of, pages, read_files
    from apiwatch.blocklist.tor import FILE_NAME, NAME, known_exits, render_exits, usable_exits

    place = kept.with_name(FILE_NAME)
    before, _ = known_exits(place)
    try:
        if NAME in given:
            bodies, as_of = read_files(given[NAME])
            where = " and ".join(plain(path.name, 80) for path in given[NAME])
        elif client is not None:
            bodies, as_of, where = pages(TOR, client), time.time(), " and ".join(TOR.urls)
        else:
            return
        exits = usable_exits(networks_of(TOR, bodies, where), as_of, where, before)
    except ApiwatchError as error:
        yield str(error)
    else:
        _write(place, render_exits(exits))


def _write(path: Path, text: str) -> None:
    from apiwatch.blocklist.writing import place, replace_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(place(path), text.encode(), _MODE)
    except OSError as error:
        raise InputError(f"{plain(str(path))} cannot be written: {error.strerror}; nothing was changed") from None
