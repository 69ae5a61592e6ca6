"""How long a block lasts unless somebody says otherwise."""

from apiwatch.config.settings import Block

__all__ = ["default_lifetime"]


def default_lifetime(settings: Block, blocked_before: int) -> float:
    """Seconds: `block.ttl` the first time, then `block.repeat_ttl` for each one that ran out, up to `block.max_ttl`.

    >>> default_lifetime(Block(), 0), default_lifetime(Block(), 1), default_lifetime(Block(), 3)
    (3600.0, 14400.0, 43200.0)
    """
    return min(max(settings.ttl, settings.repeat_ttl * blocked_before), settings.max_ttl)
