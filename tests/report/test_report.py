"""The hand-over of an incident, from real state files: what is in it, what is not, and that hostile text is inert."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from apiwatch.errors import InputError
from apiwatch.model import ClientFacetRow, EvidenceRow, Severity, UnparsedRow
from apiwatch.report import Incident, as_json, gather, markdown
from apiwatch.report.amounts import amounts_of
from apiwatch.report.incident import Amount
from apiwatch.store import open_control, open_reader
from apiwatch.store.views import Application
from tests.report.test_markup import read
from tests.store import rows
from tests.store.rows import MINUTE, NOW
from tests.tui import fakes, hostile

BAD = "``` </pre><script>evil()</script> [x](http://evil.test) www.evil.test <img src=x>" + hostile.TEXT[:400]
WALKER, OTHER = "192.0.2.7", "198.51.100.9"


@pytest.fixture
async def db(tmp_path: Path) -> Path:
    """Two alerts, one of them full of hostile text, with what operators said."""
    path = tmp_path / "state.db"
    bad = rows.alert("bad1", OTHER, Severity.CRITICAL, title=BAD, host=BAD, route=BAD, first_seen=NOW - 4000)
    told = msgspec.structs.replace(bad.explanation, why=BAD, counter_evidence=(BAD,), samples=(BAD,), clears_when=BAD)
    bad = msgspec.structs.replace(bad, explanation=told, detector=BAD, last_seen=NOW - 3000)
    with rows.Collector(path) as collector:
        collector.commit(
            clients=[rows.client_row(WALKER, requests=40), rows.client_row(OTHER, principal=BAD)],
            minutes=[rows.minute_row(MINUTE - 1, 40)],
            client_minutes=[rows.client_minute(MINUTE - 1, WALKER, ok=10, miss=30)],
            client_facets=[ClientFacetRow(OTHER, 0, "user_agent", BAD, 3, int(NOW))],
            suspects=[rows.suspect(WALKER, 4.0, objects=40, failures=30, successes=10)],
            alerts=[rows.alert("a11", WALKER), bad],
            evidence=[EvidenceRow("bad1", slot, int(NOW), "/var/log/`x`.log", slot, BAD) for slot in range(30)],
            unparsed=[UnparsedRow("/var/log/a.log", 9, int(NOW), BAD, 3, "combined")],
            sources=[rows.source_view(unparsed=9)],
        )
    control = await open_control(path)
    await control.acknowledge("a11", "bob@gw1", "looking", NOW + 5)
    await control.say("mute", "bad1", "eve@gw2", BAD, NOW + 6, NOW + 7200)
    walker = await control.block(f"{WALKER}/32", "walks", ["a11"], "bob@gw1", NOW + 7, NOW + 3600)
    held = Application(walker, "nftables", "gw1", 1, NOW + 8, NOW + 9, NOW + 3600, 17)
    await control.applied("nftables", "gw1", [held], NOW + 9)
    await control.not_applied("nginx", "gw2", [walker], BAD, NOW + 9)
    await control.block("203.0.113.0/24", "other", [], "bob@gw1", NOW + 8, NOW + 3600)
    await control.allow(f"network:{OTHER}/32", "ours", "bob@gw1", NOW + 9, None)
    await control.close()
    return path


async def gathered(db: Path, **scope: Any) -> Incident:
    reader = await open_reader(db)
    try:
        return await gather(reader, now=NOW + 10, **scope)
    finally:
        await reader.close()


async def test_everything_is_in_it_and_hostile_text_is_inert(db: Path) -> None:
    incident = await gathered(db)
    text = markdown(incident)
    tokens = read(text)
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_inline", "html_block", "link_open", "image", "table_open", "hr"}, kinds
    prose = " ".join(token.content for token in tokens if token.type == "text")
    assert "evil" not in prose
    assert "script" not in prose
    assert not [wrong for wrong in hostile.FORBIDDEN if wrong in text]
    for wanted in (
        "2 alerts (1 critical, 1 high)",
        "still going on: 1 of 2 alerts",
        "40 objects tried, 10 found, 30 not found",
        "bob@gw1  acknowledge a11 (walks ids): looking",
        "192.0.2.7/32  queued until 2023-11-14 23:13:30Z; by bob@gw1 at 2023-11-14 22:13:37Z",
        "    in force in nftables on gw1 since 2023-11-14 22:13:38Z, read back at 2023-11-14 22:13:39Z, "
        "until 2023-11-14 23:13:30Z, 17 stopped",
        "    not in force in nginx on gw2: ",
        "2 networks queued, 1 in force in nftables, 0 ended or withdrawn",
        "network:198.51.100.9/32  live without an end",
        "acknowledged by `bob@gw1` at 2023-11-14 22:13:35Z",
        "30 original lines that were kept, the first 5 and the last 10 of them",
        "The first lines that no format understood",
        "#" * 12 + "x" * 38,
    ):
        assert wanted in text, wanted
    assert text == markdown(await gathered(db)), "the same state file gives the same report"
    fields = msgspec.json.decode(msgspec.json.encode(as_json(incident)))
    assert (fields["type"], fields["made"]) == ("incident", "2023-11-14T22:13:40Z")
    assert [view["alert"]["severity"] for view in fields["alerts"]] == ["critical", "high"]
    assert fields["actions"][0]["note"] == "looking"


async def test_a_report_is_about_what_was_asked_for(db: Path) -> None:
    one = await gathered(db, client=WALKER)
    assert (one.kind, one.names, [view.alert.id for view in one.alerts]) == ("client", (WALKER,), ["a11"])
    assert [entry.net for entry in one.blocks] == [f"{WALKER}/32"]
    assert [action.kind for action in one.actions] == ["acknowledge", "block"]
    assert one.allowed == ()
    other = await gathered(db, alerts=["bad"])
    assert (other.names, other.addresses) == (("bad1",), (OTHER,))
    assert [action.kind for action in other.actions] == ["mute", "allow"]
    late = await gathered(db, since=NOW - 100)
    assert [view.alert.id for view in late.alerts] == ["a11"]
    early = await gathered(db, until=NOW - 3500)
    assert [view.alert.id for view in early.alerts] == ["bad1"]
    empty = markdown(await gathered(db, since=NOW + 9000))
    assert "**what**: no alert" in empty
    assert "## Alerts\n\nNone." in empty
    with pytest.raises(InputError, match="knows no client"):
        await gathered(db, client="192.0.2.99")
    with pytest.raises(InputError, match="knows no alert"):
        await gathered(db, alerts=["zz"])


async def test_an_empty_state_file_has_a_report(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    rows.Collector(path).__exit__(None, None, None)
    text = markdown(await gathered(path))
    assert "No collector has written to this state file yet." in text
    assert "no alert names it" in text


def test_requests_on_the_route_stand_for_tests_that_did_not_count() -> None:
    crowd = structs.replace(fakes.detail(), suspects=())
    (amount,) = amounts_of([crowd, crowd], [fakes.ALERTS[0].alert])
    assert amount == Amount("route", "", "GET /api/orders/{id}", 2 * 9812, 2 * 7848, 2 * 3052)
    (counted,) = amounts_of([fakes.detail(), fakes.detail()], [fakes.ALERTS[0].alert])
    assert counted == Amount("enumeration", "api.example.com", "GET /api/orders/{id}", 44, 31, 13)
