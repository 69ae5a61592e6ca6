"""Objects in queries: by name, never, by behaviour."""

import pytest

from apiwatch.routes.queries import QueryKey, query_params


def found(query: str, keys: dict[str, QueryKey] | None = None) -> list[tuple[str, str, str]]:
    return [(param.name, param.kind, param.value) for param in query_params(query, {} if keys is None else keys)]


@pytest.mark.parametrize("key", ["id", "ID", "user_id", "userId", "email", "vin", "serviceTag", "order", "username"])
def test_telling_names_are_objects(key: str) -> None:
    assert found(f"{key}=77") == [(f"?{key}", "int", "77")]


@pytest.mark.parametrize(
    "key", ["page", "offset", "limit", "ts", "_", "utm_source", "x", "lat", "q", "width", "grid", "valid"]
)
def test_other_names_are_not(key: str) -> None:
    assert found(f"{key}=77") == []


def test_values_are_decoded_once() -> None:
    assert found("email=a%2Bb%40example.com") == [("?email", "email", "a+b@example.com")]
    assert found("username=x%00%1b") == [("?username", "text", "x\\x00\\x1b")]


def test_key_of_no_telling_name_becomes_an_object_by_its_behaviour() -> None:
    keys: dict[str, QueryKey] = {}
    seen = [found(f"number={value * 31}", keys) for value in range(60)]
    assert seen[48] == []
    assert seen[55] == [("?number", "int", str(55 * 31))]


def test_values_without_a_key_become_objects_by_their_behaviour() -> None:
    keys: dict[str, QueryKey] = {}
    assert [found(str(number), keys) for number in range(1000, 1049)] == [[]] * 49
    assert found("7777", keys) == [("?", "int", "7777")]
    assert [found("wsdl", keys), found("page=", keys)] == [[], []]


def test_key_with_few_values_or_free_text_never_does() -> None:
    keys: dict[str, QueryKey] = {}
    for value in range(3_000):
        assert found(f"level={value % 40}&mood=happy-{value}", keys) == []
    assert keys["level"].is_object is False
    assert keys["level"].values == []
    assert "mood" not in keys


def test_keys_that_are_watched_are_limited() -> None:
    keys: dict[str, QueryKey] = {}
    for value in range(500):
        query_params(f"k{value}=7", keys)
    assert len(keys) <= 16


def test_long_query_costs_no_more_than_its_first_pairs() -> None:
    assert len(found("&".join(f"id={value}" for value in range(1_000)))) == 4
