"""Blocking everybody who sends certain requests: a condition without a network."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apiwatch.errors import UsageError
from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.blocklist import Guard
    from apiwatch.config.settings import Block
    from apiwatch.model.condition import Condition

__all__ = ["add_everybody", "require_narrow"]

_WIDTH = 100


def require_narrow(condition: "Condition") -> None:
    """Raise UsageError for a condition that would close the whole site."""
    if not condition.is_narrow:
        raise UsageError("--everybody needs --path or --agent: which requests of everybody shall be blocked?")


async def add_everybody(
    path: Path,
    guard: "Guard",
    condition: "Condition",
    settings: "Block",
    reason: str,
    alert_ids: Sequence[str],
    ttl: float,
    *,
    json_lines: bool,
) -> int:
    """Queue a condition for everybody of both families.

    Raises GuardError when the last hour says that too much of what others do would be cut (H5).
    """
    from apiwatch.blocklist.everybody import EVERYBODY
    from apiwatch.blocklist.impact import impact_lines, impact_of
    from apiwatch.blocklist.overlap import already_blocked, queue_of
    from apiwatch.blocklist.review import require_review, too_much
    from apiwatch.cli.output import emit, put, rfc3339, say
    from apiwatch.cli.reading import actor, controlling, reading
    from apiwatch.model.condition import condition_fields

    now = time.time()
    async with reading(path) as reader:
        impact = await impact_of(reader, [f"{net} {condition}" for net in EVERYBODY])
        queue = queue_of(await reader.block_entries(now))
    require_review(too_much(impact.hour, settings, "it would cut", "name less of the path, or more of the user agent"))
    for net in EVERYBODY:
        for finding in [*guard.require(net, condition=condition), *already_blocked(net, queue, condition)]:
            say(f"{finding.code}: {finding.text}")
    async with controlling(path) as control:
        for net in EVERYBODY:
            entry = await control.block(net, plain(reason, 500), alert_ids, actor(), now, now + ttl, str(condition))
            if json_lines:
                fields = condition_fields(str(condition))
                emit({"type": "block", "id": entry, "net": net, "condition": fields, "expires": rfc3339(now + ttl)})
            else:
                put(f"queued {net} {condition} until {rfc3339(now + ttl)}  id {entry}")
    if not json_lines:
        put("`apiwatch block export --target NAME` writes them, without the networks of `apiwatch block protected`")
        for text in impact_lines(impact, _WIDTH, now=now):
            put(f"  {text}")
    return 0
