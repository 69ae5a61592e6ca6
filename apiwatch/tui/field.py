"""A line to type into, as a question describes it."""

from typing import NamedTuple

__all__ = ["Field"]


class Field(NamedTuple):
    """One line to type into."""

    label: str
    value: str
    choices: tuple[str, ...] = ()
    """Values that Up and Down put into it; anything else can be typed as well."""
    needed: bool = False
    """Nothing usual fits: it stands first."""
