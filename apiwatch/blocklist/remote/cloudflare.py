"""Cloudflare API v4: an account's IP list, replaced as a whole by an asynchronous operation; and a zone's access rules.

https://developers.cloudflare.com/api/resources/rules/subresources/lists/ and .../resources/firewall/
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import bare, parse_network
from apiwatch.blocklist.remote.client import Api, Missing
from apiwatch.blocklist.remote.holding import Holding, Item, Itemwise, canonical_of
from apiwatch.blocklist.remote.options import Options

__all__ = ["CloudflareAccess", "CloudflareList", "access_rule"]

_URL = "https://api.cloudflare.com/client/v4"
_PAGE = 500
_NOTE = "apiwatch"


def _api(options: Options, rights: str) -> Api:
    token = options.secret()
    headers = {"Authorization": f"Bearer {token.value}"}
    return Api("Cloudflare", options.get("url", _URL), token, headers, rights=rights, ca_file=options.path("ca_file"))


class CloudflareList(Holding):
    """Options `account` and `list` (ids), `token_env` or `token_file`; the list is ours alone."""

    def __init__(self, options: Mapping[str, str], _run: Run) -> None:
        known = Options(
            "cloudflare", options, needed=("account", "list"), optional=("url", "ca_file"), points_to="token"
        )
        self._api = _api(known, "Account Filter Lists Edit")
        self._lists = f"/accounts/{known.identifier('account')}/rules/lists"
        self._path = f"{self._lists}/{known.identifier('list')}/items"

    def _items(self) -> list[Item]:
        found: list[Item] = []
        cursor = ""
        while True:
            answer = self._api.call(
                "GET", self._path, params={"per_page": _PAGE, **({"cursor": cursor} if cursor else {})}
            )
            for item in _result(self._api, answer, "list its items"):
                net = canonical_of("Cloudflare", item.get("ip"))
                found.append(Item(net, str(item.get("comment") or ""), key=str(item.get("id", ""))))
            cursor = ((answer.get("result_info") or {}).get("cursors") or {}).get("after") or ""
            if not cursor:
                return found

    def _replace(self, held: Sequence[Item], wanted: Sequence[Item]) -> None:
        body = [{"ip": bare(parse_network(item.net)), "comment": item.text} for item in wanted]
        answer = self._api.call("PUT", self._path, body=body)
        started = _result(self._api, answer, "take the list")
        operation = started.get("operation_id") if isinstance(started, dict) else None
        if not operation:
            raise self._api.refused(answer, "say which operation it has started")
        self._api.poll(lambda: self._is_done(str(operation)), "replacing the list")

    def _is_done(self, operation: str) -> bool:
        answer = self._api.call("GET", f"{self._lists}/bulk_operations/{operation}")
        state = _result(self._api, answer, "say how the operation goes")
        if state.get("status") == "failed":
            raise self._api.refused({"error": state.get("error")}, "replace the list, and holds the old one")
        return bool(state.get("status") == "completed")


def access_rule(net: str, note: str) -> dict[str, Any]:
    """The body of an IP access rule that blocks a network."""
    network = parse_network(net)
    single = network.prefixlen == network.max_prefixlen
    kind = "ip_range" if not single else "ip" if network.version == 4 else "ip6"
    return {"mode": "block", "configuration": {"target": kind, "value": bare(network)}, "notes": note}


class CloudflareAccess(Itemwise):
    """Options `zone` (id), `token_env` or `token_file`; ours are the rules whose note begins with `apiwatch`."""

    def __init__(self, options: Mapping[str, str], _run: Run) -> None:
        known = Options("cloudflare-access", options, needed=("zone",), optional=("url", "ca_file"), points_to="token")
        self._api = _api(known, "Zone Firewall Services Edit")
        self._path = f"/zones/{known.identifier('zone')}/firewall/access_rules/rules"

    def _items(self) -> list[Item]:
        return [
            Item(canonical_of("Cloudflare", rule["configuration"]["value"]), _noted(rule), key=str(rule["id"]))
            for rule in self._rules()
            if _noted(rule).partition(" ")[0] == _NOTE and rule.get("mode") == "block"
        ]

    def _rules(self) -> Iterator[dict[str, Any]]:
        page, pages = 1, 1
        while page <= pages:
            answer = self._api.call("GET", self._path, params={"page": page, "per_page": _PAGE, "notes": _NOTE})
            yield from _result(self._api, answer, "list its rules")
            pages = int((answer.get("result_info") or {}).get("total_pages") or 1)
            page += 1

    def _add(self, items: Sequence[Item]) -> None:
        for item in items:
            note = item.text if item.text.partition(" ")[0] == _NOTE else f"{_NOTE} {item.text}".rstrip()
            _result(self._api, self._api.call("POST", self._path, body=access_rule(item.net, note)), "make the rule")

    def _drop(self, items: Sequence[Item], staying: Collection[str]) -> None:
        for item in items:
            try:
                self._api.call("DELETE", f"{self._path}/{item.key}")
            except Missing:
                continue


def _noted(rule: Mapping[str, Any]) -> str:
    return str(rule.get("notes") or "")


def _result(api: Api, answer: Any, what: str) -> Any:
    """What the service's envelope holds; ApplyError when it says that it failed."""
    if not isinstance(answer, dict) or answer.get("success") is not True:
        raise api.refused(answer.get("errors") if isinstance(answer, dict) else answer, what)
    return answer.get("result") or []
