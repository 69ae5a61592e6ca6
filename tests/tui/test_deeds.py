"""What operators do to rows, on a real state file: what is asked, refused, written, and seen by others."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from apiwatch.config.settings import Block
from apiwatch.errors import UsageError
from apiwatch.model import ActionKind, ClientFacetRow
from apiwatch.store import Control, Reader, open_control, open_reader
from apiwatch.store.views import AlertView, BlockEntry
from apiwatch.tui.blocking import propose, wishes
from apiwatch.tui.deeds import Acknowledge, Allow, Benign, BlockDeed, Disallow, Mute, Note, Unmute, Withdraw
from apiwatch.tui.echo import Hearing, confirmed, news
from apiwatch.tui.glyphs import ASCII
from apiwatch.tui.line import line_text
from apiwatch.tui.rows import AlertRow, AllowRow, BlockRow, ClientRow, RouteRow, Row
from apiwatch.tui.screens.prompts import ask_for
from tests.store import rows
from tests.store.rows import MINUTE, NOW
from tests.tui import fakes, guards
from tests.tui.pilot import driving

CLIENTS = ("203.0.113.7", "198.51.100.9", "2001:db8::5")
ME, BOB = "ann@gw1", "bob@gw1"
AGENT = "Mozilla/5.0 (x)"


class Desk(NamedTuple):
    reader: Reader
    control: Control

    async def alert_rows(self) -> list[Row]:
        return [AlertRow(view, NOW) for view in await self.reader.alerts(include_closed=True)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Three alerts, one of them closed, and a client that no alert names."""
    path = tmp_path / "state.db"
    closed = msgspec.structs.replace(rows.alert("c3c3c3c3c3", "203.0.113.9"), closed=True, score=1)
    with rows.Collector(path) as collector:
        collector.commit(
            clients=[rows.client_row(client) for client in CLIENTS],
            minutes=[rows.minute_row(MINUTE, 3)],
            client_minutes=[rows.client_minute(MINUTE, client) for client in CLIENTS],
            client_facets=[
                ClientFacetRow("203.0.113.7", 0, "user_agent", value, 3, int(NOW)) for value in (AGENT, "any* thing")
            ],
            alerts=[
                rows.alert("a1a1a1a1a1", "203.0.113.7"),
                rows.alert("b2b2b2b2b2", "198.51.100.9", score=50),
                closed,
            ],
        )
    reader, control = await open_reader(path), await open_control(path)
    yield Desk(reader, control)
    await reader.close()
    await control.close()


async def test_many_are_acknowledged_at_once_and_others_are_told(desk: Desk) -> None:
    found = await desk.alert_rows()
    (stranger,) = [ClientRow(view, NOW, 300) for view in await desk.reader.clients(5) if ":" in view.client]
    before = await desk.reader.actions()
    deed = Acknowledge([*found, stranger], [])
    assert deed.title == "Acknowledge 2 alerts"
    said = [line_text(drawn) for drawn in deed.lines(70)]
    assert said[:3] == ["  a1a1a1a1 203.0.113.7", "  b2b2b2b2 198.51.100.9", "left out: 2"]
    assert said[3].strip() == "203.0.113.9 is closed"
    assert said[4].strip() == "2001:db8::5 has no alert"
    outcome = await deed.do(desk.control, ("looking",), BOB, NOW + 1)
    assert (outcome.waiting, outcome.seen, outcome.failure) == ("acking 2 alerts...", "acked 2 alerts", "")
    assert not confirmed(outcome.marks, before)
    after = await desk.reader.actions()
    assert confirmed(outcome.marks, after)
    assert outcome.marks == deed.marks(("looking",), NOW + 1)
    assert news(before, after, ()) == ["bob@gw1 acked 2 alerts 'looking'"]
    assert news(before, after, outcome.marks) == []
    assert news(None, after, ()) == []
    assert {view.acknowledged_by for view in await desk.reader.alerts()} == {BOB}
    again = Acknowledge(await desk.alert_rows(), [])
    assert again.nothing == "nothing to acknowledge: 203.0.113.7 is acknowledged by bob@gw1"


async def test_a_dashboard_hears_itself_and_others(desk: Desk) -> None:
    found = await desk.alert_rows()
    mine, other = Acknowledge(found, []), Note(found[:1], [])
    ear = Hearing()
    assert ear.heard(await desk.reader.actions(limit=1)) == ([], [])
    ear.expect(mine.marks(("mine",), NOW + 1))
    outcome = await mine.do(desk.control, ("mine",), ME, NOW + 1)
    assert ear.heard(()) == ([], [])
    ear.wait(outcome)
    seen, said = ear.heard(await desk.reader.actions(limit=1))
    assert (seen, said) == (["acked 2 alerts"], []), "the last word stands for those that the list no longer holds"
    for number in range(9):
        await other.do(desk.control, (f"note {number}",), ME, NOW + 2 + number)
    seen, said = ear.heard(await desk.reader.actions(limit=8))
    assert (seen, said[0], len(said)) == ([], "operators did 5 more things", 4)
    assert said[-1] == "ann@gw1 left a note on a1a1a1a1 'note 8'"


async def test_whoever_takes_an_alert_over_knows_from_whom(desk: Desk) -> None:
    (row, *_) = await desk.alert_rows()
    assert not Acknowledge([row], []).lines(200)
    await Acknowledge([row], []).do(desk.control, ("asked the partner",), BOB, NOW + 1)
    (taken, *_) = await desk.alert_rows()
    (told,) = [line_text(drawn) for drawn in Acknowledge([taken], []).lines(200)]
    assert told == "Acknowledged by bob@gw1 at 2023-11-14 22:13:31Z 'asked the partner'; Enter takes it over."


async def test_two_who_acknowledge_at_once_both_hear_who_has_it(desk: Desk) -> None:
    found = (await desk.alert_rows())[:2]
    ears, outcomes = {ME: Hearing(), BOB: Hearing()}, {}
    before = await desk.reader.actions()
    for number, (who, ear) in enumerate(ears.items(), 1):
        ear.heard(before)
        deed = Acknowledge(found if who == ME else found[:1], [])
        ear.expect(deed.marks(("",), NOW + number))
        outcomes[who] = await deed.do(desk.control, ("",), who, NOW + number)
        ear.wait(outcomes[who])
    after = await desk.reader.actions()
    ((lost,), _), ((won,), _) = (ear.heard(after) for ear in ears.values())
    assert [view.acknowledged_by for view in await desk.reader.alerts()] == [BOB, ME]
    assert lost == "acked 2 alerts; bob@gw1 acked a1a1a1a1 after you, and has it now"
    assert won == "acked alert a1a1a1a1 203.0.113.7; ann@gw1 acked a1a1a1a1 just before, and you took it over"


async def test_words_with_an_end_are_checked_and_end(desk: Desk) -> None:
    (row, *_) = await desk.alert_rows()
    mute = Mute([row], [])
    assert [field.value for field in mute.fields] == ["2h", ""]
    assert mute.refusal(("soon", "")).startswith("`soon` is not a duration")
    assert "shorter than a second" in mute.refusal(("0", ""))
    assert mute.refusal(("1h30m", "")) == ""
    assert Unmute([row], []).nothing == "nothing to unmute: 203.0.113.7 is not muted"
    outcome = await mute.do(desk.control, ("1h30m", "noisy"), ME, NOW + 1)
    assert outcome.seen == "muted alert a1a1a1a1 203.0.113.7 for 1h30m"
    (view, *_) = await desk.reader.alerts()
    assert (view.state, view.muted_until, view.muted_by, view.note) == ("muted", NOW + 5401, ME, "noisy")
    unmute = Unmute([AlertRow(view, NOW)], [])
    await unmute.do(desk.control, ("",), ME, NOW + 2)
    assert Note([row], []).refusal((" ",)) == "the note is empty; write some words, or Esc"
    await Note([row], []).do(desk.control, ("partner?",), ME, NOW + 3)
    benign = Benign([row], [], 30 * 86_400)
    assert benign.fields[0].value == "30d"
    await benign.do(desk.control, ("7d", "batch"), ME, NOW + 4)
    (view, *_) = await desk.reader.alerts()
    assert (view.state, view.benign_until, view.benign_by) == ("open", NOW + 4 + 7 * 86_400, ME)
    said = news([], await desk.reader.actions(), (), {"a1a1a1a1a1": "203.0.113.7"})
    assert said == [
        "ann@gw1 muted a1a1a1a1 203.0.113.7 until 2023-11-14 23:43:31Z 'noisy'",
        "ann@gw1 unmuted a1a1a1a1 203.0.113.7",
        "ann@gw1 left a note on a1a1a1a1 203.0.113.7 'partner?'",
        "ann@gw1 called benign a1a1a1a1 203.0.113.7 until 2023-11-21 22:13:34Z 'batch'",
    ]


async def test_one_client_is_allowed_as_what_the_store_knows(desk: Desk) -> None:
    (row, *_) = await desk.alert_rows()
    detail = await desk.reader.client("203.0.113.7", NOW)
    deed = Allow([row], (), detail)
    assert deed.fields[0].choices == ("network:203.0.113.7/32", "network:203.0.113.0/24", f"agent:{AGENT}")
    assert "no target" in deed.refusal(("partner", "7d", "x"))
    assert deed.refusal(("user:bob", "7d", " ")).startswith("say why")
    assert deed.refusal(("user:bob", "soon", "x")).endswith(", or ever")
    outcome = await deed.do(desk.control, ("user: bob", "ever", "our partner"), ME, NOW)
    assert outcome.seen == "allowed user:bob for ever"
    (entry,) = await desk.reader.allowed(NOW)
    assert (entry.target, entry.expires, entry.reason, entry.actor) == ("user:bob", None, "our partner", ME)
    assert confirmed(outcome.marks, await desk.reader.actions())
    route = RouteRow(fakes.detail().routes[0], NOW, 300.0, ASCII)
    assert Allow([route]).fields[0].choices == ("route:GET /api/orders/{id}",)
    assert Allow([], targets=["agent:Pingdom*"]).title == "Allow agent:Pingdom*"
    full = Allow([row], [entry] * 200)
    assert "holds 200 entries" in full.nothing


async def test_each_of_many_clients_is_allowed_by_its_network(desk: Desk) -> None:
    found = [ClientRow(view, NOW, 300) for view in await desk.reader.clients(5)]
    deed = Allow([*found, *await desk.alert_rows()])
    assert deed.what == "4 clients"
    assert deed.refusal(("user:bob", "7d", "x")).startswith("type client or network")
    await deed.do(desk.control, ("network", "2h", "ours"), ME, NOW)
    targets = sorted(entry.target for entry in await desk.reader.allowed(NOW))
    assert targets == ["network:198.51.100.0/24", "network:2001:db8::/64", "network:203.0.113.0/24"]


async def test_what_stops_halfway_says_how_far_it_came(desk: Desk) -> None:
    class Closing:
        """A control whose file is closed after the first word."""

        def __getattr__(self, name: str) -> object:
            return getattr(desk.control, name)

        async def say(
            self, kind: ActionKind, alert_id: str, actor: str, note: str, now: float, expires: float | None = None
        ) -> None:
            await desk.control.say(kind, alert_id, actor, note, now, expires)
            await desk.control.close()

    control: object = Closing()
    deed = Mute(await desk.alert_rows(), [])
    outcome = await deed.do(control, ("2h", ""), ME, NOW)  # type: ignore[arg-type]  # the rest is the real one's
    assert outcome.failure.startswith("muted 1 of 2: the state file ")
    assert (outcome.seen, len(outcome.marks)) == ("muted 1 of them for 2h", 1)
    failed = await deed.do(desk.control, ("2h", ""), ME, NOW)
    assert failed.failure.startswith("not muted: the state file ")
    assert (failed.waiting, failed.marks) == ("", ())


async def test_only_what_the_guard_lets_pass_is_queued(desk: Desk) -> None:
    settings, guard = Block(), guards.make_guard()
    found = await desk.alert_rows()
    odd = AlertRow(AlertView(rows.alert("dd", "127.0.0.1"), "open", "", ""), NOW)
    deed = BlockDeed(propose(guard, wishes([*found, odd], [])), settings, guard)
    assert deed.title == "Queue 3 networks for blocking; nothing is applied yet"
    assert [each.name for each in deed.left_out] == ["127.0.0.1/32"]
    assert "longer than block.max_ttl" in deed.refusal(("365d", ""))
    outcome = await deed.do(desk.control, ("1h", ""), ME, NOW)
    assert outcome.seen == "queued 3 networks for 1h; 1 refused; B exports"
    (_, entry, _) = await desk.reader.block_entries(NOW)
    assert (entry.net, entry.alert_ids) == ("203.0.113.7/32", ("a1a1a1a1a1",))
    assert confirmed(outcome.marks, await desk.reader.actions())
    assert news([], await desk.reader.actions(), ())[0].startswith("ann@gw1 queued for blocking 3 networks until ")
    again = BlockDeed(propose(guard, wishes(found[:1], [])), settings, guard, before=2)
    assert ("blocked 2 times before" in again.fields[0].label, again.fields[0].value) == (True, "8h")
    none = BlockDeed(propose(guard, wishes([odd], [])), settings, guard)
    assert none.nothing.startswith("refused: 127.0.0.1/32: ")


async def test_a_rail_is_overridden_by_typing_the_network_again(desk: Desk) -> None:
    wide, guard = "203.0.112.0/20", guards.make_guard()
    row = BlockRow(BlockEntry("e", wide, "swarm", (), ME, NOW, None, "queued"), NOW)
    deed = BlockDeed(propose(guard, wishes([row], [])), Block(), guard)
    assert deed.nothing == ""
    assert [field.label for field in deed.fields][2:] == [f"type {wide} to override the guard"]
    assert deed.refusal(("1h", "", "")) == f"refused by a guard rail; type {wide} to override it, or Esc"
    assert deed.refusal(("1h", "", wide)) == ""
    failed = await deed.do(desk.control, ("1h", "", "yes"), ME, NOW)
    assert failed.failure.startswith("not queued: ")
    outcome = await deed.do(desk.control, ("1h", "", wide), ME, NOW)
    assert outcome.seen == f"queued {wide} for 1h; B exports"
    assert [entry.net for entry in await desk.reader.block_entries(NOW)] == [wide]


def test_a_duration_that_cannot_be_is_an_error_before_anything_is_written() -> None:
    from apiwatch.tui.deeds.base import lasting

    with pytest.raises(UsageError):
        lasting("-1h")


async def test_what_is_in_force_is_ended_and_what_is_over_is_left_out(desk: Desk) -> None:
    guard, found = guards.make_guard(), await desk.alert_rows()
    await BlockDeed(propose(guard, wishes(found, [])), Block(), guard).do(desk.control, ("1h", ""), ME, NOW)
    await Allow(found[:1]).do(desk.control, ("network:203.0.113.7/32", "ever", "ours"), ME, NOW)
    queued = [BlockRow(entry, NOW) for entry in await desk.reader.block_entries(NOW)]
    withdraw = Withdraw([*queued, *found[:1]])
    assert (withdraw.title, withdraw.fields) == ("Withdraw 3 networks", ())
    assert [(each.name, each.why) for each in withdraw.left_out] == [("203.0.113.7", "is no such entry")]
    outcome = await withdraw.do(desk.control, (), BOB, NOW + 1)
    assert outcome.seen == "withdrew 3 networks"
    assert not await desk.reader.block_entries(NOW + 1)
    over = [BlockRow(entry, NOW) for entry in await desk.reader.block_entries(NOW, include_ended=True)]
    assert Withdraw(over).nothing == "nothing to withdraw: 198.51.100.9/32 is withdrawn"
    (entry,) = await desk.reader.allowed(NOW)
    outcome = await Disallow([AllowRow(entry, NOW)]).do(desk.control, (), BOB, NOW + 2)
    assert outcome.seen == "took off the allow-list: network:203.0.113.7/32"
    assert not await desk.reader.allowed(NOW + 3)
    assert confirmed(outcome.marks, await desk.reader.actions(limit=1))


async def test_up_and_down_choose_in_a_question(tmp_path: Path) -> None:
    async with driving(db=tmp_path) as tui:
        row = tui.table.cursor
        assert row is not None
        deed = Allow([row])
        answers: list[object] = []
        tui.app.push_screen(ask_for(deed, tui.app.glyphs), answers.append)
        await tui.shows("Allow 203.0.113.7")
        await tui.shows("Up Down choose")
        await tui.press("enter")
        await tui.shows("say why, in a few words")
        await tui.press("'our partner", "tab", "down", "enter")
        assert answers == [("network:203.0.113.0/24", "7d", "our partner")]
        tui.app.push_screen(ask_for(Withdraw([BlockRow(fakes.BLOCKS[0], NOW)]), tui.app.glyphs), answers.append)
        await tui.shows("Withdraw 203.0.113.99/32")
        await tui.press("enter")
        assert answers[1] == ()
