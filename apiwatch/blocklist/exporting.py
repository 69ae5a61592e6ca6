"""An export: every row passes the rails again, the file is read back before anybody else sees it, then replaced."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from apiwatch.blocklist.guard import HARD_LIMIT, Guard
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact, Target
from apiwatch.blocklist.writing import place, replace_file
from apiwatch.errors import GuardError
from apiwatch.model.condition import Condition, parse_condition
from apiwatch.text import one_line, plain

__all__ = ["export", "pass_rails"]

_LARGEST_SHARE = 16
"""One list may cover as much as so many networks of the hard limit: a /12 of IPv4, a /28 of IPv6."""


def export(
    target: Target, plan: Plan, guard: Guard, destination: Path | None, *, withdraw_all: bool = False
) -> Sequence[Artifact]:
    """Render the plan, and write it to `destination` unless that is None; returns what was rendered.

    The artifact is named like the destination. Raises GuardError when a rail refuses an entry (what typing can override
    was overridden when the entry was queued, and passes), when the list covers more than a /12 or a /28 (H5), when an
    empty list would replace one that is not empty without `withdraw_all` (H6), when the destination holds something
    else than such a list, and when the file does not read back as the plan (H7); UsageError when the destination is no
    file; OSError when it cannot be written, which leaves the old file as it was.
    """
    pass_rails(plan, guard)
    artifacts = tuple(target.render(plan, guard.allow))
    _read_back(target, plan, artifacts)
    if destination is None:
        return artifacts
    path = place(destination)
    blocks = _blocks_something(target, path, destination)
    if blocks and not plan.rows and not withdraw_all:
        raise GuardError(
            f"the block queue is empty and {plain(str(destination))} is not, so nothing was written; "
            "withdraw all explicitly (--withdraw-all) if everybody shall be unblocked (rail H6)"
        )
    (artifact,) = artifacts
    replace_file(path, artifact.content, artifact.mode)
    return (replace(artifact, name=destination.name),)


def pass_rails(plan: Plan, guard: Guard) -> None:
    """Raise GuardError when a rail refuses an entry for good, or when the list covers too much (H5).

    The entries are checked besides the rows: pieces of an entry that is too wide need not be too wide.
    """
    refused: list[str] = []
    for (net, condition), entry_id in dict(_networks(plan)).items():
        final = [each for each in guard.check(net, condition) if each.hard and not each.overridable]
        if final:
            refused.append(f"entry {one_line(entry_id, 40)}: {net} {final[0].text} (rail {final[0].code})")
    whole = next((row for row in plan.rows if not row.network.prefixlen), None)
    if whole is not None:
        refused.append(f"{whole.key} leaves nothing out that is protected (rail H1)")
    if refused:
        more = f", and {len(refused) - 1} more entries are refused" if len(refused) > 1 else ""
        raise GuardError(f"{refused[0]}{more}; withdraw it to export the rest")
    for version, bits in ((4, 32), (6, 128)):
        covered = sum(row.network.num_addresses for row in plan.family(version) if not row.condition.is_narrow)
        most = _LARGEST_SHARE << (bits - HARD_LIMIT[version])
        if covered > most:
            prefix = HARD_LIMIT[version] - _LARGEST_SHARE.bit_length() + 1
            raise GuardError(
                f"the list covers more IPv{version} addresses than a /{prefix}; withdraw entries (rail H5)"
            )


def _networks(plan: Plan) -> Iterator[tuple[tuple[str, Condition], str]]:
    for row in plan.rows:
        yield (row.net, row.condition), row.ids[0] if row.ids else ""
    for entry in plan.entries:
        yield (entry.net, parse_condition(entry.condition)), entry.id


def _read_back(target: Target, plan: Plan, artifacts: Sequence[Artifact]) -> None:
    found = frozenset(net for artifact in artifacts for net in target.parse(artifact.content))
    wrong = found ^ target.planned(plan)
    if wrong:
        raise GuardError(f"the {target.name} file does not say what was planned about {min(wrong)} (rail H7)")


def _blocks_something(target: Target, path: Path, destination: Path) -> bool:
    """Whether the file that is there blocks anything. Raises GuardError when it is no such list."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    if not content.strip():
        return False
    try:
        return bool(target.parse(content))
    except GuardError:
        raise GuardError(
            f"{plain(str(destination))} exists and is no {target.name} list of apiwatch, so it is left as it is; "
            "name another file, or move that one away"
        ) from None
