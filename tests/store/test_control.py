"""What operators say, and the block queue that follows from it."""

import asyncio
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwatch.store import BlockEntry
from tests.store.looking import controlling, reading
from tests.store.rows import NOW, Collector, alert, client_row, health_view

NET = "203.0.113.7/32"


async def queue(db: Path, now: float, *, ended: bool = False) -> list[BlockEntry]:
    async with reading(db) as reader:
        return await reader.block_entries(now, include_ended=ended)


async def test_acknowledged_alert_names_who_and_why(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit(alerts=[alert("a1"), alert("a2"), alert("a3", closed=True)])
        async with reading(db) as reader, controlling(db) as control:
            await control.acknowledge("a1", "ann@gw1", "mine", NOW)
            await control.acknowledge("a1", "bob@gw1", "no, mine", NOW + 1)
            await control.acknowledge("a3", "ann@gw1", "", NOW + 2)
            found = {view.alert.id: view for view in await reader.alerts(include_closed=True)}
            said = await reader.actions()
    assert (found["a1"].state, found["a1"].acknowledged_by, found["a1"].note) == ("acknowledged", "bob@gw1", "no, mine")
    assert (found["a2"].state, found["a2"].acknowledged_by) == ("open", "")
    assert (found["a3"].state, found["a3"].acknowledged_by) == ("closed", "ann@gw1")
    assert [(view.kind, view.subject, view.actor, view.time) for view in said] == [
        ("acknowledge", "a3", "ann@gw1", NOW + 2),
        ("acknowledge", "a1", "bob@gw1", NOW + 1),
        ("acknowledge", "a1", "ann@gw1", NOW),
    ]
    assert len({view.id for view in said}) == 3


async def test_life_of_a_block_entry(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit()
        async with controlling(db) as control:
            first = await control.block(NET, "walks ids", ["a1"], "ann@gw1", NOW, NOW + 60)
            assert await queue(db, NOW) == [
                BlockEntry(first, NET, "walks ids", ("a1",), "ann@gw1", NOW, NOW + 60, "queued")
            ]
            assert await control.block(NET, "", ["a2", "a1"], "bob@gw1", NOW + 30, NOW + 90) == first
            renewed = BlockEntry(first, NET, "walks ids", ("a1", "a2"), "bob@gw1", NOW, NOW + 90, "queued", NOW + 30)
            assert await queue(db, NOW + 61) == [renewed]
            assert await queue(db, NOW + 90) == []
            (ended,) = await queue(db, NOW + 90, ended=True)
            assert ended.state == "expired"
            second = await control.block(NET, "again", [], "ann@gw1", NOW + 100, None)
            assert second != first
            assert [entry.expires for entry in await queue(db, NOW + 1e9)] == [None]
            assert await control.unblock(second, "bob@gw1", NOW + 110)
            assert not await control.unblock(second, "bob@gw1", NOW + 111)
            assert not await control.unblock(first, "bob@gw1", NOW + 111)
            assert not await control.unblock("", "bob@gw1", NOW + 111)
            assert await queue(db, NOW + 112) == []
            assert [(entry.state, entry.ended_by, entry.ended) for entry in await queue(db, NOW + 112, ended=True)] == [
                ("expired", "", 0.0),
                ("withdrawn", "bob@gw1", NOW + 110),
            ]


async def test_the_same_network_under_another_condition_is_another_entry(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit(
            clients=[
                client_row("203.0.113.7", peer="192.0.2.80"),
                client_row("203.0.113.8", peer="203.0.113.8"),
            ]
        )
        async with controlling(db) as control:
            ids = [
                await control.block(net, "", [], "ann@gw1", NOW, NOW + 60, condition)
                for net in (NET, "203.0.113.8/32", "203.0.113.0/24", "198.51.100.7/32")
                for condition in ("", "path=/users", "path=/users")
            ]
            assert len(set(ids)) == 8
            assert await control.unblock(ids[1], "bob@gw1", NOW + 1)
            queued = await queue(db, NOW + 2)
            said = collector.writer.said(0)
    assert [(each.key, each.addr_source) for each in queued if each.net != "198.51.100.7/32"] == [
        ("203.0.113.0/24", ""),
        ("203.0.113.0/24 path=/users", ""),
        (NET, "forwarded"),
        ("203.0.113.8/32", "peer"),
        ("203.0.113.8/32 path=/users", "peer"),
    ]
    blocks = [(action.entry, action.condition) for action in said if action.kind == "block"]
    assert blocks == list(zip(ids, 4 * ("", "path=/users", "path=/users"), strict=True))


async def test_queue_is_ordered_by_network_and_counted_in_the_overview(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit()
        async with reading(db) as reader, controlling(db) as control:
            for net in ("203.0.113.9/32", "198.51.100.0/24", "2001:db8:1:2::/64"):
                await control.block(net, "", [], "me", NOW, NOW + 60)
            assert [entry.net for entry in await reader.block_entries(NOW)] == [
                "198.51.100.0/24",
                "2001:db8:1:2::/64",
                "203.0.113.9/32",
            ]
            assert (await reader.overview(5, NOW)).queued_blocks == 3
            assert (await reader.overview(5, NOW + 61)).queued_blocks == 0


async def test_renewal_may_shorten(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit()
        async with controlling(db) as control:
            entry = await control.block(NET, "", [], "me", NOW, None)
            assert await control.block(NET, "", [], "me", NOW, NOW + 10) == entry
            assert await queue(db, NOW + 11) == []


async def test_dashboards_at_the_same_time_make_one_entry(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit()
        async with controlling(db) as one, controlling(db) as two:
            ids = await asyncio.gather(*(each.block(NET, "", [], "me", NOW, NOW + 60) for each in (one, two) * 5))
            collector.commit(health=health_view())
    assert len(set(ids)) == 1
    assert len(await queue(db, NOW)) == 1


async def test_actions_outlive_the_collector(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit()
    async with controlling(db) as control:
        entry = await control.block(NET, "why", [], "me", NOW, NOW + 60)
    with Collector(db) as collector:
        collector.commit()
        assert [each.id for each in await queue(db, NOW)] == [entry]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.tuples(st.sampled_from(["block", "unblock", "wait"]), st.sampled_from(["a", "b"]), st.integers(1, 40)),
        max_size=12,
    )
)
def test_queue_follows_what_was_said(tmp_path_factory, words) -> None:  # type: ignore[no-untyped-def]
    """Against a model that keeps the queue as a dictionary."""
    db: Path = tmp_path_factory.mktemp("queue") / "state.db"

    async def play() -> None:
        now, model = NOW, dict[str, tuple[str, float]]()
        async with reading(db) as reader, controlling(db) as control:
            for word, name, number in words:
                net = {"a": "203.0.113.7/32", "b": "198.51.100.0/24"}[name]
                model = {key: value for key, value in model.items() if value[1] > now}
                if word == "wait":
                    now += number
                elif word == "block":
                    entry = await control.block(net, "", [], "me", now, now + number)
                    assert net not in model or model[net][0] == entry
                    model[net] = (entry, now + number)
                else:
                    entry = model.get(net, ("unknown", 0.0))[0]
                    assert await control.unblock(entry, "me", now) == (net in model)
                    model.pop(net, None)
            live = {net: value for net, value in model.items() if value[1] > now}
            found = await reader.block_entries(now)
            assert {entry.net: (entry.id, entry.expires) for entry in found} == live
            assert [entry for entry in await reader.block_entries(now, include_ended=True) if entry in found] == found

    with Collector(db) as collector:
        collector.commit()
        asyncio.run(play())
