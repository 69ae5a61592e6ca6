"""The paths of an OpenAPI document, with the base paths of its servers in front of them."""

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from apiwatch.routes.openapi.document import Document
from apiwatch.routes.openapi.specification import Operation, PathItem
from apiwatch.routes.patterns import display
from apiwatch.routes.roles import roles_told
from apiwatch.text import plain

__all__ = ["path_items"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_AUTHORITY = re.compile(r"^(?:[^/]*//([^/]*))?.*", re.DOTALL)
_SERVERS_KEPT = 64
_FREE = "object"
"""Kind of a query parameter that is spread over keys of other names."""

_SPREAD = frozenset({"oneOf", "anyOf", "allOf", "properties", "additionalProperties"})
_KINDS = {"integer": "int", "number": "decimal"}
_FORMATS = {"uuid": "uuid", "email": "email", "date": "date", "ipv4": "ip", "ipv6": "ip", "hostname": "host"}


def path_items(document: Document) -> list[tuple[str, PathItem]]:
    """(pattern, path item) of every path behind every base path; longer base paths first.

    Raises ConfigError, which names the file and the place.
    """
    root = document.root
    if not isinstance(root.get("paths"), dict):
        document.wrong("paths", "must be a mapping from paths such as /users/{id} to their operations")
    bases = _bases(document, root.get("servers"), "servers") or {"": None}
    free_keys = _key_names(document)
    found: list[tuple[str, str, PathItem]] = []
    for path, value in root["paths"].items():
        place = f"paths.{path}"
        if str(path).startswith("x-"):
            continue
        if not isinstance(path, str) or not path.startswith("/"):
            document.wrong(place, "is no path; it must start with /")
        item = document.mapping(value, place)
        operations, kinds = _operations(document, path, item, place, free_keys)
        own = _bases(document, item.get("servers"), f"{place}.servers")
        for base, hosts in (own or bases).items():
            found.append((base, base + path, PathItem(display(base + path, kinds), hosts, operations)))
    found.sort(key=lambda entry: -len(entry[0]))
    return [entry[1:] for entry in found]


def _operations(
    document: Document, path: str, item: dict[Any, Any], place: str, free_keys: frozenset[str]
) -> tuple[dict[str, Operation], dict[str, str]]:
    """The operations of a path by method, and the kinds of the names in its template."""
    shared = _parameters(document, item.get("parameters"), f"{place}.parameters")
    operations: dict[str, Operation] = {}
    kinds: dict[str, str] = {}
    for method in _METHODS:
        if method not in item:
            continue
        here = f"{place}.{method}"
        own = document.mapping(item[method], here)
        parameters = shared | _parameters(document, own.get("parameters"), f"{here}.parameters")
        kinds = {name: kind for (name, where), kind in parameters.items() if where == "path"} | kinds
        queries = {name: kind for (name, where), kind in parameters.items() if where == "query"}
        name, tags = own.get("operationId"), own.get("tags")
        words = [name] if isinstance(name, str) else []
        labels = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
        operations[method.upper()] = Operation(
            roles_told(method.upper(), path, words, labels),
            own.get("deprecated") is True,
            None if _FREE in queries.values() else frozenset(queries) | free_keys,
        )
    return operations, kinds


def _parameters(document: Document, value: object, place: str) -> dict[tuple[str, str], str]:
    """(name, where it stands) -> kind of the parameters of a list."""
    found: dict[tuple[str, str], str] = {}
    for here, entry in document.entries(value, place):
        parameter = document.mapping(entry, here)
        name, where = parameter.get("name"), parameter.get("in")
        if not isinstance(name, str) or not isinstance(where, str):
            document.wrong(here, "must have a `name` and `in`")
        found[name, where] = _kind(document, parameter, here)
    return found


def _kind(document: Document, parameter: dict[Any, Any], place: str) -> str:
    """What stands in a parameter; for a query parameter whose keys its name does not tell, `_FREE`."""
    schema = document.resolved(parameter.get("schema"), f"{place}.schema")
    if not isinstance(schema, dict):
        return _FREE if "content" in parameter else "slug"
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "object" or not _SPREAD.isdisjoint(schema):
        return _FREE
    return _FORMATS.get(str(schema.get("format")), "slug") if kind == "string" else _KINDS.get(str(kind), "slug")


def _key_names(document: Document) -> frozenset[str]:
    """Query keys that carry credentials on any route."""
    components = document.mapping(document.root.get("components"), "components")
    schemes = document.mapping(components.get("securitySchemes"), "components.securitySchemes")
    found = [document.mapping(value, f"components.securitySchemes.{name}") for name, value in schemes.items()]
    return frozenset(str(scheme.get("name")) for scheme in found if scheme.get("in") == "query")


def _bases(document: Document, value: object, place: str) -> dict[str, frozenset[str] | None]:
    """Base path without a slash at its end -> hosts in lower case that have it; None: any host."""
    found: dict[str, frozenset[str] | None] = {}
    for here, entry in document.entries(value, place):
        server = document.mapping(entry, here)
        url = server.get("url")
        if not isinstance(url, str):
            document.wrong(here, "must have a `url`")
        for one in _filled(document, url, document.mapping(server.get("variables"), f"{here}.variables"), here):
            try:
                parts = urlsplit(one)
                host = parts.hostname
            except ValueError:
                document.wrong(f"{here}.url", f"is no address ({plain(one, 100)})")
            base = parts.path.rstrip("/")
            before = found.get(base, frozenset())
            found[base] = None if before is None or host is None or "{" in host else before | {host.lower()}
    return found


def _filled(document: Document, url: str, variables: dict[Any, Any], place: str) -> Iterator[str]:
    """The address of a server with each value that its variables can have; free ones stay in braces."""
    names = list(dict.fromkeys(_VARIABLE.findall(url)))
    values: list[list[str]] = []
    for name in names:
        variable = document.mapping(variables.get(name), f"{place}.variables.{name}")
        allowed = variable.get("enum")
        if isinstance(allowed, list) and allowed:
            values.append([str(one) for one in allowed])
        elif "default" in variable and f"{{{name}}}" not in _AUTHORITY.sub(r"\1", url, count=1):
            values.append([str(variable["default"])])
        else:
            values.append([f"{{{name}}}"])
    for chosen in islice(product(*values), _SERVERS_KEPT):
        filled = dict(zip(names, chosen, strict=True))
        yield _VARIABLE.sub(lambda match, filled=filled: filled[match[1]], url)  # type: ignore[misc]
