"""Object values: canonical form, 64-bit identity and, where ids have an order, their number."""

from hashlib import blake2b
from urllib.parse import unquote

__all__ = ["identity", "number", "unquote"]

_FOLDED = frozenset({"uuid", "email", "hex", "hash", "objectid", "host"})
"""Kinds whose values are equal in any letter case."""

_SHORT = 19
"""Integers with fewer characters fit into 63 bits."""


def identity(kind: str, value: str) -> int:
    """Identity of an object value: equal for equal objects in any spelling, the same in every process.

    Integers are their own identity, so that `007` and `7` are one object; other values are hashed to 63 bits.

    >>> identity("int", "007") == identity("int", "7")
    True
    """
    if kind == "int" and len(value) < _SHORT:
        return int(value)
    text = value.strip("{}").lower() if kind in _FOLDED else value
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def number(kind: str, value: str) -> int | None:
    """Position of an id in its sequence; None for ids without an order (UUID, e-mail, free text).

    Hexadecimal ids and ObjectIds count by their last 8 digits, ULIDs and VINs by their last 8 characters in base 36.
    """
    try:
        match kind:
            case "int" | "phone":
                return int(value) if len(value) < 30 else None
            case "hex" | "objectid":
                return int(value[-8:], 16)
            case "ulid" | "vin":
                return int(value[-8:], 36)
    except ValueError:
        return None
    return None
