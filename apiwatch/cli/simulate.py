"""`apiwatch simulate`: a labelled log of an attack in normal traffic; with --live, in real time."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from apiwatch.errors import UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.simulate import Cast, Event

__all__ = ["known_scenario", "simulate"]

_BLOCK_LINES = 5000
_LIVE_STEP_S = 0.2


@click.command()
@click.argument("scenario", required=False)
@click.option("-o", "--output", metavar="DIR", help="Directory for SCENARIO.log and labels.jsonl (default: here).")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--minutes", type=click.FloatRange(0.1, 60 * 24 * 30), default=30.0, show_default=True, help="Event time."
)
@click.option("--rate", type=click.FloatRange(0.1, 100_000), default=50.0, show_default=True, help="Benign requests/s.")
@click.option(
    "--start",
    metavar="TIME",
    help="First event: a time such as 2026-08-01T10:00:00Z (default: so that it ends now; with --live: now).",
)
@click.option(
    "--format",
    "format_name",
    default="combined",
    show_default=True,
    help="combined (nginx), common, vhost_combined, nginx_json (json), caddy_json (caddy) or alb.",
)
@click.option("--grade", default="g0", show_default=True, help="Stealth of a replay: g0 loud ... g4 spread and slow.")
@click.option("--twin", is_flag=True, help="A replay's benign twin instead of its attack: it must raise no alert.")
@click.option("--topology", default="A", show_default=True, help="A; B: other names and ids; C: another service.")
@click.option("--live", metavar="FILE", help="Append to FILE in real time: the past at once, the rest as it happens.")
@click.option("--lifeline", type=int, metavar="FD", help="With --live: stop when this pipe is closed at its other end.")
def simulate(
    scenario: str | None,
    output: str | None,
    seed: int,
    minutes: float,
    rate: float,
    start: str | None,
    format_name: str,
    grade: str,
    twin: bool,
    topology: str,
    live: str | None,
    lifeline: int | None,
) -> None:
    """Write labelled traffic of a SCENARIO: a log, and labels.jsonl with who attacks. Without one: list them.

    R1 to R20 imitate published incidents, in grades of stealth and each with a benign twin.
    """
    from apiwatch.cli.output import put, say
    from apiwatch.simulate import REPLAYS, SCENARIOS, generate, labels

    if scenario is None:
        for name, found in SCENARIOS.items():
            put(f"{name:20} {found.title}")
        for name, replay in REPLAYS.items():
            put(f"{name:20} {replay.title}; {', '.join(replay.grades)}")
        return
    known_scenario(scenario)
    begin = _start(start, 0.0 if live is not None else minutes)
    cast: Cast = "twin" if twin else "attack"
    truth = labels(
        scenario, seed=seed, minutes=minutes, rate=rate, start=begin, grade=grade, cast=cast, layout=topology
    )
    events = generate(
        scenario,
        seed=seed,
        minutes=minutes,
        rate=rate,
        start=begin,
        format=format_name,
        grade=grade,
        cast=cast,
        layout=topology,
    )
    if live is not None:
        _append_live(Path(live), events, lifeline)
        return
    directory = Path(output or ".")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        log = directory / f"{scenario}.log"
        with log.open("w", encoding="utf-8") as file:
            count = _write_all(file, events)
        with (directory / "labels.jsonl").open("wb") as labelled:
            import msgspec

            for label in truth:
                labelled.write(msgspec.json.encode(label) + b"\n")
    except OSError as error:
        raise UsageError(f"{plain(str(error.filename or directory))} cannot be written: {error.strerror}") from None
    say(f"wrote {count} lines to {log}, and {directory / 'labels.jsonl'}")


def known_scenario(name: str) -> None:
    """Raise UsageError for a name that is no scenario."""
    import difflib

    from apiwatch.simulate import REPLAYS, SCENARIOS

    if name not in SCENARIOS and name not in REPLAYS:
        near = difflib.get_close_matches(name, [*SCENARIOS, *REPLAYS], n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"choose one of {', '.join(SCENARIOS)}, R1 to R{len(REPLAYS)}"
        raise UsageError(f"there is no scenario `{plain(name)}`; {hint}")


def _start(typed: str | None, past: float) -> float:
    """When the first event happens: as typed, or so many minutes ago."""
    if typed is None:
        return time.time() - past * 60
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise UsageError(f"--start: `{plain(typed)}` is not a time such as 2026-08-01T10:00:00Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"--start: `{plain(typed)}` has no time zone; add Z for UTC")
    return moment.timestamp()


def _write_all(file: IO[str], events: "Iterator[Event]") -> int:
    count = 0
    block: list[str] = []
    for event in events:
        block.append(event.line)
        if len(block) >= _BLOCK_LINES:
            file.write("\n".join(block) + "\n")
            count += len(block)
            block.clear()
    file.writelines(line + "\n" for line in block)
    return count + len(block)


def _append_live(path: Path, events: "Iterator[Event]", lifeline: int | None) -> None:
    """Append each event when its time has come; whole blocks of lines, so that no reader sees half a line."""
    with path.open("a", encoding="utf-8") as file:
        block: list[str] = []
        for event in events:
            ahead = event.time - time.time()
            if ahead > 0 or len(block) >= _BLOCK_LINES:
                if block:
                    file.write("\n".join(block) + "\n")
                    file.flush()
                    block.clear()
                while ahead > 0:
                    if _waited(min(ahead, _LIVE_STEP_S), lifeline):
                        return
                    ahead = event.time - time.time()
            block.append(event.line)
        file.writelines(line + "\n" for line in block)


def _waited(seconds: float, lifeline: int | None) -> bool:
    """Wait; True as soon as the lifeline is closed."""
    import os
    import select

    if lifeline is None:
        time.sleep(seconds)
        return False
    readable, _, _ = select.select([lifeline], [], [], seconds)
    return bool(readable) and not os.read(lifeline, 4096)
