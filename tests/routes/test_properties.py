"""Properties of templates under any input."""

from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.routes import Routes, identity, number, typed_path
from apiwatch.routes.queries import query_params

SEGMENTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ("users", "v1", "7", "2024", "05", "01", "{int}", "{x", "en", "a,b", "1,2", "@x", "@", "X(1)", "()", "%2F",
         "%25", "%3B", "1.json", "..", "2017-06-30", "a@example.com", ";", "+1", "٣", "%ff", "\udc80", "1.2.3.4")
    ),
)  # fmt: skip
PATHS = st.one_of(st.text(max_size=200), st.lists(SEGMENTS, max_size=8).map(lambda parts: "/" + "/".join(parts)))


@settings(max_examples=40, deadline=None)
@given(path=PATHS)
def test_templating_never_raises_and_changes_nothing_the_second_time(path: str) -> None:
    template = typed_path(path).template
    assert template.startswith("/")
    assert typed_path(template).template == template


@settings(max_examples=40, deadline=None)
@given(path=PATHS, others=st.lists(PATHS, max_size=5))
def test_template_does_not_depend_on_what_was_seen_before(path: str, others: list[str]) -> None:
    before = typed_path(path)
    for other in others:
        typed_path(other)
    typed_path(f"/a/b/c{path}")
    assert typed_path(path) == before


@settings(max_examples=40, deadline=None)
@given(paths=st.lists(PATHS, max_size=30), query=st.text(max_size=60))
def test_misses_never_grow_the_table(paths: list[str], query: str) -> None:
    routes = Routes(50)
    for _ in range(2):
        routes.match("h", "GET", "/users/1", "", 0.0, True)
    routes.match("h", "GET", "/nothing/here", "", 0.0, False)
    size = len(routes)
    state = (routes.state.next_id, dict(routes.state.pending), dict(routes.state.slugs))
    for path in paths:
        routes.match("h", "GET", path, query, 0.0, False)
    assert len(routes) == size
    assert (routes.state.next_id, routes.state.pending, routes.state.slugs) == state


@settings(max_examples=40, deadline=None)
@given(
    requests=st.lists(st.tuples(st.sampled_from(("", "a", "b c")), PATHS, st.booleans()), max_size=60),
    limit=st.integers(10, 20),
)
def test_table_never_grows_past_its_limit(requests: list[tuple[str, str, bool]], limit: int) -> None:
    routes = Routes(limit)
    for at, (host, path, answered) in enumerate(requests):
        routes.match(host, "GET", path, "", float(at), answered)
        routes.match(host, "GET", path, "", float(at), answered)
        assert len(routes) <= limit


@settings(max_examples=40, deadline=None)
@given(
    query=st.text(max_size=200),
    kind=st.sampled_from(("int", "hex", "ulid", "vin", "objectid", "phone", "uuid", "text")),
)
def test_queries_and_values_never_raise(query: str, kind: str) -> None:
    query_params(query, {})
    number(kind, query)
    if kind != "int":
        assert 0 <= identity(kind, query) < 1 << 63
