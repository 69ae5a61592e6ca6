"""`apiwatch parse` and `apiwatch formats`: what the program understands of a log."""

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import click

from apiwatch.cli.explaining import Explanation
from apiwatch.cli.options import as_json, load_settings, take_source_options, with_source_options
from apiwatch.errors import InputError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.config import Settings
    from apiwatch.engine.peers import Peers
    from apiwatch.formats import LineParser
    from apiwatch.model import Batch, Request

__all__ = ["formats", "parse"]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False), metavar="PATH...|-")
@with_source_options(syslog=False, since="")
@click.option("--config", metavar="FILE", help="Settings file.")
@click.option("--explain", is_flag=True, help="Print why it is this format, and how far failing lines go.")
@click.option("--json", "_json", is_flag=True, hidden=True, help="JSON is what it prints anyway.")
def parse(paths: tuple[str, ...], config: str | None, explain: bool, _json: bool, **sources: Any) -> None:
    """One JSON object per log record: the fields, the format, and the number of the line.

    Lines that no format understands are counted on standard error. Exit code 3 when not a single line is a record.
    """
    from apiwatch.cli.inputs import check_paths, wanted_paths

    settings = load_settings(config, take_source_options(sources))
    wanted = wanted_paths(paths, settings)
    check_paths(wanted, follow=False)
    run = _Parse(settings, wanted, explain)
    asyncio.run(run.read())
    if run.explanation is not None:
        run.explanation.show()
    run.summarise()


@click.command()
@as_json
def formats(json_lines: bool) -> None:
    """The known log formats, with an example each."""
    from apiwatch.cli.output import emit, put
    from apiwatch.formats import FORMATS

    for info in FORMATS:
        if json_lines:
            fields = {"name": info.name, "title": info.title, "example": info.example, "also": info.also}
            emit({"type": "format", **fields})
        else:
            also = f"\n  also: {', '.join(info.also)}" if info.also else ""
            put(f"{info.name}\n  {info.title}{also}")
            for example in info.example.split("\n"):
                put(f"  {example}")


class _Parse:
    """Counts and failures of one run."""

    def __init__(self, settings: "Settings", paths: tuple[str, ...], explain: bool) -> None:
        from apiwatch.engine.peers import Proxies

        self._settings = settings
        self._paths = paths
        self.explanation = Explanation() if explain else None
        self._parsers: dict[str, LineParser] = {}
        self._lines: dict[str, int] = {}
        self._peers: dict[str, Peers] = {}
        self._proxies = Proxies(settings.sources.trusted_proxy)
        self._unparsed = self._records = self._skipped = 0

    async def read(self) -> None:
        """Parse everything and print the records. Raises InputError when nothing could be read of a source in error."""
        from apiwatch.cli.inputs import feed_options
        from apiwatch.formats import line_times
        from apiwatch.sources import Feed

        options = feed_options(self._paths, self._settings, follow=False, since="start", streams=False)
        feed = Feed(options, offsets={}, time_of=line_times(self._settings.sources))
        try:
            await feed.open()
            async for batch in feed:
                self._batch(batch)
            errors = [f"{one.name} {one.message}" for one in feed.statuses() if one.state == "error"]
        finally:
            await feed.aclose()
        if errors and not self._lines:
            raise InputError(errors[0])

    def _batch(self, batch: "Batch") -> None:
        import msgspec

        from apiwatch.cli.output import write_lines
        from apiwatch.engine.peers import Peers
        from apiwatch.formats import Unparsed, line_parser
        from apiwatch.model import Request

        parser = self._parsers.get(batch.source)
        if parser is None:
            from apiwatch.cli.places import salt

            parser = self._parsers[batch.source] = line_parser(self._settings.sources, salt())
        peers = self._peers.setdefault(batch.source, Peers())
        first = self._lines.get(batch.source, 0) + 1
        self._lines[batch.source] = first - 1 + len(batch.lines)
        printed: list[bytes] = []
        # One line at a time, so that `parser.format` names the format of each record.
        for number, line in enumerate(batch.lines, first):
            record = parser.parse([line], number, batch.received)[0]
            if isinstance(record, Request):
                self._records += 1
                peers.follow(record, self._proxies)
                if self.explanation is None:
                    printed.append(msgspec.json.encode(_fields(record, parser.format, batch.source)))
                else:
                    self.explanation.record(batch.source, parser.format, line)
            elif isinstance(record, Unparsed):
                self._unparsed += 1
                if self.explanation is not None:
                    self.explanation.failure(batch.source, record)
            else:
                self._skipped += 1
        write_lines(printed)

    def summarise(self) -> None:
        """Counts on standard error. Raises InputError when nothing was a record."""
        from apiwatch.cli.output import say
        from apiwatch.engine.peers import first_hint

        if not self._records:
            names = plain(", ".join(self._paths))
            if not self._lines:
                raise InputError(f"{names} holds no line; name a log that has some")
            hint = "" if self.explanation is not None else "; --explain shows how far its lines are understood"
            raise InputError(f"{names} holds no line that is an access-log record{hint}")
        if self._unparsed or self.explanation is not None:
            how = "" if self.explanation is not None else "; --explain shows the first of them"
            sys.stdout.flush()
            say(f"{self._records} records, {self._unparsed} lines not understood, {self._skipped} skipped{how}")
        if hint := first_hint(self._peers.items()):
            sys.stdout.flush()
            say(hint)


def _fields(request: "Request", format_name: str, source: str) -> dict[str, Any]:
    """The record as JSON fields: null for what the line does not say."""
    from apiwatch.cli.output import rfc3339

    target = request.target
    return {
        "time": rfc3339(request.time, request.utc_offset),
        "client": request.client or None,
        "peer": request.peer or None,
        "user": request.user,
        "token": request.token,
        "auth": request.auth.name.lower(),
        "method": request.method,
        "target": target,
        "path": request.path if target is not None else None,
        "query": request.query if target is not None and "?" in target else None,
        "status": request.status,
        "bytes": request.bytes,
        "referer": request.referer,
        "user_agent": request.user_agent,
        "host": request.host,
        "duration_s": request.duration_s,
        "source": source,
        "format": format_name,
        "line": request.line,
    }
