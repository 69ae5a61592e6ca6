"""Fastly's access control lists: entries that are created and deleted in batches.

https://www.fastly.com/documentation/reference/api/acls/acl-entry/
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import parse_network
from apiwatch.blocklist.remote.client import Api
from apiwatch.blocklist.remote.holding import Item, Itemwise, canonical_of
from apiwatch.blocklist.remote.options import Options
from apiwatch.errors import ApplyError

__all__ = ["Fastly", "created"]

_URL = "https://api.fastly.com"
_BATCH = 1000
_PAGE = 1000


def created(net: str, text: str) -> dict[str, Any]:
    """The operation that makes an entry for a network."""
    network = parse_network(net)
    single = network.prefixlen == network.max_prefixlen
    width = {} if single else {"subnet": network.prefixlen}
    return {"op": "create", "ip": str(network.network_address), **width, "negated": 0, "comment": text}


class Fastly(Itemwise):
    """Options `service` and `acl` (ids), `token_env` or `token_file`; entries that are negated are not ours."""

    def __init__(self, options: Mapping[str, str], _run: Run) -> None:
        known = Options("fastly", options, needed=("service", "acl"), optional=("url", "ca_file"), points_to="token")
        token = known.secret()
        headers = {"Fastly-Key": token.value, "Accept": "application/json"}
        self._api = Api(
            "Fastly",
            known.get("url", _URL),
            token,
            headers,
            rights="the scope global, or an engineer's rights to the service",
            ca_file=known.path("ca_file"),
        )
        self._path = f"/service/{known.identifier('service')}/acl/{known.identifier('acl')}/entries"

    def _items(self) -> list[Item]:
        found: list[Item] = []
        page = 1
        while True:
            rows = self._api.call("GET", self._path, params={"per_page": _PAGE, "page": page})
            if not isinstance(rows, list):
                raise ApplyError("Fastly answered something else than a list of entries; check the ids in the settings")
            for row in rows:
                if str(row.get("negated", 0)) in ("0", "False"):
                    width = row.get("subnet")
                    text = str(row.get("ip")) if width is None else f"{row.get('ip')}/{width}"
                    net = canonical_of("Fastly", text)
                    found.append(Item(net, str(row.get("comment") or ""), key=str(row.get("id"))))
            if len(rows) < _PAGE:
                return found
            page += 1

    def _add(self, items: Sequence[Item]) -> None:
        self._patch([created(item.net, item.text) for item in items])

    def _drop(self, items: Sequence[Item], staying: Collection[str]) -> None:
        self._patch([{"op": "delete", "id": item.key} for item in items])

    def _patch(self, operations: Sequence[Mapping[str, Any]]) -> None:
        for at in range(0, len(operations), _BATCH):
            self._api.call("PATCH", self._path, body={"entries": operations[at : at + _BATCH]})
