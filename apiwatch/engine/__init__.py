"""The pure engine of one shard: `feed` Batches, `take` a Delta, `snapshot` and `restore` its state."""

from apiwatch.engine.engine import Engine

__all__ = ["Engine"]
