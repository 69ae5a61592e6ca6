"""One parsed OpenAPI document: its values by place, its local references, and errors that say where."""

from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import unquote

from apiwatch.errors import ConfigError
from apiwatch.text import plain

__all__ = ["Document"]

_HOPS = 32
"""References that may lead to a value."""


class Document:
    """A document and the name of its file for messages."""

    def __init__(self, name: str, root: dict[Any, Any]) -> None:
        self.name = name
        self.root = root

    def wrong(self, place: str, what: str) -> NoReturn:
        """Raise ConfigError about a place such as `paths./users.get`."""
        raise ConfigError(f"{self.name}: `{plain(place, 300)}` {what}")

    def mapping(self, value: object, place: str) -> dict[Any, Any]:
        """A mapping, a missing one as empty, with references followed. Raises ConfigError for anything else."""
        found = self.resolved(value, place)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.wrong(place, "must be a mapping")
        return found

    def entries(self, value: object, place: str) -> Iterator[tuple[str, object]]:
        """Places and values of a list, a missing one as empty. Raises ConfigError for anything else."""
        if value is None:
            return
        if not isinstance(value, list):
            self.wrong(place, "must be a list")
        for number, entry in enumerate(value):
            yield f"{place}[{number}]", entry

    def resolved(self, value: object, place: str) -> object:
        """The value behind local references (`$ref: '#/...'`). Raises ConfigError for others, and for circles."""
        for _ in range(_HOPS):
            if not isinstance(value, dict) or "$ref" not in value:
                return value
            reference = value["$ref"]
            if not isinstance(reference, str) or not reference.startswith("#"):
                shown = plain(str(reference), 200)
                self.wrong(place, f"refers to another file ({shown}); bundle the files into one first, for example "
                           "with `redocly bundle`")  # fmt: skip
            value = self._at(reference, place)
        self.wrong(place, "refers to itself in a circle; give it a value")

    def _at(self, reference: str, place: str) -> object:
        """The value at a JSON pointer (RFC 6901) in a URI fragment."""
        found: object = self.root
        for part in unquote(reference[1:]).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key[:9]) < len(found):
                found = found[int(key)]
            else:
                self.wrong(place, f"refers to {plain(reference, 200)}, which is not in the file")
        return found
