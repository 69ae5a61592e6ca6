"""The review of a plan with what the state file knows of it."""

import asyncio
from collections.abc import Callable, Mapping

from apiwatch.blocklist.guard import Finding
from apiwatch.blocklist.impact import cut_of
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.review import review
from apiwatch.blocklist.target import Target
from apiwatch.blocklist.tor import TorExits
from apiwatch.config.settings import Block
from apiwatch.model.condition import parse_condition
from apiwatch.store.protocol import Reader
from apiwatch.store.views import ImpactView

__all__ = ["entry_impacts", "review_stored"]

_LOOKED_AT = 200
"""Entries of a list whose impact is looked up one by one."""


async def entry_impacts(reader: Reader, plan: Plan) -> dict[str, ImpactView]:
    """The last hour of each entry by its key, of as many as are looked up one by one. StoreError."""
    cuts = {entry.key: cut_of(entry.net, parse_condition(entry.condition)) for entry in plan.entries[:_LOOKED_AT]}
    return {key: await reader.impact((cut,)) for key, cut in cuts.items()}


async def review_stored(
    reader: Reader,
    target: Target,
    plan: Plan,
    settings: Block,
    now: float,
    *,
    confirm: Callable[[str], str] | None = None,
    exits: TorExits | None = None,
    impacts: Mapping[str, ImpactView] | None = None,
) -> list[Finding]:
    """What `review` says of a plan by the last hour in the store and the allow-list at `now`. StoreError.

    `impacts` are those of `entry_impacts`, if they are known already.
    """
    cuts = [cut_of(entry.net, parse_condition(entry.condition)) for entry in plan.entries]
    whole = await reader.impact(cuts) if cuts else None
    allowed = await reader.allowed(now)
    if impacts is None:
        impacts = await entry_impacts(reader, plan)
    return await asyncio.to_thread(
        review, target, plan, settings, whole=whole, impacts=impacts, confirm=confirm, allowed=allowed, exits=exits
    )
