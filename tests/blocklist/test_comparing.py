"""A plan against what a target holds."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from apiwatch.blocklist import plan
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.comparing import compare, wrong
from apiwatch.blocklist.applying.who import connections, every_connection, is_stuck, origin
from tests.blocklist.kit import NOW, entry

NET, WIDE, EVER = "203.0.113.7/32", "203.0.113.64/26", "198.51.100.9/32"
PLAN = plan([entry(NET, 3600), entry(WIDE, 40 * 86_400), entry(EVER, None)], NOW)
PLANNED = [row.net for row in PLAN.rows]
RIGHT = {NET: Held(NET, 3598.0, 3), WIDE: Held(WIDE, 24.8 * 86_400), EVER: Held(EVER)}
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   1: 0A6433C6:08AE C87100CB:DB4D 01 {unsent:08X}:00000000 02:000A7F4C {again:08X}     0        0 2001 2
   2: 0A6433C6:0050 CA7100CB:DB4F 01 00000000:00000000 00:00000000 00000000    33        0 2002 1
"""


@pytest.mark.parametrize(
    ("net", "left", "trial", "text"),
    [
        (NET, 3598.0, False, ""),
        (NET, 3500.0, False, "would end earlier"),
        (NET, None, False, "would stay longer"),
        (NET, 9000.0, True, "would stay longer"),
        (NET, 55.0, True, ""),
        (NET, 55.0, False, "would end earlier"),
        (EVER, 60.0, False, "would end earlier"),
        (EVER, 60.0, True, ""),
        (WIDE, 3600.0, False, "would end earlier"),
    ],
)
def test_read_back_looks_at_the_time_that_is_left(net: str, left: float | None, trial: bool, text: str) -> None:
    held = {**RIGHT, net: Held(net, left)}
    assert text in wrong(PLANNED, PLAN, held, NOW, expires=True, trial=trial)
    assert bool(text) == bool(wrong(PLANNED, PLAN, held, NOW, expires=True, trial=trial))
    assert wrong(PLANNED, PLAN, held, NOW, expires=False) == ""


def test_read_back_wants_every_network_and_nothing_else_but_what_ends_right_now() -> None:
    without = {net: held for net, held in RIGHT.items() if net != NET}
    assert wrong(PLANNED, PLAN, without, NOW, expires=True) == f"{NET} is missing"
    assert wrong(PLANNED, PLAN, without, NOW + 3595, expires=False) == ""
    assert "was not planned" in wrong(PLANNED, PLAN, {**RIGHT, "192.0.2.1/32": Held("192.0.2.1/32")}, NOW, expires=True)


def test_difference_tells_the_renewed_and_the_foreign() -> None:
    assert compare(PLANNED, PLAN, RIGHT, (), NOW).empty
    held = {NET: Held(NET, 60.0), "192.0.2.1/32": Held("192.0.2.1/32"), "192.0.2.2/32": Held("192.0.2.2/32")}
    found = compare(PLANNED, PLAN, held, {"192.0.2.1/32"}, NOW)
    assert (found.added, found.removed) == ((EVER, WIDE), ("192.0.2.1/32", "192.0.2.2/32"))
    assert (found.renewed, found.foreign) == ((NET,), ("192.0.2.2/32",))
    assert not compare(PLANNED, PLAN, {**RIGHT, EVER: replace(RIGHT[EVER], left=9.0)}, (), NOW).empty


def test_the_own_ssh_connection_is_found_past_sudo_and_told_from_a_dead_one(tmp_path: Path) -> None:
    server = tmp_path / str(os.getppid())
    (server / "fd").mkdir(parents=True)
    (tmp_path / "net").mkdir()
    table = tmp_path / "net" / "tcp"
    table.write_text(TCP.format(unsent=0, again=0))
    assert origin(tmp_path, {"SSH_CONNECTION": "203.0.113.9 1 198.51.100.10 22"}) == "203.0.113.9"
    assert origin(tmp_path, {}) == ""
    (server / "comm").write_text("sshd-session\n")
    (server / "stat").write_text("7 (sshd) session) S 1 7 7 0")
    (server / "fd" / "3").symlink_to("socket:[2001]")
    (own,) = connections(tmp_path)
    assert own == every_connection(tmp_path)[0]
    assert origin(tmp_path, {"SSH_CONNECTION": "203.0.113.9 1 198.51.100.10 22"}) == own.peer == "203.0.113.200"
    assert not is_stuck(own, tmp_path)
    table.write_text(TCP.format(unsent=40, again=0))
    assert not is_stuck(own, tmp_path)
    table.write_text(TCP.format(unsent=40, again=3))
    assert is_stuck(own, tmp_path)
    table.write_text("")
    assert is_stuck(own, tmp_path)
