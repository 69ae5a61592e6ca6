"""JSON documents of targets: written with one object a line, read back strictly."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from apiwatch.blocklist.target import unexpected

__all__ = ["document", "lines_of", "objects"]


def lines_of(items: Sequence[object]) -> str:
    """A JSON array with an item a line, so that two lists can be compared by `diff`."""
    if not items:
        return "[]\n"
    return "[\n" + ",\n".join(json.dumps(item) for item in items) + "\n]\n"


def document(text: str) -> Any:
    """What a JSON text holds; GuardError when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise unexpected(text[:80]) from None


def objects(text: str) -> list[Mapping[str, Any]]:
    """The objects of a JSON array; GuardError when it holds anything else."""
    read = document(text)
    if not isinstance(read, list) or not all(isinstance(item, dict) for item in read):
        raise unexpected(text[:80])
    return read
