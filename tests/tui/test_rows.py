"""Rows say the same in their cells, their line and their lines, and hold the keys' targets."""

import pytest
from msgspec import structs
from msgspec.structs import replace

from apiwatch.model import Alert
from apiwatch.store.views import AlertView, Application
from apiwatch.tui.blocking import propose, wishes
from apiwatch.tui.glyphs import ASCII
from apiwatch.tui.line import line_text, line_width
from apiwatch.tui.rows import AlertRow, AuthRow, BlockRow, ClientRow, EnumerationRow, RouteRow, Row
from tests.tui import fakes
from tests.tui.guards import make_guard

LISTS: list[list[Row]] = [
    [AlertRow(view, fakes.NOW) for view in fakes.ALERTS],
    [ClientRow(view, fakes.NOW, 300.0) for view in fakes.CLIENTS],
    [EnumerationRow(view, fakes.NOW) for view in fakes.SUSPECTS],
    [AuthRow(view, fakes.NOW) for view in fakes.AUTH],
    [BlockRow(entry, fakes.NOW) for entry in fakes.BLOCKS],
]
ROWS = [row for rows in LISTS for row in rows]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{type(row).__name__}-{row.client}")
def test_every_row_has_a_cell_per_column_and_says_whom_it_is_about(row: Row) -> None:
    assert len(row.cells()) == len(row.columns)
    name = row.client
    assert name
    assert name.partition("/")[0] in line_text(row.headline())
    assert row.addresses
    assert row.reason
    assert line_text(row.summary())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{type(row).__name__}-{row.client}")
@pytest.mark.parametrize("width", [60, 78, 118])
def test_details_fit_but_for_original_lines(row: Row, width: int) -> None:
    for drawn in row.details(width):
        assert line_width(drawn) <= width or line_text(drawn).startswith("RAW")


def test_keys_tell_rows_apart() -> None:
    for rows in LISTS:
        keys = [row.key for row in rows]
        assert len(set(keys)) == len(keys)


def test_a_campaign_names_one_address_and_counts_the_others() -> None:
    row = AlertRow(fakes.ALERTS[1], fakes.NOW)
    assert row.who == "203.0.113.64 +40"
    assert len(row.addresses) == 41
    assert row.cells()[2].text == row.who


def test_an_alert_without_an_address_shows_its_principal() -> None:
    view = fakes.ALERTS[0]
    nobody = replace(view, alert=_without_address(view))
    row = AlertRow(nobody, fakes.NOW)
    assert row.who == "user:alice"
    assert row.client == ""
    assert row.addresses == ()


def _without_address(view: AlertView) -> Alert:
    return structs.replace(view.alert, client="", clients=(), clients_total=0, principal="user:alice")


def test_acknowledged_alerts_are_dim_and_say_so() -> None:
    row = AlertRow(fakes.ALERTS[3], fakes.NOW)
    assert row.cells()[-1].text.startswith("[ack] walks object ids")
    assert {cell.style for cell in row.cells()} == {"dim"}
    text = " ".join(line_text(drawn) for drawn in row.details(78))
    assert "acknowledged by jane: asked the partner" in text


def test_details_of_an_alert_have_numbers_limits_doubts_and_a_line() -> None:
    text = "\n".join(line_text(drawn) for drawn in AlertRow(fakes.ALERTS[0], fakes.NOW).details(118))
    for wanted in (
        "walks object ids on GET /api/orders/{id}",
        "adjacent steps: 9811 of 9812; limit evidence >= 13.8; usual 2% (other clients, 812 steps)",
        "BUT    104 of 9916 requests read an object again",
        'RAW    203.0.113.7 - - [20/Sep/2026:14:02:30 +0000] "GET /api/orders/1049917',
    ):
        assert wanted in text


def test_clients_show_the_share_that_failed_and_their_outcomes() -> None:
    row = ClientRow(fakes.CLIENTS[0], fakes.NOW, 300.0)
    cells = dict(zip([column.title for column in row.columns], [cell.text for cell in row.cells()], strict=True))
    assert cells["FAIL"] == "73%"
    assert cells["REQ/s"] == "34.7"
    assert cells["OUTCOMES"] == "miss 68%  ok 27%  deny 5%"
    assert cells["LAST"] == "2s"


@pytest.mark.parametrize(
    ("evidence", "alert_id", "wanted"),
    [(0.34, "", " 34%"), (1.7, "", " 99%"), (1.7, "a1", "ALERT !"), (0.0, "", "  0%")],
)
def test_a_test_reaches_a_hundred_only_as_an_alert(evidence: float, alert_id: str, wanted: str) -> None:
    view = fakes.suspect(fakes.SLOW, "enumeration.miss", evidence, alert_id=alert_id, route="GET /x", note="n")
    assert EnumerationRow(view, fakes.NOW).cells()[0].text == wanted


def test_success_after_failures_stands_out_once_it_is_an_alert() -> None:
    alerted, leaning = (AuthRow(view, fakes.NOW).cells()[4] for view in fakes.AUTH)
    assert (alerted.text, alerted.style) == ("13", "bad")
    assert (leaning.text, leaning.style) == ("13", "")


def test_block_entries_count_down_and_renew_as_a_whole_network() -> None:
    wide = BlockRow(replace(fakes.BLOCKS[0], net="203.0.113.0/24", expires=None), fakes.NOW)
    assert wide.expiry == "never"
    assert wide.addresses == ("203.0.113.0/24",)
    assert BlockRow(fakes.BLOCKS[0], fakes.NOW).expiry == "50m 00s"
    assert BlockRow(replace(fakes.BLOCKS[0], state="expired"), fakes.NOW).expiry == "-"
    assert BlockRow(fakes.BLOCKS[0], fakes.NOW).alert_id == "a1"
    held = (Application("b0001", "nftables", "gw1", 1, fakes.NOW, fakes.NOW, None, None),)
    for state, said in (
        ("queued", "  in force in nftables, "),
        ("withdrawn", "  withdrawn, still in force in nftables, "),
    ):
        in_force = BlockRow(replace(fakes.BLOCKS[0], state=state, applications=held), fakes.NOW)
        assert said in line_text(in_force.details(100)[0])
    assert "  queued, " in line_text(BlockRow(fakes.BLOCKS[0], fakes.NOW).details(100)[0])


def test_a_block_of_some_requests_says_which_and_is_renewed_as_such() -> None:
    some = BlockRow(replace(fakes.BLOCKS[0], condition="path=/users agent=curl"), fakes.NOW)
    assert some.cells()[-1].text == f"only path=/users agent=curl  {some.entry.reason}"
    assert line_text(some.headline()).startswith(f"{some.entry.net} path=/users agent=curl")
    (wish, other) = wishes([some, some, BlockRow(fakes.BLOCKS[0], fakes.NOW)], [])
    assert (wish.condition, other.condition) == ("path=/users agent=curl", "")
    assert {each.key for each in propose(make_guard(), [wish, other])} == {some.entry.key, some.entry.net}


def test_a_route_of_one_client_claims_no_window() -> None:
    view = replace(fakes.detail().routes[0], first_seen=0.0)
    row = RouteRow(view, fakes.NOW, 300.0, ASCII)
    assert row.cells()[1].text == "-"
    said = "\n".join(line_text(drawn) for drawn in row.details(78))
    assert "window" not in said
    assert "first" not in said
