"""`apiwatch block ranges`: the networks of CDNs and load balancers that the guard knows, and newer ones."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwatch.cli.options import as_json, state_file, state_options
from apiwatch.errors import GuardError, InputError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist.proxies import Provider

__all__ = ["ranges"]

_MODE = 0o644


@click.command()
@state_options
@as_json
@click.option("--refresh", is_flag=True, help="Fetch what their owners publish now, over https.")
def ranges(db: str | None, config: str | None, json_lines: bool, refresh: bool) -> int:
    """Networks of CDNs and cloud load balancers: whose, how many, as of when, and from where.

    Blocking one of them cuts off everybody behind it, so that the guard asks for it twice (rail H4). Exit code 1 when
    not all could be fetched; what cannot be fetched, or cannot be right, replaces nothing.
    """
    from apiwatch.blocklist.proxies import FILE_NAME, known_providers
    from apiwatch.cli.output import emit, say, table

    kept = state_file(db, config).with_name(FILE_NAME)
    code = 0
    if refresh:
        known, failures = _refreshed(kept)
        for text in failures:
            say(text)
        code = 1 if failures else 0
    known, problem = known_providers(kept)
    if problem:
        say(problem)
    if json_lines:
        for each in known:
            nets = [str(network) for network in each.networks]
            emit({"type": "ranges", "name": each.name, "as_of": str(each.as_of), "source": each.source, "nets": nets})
    else:
        rows = [(each.name, str(len(each.networks)), str(each.as_of), each.source) for each in known]
        table(("name", "networks", "as of", "source"), rows)
    return code


def _refreshed(kept: Path) -> "tuple[tuple[Provider, ...], list[str]]":
    """Fetch them all, keep what is new, and say what could not be fetched."""
    import httpx

    from apiwatch.blocklist.fetching import SOURCES, fetch
    from apiwatch.blocklist.proxies import known_providers, render_providers
    from apiwatch.blocklist.writing import place, replace_file

    before, _ = known_providers(kept)
    found = {each.name: each for each in before}
    failures: list[str] = []
    with httpx.Client(headers={"User-Agent": "apiwatch"}) as client:
        for source in SOURCES.values():
            try:
                found[source.name] = fetch(source, found.get(source.name), client)
            except GuardError as error:
                failures.append(str(error))
    if len(failures) < len(SOURCES):
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            replace_file(place(kept), render_providers(found.values()).encode(), _MODE)
        except OSError as error:
            raise InputError(f"{plain(str(kept))} cannot be written: {error.strerror}; nothing was changed") from None
    return tuple(found.values()), failures
