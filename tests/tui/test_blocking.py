"""What `b` proposes: networks, reasons, the guard's words; and who else a block would hit."""

import pytest
from msgspec.structs import replace

from apiwatch.blocklist import Finding
from apiwatch.tui.blocking import Proposal, duration_text, proposal_lines, propose, wishes
from apiwatch.tui.line import line_text, line_width
from apiwatch.tui.rows import AlertRow, BlockRow, ClientRow, Row
from tests.tui import fakes, guards


def alert_row(index: int) -> Row:
    return AlertRow(fakes.ALERTS[index], fakes.NOW)


def proposals(*rows: Row) -> list[Proposal]:
    return propose(guards.make_guard(), wishes(rows, fakes.ALERTS))


def test_each_address_is_wished_once_with_the_alerts_that_name_it() -> None:
    wanted = wishes([alert_row(0), ClientRow(fakes.CLIENTS[0], fakes.NOW, 300.0)], fakes.ALERTS)
    assert [(wish.address, wish.alert_ids) for wish in wanted] == [(fakes.WALKER, ("a1b2c3d4e5f60001",))]
    assert wanted[0].reason.startswith("enumeration.sequential: walks object ids")


def test_a_client_that_an_alert_names_is_blocked_for_that_reason() -> None:
    wanted = wishes([ClientRow(fakes.CLIENTS[1], fakes.NOW, 300.0)], fakes.ALERTS)
    assert wanted[0].reason.startswith("auth.credential-stuffing: 312 users")
    assert wanted[0].alert_ids == ("a1b2c3d4e5f60003",)


def test_a_client_without_an_alert_is_a_manual_block() -> None:
    wanted = wishes([ClientRow(fakes.CLIENTS[9], fakes.NOW, 300.0)], fakes.ALERTS)
    assert wanted[0].reason.startswith("manual: client with score 0")
    assert wanted[0].alert_ids == ()


def test_a_campaign_is_all_its_addresses() -> None:
    made = proposals(alert_row(1))
    assert len(made) == 41
    assert not any(proposal.refused for proposal in made)


def test_an_ipv6_client_is_its_64() -> None:
    (made,) = proposals(alert_row(2))
    assert made.net == "2001:db8:9:1::/64"
    assert made.addresses == (fakes.STUFFER,)


def test_addresses_of_one_network_are_one_proposal() -> None:
    rows = [ClientRow(fakes.client_view(f"2001:db8:5:5::{n}", 0, 1, fakes.mix(1, 1, 0)), fakes.NOW, 60) for n in (1, 2)]
    (made,) = proposals(*rows)
    assert made.net == "2001:db8:5:5::/64"
    assert len(made.addresses) == 2


def test_a_queued_network_is_renewed_as_it_is() -> None:
    (made,) = proposals(BlockRow(replace(fakes.BLOCKS[0], net="203.0.113.0/24"), fakes.NOW))
    assert made.net == "203.0.113.0/24"


@pytest.mark.parametrize(
    ("address", "code", "overridable"),
    [(guards.ALLOWED, "H8", False), ("127.0.0.1", "H2", False), ("10.1.2.3", "H3", True)],
)
def test_the_guard_refuses(address: str, code: str, overridable: bool) -> None:
    (made,) = proposals(ClientRow(fakes.client_view(address, 0, 1, fakes.mix(1, 1, 0)), fakes.NOW, 60))
    assert made.refused
    assert code in {finding.code for finding in made.findings if finding.hard}
    assert made.overridable is overridable


def test_what_is_no_address_is_refused_with_a_sentence() -> None:
    (made,) = proposals(ClientRow(fakes.client_view("unix:", 0, 1, fakes.mix(1, 1, 0)), fakes.NOW, 60))
    assert made.net == ""
    assert made.refused
    assert not made.overridable
    assert "not an IP address" in made.refusal


def test_refusals_are_drawn_first_and_fit() -> None:
    made = proposals(alert_row(0), ClientRow(fakes.client_view("127.0.0.1", 0, 1, fakes.mix(1, 1, 0)), fakes.NOW, 60))
    drawn = proposal_lines(made, 70, {"203.0.113.7/32": ["behind 203.0.113.7: 1 user agent, 4 users"]})
    texts = [line_text(row) for row in drawn]
    assert texts[0].startswith("refused 127.0.0.1/32")
    assert any("H2" in text for text in texts[1:])
    assert any(text.startswith("queue   203.0.113.7/32") for text in texts)
    assert texts[-1].strip() == "behind 203.0.113.7: 1 user agent, 4 users"
    assert all(line_width(row) <= 70 for row in drawn if not line_text(row).startswith(("refused", "queue")))


def test_what_refuses_is_drawn_before_what_only_warns() -> None:
    net = "10.1.2.3/32"
    soft = Finding("S6", net, "is queued already", hard=False, overridable=False)
    hard = Finding("H3", net, "a private network", hard=True, overridable=True)
    drawn = proposal_lines([Proposal(net, ("10.1.2.3",), "manual", (), (soft, hard), "")], 70)
    assert [line_text(row).split()[0] for row in drawn] == ["refused", "H3", "S6"]


@pytest.mark.parametrize(("value", "text"), [(3600.0, "1h"), (90.0, "90s"), (900.0, "15m"), (604_800.0, "7d")])
def test_durations_read_as_one_types_them(value: float, text: str) -> None:
    assert duration_text(value) == text
