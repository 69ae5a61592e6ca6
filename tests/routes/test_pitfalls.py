"""One test for each pitfall of path templates."""

import pytest

from apiwatch.routes import Param, Route, Routes, identity, typed_path

HOST = "api.example.com"


def template(path: str) -> str:
    return typed_path(path).template


def objects(path: str) -> list[tuple[str, str, str]]:
    return [(found.name, found.kind, found.value) for found in typed_path(path).params]


def learned(routes: Routes, path: str, *, query: str = "", method: str = "GET") -> tuple[Route, tuple[Param, ...]]:
    routes.match(HOST, method, path, query, 0.0, True)
    return routes.match(HOST, method, path, query, 0.0, True)


def test_slugs_with_digits_are_literals() -> None:
    assert template("/products/iphone-15") == "/products/iphone-15"
    assert template("/products/4k-tv") == "/products/4k-tv"


def test_product_codes_are_literals() -> None:
    assert template("/parts/AB-123-C") == "/parts/AB-123-C"


def test_date_in_three_segments_is_one_object() -> None:
    assert template("/2024/05/01/") == "/{yyyy}/{mm}/{dd}"
    assert objects("/news/2024/05/01/77") == [("news", "date", "2024-05-01"), ("news.2", "int", "77")]
    assert typed_path("/news/2024/05/01").params[0].number is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/tiles/12/2200/1343.png", "/tiles/{z}/{x}/{y}.png"),
        ("/maps/3/7/0.pbf", "/maps/{z}/{x}/{y}.pbf"),
        ("/v1/tile/0/0/0", "/v1/tile/{z}/{x}/{y}"),
        ("/a/7/tiles/12/2200/1343.webp", "/a/{int}/tiles/{z}/{x}/{y}.webp"),
    ],
)
def test_map_tiles_are_no_objects(path: str, expected: str) -> None:
    assert template(path) == expected
    assert [name for name, _, _ in objects(path)] == ["a"] * path.startswith("/a/")


@pytest.mark.parametrize(
    "path", ["/tenants/12/2200/1343", "/tiles/3/2200/1.png", "/a/12/2200/1343.json", "/tiles/99/1/1.png", "/1/2/3"]
)
def test_three_integers_that_are_no_place_on_a_map_are_three_objects(path: str) -> None:
    assert template(path).count("{int}") == len(objects(path)) == 3


def test_user_with_an_at_sign_is_an_object() -> None:
    assert template("/@alice/posts") == "/@{slug}/posts"
    assert objects("/@alice/posts") == [("@", "slug", "alice")]


def test_graphql_requests_are_told_apart_by_their_operation() -> None:
    routes = Routes(100)
    users, _ = learned(routes, "/graphql", query="operationName=GetUser&x=1")
    orders, _ = learned(routes, "/graphql", query="operationName=GetOrders")
    assert (users.template, orders.template) == ("/graphql/GetUser", "/graphql/GetOrders")
    assert learned(routes, "/graphql", query="operationName=%3Cx%3E")[0].template == "/graphql"


def test_odata_key_is_an_object() -> None:
    assert template("/odata/Orders(12)/Items") == "/odata/Orders({int})/Items"
    assert objects("/odata/Orders('7f9c24e8-1b1a-4c1e-9a0e-3d2f1b4c5d6e')")[0][1] == "uuid"


def test_comma_list_is_one_object_per_element() -> None:
    assert template("/ids/1,2,3") == "/ids/{int}"
    assert objects("/ids/1,2,3") == [("ids", "int", "1"), ("ids", "int", "2"), ("ids", "int", "3")]


def test_base64_ids_are_typed_and_words_of_the_same_length_are_not() -> None:
    assert template("/nodes/MDQ6VXNlcjU4MzIzMQ") == "/nodes/{token}"
    assert template("/pages/getting-started-guide") == "/pages/getting-started-guide"


def test_language_prefixes_are_one_route_and_no_object() -> None:
    assert template("/en/products/7") == template("/de/products/8") == "/{locale}/products/{int}"
    assert template("/pt-BR/about") == "/{locale}/about"
    assert [name for name, _, _ in objects("/en/products/7")] == ["products"]


def test_language_is_typed_whatever_was_seen_before() -> None:
    assert template("/languages/sk") == "/languages/sk"
    assert template("/sk/products") == "/{locale}/products"


def test_versions_are_literals() -> None:
    assert template("/v1/v2/users/7") == "/v1/v2/users/{int}"


def test_encoded_slashes_stay_encoded_and_other_text_is_decoded_once() -> None:
    assert template("/repos/a%2Fb/files") == "/repos/a%2Fb/files"
    assert template("/caf%C3%A9") == "/café"
    assert template("/a%2541") == "/a%2541"


def test_control_characters_do_not_come_back_by_decoding() -> None:
    assert template("/x%1b%5d52%00") == "/x\\x1b]52\\x00"


def test_two_letter_ids_are_no_languages() -> None:
    assert template("/countries/de/cities") == "/countries/de/cities"
    assert template("/users/me") == "/users/me"


def test_guid_in_braces_is_the_same_object_as_without() -> None:
    plain_form, braced = "7F9C24E8-1B1A-4C1E-9A0E-3D2F1B4C5D6E", "%7B7f9c24e8-1b1a-4c1e-9a0e-3d2f1b4c5d6e%7D"
    assert template(f"/items/{braced}") == template(f"/items/{plain_form}") == "/items/{uuid}"
    assert typed_path(f"/items/{braced}").params[0].identity == typed_path(f"/items/{plain_form}").params[0].identity


def test_case_of_literals_is_kept_and_of_hexadecimal_ids_is_not() -> None:
    assert template("/Users/List") == "/Users/List"
    assert identity("hex", "DEADBEEF1") == identity("hex", "deadbeef1")


def test_file_trees_keep_their_names() -> None:
    assert template("/static/js/app.min.js") == "/static/js/app.min.js"
    assert template("/docs/guide.html") == "/docs/guide.html"


def test_constant_date_is_an_api_version_and_a_deep_one_an_object() -> None:
    assert template("/2017-06-30/users") == "/2017-06-30/users"
    assert template("/a/b/2017-06-30") == "/a/b/{date}"
    assert template("/1.1/users/7") == "/1.1/users/{int}"
    assert template("/a/b/1.1") == "/a/b/{decimal}"


def test_date_deep_in_a_path_is_typed_although_it_was_a_version_before() -> None:
    assert template("/2018-01-01/users") == "/2018-01-01/users"
    assert template("/a/b/2018-01-01") == "/a/b/{date}"


def test_ten_thousand_random_misses_leave_the_table_as_it_was() -> None:
    routes = Routes(1_000)
    learned(routes, "/users/7")
    routes.match(HOST, "GET", "/nothing", "", 0.0, False)
    before = len(routes)
    for number in range(10_000):
        route, params = routes.match(HOST, "GET", f"/{number:x}z/{number}", "", 0.0, False)
        assert not route.matched
        assert params == ()
    assert len(routes) == before
    assert learned(routes, "/users/8")[0].template == "/users/{int}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a//b/", "/a/b"),
        ("/users/7;v=1/x;y", "/users/{int}/x"),
        ("/users/7.json", "/users/{int}.json"),
        ("/price/12.50", "/price/{decimal}"),
        ("/o/507f1f77bcf86cd799439011", "/o/{objectid}"),
        ("/o/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/o/{ulid}"),
        ("/o/d41d8cd98f00b204e9800998ecf8427e", "/o/{hash}"),
        ("/o/1HGCM82633A004352", "/o/{vin}"),
        ("/o/+4915112345678", "/o/{phone}"),
        ("/o/a@example.com", "/o/{email}"),
        ("/o/192.0.2.7", "/o/{ip}"),
        ("/o/2001:db8::7", "/o/{ip}"),
        ("/o/www.example.com", "/o/{host}"),
        ("/o/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "/o/{jwt}"),
        ("/o/0a1b2c3d", "/o/{hex}"),
        ("/o/deadbeef", "/o/deadbeef"),
        ("/", "/"),
        ("", "/"),
    ],
)
def test_typed_segments(path: str, expected: str) -> None:
    assert template(path) == expected
