"""Cloudflare's lists and access rules against a server that speaks its protocol."""

from collections.abc import Iterator
from typing import Any

import pytest

from apiwatch.blocklist import TARGETS, plan
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.errors import ApplyError, GuardError
from tests.blocklist.kit import HOSTILE, NOW, entry, plan_of
from tests.blocklist.remote.service import Asked, Reply, Service, applier_of, put, serving

TOKEN = "cf-t0ken"  # noqa: S105 - of nothing
ITEMS = "/accounts/acc/rules/lists/lst/items"
RULES = "/zones/zon/firewall/access_rules/rules"


class Cloudflare:
    """What it holds, and how it answers: pages, envelopes, operations that take a while."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.pending: list[dict[str, Any]] | None = None
        self.looks = 0
        self.fails = False
        self.rules: dict[str, dict[str, Any]] = {"r0": {"mode": "whitelist", "notes": "apiwatch x", **of("192.0.2.1")}}
        self.page = 2

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Reply(403, {"success": False, "errors": [{"code": 10000}]})
        if asked.path == ITEMS:
            return self.list_items(asked)
        if asked.path == "/accounts/acc/rules/lists/bulk_operations/op1":
            return self.operation()
        if asked.path.startswith(RULES):
            return self.rule(asked)
        return Reply(404, {"success": False, "errors": [{"code": 7003}]})

    def list_items(self, asked: Asked) -> Reply:
        if asked.method == "PUT":
            if self.pending is not None:
                return Reply(429, {"success": False}, {"Retry-After": "0"})
            assert all(item.keys() == {"ip", "comment"} for item in asked.body)
            self.pending, self.looks = asked.body, 0
            return Reply(200, {"success": True, "result": {"operation_id": "op1"}})
        start = int(asked.query.get("cursor", 0))
        rows = [{"id": str(at), **item} for at, item in enumerate(self.items)][start : start + self.page]
        after = str(start + self.page) if start + self.page < len(self.items) else None
        cursors = {"cursors": {"after": after}} if after else {}
        return Reply(200, {"success": True, "result": rows, "result_info": cursors})

    def operation(self) -> Reply:
        self.looks += 1
        status = ("pending", "running", "failed" if self.fails else "completed")[min(self.looks, 3) - 1]
        if status == "completed" and self.pending is not None:
            self.items, self.pending = self.pending, None
        if status == "failed":
            self.pending = None
        error = {"error": "item 1 is odd"} if status == "failed" else {}
        return Reply(200, {"success": True, "result": {"id": "op1", "status": status, **error}})

    def rule(self, asked: Asked) -> Reply:
        key = asked.path.removeprefix(RULES).strip("/")
        if asked.method == "POST":
            self.rules[f"r{len(self.rules) + len(asked.body['notes'])}{asked.body['configuration']['value']}"] = (
                asked.body
            )
            return Reply(200, {"success": True, "result": {"id": "new"}})
        if asked.method == "DELETE":
            if self.rules.pop(key, None) is None:
                return Reply(404, {"success": False})
            return Reply(200, {"success": True, "result": {"id": key}})
        found = [{"id": name, **rule} for name, rule in self.rules.items() if asked.query["notes"] in rule["notes"]]
        at = int(asked.query["page"]) - 1
        pages = max(1, -(-len(found) // self.page))
        rows = found[at * self.page : (at + 1) * self.page]
        return Reply(200, {"success": True, "result": rows, "result_info": {"total_pages": pages}})


def of(value: str) -> dict[str, Any]:
    return {"configuration": {"target": "ip", "value": value}}


@pytest.fixture
def cloudflare() -> Cloudflare:
    return Cloudflare()


@pytest.fixture
def service(cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("CF", TOKEN)
    monkeypatch.setattr("apiwatch.blocklist.remote.client._BACKOFF_S", 0.01)
    with serving(cloudflare) as running:
        yield running


def applier_for(name: str, service: Service, **options: str) -> Applier:
    return applier_of(name, token_env="CF", url=service.url, **options)  # noqa: S106 - the name of a variable


def test_a_list_is_replaced_read_back_and_restored(cloudflare: Cloudflare, service: Service) -> None:
    applier = applier_for("cloudflare", service, account="acc", list="lst")
    nothing = applier.snapshot()
    put(applier, "cloudflare", "203.0.113.7", "203.0.113.64/26", "2001:db8:0:abcd::/64")
    assert cloudflare.items == [
        {"ip": "203.0.113.7", "comment": "01JD0 scanner"},
        {"ip": "203.0.113.64/26", "comment": "01JD1 scanner"},
        {"ip": "2001:db8:0:abcd::/64", "comment": "01JD2 scanner"},
    ]
    assert list(applier.read()) == ["203.0.113.7/32", "203.0.113.64/26", "2001:db8:0:abcd::/64"]
    before = applier.snapshot()
    put(applier, "cloudflare", "203.0.113.9")
    for _ in range(2):
        applier.restore(before)
        assert len(applier.read()) == 3
    assert cloudflare.items[0]["comment"] == "01JD0 scanner"
    applier.restore(nothing)
    assert applier.read() == {}
    for _ in range(2):
        applier.remove()


def test_an_operation_that_fails_is_said(cloudflare: Cloudflare, service: Service) -> None:
    applier = applier_for("cloudflare", service, account="acc", list="lst")
    put(applier, "cloudflare", "203.0.113.7")
    cloudflare.fails = True
    with pytest.raises(ApplyError, match=r"holds the old one: .*item 1 is odd.*run the command again"):
        put(applier, "cloudflare", "203.0.113.9")
    assert list(applier.read()) == ["203.0.113.7/32"]


def test_a_pending_operation_of_others_is_waited_for(cloudflare: Cloudflare, service: Service) -> None:
    applier = applier_for("cloudflare", service, account="acc", list="lst")
    service.troubles = [Reply(200, {"success": True, "result": []}), Reply(429, {}, {"Retry-After": "0"})]
    put(applier, "cloudflare", "203.0.113.7")
    assert service.methods()[:3] == ["GET", "PUT", "PUT"]


def test_a_wrong_token_is_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CF", "another")
    with pytest.raises(ApplyError, match=r"the variable CF \(403\).*Account Filter Lists Edit"):
        applier_for("cloudflare", service, account="acc", list="lst").read()
    monkeypatch.setenv("CF", TOKEN)
    with pytest.raises(ApplyError, match=r"404.*check the names and ids"):
        applier_for("cloudflare", service, account="acc", list="other").read()


@pytest.mark.parametrize("result", [[{"ip": "nonsense"}], [{"ip": None}], ["x"], "x", 7, {"a": 1}])
def test_answers_of_another_shape_are_said(service: Service, result: object) -> None:
    service.troubles = [Reply(200, {"success": True, "result": result})]
    with pytest.raises(ApplyError, match=r"does not understand|a shape that apiwatch does not know"):
        applier_for("cloudflare", service, account="acc", list="lst").read()


def test_access_rules_come_and_go_one_by_one(cloudflare: Cloudflare, service: Service) -> None:
    cloudflare.rules["r1"] = {"mode": "block", "notes": "apiwatching birds", **of("192.0.2.2")}
    applier = applier_for("cloudflare-access", service, zone="zon")
    put(applier, "cloudflare-access", "203.0.113.7", "203.0.113.0/24", "2001:db8:0:abcd::/64", "2001:db8::7")
    assert set(applier.read()) == {"203.0.113.0/24", "2001:db8:0:abcd::/64", "2001:db8::7/128"}
    before = applier.snapshot()
    service.asked.clear()
    put(applier, "cloudflare-access", "203.0.113.0/24", "203.0.114.9")
    assert service.methods().count("POST") == 1
    assert service.methods().index("POST") < service.methods().index("DELETE")
    assert set(applier.read()) == {"203.0.113.0/24", "203.0.114.9/32"}
    applier.restore(before)
    assert set(applier.read()) == {"203.0.113.0/24", "2001:db8:0:abcd::/64", "2001:db8::7/128"}
    applier.remove()
    assert set(cloudflare.rules) == {"r0", "r1"}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(GuardError, match="takes only /16, /24, /32"):
        TARGETS["cloudflare-access"].render(plan_of("203.0.113.64/26"), ())
    with pytest.raises(GuardError, match="51 networks are too many"):
        TARGETS["cloudflare-access"].render(plan_of(*(f"203.0.113.{at}" for at in range(51))), ())
    with pytest.raises(GuardError, match="an expression has at most 4096"):
        TARGETS["cloudflare-rule"].render(
            plan_of(*(f"203.0.113.{at}" for at in range(0, 256, 2)), *(f"198.51.{at}.77" for at in range(250))), ()
        )


def test_an_expression_holds_addresses_only() -> None:
    made = plan([entry("203.0.113.7", reason=HOSTILE[0]), entry("2001:db8::/48")], NOW)
    (artifact,) = TARGETS["cloudflare-rule"].render(made, ())
    assert artifact.content == b"(ip.src in {203.0.113.7 2001:db8::/48})\n"
