"""What the block queue becomes: the plan, the guard's findings, the files, the checks, the commands."""

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import chop_cells

from apiwatch.config.settings import Settings
from apiwatch.errors import ApiwatchError
from apiwatch.store.protocol import Reader
from apiwatch.store.views import BlockEntry, ImpactView
from apiwatch.text import plain
from apiwatch.tui.line import Line, Piece, line, wrap
from apiwatch.tui.measured import measured

if TYPE_CHECKING:
    from apiwatch.blocklist import Artifact, CheckResult, Finding, Guard, Plan
    from apiwatch.blocklist.applying.looking import Comparison
    from apiwatch.blocklist.impact import Impact

__all__ = [
    "Preview",
    "Written",
    "commands_of",
    "compared",
    "default_path",
    "farewell_lines",
    "make_preview",
    "planned",
    "preview_lines",
    "review_of",
    "reviewed",
    "write",
]

_PREVIEW_LINES = 400
_CHANGES = 8
"""Networks shown of each kind of change."""
_FEW = 3
_COMMAND = 1000
_LEFT_OUT = "H9"
"""Code of what is left out, while the rest is exported."""


@dataclass(frozen=True, slots=True)
class Written:
    """Files that were written, the validator's word on them, and what to type next."""

    paths: tuple[str, ...]
    check: "CheckResult"
    commands: tuple[tuple[str, tuple[str, ...]], ...]
    """('apply', commands), ('verify', ...), ('undo', ...)."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an export to one target would be."""

    target: str
    title: str
    networks: int
    entries: int
    findings: "tuple[Finding, ...]"
    artifacts: "tuple[Artifact, ...]"
    check: "CheckResult | None"
    problem: str
    """Why there is no file; ''."""
    held: int
    """Entries that the target holds already, as far as is known."""
    plan: "Plan | None" = None
    said: "tuple[Finding, ...]" = ()
    """What the store has against it, once it was asked."""
    impact: "Impact | None" = None
    """Whom the list also cuts off, once the store was asked."""
    impacts: "Mapping[str, ImpactView]" = field(default_factory=dict)
    """The last hour of each entry by its key, once the store was asked."""
    comparison: "Comparison | None" = None
    """What an apply would change, once the target was read."""
    unread: str = ""
    """Why the target could not be read; ''."""


def default_path(target: str, suffix: str) -> str:
    """Where an export goes unless another path is typed."""
    return f"./apiwatch-{target}.{suffix.lstrip('.')}"


def make_preview(
    target_name: str, entries: Sequence[BlockEntry], guard: "Guard", allow: Sequence[str], at: float, *, check: bool
) -> Preview:
    """Plan, guard and render; with `check` also run the target's own validator. Blocks: call it in a thread."""
    from apiwatch.blocklist import TARGETS
    from apiwatch.model.condition import parse_condition

    target = TARGETS[target_name]
    live = [entry for entry in entries if entry.state == "queued"]
    findings = tuple(finding for entry in live for finding in guard.check(entry.net, parse_condition(entry.condition)))
    networks, made = 0, None
    try:
        made, left_out = planned(target_name, live, guard, at)
        findings = (*left_out, *findings)
        networks = len(made.rows)
        artifacts = tuple(target.render(made, allow))
        result, problem = (target.validate(artifacts) if check else None), ""
    except ApiwatchError as error:
        artifacts, result, problem = (), None, str(error)
    held = sum(target_name in entry.live_in for entry in live)
    return Preview(target_name, target.title, networks, len(live), findings, artifacts, result, problem, held, made)


def planned(target_name: str, entries: Sequence[BlockEntry], guard: "Guard", at: float) -> "tuple[Plan, list[Finding]]":
    """The plan of the queue for a target, and what is left out of it; raises GuardError."""
    from apiwatch.blocklist import TARGETS, plan
    from apiwatch.blocklist.review import suited

    made = plan([entry for entry in entries if entry.state == "queued"], at, int(at))
    return suited(TARGETS[target_name], made, guard)


def compared(preview: Preview, comparison: "Callable[[str, Plan], Comparison]") -> Preview:
    """The preview with what the target holds, or with why that is not known. Blocks: call it in a thread."""
    if preview.plan is None:
        return preview
    try:
        return replace(preview, comparison=comparison(preview.target, preview.plan), unread="")
    except ApiwatchError as error:
        return replace(preview, comparison=None, unread=str(error))


async def reviewed(preview: Preview, reader: Reader, settings: Settings, now: float) -> Preview:
    """The preview with what the store knows of it: warnings, refusals, and whom it also cuts off. StoreError."""
    if preview.plan is None or not preview.plan.rows:
        return preview
    from apiwatch.blocklist.impact import impact_of
    from apiwatch.blocklist.reviewing import entry_impacts

    impacts = await entry_impacts(reader, preview.plan)
    found = await review_of(preview.target, preview.plan, reader, settings, now, impacts)
    impact = await impact_of(reader, list(dict.fromkeys(entry.key for entry in preview.plan.entries)))
    return replace(preview, said=tuple(found), impact=impact, impacts=impacts)


async def review_of(
    target_name: str,
    plan: "Plan",
    reader: Reader,
    settings: Settings,
    now: float,
    impacts: "Mapping[str, ImpactView] | None" = None,
) -> "list[Finding]":
    """What the store says about a plan for a target; DNS is not asked. StoreError."""
    from apiwatch.blocklist import TARGETS
    from apiwatch.blocklist.reviewing import review_stored
    from apiwatch.blocklist.tor import FILE_NAME, known_exits

    exits = None
    if settings.db:
        exits, _ = await asyncio.to_thread(known_exits, Path(settings.db).with_name(FILE_NAME))
    return await review_stored(reader, TARGETS[target_name], plan, settings.block, now, exits=exits, impacts=impacts)


def write(
    target_name: str,
    entries: Sequence[BlockEntry],
    guard: "Guard",
    destination: Path,
    at: float,
    *,
    withdraw_all: bool,
) -> Written:
    """Export to a file, check it, and say what to type next; raises GuardError or OSError. Blocks."""
    from apiwatch.blocklist import TARGETS, export

    target = TARGETS[target_name]
    made, _ = planned(target_name, entries, guard, at)
    artifacts = export(target, made, guard, destination, withdraw_all=withdraw_all)
    check = target.validate(artifacts)
    paths = tuple(str(destination.parent / artifact.name) for artifact in artifacts)
    if len(artifacts) == 1:
        paths = (str(destination),)
    commands = target.commands(paths)
    steps = (("apply", commands.apply), ("verify", commands.verify), ("undo", commands.undo))
    return Written(paths, check, tuple((name, tuple(lines)) for name, lines in steps))


def farewell_lines(written: Written) -> list[str]:
    """What to remember of an export once the dashboard is gone: the files, and the commands that apply them."""
    said = [f"apiwatch: wrote {', '.join(written.paths)}; nothing is applied yet"]
    for name, commands in written.commands:
        said += [f"  {name}: {command}" for command in commands if name == "apply"]
    return said


def commands_of(target_name: str, db: str | None, config: str | None = None) -> list[tuple[str, str]]:
    """('apply', command), ('undo', ...), ('panic', ...) that root types; the last works without apiwatch and its files.

    A target that apiwatch does not apply by itself has those of the file that `o` writes.
    """
    from apiwatch.blocklist import TARGETS

    target = TARGETS[target_name]
    by_hand = target.commands((default_path(target_name, target.suffix),))
    steps = [("apply", by_hand.apply), ("undo", by_hand.undo)]
    if target.applier is not None:
        given = (("target", target_name), ("db", db), ("config", config))
        again = [f"--{option}={value}" for option, value in given if value]
        apply, undo = (shlex.join(["apiwatch", "block", *words, *again]) for words in (["apply"], ["undo", "--last"]))
        steps = [("apply", (apply,)), ("undo", (undo,)), ("panic", by_hand.undo)]
    return [(name, plain(command, _COMMAND)) for name, commands in steps for command in commands]


def preview_lines(
    preview: Preview | None,
    targets: Sequence[str],
    chosen: str,
    written: Written | None,
    width: int,
    again: tuple[str | None, str | None] = (None, None),
    entry: str = "",
) -> list[Line]:
    """What an export of the queue to a target would be, or was, for a width.

    `again` are the state file and the settings file that commands must name; `entry` is the key of the one under the
    cursor.
    """
    drawn = _entry_lines(preview, entry, width)
    at = targets.index(chosen) + 1
    drawn += [line("target ", *_names(targets, chosen, width - 26), Piece(f"   t T  {at} of {len(targets)}", "dim"))]
    if written is not None:
        drawn += _written_lines(written, width)
    if preview is None:
        return [*drawn, line(Piece("loading...", "dim"))]
    merged = "" if preview.networks == preview.entries else f" after overlaps were resolved, from {preview.entries}"
    drawn.append(line(f"{preview.title}: {_count(preview.networks)}{merged}"))
    drawn += _comparison_lines(preview, width)
    drawn += _guard_lines((*preview.findings, *preview.said), width)
    if preview.impact is not None:
        drawn += _impact_lines(preview.impact, width)
    if written is None:
        drawn.append(line(Piece("as root, or A (`block.apply_command`); o writes the file:", "dim")))
        drawn += _command_lines(commands_of(chosen, *again), width)
    if preview.problem:
        drawn += wrap(preview.problem, width, style="bad")
    if preview.check is not None and written is None:
        drawn += _check_lines(preview.check, width)
    for artifact in preview.artifacts:
        drawn.append(
            line(Piece(f"-- {artifact.name}, {len(artifact.content)} bytes, mode {artifact.mode:o} --", "dim"))
        )
        lines = artifact.content.decode("utf-8", "replace").splitlines()
        drawn += [line(text.expandtabs(4)) for text in lines[:_PREVIEW_LINES]]
        if len(lines) > _PREVIEW_LINES:
            drawn.append(line(Piece(f"... {len(lines) - _PREVIEW_LINES} more lines in the file", "dim")))
    return drawn


def _entry_lines(preview: Preview | None, key: str, width: int) -> list[Line]:
    """Whom the entry under the cursor cuts off."""
    from apiwatch.blocklist.impact import brief

    found = preview.impacts.get(key) if preview is not None else None
    return wrap(f"{key}, last hour: {brief(found)}", width, style="dim") if found is not None else []


def _comparison_lines(preview: Preview, width: int) -> list[Line]:
    """What the target holds, and what an apply would change in it."""
    found, name = preview.comparison, preview.target
    if found is None:
        of = f"{preview.held} of {_entries(preview.entries)} in force when it was read last"
        known = of if preview.held else ""
        if not preview.unread:
            return wrap(known, width, style="dim") if known else []
        return wrap(f"not compared: {preview.unread}{f'; {known}' if known else ''}", width, style="warn")
    change = found.difference
    steps = (("+", "to add", change.added), ("-", "to remove", change.removed), ("~", "to renew", change.renewed))
    counts = ", ".join(f"{len(nets)} {what}" for _, what, nets in steps if nets)
    drawn = wrap(f"{name} holds {_count(found.held)}: {counts or 'nothing to change'}", width, style="strong")
    for sign, _, nets in steps:
        more = [f"and {len(nets) - _CHANGES} more"] if len(nets) > _CHANGES else []
        drawn += [line(Piece(f" {sign} ", "strong"), text) for text in [*nets[:_CHANGES], *more]]
    if change.foreign:
        some = ", ".join(change.foreign[:_FEW]) + (", ..." if len(change.foreign) > _FEW else "")
        drawn += wrap(f"never queued here, so written by hand: {some}; an apply takes them away", width, style="warn")
    if found.refusal:
        drawn += wrap(found.refusal, width, first="H6 ", rest="   ", style="bad")
    if found.check is not None and preview.check is None:
        drawn += _check_lines(found.check, width)
    return drawn


def _names(targets: Sequence[str], chosen: str, width: int) -> list[Piece]:
    """The chosen target with as many of those around it as there is room for."""
    at = targets.index(chosen)
    first = last = at
    room = width - len(chosen) - 2
    for step in range(1, len(targets)):
        for side in (at + step, at - step):
            if 0 <= side < len(targets) and len(targets[side]) + 2 <= room and side in (first - 1, last + 1):
                room -= len(targets[side]) + 2
                first, last = min(first, side), max(last, side)
    return [
        Piece(f"[{name}]" if name == chosen else f" {name} ", "active" if name == chosen else "")
        for name in targets[first : last + 1]
    ]


def _guard_lines(findings: "Sequence[Finding]", width: int) -> list[Line]:
    """Each refusal, and each kind of warning once."""
    from apiwatch.blocklist.review import by_kind

    drawn: list[Line] = []
    rails = [finding for finding in findings if finding.code.startswith("H")]
    if not rails:
        drawn.append(line(Piece("guard ok: no protected network, nothing too wide", "good")))
    refused = [finding for finding in rails if finding.hard and finding.code != _LEFT_OUT]
    if any(not finding.overridable for finding in refused):
        drawn += wrap("the guard refuses this export; x withdraws an entry:", width, style="bad")
    elif refused:
        drawn += wrap("queued in spite of the guard; x withdraws an entry:", width, style="warn")
    for finding in sorted(rails, key=lambda each: not each.hard):
        drawn += _finding_lines(finding, "", width)
    for finding, others in by_kind(finding for finding in findings if finding not in rails):
        drawn += _finding_lines(finding, f" (and {others} more like it)" if others else "", width)
    return drawn


def _finding_lines(finding: "Finding", more: str, width: int) -> list[Line]:
    style = "bad" if finding.hard else "warn"
    text = f"{finding.net} {finding.text}{more}".strip()
    return wrap(text, width, first=f"{finding.code} ", rest="   ", style=style)


def _impact_lines(impact: "Impact", width: int) -> list[Line]:
    from apiwatch.blocklist.impact import impact_lines

    return [line(Piece(f" {text}", "dim")) for text in impact_lines(impact, width - 1, whose="the list")]


def _check_lines(check: "CheckResult", width: int) -> list[Line]:
    if not check.available:
        return wrap(f"not checked: {' '.join(check.output.split())}", width, style="warn")
    word = "accepts it" if check.ok else "refuses it"
    drawn = wrap(f"{check.tool} {word}", width, style="good" if check.ok else "bad")
    for text in check.output.splitlines()[:20]:
        drawn += wrap(text, width, first="  ", rest="    ", style="dim")
    return drawn


def _written_lines(written: Written, width: int) -> list[Line]:
    drawn = wrap(f"wrote {', '.join(written.paths)}; nothing is applied yet", width, style="good")
    drawn += _check_lines(written.check, width)
    steps = [(name, plain(command)) for name, commands in written.commands for command in commands]
    return [*drawn, *_command_lines(steps, width)]


def _command_lines(steps: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Commands are cut where the room ends, and not at words: what is copied must be what was meant."""
    drawn: list[Line] = []
    for name, command in steps:
        first, *rest = chop_cells(measured(command, _COMMAND), max(8, width - 8)) or [""]
        drawn.append(line(Piece(f"{name:<7} ", "strong"), first))
        drawn += [line(" " * 8, part) for part in rest]
    return drawn


def _entries(number: int) -> str:
    return "1 entry was" if number == 1 else f"{number} entries were"


def _count(networks: int) -> str:
    return f"{networks} network{'' if networks == 1 else 's'}"
