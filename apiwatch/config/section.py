"""What sections of the settings file are made of."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Count", "Seconds", "Section", "Share"]

Seconds = Annotated[float, Meta(ge=0.0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1)]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of the settings file; an unknown key in it is an error."""
