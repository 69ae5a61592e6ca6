"""Fastly's list entries against a server that speaks its protocol."""

from typing import Any

import pytest

from tests.blocklist.remote.service import Asked, Reply, applier_of, put, serving

PATH = "/service/svc/acl/acl1/entries"
OPTIONS = {"service": "svc", "acl": "acl1", "token_env": "FASTLY"}


class Entries:
    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.made = 0

    def __call__(self, asked: Asked) -> Reply:
        if asked.headers.get("Fastly-Key") != "of-nothing":
            return Reply(401, {"msg": "Provided credentials are missing or invalid"})
        if asked.path != PATH:
            return Reply(404, {"msg": "Record not found"})
        if asked.method == "GET":
            size, page = int(asked.query["per_page"]), int(asked.query["page"])
            return Reply(200, list(self.rows.values())[size * (page - 1) : size * page])
        assert asked.method == "PATCH"
        operations = asked.body["entries"]
        if len(operations) > 1000:
            return Reply(400, {"msg": "Exceeding max_batch"})
        for operation in operations:
            if operation["op"] == "delete":
                del self.rows[operation["id"]]
            else:
                self.made += 1
                key = f"e{self.made}"
                # the API answers numbers as texts, and null for a missing width
                shown = {name: str(value) for name, value in operation.items() if name != "op"}
                width = operation.get("subnet")
                self.rows[key] = {**shown, "id": key, "subnet": width, "negated": str(operation["negated"])}
        return Reply(200, {"status": "ok"})


def test_entries_come_and_go_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTLY", "of-nothing")
    monkeypatch.setattr("apiwatch.blocklist.remote.fastly._BATCH", 2)
    monkeypatch.setattr("apiwatch.blocklist.remote.fastly._PAGE", 2)
    entries = Entries()
    entries.rows["own"] = {"id": "own", "ip": "203.0.113.1", "subnet": None, "negated": "1", "comment": "our office"}
    with serving(entries) as service:
        applier = applier_of("fastly", url=service.url, **OPTIONS)
        nothing = applier.snapshot()
        put(applier, "fastly", "203.0.113.7", "203.0.113.64/26", "2001:db8:0:abcd::/64")
        assert service.methods().count("PATCH") == 2
        assert set(applier.read()) == {"203.0.113.7/32", "203.0.113.64/26", "2001:db8:0:abcd::/64"}
        assert {row["comment"] for row in entries.rows.values()} >= {"01JD0 scanner", "our office"}
        before = applier.snapshot()
        put(applier, "fastly", "203.0.113.7", "203.0.113.9")
        assert set(applier.read()) == {"203.0.113.7/32", "203.0.113.9/32"}
        put(applier, "fastly", "203.0.113.7", "203.0.113.9")
        assert entries.made == 4
        for _ in range(2):
            applier.restore(before)
        assert set(applier.read()) == {"203.0.113.7/32", "203.0.113.64/26", "2001:db8:0:abcd::/64"}
        applier.restore(nothing)
        applier.remove()
        assert list(entries.rows) == ["own"]
