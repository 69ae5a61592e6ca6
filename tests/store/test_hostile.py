"""Values that an attacker chose, and values that no database takes."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.model import ClientFacetRow, ClientRouteRow, EvidenceRow, RouteRow, UnparsedRow
from apiwatch.store.clean import clean
from tests.store.looking import controlling, reading
from tests.store.rows import (
    MINUTE,
    NOW,
    Collector,
    alert,
    client_minute,
    client_row,
    health_view,
    source_view,
    state_row,
    suspect,
)

SQL = "x'); DROP TABLE clients; --\" ? %s :a {} [red]"
SURROGATE = "a\udc9b\ud800b"
HUGE = 1 << 90


async def test_text_is_text_whatever_it_says(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit(
            {SQL: SQL},
            sources=[source_view(SQL)],
            clients=[client_row(SQL)],
            client_minutes=[client_minute(MINUTE, SQL)],
            client_routes=[ClientRouteRow(SQL, 0, SQL, int(NOW), 1, 0, 1, 0, 0, 0, 0, 0)],
            client_facets=[ClientFacetRow(SQL, 0, "user", SQL, 1, int(NOW))],
            alerts=[alert(SQL, SQL, title=SQL)],
            evidence=[EvidenceRow(SQL, 0, int(NOW), SQL, 1, SQL)],
            suspects=[suspect(SQL)],
            routes=[RouteRow(SQL, SQL, SQL, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0)],
            unparsed=[UnparsedRow(SQL, 1, 1, SQL, 0, SQL)],
            state=[state_row(SQL, b"x")],
        )
        async with reading(db) as reader, controlling(db) as control:
            detail = await reader.client(SQL, NOW)
            assert detail is not None
            assert (detail.users[0].value, detail.evidence[0].text, detail.alerts[0].alert.title) == (SQL, SQL, SQL)
            await control.acknowledge(SQL, SQL, SQL, NOW)
            entry = await control.block(SQL, SQL, [SQL], SQL, NOW, None)
            found = await reader.alert(SQL)
            (queued,) = await reader.block_entries(NOW)
    assert found is not None
    assert (found.state, found.acknowledged_by, found.note) == ("acknowledged", SQL, SQL)
    assert (queued.id, queued.net, queued.reason, queued.alert_ids) == (entry, SQL, SQL, (SQL,))
    with Collector(db) as again:
        assert (again.offsets, again.state) == ({SQL: SQL}, [state_row(SQL, b"x")])


async def test_values_that_no_database_takes_are_cleaned_and_the_rest_is_kept(db: Path) -> None:
    name = f"192.0.2.1{SURROGATE}"
    with Collector(db) as collector:
        for _ in range(2):
            collector.commit(
                {"log": "5"},
                sources=[source_view(SURROGATE, lines=HUGE)],
                clients=[client_row(name, requests=HUGE, score=50, scored_at=int(NOW)), client_row("192.0.2.9")],
                client_minutes=[client_minute(MINUTE, name, ok=HUGE), client_minute(MINUTE, "192.0.2.9")],
                client_facets=[ClientFacetRow(name, 0, "user", SURROGATE, HUGE, int(NOW))],
                alerts=[alert("a1", name, title=SURROGATE, count=HUGE, last_seen=1e40)],
                evidence=[EvidenceRow("a1", 0, -HUGE, SURROGATE, HUGE, SURROGATE)],
                suspects=[suspect("192.0.2.9", float("nan")), suspect("192.0.2.8", float("inf"))],
                state=[state_row("k", b"x")],
                health=health_view(message=SURROGATE, lines=HUGE),
            )
        async with reading(db) as reader:
            views = await reader.clients(5, now=NOW)
            seen = await reader.overview(5, NOW)
            found = await reader.alert("a1")
            assert await reader.client(SURROGATE, NOW) is None
            assert await reader.client("192.0.2.9", NOW) is not None
            assert await reader.evidence("a1")
            assert [view.principal for view in await reader.suspects("enumeration")] == ["192.0.2.8"]
    assert [view.client for view in views] == [clean(name), "192.0.2.9"]
    assert views[0].window.requests == (1 << 63) - 1
    assert seen.health is not None
    assert seen.health.message == clean(SURROGATE)
    assert (seen.clients_total, seen.clients_window) == (2, 2)
    assert found is not None
    assert (found.alert.title, found.alert.count) == (clean(SURROGATE), (1 << 63) - 1)
    with Collector(db) as again:
        assert again.offsets == {"log": "5"}


async def test_operators_may_type_anything(db: Path) -> None:
    with Collector(db) as collector:
        collector.commit(alerts=[alert("a1")])
        async with reading(db) as reader, controlling(db) as control:
            await control.acknowledge("a1", SURROGATE, SURROGATE, NOW)
            await control.block(SURROGATE, SURROGATE, [SURROGATE], SURROGATE, NOW, None)
            assert not await control.unblock(SURROGATE, SURROGATE, NOW)
            (view,) = await reader.alerts()
            assert len(await reader.actions()) == 2
    assert view.note == clean(SURROGATE)


@settings(max_examples=40)
@given(value=st.recursive(st.text() | st.integers() | st.floats() | st.none() | st.booleans(), st.lists))
def test_cleaned_values_stay_as_they_are_when_cleaned_again(value: object) -> None:
    once = clean(value)
    assert clean(once) == once
