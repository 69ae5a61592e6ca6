"""`b`: what it asks, what it refuses, and what it then says to the store."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.errors import StoreError
from apiwatch.store import BlockEntry, Scope
from apiwatch.tui.glyphs import UNICODE
from apiwatch.tui.line import line_text
from apiwatch.tui.summaries import summarise
from apiwatch.tui.views import Query
from tests.tui import fakes, guards
from tests.tui.fakes import NOW
from tests.tui.pilot import Driven, driving


def only(*addresses: str) -> fakes.Scenario:
    """A store with clients that no alert names."""
    clients = tuple(fakes.client_view(address, 10, 900, fakes.mix(160, 0.9, 0.1)) for address in addresses)
    return fakes.Scenario(alerts=(), enumeration=(), auth=(), clients=clients, blocks=())


async def asked(driven: Driven) -> str:
    """Press `b` and wait for the prompt; its text without line ends."""
    await driven.press("b")
    await driven.shows("for blocking; nothing is applied yet")
    return " ".join(driven.text.split())


async def test_b_queues_the_client_with_the_reason_of_its_alert(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        text = await asked(driven)
        assert "Queue 1 network for blocking; nothing is applied yet" in text
        assert "queue 203.0.113.7/32 enumeration.sequential: walks object ids" in text
        assert "last hour: 1 client, 40 requests (1.0 % of all), 30 answered" in text
        assert "203.0.113.0/24: would cut nobody else" in text
        await driven.press("'2h", "enter")
        await driven.until(lambda: bool(driven.control.said), "the entry")
        ((kind, net, reason, alerts, actor, lifetime),) = driven.control.said
        assert (kind, net, alerts, actor, lifetime) == (
            "block",
            "203.0.113.7/32",
            "a1b2c3d4e5f60001",
            "oncall@gw1",
            "7200",
        )
        assert reason.startswith("enumeration.sequential: walks object ids on GET /api/orders/{id}")
        await driven.shows("queued 203.0.113.7/32 for 2h; B exports")
        await driven.shows("7 Block(3)")


def queued(net: str, condition: str = "") -> BlockEntry:
    return BlockEntry(net, net, "walks", (), "bob@gw1", NOW, NOW + 3600, "queued", condition=condition)


async def test_b_says_that_a_wider_network_is_queued_already(tmp_path: Path) -> None:
    async with driving(fakes.Scenario(blocks=(queued("203.0.113.0/24"),)), db=tmp_path) as driven:
        said = " ".join((await asked(driven)).replace("│", " ").split())
        assert "S6 is queued already as part of 203.0.113.0/24" in said
        assert "only what lasts longer is new" in said


async def test_the_usual_lifetime_is_offered_and_a_wrong_one_is_refused_in_place(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await asked(driven)
        for typed, objection in (("x", "duration"), ("900d", "longer than block.max_ttl"), ("0s", "shorter")):
            await driven.press("ctrl+u", f"'{typed}", "enter")
            assert "Enter queue" not in driven.text
            assert objection in driven.text
        await driven.press("ctrl+u")
        assert "Enter queue" in driven.text
        await driven.press("'1h", "enter")
        await driven.until(lambda: bool(driven.control.said), "the entry")
        assert driven.control.said[0][5] == "3600"


async def test_marked_rows_are_queued_together(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("2", "space", "G", "space")
        text = await asked(driven)
        assert "Queue 2 networks" in text
        assert "reason, empty: the one of each row" in text
        await driven.press("enter")
        await driven.until(lambda: len(driven.control.said) == 2, "both entries")
        assert {words[1] for words in driven.control.said} == {"203.0.113.7/32", "198.18.0.39/32"}
        assert {words[2].partition(":")[0] for words in driven.control.said} == {"enumeration.sequential", "manual"}
        await driven.pilot.pause()
        assert driven.dashboard.marked == []


async def test_a_typed_reason_goes_to_all(tmp_path: Path) -> None:
    async with driving(only("203.0.113.5", "2001:db8:1:2::5"), db=tmp_path) as driven:
        await driven.press("2", "M")
        await asked(driven)
        await driven.press("tab", "'why", "enter")
        await driven.until(lambda: len(driven.control.said) == 2, "both entries")
        assert {words[2] for words in driven.control.said} == {"why"}
        assert {words[1] for words in driven.control.said} == {"203.0.113.5/32", "2001:db8:1:2::/64"}


@pytest.mark.parametrize(("address", "rail"), [("127.0.0.1", "H2"), (guards.ALLOWED, "H8"), ("unix:", "IP address")])
async def test_the_guard_refuses_without_asking(address: str, rail: str, tmp_path: Path) -> None:
    async with driving(only(address), db=tmp_path) as driven:
        await driven.press("2", "b")
        await driven.shows("refused:")
        assert rail in driven.line("refused:")
        assert driven.control.said == []


async def test_what_the_guard_refuses_is_left_out_and_named(tmp_path: Path) -> None:
    async with driving(only("203.0.113.5", "127.0.0.1"), db=tmp_path) as driven:
        await driven.press("2")
        await driven.shows("127.0.0.1")
        await driven.press("M")
        text = await asked(driven)
        assert "Queue 1 network " in text
        assert "refused 127.0.0.1/32" in text
        assert "H2" in text
        await driven.press("enter")
        await driven.until(lambda: bool(driven.control.said), "the entry")
        assert [words[1] for words in driven.control.said] == ["203.0.113.5/32"]
        await driven.commit()
        await driven.shows("1 refused; B exports")


async def test_a_private_address_is_queued_only_when_it_is_typed_again(tmp_path: Path) -> None:
    async with driving(only("10.1.2.3"), db=tmp_path) as driven:
        await driven.press("2")
        text = await asked(driven)
        assert "H3" in text
        assert "type 10.1.2.3/32 to override the guard" in text
        await driven.press("enter")
        assert "refused by a guard rail" in driven.text
        await driven.press("'10.1.2.3/32", "enter")
        await driven.until(lambda: bool(driven.control.said), "the entry")
        assert driven.control.said[0][1] == "10.1.2.3/32"


async def test_the_rule_that_refuses_is_told_on_the_smallest_screen(tmp_path: Path) -> None:
    client = fakes.client_view("10.1.2.3", 10, 900, fakes.mix(160, 0.9, 0.1))
    shared = replace(fakes.IMPACT, users=17, agents=3, held_minutes=36)
    async with driving(replace(only(), clients=(client,), impact=shared), (60, 15), db=tmp_path) as driven:
        await driven.press("2")
        await asked(driven)
        box = driven.text.splitlines()
        blank = [index for index, row in enumerate(box) if not row.strip("│ ")]
        assert blank == [index + 1 for index, row in enumerate(box) if "to override the guard" in row]
        rule = next(index for index, row in enumerate(box) if " H3 " in row)
        assert "refused 10.1.2.3/32" in box[rule - 1]
        await driven.press("enter")
        await driven.says("refused by a guard rail; type 10.1.2.3/32")
        assert "│ type 10.1.2.3/32 to override the guard" in driven.text
        assert " H3 " in driven.text


async def test_esc_queues_nothing(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await asked(driven)
        await driven.press("escape")
        assert driven.app.screen is driven.dashboard
        assert driven.control.said == []


async def test_a_store_that_refuses_is_told(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        driven.control.failure = StoreError("the state file is read-only")
        await asked(driven)
        await driven.press("enter")
        await driven.shows("not queued: the state file is read-only")


async def test_a_campaign_of_41_is_one_prompt_that_fits(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("j")
        text = await asked(driven)
        assert "Queue 41 networks" in text
        assert "PgDn PgUp page" in text
        assert "for how long" in text


async def test_a_block_on_the_client_page_is_about_that_client_only(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("enter")
        text = await asked(driven)
        assert f"queue {fakes.WALKER}/32" in text
        assert "Queue 1 network " in text
        await driven.press("enter")
        await driven.shows("queued for blocking as 203.0.113.7/32 until 15:02:31Z by oncall@gw1")


@pytest.mark.parametrize(("net", "expected"), [("203.0.113.0/24", True), ("fe80::1%eth0", False), ("nonsense", False)])
async def test_the_page_of_a_network_says_whom_a_block_would_cut_off(net: str, expected: bool) -> None:
    scenario = fakes.Scenario()
    query = Query(fakes.FakeReader(scenario), None, Scope(net=net), 5, fakes.NOW, 0.0, UNICODE)
    page = [line_text(row) for row in (await summarise(query, ())).page(80)]
    assert ("a block would cut off" in page) is expected
    assert any("30 answered" in text for text in page) is expected


async def test_everybody_who_sends_a_user_agent_can_be_queued_from_its_row_and_its_page(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await driven.press("2", "colon", *"group agent", "enter")
        await driven.shows("user agents of the busiest clients")
        agent = driven.table.cursor.opens.agent if driven.table.cursor is not None else ""
        for keys in ((), ("enter",)):
            await driven.press(*keys, "b")
            await driven.shows("Queue 2 networks")
            assert f"0.0.0.0/0 agent={agent}" in driven.text
            assert "everybody but what is protected" in driven.text
            await driven.press("escape")
        await driven.press("b")
        await driven.shows("Queue 2 networks")
        await driven.press("enter")
        await driven.until(lambda: len(driven.control.said) == 2, "both entries")
        assert [words[1] for words in driven.control.said] == ["0.0.0.0/0", "::/0"]
        assert {entry.condition for entry in driven.scenario.blocks[-2:]} == {f"agent={agent}"}


async def test_a_block_of_everybody_that_cuts_too_many_is_refused_in_the_prompt(tmp_path: Path) -> None:
    many = replace(fakes.IMPACT, clients=90, without_alert=80, without_alert_ok=1750)
    async with driving(fakes.Scenario(impact=many), (120, 40), db=tmp_path) as driven:
        await driven.press("2", "colon", *"group agent", "enter")
        await driven.shows("user agents of the busiest clients")
        await driven.press("b")
        await driven.says("refused: 0.0.0.0/0: H5 it would cut 50 % of the last hour's answered requests")
        assert driven.control.said == []


async def test_a_network_can_be_queued_from_its_page(tmp_path: Path) -> None:
    async with driving(size=(120, 40), db=tmp_path) as driven:
        await driven.press("2", "colon", *"group net", "enter")
        await driven.press("enter")
        await driven.shows("a block would cut off")
        await driven.press("b")
        await driven.shows("Queue 1 network ")


async def test_what_a_command_names_needs_no_row(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as driven:
        await driven.press("8", "colon", *"block 203.0.113.9 2h", "enter")
        await driven.shows("queued 203.0.113.9/32 for 2h")
        await driven.press("colon", *"block 127.0.0.1", "enter")
        await driven.shows("refused: 127.0.0.1/32")
        await driven.press("colon", *"block", "enter")
        await driven.shows("name one: block [NETWORK]")


async def test_a_command_without_a_network_asks_with_what_was_typed(tmp_path: Path) -> None:
    async with driving(size=(80, 30), db=tmp_path) as driven:
        await driven.press("colon", *"block 3h guesses passwords", "enter")
        await driven.shows("Queue 1 network")
        assert "│ 3h " in driven.text
        assert "│ guesses passwords " in driven.text
        assert driven.control.said == []


async def test_what_does_not_fit_into_the_prompt_can_be_paged_through(tmp_path: Path) -> None:
    addresses = [f"203.0.113.{number}" for number in range(1, 13)]
    async with driving(only(*addresses), db=tmp_path) as driven:
        await driven.press("2", "M")
        text = await asked(driven)
        assert "203.0.113.1/32" in text
        assert "203.0.113.12/32" not in text
        assert "PgDn PgUp page" in text
        await driven.press(*["pagedown"] * 12)
        assert "203.0.113.12/32" in driven.text
        await driven.press("pageup")
        assert "203.0.113.12/32" not in driven.text
        await driven.press("enter")
        await driven.until(lambda: len(driven.control.said) == 12, "the entries")


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (120, 40)])
async def test_whom_a_block_also_cuts_is_told_whole_in_every_width(size: tuple[int, int], tmp_path: Path) -> None:
    shared = replace(fakes.IMPACT, requests=838_123, ok=494_999, users=17, agents=3, held_minutes=36)
    async with driving(fakes.Scenario(impact=shared), size, db=tmp_path) as driven:
        await driven.press("b")
        await driven.says("494999 answered; 17 users, 3 user agents; counts reach back 36 minutes only")
