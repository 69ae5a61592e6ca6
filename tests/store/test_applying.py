"""What firewalls hold of the queue, as every dashboard reads it."""

from pathlib import Path

import pytest

from apiwatch.errors import StoreError
from apiwatch.store import Application, read_only_control
from tests.store.looking import controlling, reading
from tests.store.rows import NOW, Collector

DAY = 86_400.0


def application(entry: str, target: str, *, expires: float | None, dropped: int | None = None) -> Application:
    return Application(entry, target, "gw1", 17, NOW, NOW + 1, expires, dropped)


async def test_targets_of_hosts_are_told_apart_and_replaced_as_a_whole(db: Path) -> None:
    with Collector(db):
        pass
    async with controlling(db) as control, reading(db) as reader:
        first = await control.block("203.0.113.7/32", "walk", ["a1"], "me", NOW, NOW + 3600)
        second = await control.block("203.0.113.64/26", "walk", [], "me", NOW, NOW + 3600)
        nft = [application(first, "nftables", expires=NOW + 3600, dropped=12)]
        await control.applied("nftables", "gw1", [*nft, application(second, "nftables", expires=NOW + 60)], NOW)
        edge = [application(first, "cloudflare", expires=None, dropped=30)]
        await control.applied("cloudflare", "gw1", edge, NOW)
        await control.applied("nftables", "gw2", [], NOW)
        assert await reader.applications(NOW + 61) == [*edge, *nft]
        wide, narrow = await reader.block_entries(NOW + 30)
        assert (narrow.live_in, narrow.dropped) == (("cloudflare", "nftables"), 42)
        assert (wide.live_in, wide.dropped) == (("nftables",), None)
        await control.not_applied("nftables", "gw1", [first, second, "gone"], "nft says\n\x1b[2J no", NOW)
        wide, narrow = await reader.block_entries(NOW + 30)
        assert [(each.target, each.error) for each in narrow.applications] == [
            ("cloudflare", ""),
            ("nftables", "nft says\\x0a\\x1b[2J no"),
        ]
        assert narrow.live_in == ("cloudflare", "nftables"), "it holds what it held"
        await control.applied("nftables", "gw1", [], NOW)
        assert await reader.applications(NOW) == edge
        await control.not_applied("fastly", "gw1", [first], "no token", NOW)
        _, narrow = await reader.block_entries(NOW)
        assert narrow.live_in == ("cloudflare",)
        await control.applied("nftables", "gw1", [], NOW + 20 * DAY)
        assert [each.target for each in await reader.applications(NOW)] == ["cloudflare"], "old failures are forgotten"


async def test_earlier_blocks_of_a_network_that_ran_out_are_counted(db: Path) -> None:
    with Collector(db):
        pass
    net = "203.0.113.7/32"
    async with controlling(db) as control, reading(db) as reader:
        assert await reader.blocked_before(net, NOW) == 0
        entry = await control.block(net, "walk", [], "me", NOW, NOW + 60)
        assert await control.block(net, "walk", [], "me", NOW + 10, NOW + 90) == entry
        assert await reader.blocked_before(net, NOW + 80) == 0
        assert await reader.blocked_before(net, NOW + 90) == 1
        again = await control.block(net, "walk", [], "me", NOW + 100, NOW + 900)
        assert await control.unblock(again, "me", NOW + 200)
        await control.block("203.0.113.0/24", "walk", [], "me", NOW, NOW + 1)
        assert await reader.blocked_before(net, NOW + 900) == 1, "what was withdrawn does not count"
        await control.block(net, "walk", [], "me", NOW + 300, NOW + 400)
        assert await reader.blocked_before(net, NOW + 900) == 2


async def test_a_read_only_dashboard_puts_nothing_down() -> None:
    with pytest.raises(StoreError):
        await read_only_control().applied("nftables", "gw1", [], NOW)
    with pytest.raises(StoreError):
        await read_only_control().not_applied("nftables", "gw1", [], "", NOW)
