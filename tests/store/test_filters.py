"""What operators type to narrow a list: what it means, how it errs, and that the store and values in memory agree."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.model import ClientFacetRow, ClientRouteRow, LineRow, RouteRow, Severity
from apiwatch.store import BlockEntry, FilterError, open_reader
from apiwatch.store.filters import LISTS, List, completions, ghost, matches, parse, typed
from apiwatch.store.filters.records import block_record, client_record, line_record, route_record, source_record
from apiwatch.store.scope import Scope
from tests.store import rows as make

NAMES = (
    "203.0.113.7",
    "203.0.113.99",
    "203.0.114.1",
    "10.1.2.3",
    "2001:db8:9:1::5",
    "2001:db8:0:7::1",
    "web.example.com",
)
AGENTS = ("python-requests/2.31", "curl/8.4", "100%_sure")


def reads(text: str, over: List = List.ALERTS) -> list[tuple[str, str, list[str], bool]]:
    return [
        (
            term.field.name if term.field else "*",
            term.op,
            [str(value.network or value.text or value.number) for value in term.values],
            term.inverted,
        )
        for term in parse(text, over).terms
    ]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("sev>=high", ("sev", ">=", ["3.0"], False)),
        ("since:1h30m", ("last", "<=", ["5400.0"], False)),
        ("reqs>1.5k", ("reqs", ">", ["1500.0"], False)),
        ("client:203.0.113.9/24", ("client", "~", ["203.0.113.0/24"], False)),
        ("-2001:db8::1|10.0.0.0/8", ("client", "~", ["2001:db8::1/128", "10.0.0.0/8"], True)),
        ('route:"/a b|c"', ("route", "~", ["/a b|c"], False)),
        ("user!=Bob|alice", ("user", "=", ["bob", "alice"], True)),
        ("!!o'brien", ("*", "~", ["o'brien"], False)),
        ("status:4xx", ("status", "=", ["400"], False)),
        ("score:>50", ("score", ">", ["50.0"], False)),
    ],
)
def test_a_word_means(text: str, meaning: tuple[str, str, list[str], bool]) -> None:
    assert reads(text) == [meaning]


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("foo sevrity>=high", "`sevrity` is not a field of alerts; did you mean `severity`?", (4, 17)),
        ("sev>=hgh", "`sev>=` wants info, low, medium, high or critical; `hgh` is none", (0, 8)),
        ("4xx>50", "`4xx` is not a field of alerts; there are sev, score", (0, 6)),
        ("route>3", "`route:` looks for a part of it", (0, 7)),
        ('a "b', "has no end", (2, 4)),
        ("score>", "it has no value", (0, 6)),
        ("!", "write it without a blank", (0, 1)),
        ("2001:db8::/96", "too narrow", (0, 13)),
        ("\x1b[2J:x sev>\x9b", "\\x9b", (7, 12)),
    ],
)
def test_an_error_says_what_was_expected_and_where(text: str, said: str, place: tuple[int, int]) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text, List.ALERTS)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
    assert (caught.value.start, caught.value.end) == place


@pytest.mark.parametrize(
    ("text", "terms", "pending"),
    [("sev>=high rou", 2, False), ("sev>=high route", 1, True), ("sev>=h", 0, True), ("sev>=zzz ok", 1, False)],
)
def test_half_a_filter_is_no_error_while_it_is_typed(text: str, terms: int, pending: bool) -> None:
    found = typed(text, List.ALERTS)
    assert len(found.filter.terms) == terms
    assert found.pending is pending


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.sampled_from(list(List)))
def test_typing_never_raises_and_agrees_with_the_strict_reading(text: str, over: List) -> None:
    found = typed(text, over)
    if found.problem is None:
        assert found.filter == parse(text, over)
    else:
        assert 0 <= found.problem.start <= found.problem.end <= len(text)
    for whole in completions(text, over):
        assert whole.startswith(text) or whole.lower().startswith(text.lower()[:1])


def test_a_field_its_value_and_what_is_on_the_screen_are_completed() -> None:
    assert ghost("sco", List.ALERTS) == "re>"
    assert ghost("foo sev>=c", List.ALERTS) == "ritical"
    assert ghost("state:a", List.ALERTS) == "cknowledged"
    assert ghost("client:203.", List.CLIENTS, lambda field: NAMES if field == "client" else ()) == "0.113.7"


def write(path: Path) -> None:
    seen = int(make.NOW)
    with make.Collector(path) as collector:
        collector.commit(
            clients=[
                make.client_row(
                    name, last=seen - 40 * index, requests=10 * index + 1, score=90 - 20 * index, scored_at=seen
                )
                if index < 3
                else make.client_row(name, last=seen - 40 * index, requests=10 * index + 1)
                for index, name in enumerate(NAMES)
            ],
            client_minutes=[
                make.client_minute(make.MINUTE, name, ok=index + 1, miss=2 * index, err=index % 2)
                for index, name in enumerate(NAMES)
            ],
            client_facets=[
                ClientFacetRow(name, 0, "user_agent", AGENTS[index % 3], 3, seen) for index, name in enumerate(NAMES)
            ]
            + [ClientFacetRow("10.1.2.3", 0, "user", "Alice@example.com", 3, seen)],
            client_routes=[ClientRouteRow("10.1.2.3", 0, "GET /users/{id}", seen, 3, 3, 3, 0, 0, 0, 0, 0)],
            routes=[
                RouteRow("api", "GET /users/{id}", "", seen - 900, seen, 5, 100, 40, 60, 0, 0, 0, 0, "learned", ""),
                RouteRow("api", "POST /login", "login", seen - 90, seen, 2, 10, 1, 0, 9, 0, 0, 0, "openapi", ""),
            ],
            minutes=[make.minute_row(make.MINUTE, 100)],
            alerts=[
                make.alert("a1", NAMES[0], Severity.CRITICAL),
                make.alert(
                    "a2", NAMES[3], Severity.LOW, route="POST /login", detector="auth.brute-force", family="auth"
                ),
            ],
            suspects=[make.suspect(NAMES[1], 0.7), make.suspect(NAMES[4], 0.4)],
        )


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filters") / "state.db"
    write(path)
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("203.0.112.0/22", {"203.0.113.7", "203.0.113.99", "203.0.114.1"}),
        ("client:203.0.113.0/25", {"203.0.113.7", "203.0.113.99"}),
        ("2001:db8::/35", {"2001:db8:9:1::5", "2001:db8:0:7::1"}),
        ("2001:db8:8::/46", {"2001:db8:9:1::5"}),
        ("!0.0.0.0/0 !::/0", {"web.example.com"}),
        ("ua:PYTHON -score>50", {"10.1.2.3", "web.example.com"}),
        ("%_", {"203.0.114.1", "2001:db8:0:7::1"}),
        ("user:alice", {"10.1.2.3"}),
        ("user:alice@example.com route:/users", {"10.1.2.3"}),
        ("detector:auth", {"10.1.2.3"}),
        ("sev<=low", {"10.1.2.3"}),
        ("alerts>0 miss<1", {"203.0.113.7"}),
        ("4xx>60", {"2001:db8:9:1::5", "web.example.com"}),
        ("last:1m", {"203.0.113.7", "203.0.113.99"}),
        ("example", {"web.example.com", "10.1.2.3"}),
        ("x';DROP TABLE clients;--", set()),
    ],
)
async def test_clients_are_found_in_the_store(state: Path, text: str, found: set[str]) -> None:
    reader = await open_reader(state)
    try:
        for sort in ("score", "requests", "last_seen"):
            views = await reader.clients(5, sort=sort, now=make.NOW, where=parse(text, List.CLIENTS))
            assert {view.client for view in views} == found
            assert views.among == 0
        if "miss" not in text and "4xx" not in text:  # the totals of clients know of no misses here
            wide = await reader.clients(1440, now=make.NOW, where=parse(text, List.CLIENTS))
            assert {view.client for view in wide} == found
        inside = await reader.clients(5, now=make.NOW, scope=Scope(agent=AGENTS[0]), where=parse(text, List.CLIENTS))
        assert {view.client for view in inside} == found & {NAMES[0], NAMES[3], NAMES[6]}
    finally:
        await reader.close()


async def test_the_other_lists_are_narrowed_in_the_store_too(state: Path) -> None:
    reader = await open_reader(state)
    try:

        async def alerts(text: str) -> list[str]:
            return [view.alert.id for view in await reader.alerts(where=parse(text, List.ALERTS))]

        assert await alerts("sev>=high") == ["a1"]
        assert await alerts("detector:brute state:open 10.0.0.0/8") == ["a2"]
        assert await alerts("user:alice ua:python") == ["a2"]
        assert await alerts("route:/login|/orders -state:closed") == ["a1", "a2"]
        routes = await reader.routes(where=parse("deny>50% role:login", List.ROUTES))
        assert [view.route for view in routes] == ["POST /login"]
        suspects = await reader.suspects("enumeration", where=parse("203.0.113.0/24 ua:curl", List.SUSPECTS))
        assert [view.client for view in suspects] == [NAMES[1]]
        assert not await reader.suspects("enumeration", where=parse("!evidence>0", List.SUSPECTS))
    finally:
        await reader.close()


TERMS = st.sampled_from(
    (
        *("sev>=low", "score>50", "reqs>5", "miss>=4", "miss>30%", "4xx<50", "5xx=0", "alerts=0", "first:2m"),
        *("last>90s", "203.0.113.7", "203.0.0.0/18", "!2001:db8::/32", "client:203.", "client=10.1.2.3", "bytes>1k|0"),
    )
)


@settings(max_examples=30, deadline=None)
@given(words=st.lists(TERMS, min_size=1, max_size=3))
async def test_store_and_memory_agree(state: Path, words: list[str]) -> None:
    reader = await open_reader(state)
    try:
        where = parse(" ".join(words), List.CLIENTS)
        every = await reader.clients(5, now=make.NOW)
        narrowed = await reader.clients(5, now=make.NOW, where=where)
        assert {view.client for view in narrowed} == {
            view.client for view in every if matches(where, client_record(view), make.NOW)
        }
        routes = [word for word in words if word.partition(">")[0] in ("reqs", "miss") or word.startswith("last")]
        asked = parse(" ".join(routes), List.ROUTES)
        known = [view for view in await reader.routes() if matches(asked, route_record(view), make.NOW)]
        assert [view.route for view in await reader.routes(where=asked)] == [view.route for view in known]
    finally:
        await reader.close()


MANY = [f"10.{index >> 8}.{index & 255}.7" for index in range(2600)]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More clients than are looked at one by one: all with one user agent, the last ones with a score."""
    chance = random.Random(3)  # noqa: S311  test data
    path, seen = tmp_path_factory.mktemp("filters") / "state.db", int(make.NOW)
    with make.Collector(path) as collector:
        collector.commit(
            clients=[
                make.client_row(name, requests=chance.randint(1, 9))
                if index < 2300
                else make.client_row(name, requests=1, score=80, scored_at=seen)
                for index, name in enumerate(MANY)
            ],
            client_minutes=[make.client_minute(make.MINUTE, name, ok=chance.randint(1, 9)) for name in MANY],
            client_facets=[
                *(ClientFacetRow(name, 0, "user_agent", "browser 100%_Plus", 3, seen) for name in MANY),
                ClientFacetRow(MANY[9], 0, "user", "mallory", 3, seen),
            ],
            minutes=[make.minute_row(make.MINUTE, 9000)],
        )
    return path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("user:mallory reqs>0", [MANY[9]]),
        ("mallory", [MANY[9]]),
        ("ua:browser user:mallory", [MANY[9]]),
        ("-ua:curl 10.0.9.0/24|10.1.0.0/24", [MANY[9], MANY[256]]),
        ("ua:browser client:.0.11.7", [MANY[11]]),
        ("zzz", []),
    ],
)
async def test_a_rare_client_is_found_among_many(full: Path, text: str, names: list[str]) -> None:
    reader = await open_reader(full)
    try:
        for sort, window in (("score", 5), ("requests", 5), ("last_seen", 5), ("score", 1440), ("requests", 1440)):
            found = await reader.clients(window, sort=sort, now=make.NOW, where=parse(text, List.CLIENTS))
            assert (sorted(view.client for view in found), found.among) == (sorted(names), 0)
    finally:
        await reader.close()


@pytest.mark.parametrize(
    "text",
    ["client:10. reqs>0", "ua:plus", "browser", "-ua:curl", "-curl", 'ua="browser 100%_plus"', "last:1h", "10.0.0.0/8"],
)
async def test_of_many_that_pass_the_foremost_are_listed_and_among_how_many_is_said(full: Path, text: str) -> None:
    reader = await open_reader(full)
    try:
        where = parse(text, List.CLIENTS)
        for sort, window in (("score", 5), ("requests", 5), ("last_seen", 5), ("score", 1440), ("requests", 1440)):
            found = await reader.clients(window, sort=sort, now=make.NOW, where=where)
            assert len(found) == 200
            assert 0 < found.among < len(MANY)
        if "reqs" not in text:
            for window in (5, 1440):
                suspicious = await reader.clients(window, now=make.NOW, where=where)
                assert {view.client for view in suspicious} < set(MANY[2300:])
                calm = await reader.clients(window, now=make.NOW, where=parse(f"{text} score<50", List.CLIENTS))
                assert len(calm) == 200
                assert not {view.client for view in calm} & set(MANY[2300:])
    finally:
        await reader.close()


def test_lists_in_memory_are_narrowed_by_the_same_words() -> None:
    line = LineRow(
        make.NOW - 5,
        NAMES[0],
        "api",
        "POST",
        "/login?x=1",
        "POST /login",
        401,
        "deny",
        None,
        0.25,
        "bob",
        "curl/8",
        "a.log",
        7,
    )
    fits = "status:4xx ms>200 last<1m method:post route:x=1 -bytes>=0 outcome=deny 203.0.113.0/24 401"
    assert matches(parse(fits, List.LINES), line_record(line), make.NOW)
    assert not any(matches(parse(word, List.LINES), line_record(line), make.NOW) for word in ("status:403", "ua=curl"))
    entry = BlockEntry("b1", "203.0.113.0/24", "walks ids", ("a1",), "jane", make.NOW - 60, None, "queued")
    block = block_record(entry)
    assert matches(parse("203.0.113.0/24 by:jane state:queued why:walks", List.BLOCKS), block, make.NOW)
    assert not matches(parse("203.0.113.0/25", List.BLOCKS), block, make.NOW)
    source = source_record(make.source_view(lines=200, unparsed=30))
    assert matches(parse("unparsed>10 lines>=200 format:combined", List.SOURCES), source, make.NOW)
    for record, over in ((line_record(line), List.LINES), (block, List.BLOCKS), (source, List.SOURCES)):
        assert set(LISTS[over]) <= record.keys()
