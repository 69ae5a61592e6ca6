"""OpenAPI files as documents: YAML or JSON, within bounds, with errors that name the file, the line or the key."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from apiwatch.errors import ConfigError
from apiwatch.routes.openapi.document import Document
from apiwatch.routes.openapi.paths import path_items
from apiwatch.routes.openapi.specification import NOTHING, Specification
from apiwatch.text import plain

__all__ = ["LIMIT_BYTES", "LIMIT_OPERATIONS", "read_specification"]

LIMIT_BYTES = 32 * 1024 * 1024
"""Largest file."""

LIMIT_OPERATIONS = 20_000
"""Operations of all files together, counted once per base path."""


def read_specification(paths: Iterable[str]) -> Specification:
    """What the files say together; of two files that know a path the first is believed.

    Raises ConfigError with one sentence for a file that cannot be read or is no OpenAPI 3.0 or 3.1 document.
    """
    items = [item for path in paths for item in path_items(_document(_file(path)))]
    if not items:
        return NOTHING
    found = Specification(items)
    if found.size > LIMIT_OPERATIONS:
        raise ConfigError(
            f"the OpenAPI files have {found.size} operations over all servers, more than {LIMIT_OPERATIONS}: "
            "give only the files of what runs behind this log"
        )
    return found


def _file(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(f"the OpenAPI file {plain(path, 400)} has no home directory; write the whole path") from None


def _document(path: Path) -> Document:
    name = plain(str(path), 400)
    raw = _content(path, name)
    try:
        root = _json(raw, name) if raw.lstrip()[:1] == b"{" else _yaml(raw, name)
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply to be an OpenAPI document; check the path") from None
    if not isinstance(root, dict):
        raise ConfigError(f"{name} is no OpenAPI document: it must be a mapping with `openapi`, `info` and `paths`")
    version = root.get("openapi")
    if "swagger" in root and version is None:
        shown = plain(str(root["swagger"]), 20)
        raise ConfigError(
            f"{name}: this is Swagger {shown}; convert it to OpenAPI 3 first, for example with swagger2openapi"
        )
    if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
        shown = "is missing" if version is None else f"is {plain(str(version), 20)}"
        raise ConfigError(f"{name}: `openapi` {shown}; it must be a version 3.0 or 3.1, in quotes")
    return Document(name, root)


def _content(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no OpenAPI file {name}; check --openapi and `routes.openapi`") from None
    except OSError as error:
        raise ConfigError(f"the OpenAPI file {name} cannot be read: {os.strerror(error.errno or errno.EIO)}") from None
    if len(raw) > LIMIT_BYTES:
        raise ConfigError(f"{name} is larger than {LIMIT_BYTES >> 20} MiB; it cannot be an OpenAPI file")
    return raw.removeprefix(b"\xef\xbb\xbf")


def _json(raw: bytes, name: str) -> object:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{name} is not valid JSON: {plain(str(error))}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is not UTF-8 text; save the file as UTF-8") from None


def _yaml(raw: bytes, name: str) -> object:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(raw, loader)  # noqa: S506  a safe loader, written in C where there is one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        problem = plain(str(error.problem or error.context or "cannot be understood"), 200)
        raise ConfigError(f"{name}, line {line}: this is not valid YAML ({problem})") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{name} is not valid YAML: {plain(str(error).splitlines()[0], 200)}") from None
