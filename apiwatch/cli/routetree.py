"""Routes as a tree of path segments, and as settings that pin them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apiwatch.text import plain

if TYPE_CHECKING:
    from apiwatch.store import RouteView

__all__ = ["pins", "tree"]


@dataclass(slots=True)
class _Node:
    requests: int = 0
    methods: list[str] = field(default_factory=list)
    """What ends here: method, requests, and where the route comes from unless it was learned."""
    children: dict[str, "_Node"] = field(default_factory=dict)


def tree(views: "Iterable[RouteView]") -> Iterator[str]:
    """Lines of text: hosts, and below them segments with the requests of all routes below, busiest first."""
    root = _Node()
    for view in views:
        method, _, template = view.route.rpartition(" ")
        node = root.children.setdefault(view.host or "(no host)", _Node())
        node.requests += view.mix.requests
        for segment in template.split("/")[1:] if template.startswith("/") else [template]:
            node = node.children.setdefault(f"/{segment}" if template.startswith("/") else segment, _Node())
            node.requests += view.mix.requests
        origin = f" ({view.origin})" if view.origin != "learned" else ""
        if method:
            node.methods.append(f"{method} {view.mix.requests}{origin}")
    yield from _lines(root, "")


def _lines(node: _Node, indent: str) -> Iterator[str]:
    for name, child in sorted(node.children.items(), key=lambda entry: (-entry[1].requests, entry[0])):
        methods = f"  {', '.join(child.methods)}" if child.methods else ""
        yield plain(f"{indent}{name}  {child.requests}{methods}")
        yield from _lines(child, indent + "  ")


def pins(views: "Iterable[RouteView]") -> Iterator[str]:
    """YAML of the learned templates with a parameter, to be pasted into a settings file and changed there."""
    templates = {view.route.partition(" ")[2] for view in views if view.origin == "learned" and "{" in view.route}
    yield "routes:"
    yield "  pin:" if templates else "  pin: []"
    for template in sorted(templates):
        yield f"    - {json.dumps(plain(template), ensure_ascii=False)}"
