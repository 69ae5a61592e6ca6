"""Values as every database takes them, and values in blobs."""

import math
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from apiwatch.text import plain

__all__ = ["clean", "clean_row", "pack", "unpack"]

T = TypeVar("T")

_LARGEST = (1 << 63) - 1
_TEXT = 1 << 20


def clean(value: Any) -> Any:
    """A value that can be stored: text without lone surrogates, integers of 64 bits, no NaN; containers inside out."""
    if isinstance(value, str):
        return plain(value, _TEXT)
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-_LARGEST, min(_LARGEST, value))
    if isinstance(value, float):
        return 0.0 if math.isnan(value) else value
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def clean_row(row: Iterable[Any]) -> tuple[Any, ...]:
    """All values of a row, cleaned."""
    return tuple(clean(value) for value in row)


def pack(value: Any) -> bytes:
    """A struct as MessagePack; what cannot be encoded is cleaned first."""
    try:
        return msgspec.msgpack.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return msgspec.msgpack.encode(clean(_builtins(value)))


def unpack(blob: bytes, kind: type[T]) -> T:
    """The value that `pack` made a blob of. Raises msgspec.DecodeError for another blob."""
    return msgspec.msgpack.decode(blob, type=kind)


def _builtins(value: Any) -> Any:
    """Like msgspec.to_builtins, which refuses integers beyond 64 bits; keys are the encoded names."""
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        return {encoded: _builtins(getattr(value, name)) for name, encoded in names}
    if isinstance(value, dict):
        return {key: _builtins(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_builtins(item) for item in value]
    return value
