"""The order of a list stands still while somebody works in it; filters narrow it."""

from msgspec.structs import replace

from apiwatch.tui.order import arrange
from apiwatch.tui.rows import AlertRow, ClientRow, InventoryRow, Row
from apiwatch.tui.views.alerts import ALERTS
from apiwatch.tui.views.clients import CLIENTS
from apiwatch.tui.views.inventory import INVENTORY
from tests.tui import fakes

ROWS: list[Row] = [AlertRow(view, fakes.NOW) for view in fakes.ALERTS]
STORE, BY_SCORE = ALERTS.panels[0].sorts[:2]
NOBODY: frozenset[str] = frozenset()


def keys(rows: list[Row]) -> list[str]:
    return [row.key[-1] for row in rows]


def test_order_of_the_store_is_kept() -> None:
    assert keys(arrange(ROWS, [], held=False, keep=NOBODY, sort=STORE)) == ["1", "2", "3", "4", "5"]


def test_chosen_order_goes_downwards() -> None:
    mixed = [ROWS[3], ROWS[0], ROWS[4], ROWS[1]]
    assert keys(arrange(mixed, [], held=False, keep=NOBODY, sort=BY_SCORE)) == ["1", "2", "4", "5"]


def test_an_order_can_be_turned_round() -> None:
    assert keys(arrange(ROWS, [], held=False, keep=NOBODY, sort=STORE, upwards=True)) == ["5", "4", "3", "2", "1"]


def test_routes_by_name_are_in_the_order_of_a_dictionary() -> None:
    (by_name,) = [sort for sort in INVENTORY.panels[0].sorts if sort.name == "name"]
    views = [
        replace(fakes.INVENTORY[0], host=host, route=route) for host, route in (("b", "a"), ("a", "c"), ("a", "b"))
    ]
    rows: list[Row] = [InventoryRow(view, fakes.NOW) for view in views]
    arranged = arrange(rows, [], held=False, keep=NOBODY, sort=by_name)
    assert [row.name for row in arranged] == ["a b", "a c", "b a"]


def test_held_rows_stay_where_they_are_with_new_values_and_new_rows_come_last() -> None:
    fresh = [ROWS[4], ROWS[2], ROWS[0]]
    arranged = arrange(fresh, [ROWS[0], ROWS[2]], held=True, keep=NOBODY, sort=STORE)
    assert keys(arranged) == ["1", "3", "5"]
    assert arranged[1] is fresh[1]


def test_held_rows_that_left_the_store_stay() -> None:
    assert keys(arrange([ROWS[1]], [ROWS[0], ROWS[1]], held=True, keep=NOBODY, sort=STORE)) == ["1", "2"]


def test_marked_rows_that_left_stay_last() -> None:
    left = ROWS[0]
    assert keys(arrange(ROWS[1:3], [left], held=False, keep=frozenset({left.key}), sort=STORE)) == ["2", "3", "1"]
    assert keys(arrange(ROWS[1:3], [left], held=False, keep=NOBODY, sort=STORE)) == ["2", "3"]


def test_held_lists_do_not_grow_without_end() -> None:
    clients: list[list[Row]] = [
        [ClientRow(fakes.client_view(f"c{number}", 0, 1, fakes.mix(1, 1, 0)), fakes.NOW, 300.0) for number in span]
        for span in (range(390), range(390, 590))
    ]
    order = CLIENTS.panels[0].sorts[0]
    arranged = arrange(clients[1], clients[0], held=True, keep=frozenset({"c7"}), sort=order)
    assert len(arranged) == 201
    assert arranged[0].key == "c7"
