"""What the commands that change a firewall say: plans, ends, and the commands to go on with."""

import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from apiwatch.cli.output import emit, put, say, table
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist import CheckResult, Finding, Guard, Plan, Target
    from apiwatch.blocklist.applying.engine import Applied
    from apiwatch.blocklist.applying.site import Prepared, Site
    from apiwatch.blocklist.impact import Impact
    from apiwatch.store.views import ImpactView

__all__ = ["networks_told", "tell_applied", "tell_file_plan", "tell_plan"]

_SHOWN = 20
_WIDTH = 100


def tell_plan(
    site: "Site",
    prepared: "Prepared",
    again: str,
    *,
    json_lines: bool,
    brief: bool = False,
    cut: "Impact | None" = None,
    impacts: "Mapping[str, ImpactView]" = MappingProxyType({}),
) -> None:
    """What an apply would change, and whom it cuts off if that is known; `brief`: in a few lines before it happens.

    `impacts` are the last hour of entries, by key.
    """
    name, change, check = site.target.name, prepared.difference, prepared.check
    command = f"apiwatch block apply --target {name}{again}"
    undo = f"apiwatch block undo --last --target {name}{again}"
    panic = list(site.target.commands([site.options.get("path", f"apiwatch-{name}.{site.target.suffix}")]).undo)
    cut = cut or prepared.impact
    if json_lines:
        emit(
            {
                "type": "plan",
                "target": name,
                "revision": prepared.plan.revision,
                "networks": len(prepared.plan.rows),
                "held": len(prepared.held),
                "added": list(change.added),
                "removed": list(change.removed),
                "renewed": list(change.renewed),
                "foreign": list(change.foreign),
                "entries": _entry_fields(prepared.plan, impacts),
                "overrides": list(prepared.overrides),
                "left_out": [finding.net for finding in prepared.left_out],
                "validator": _check_fields(check),
                "impact": _impact_fields(cut),
                "apply": command,
                "undo": undo,
                "panic": panic,
            }
        )
        return
    if not brief:
        _entries(prepared.plan, impacts)
    put(
        f"{name} holds {networks_told(len(prepared.held))}; {len(change.added)} to add, "
        f"{len(change.removed)} to remove, {len(change.renewed)} to renew"
    )
    for sign, nets in (("+", change.added), ("-", change.removed), ("~", change.renewed)):
        _nets(sign, nets)
    if change.foreign:
        _say_foreign(name, change.foreign)
    for override in prepared.overrides:
        say(f"{override['net']} {override['text']}: overridden (rail {override['code']})")
    put(_check_text(check))
    _impact(cut)
    if not brief:
        put(f"# apply  {command}")
        put(f"# undo   {undo}")
    for line in panic:
        put(f"# panic  {line}")


def tell_file_plan(
    target: "Target",
    plan: "Plan",
    guard: "Guard",
    cut: "Impact | None" = None,
    impacts: "Mapping[str, ImpactView]" = MappingProxyType({}),
    *,
    json_lines: bool,
    left_out: "Sequence[Finding]" = (),
) -> int:
    """The plan of a target that a person applies: its file, and the commands; exit code 1 if it is bad."""
    from apiwatch.blocklist import export

    artifacts = export(target, plan, guard, None)
    check = target.validate(artifacts)
    names = [artifact.name for artifact in artifacts]
    commands = target.commands(names)
    write = f"apiwatch block export --target {target.name} -o {names[0]}"
    if json_lines:
        fields = {"type": "plan", "target": target.name, "networks": len(plan.rows), "validator": _check_fields(check)}
        emit(
            {
                **fields,
                "left_out": [finding.net for finding in left_out],
                "entries": _entry_fields(plan, impacts),
                "impact": _impact_fields(cut),
                "write": write,
                "apply": list(commands.apply),
                "panic": list(commands.undo),
            }
        )
    else:
        _entries(plan, impacts)
        put(f"{len(plan.rows)} networks; what {target.name} holds now is not known")
        put(_check_text(check))
        _impact(cut)
        for title, lines in (("write", (write,)), ("apply", commands.apply), ("panic", commands.undo)):
            for line in lines:
                put(f"# {title:6} {line}")
    return 1 if check.available and not check.ok else 0


def tell_applied(site: "Site", done: "Applied", again: str, *, json_lines: bool) -> int:
    """How it ended; exit code 0 when the list is in force, 1 when it was taken back."""
    name, undo = site.target.name, f"apiwatch block undo {done.id}{again}" if done.id else ""
    if json_lines:
        result = "unchanged" if not done.id else "kept" if done.kept else "rolled back"
        emit({"type": "apply", "id": done.id, "target": name, "result": result, "why": done.why, "undo": undo})
    elif not done.id:
        put(f"{name}: nothing to do, {done.why}")
    elif done.kept:
        put(f"{name} holds {networks_told(len(done.held))}, read back and kept ({done.why})")
        put(f"# undo   {undo}")
    else:
        say(f"{name}: taken back, because {done.why}; it holds {networks_told(len(done.held))}, as before")
    return 0 if done.kept else 1


def networks_told(count: int) -> str:
    """`1 network`, `2 networks`."""
    return f"{count} network{'' if count == 1 else 's'}"


def _entries(plan: "Plan", impacts: "Mapping[str, ImpactView]") -> None:
    from apiwatch.blocklist.impact import brief
    from apiwatch.cli.alerttext import clock_time

    rows = [
        (
            entry.key,
            clock_time(entry.expires) if entry.expires is not None else "never",
            entry.id,
            brief(impacts[entry.key]) if entry.key in impacts else "-",
            entry.reason or "-",
        )
        for entry in plan.entries
    ]
    if rows:
        table(("network", "expires", "id", "last hour", "reason"), rows)


def _entry_fields(plan: "Plan", impacts: "Mapping[str, ImpactView]") -> list[dict[str, Any]]:
    """Entries with their last hour; null for those that were not looked up."""
    from apiwatch.blocklist.impact import view_fields

    return [
        {"id": entry.id, "net": entry.key, "hour": view_fields(impacts[entry.key]) if entry.key in impacts else None}
        for entry in plan.entries
    ]


def _impact(cut: "Impact | None") -> None:
    from apiwatch.blocklist.impact import impact_lines

    for text in impact_lines(cut, _WIDTH, now=time.time()) if cut is not None else ():
        put(f"  {text}")


def _impact_fields(cut: "Impact | None") -> "dict[str, Any] | None":
    from apiwatch.blocklist.impact import impact_fields

    return impact_fields(cut) if cut is not None else None


def _nets(sign: str, nets: Sequence[str]) -> None:
    for net in nets[:_SHOWN]:
        put(f"{sign} {net}")
    if len(nets) > _SHOWN:
        put(f"{sign} and {len(nets) - _SHOWN} more")


def _say_foreign(name: str, nets: Sequence[str]) -> None:
    some = ", ".join(nets[:3]) + (" and others" if len(nets) > 3 else "")
    say(f"somebody wrote {some} into our list of {name} by hand: an apply takes them away")


def _check_text(check: "CheckResult") -> str:
    said = plain(" ".join(check.output.split()), 300)
    if not check.available:
        return f"not checked: {said}"
    return f"{check.tool} accepts it" if check.ok else f"{check.tool} does not accept it: {said}"


def _check_fields(check: "CheckResult") -> dict[str, object]:
    return {"tool": check.tool, "ran": check.available, "ok": check.ok, "output": plain(check.output, 1000)}
