"""What of the block queue still stands somewhere."""

from apiwatch.store.protocol import Reader
from apiwatch.store.views import BlockEntry

__all__ = ["standing"]


async def standing(reader: Reader, now: float) -> list[BlockEntry]:
    """Queued entries, and those that have ended although a firewall holds them, as far as is known. StoreError."""
    queued = await reader.block_entries(now)
    held = {each.entry for each in await reader.applications(now)} - {entry.id for entry in queued}
    if not held:
        return queued
    ended = await reader.block_entries(now, include_ended=True)
    return queued + [entry for entry in ended if entry.id in held and entry.live_in]
