"""Applying a list: what is in force after every way in which it can end."""

import asyncio
import json
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from apiwatch.blocklist.applying import engine
from apiwatch.blocklist.applying.audit import lines_of
from apiwatch.blocklist.applying.command import apply_lines
from apiwatch.blocklist.applying.engine import Applied, apply_list, keep, roll_back, settle, shrink, undo
from apiwatch.blocklist.applying.live import in_force
from apiwatch.blocklist.applying.records import KEPT, ROLLED_BACK, Record, Records
from apiwatch.blocklist.machine import Machine
from apiwatch.blocklist.protected import protect
from apiwatch.errors import ApplyError, GuardError, InputError, UsageError
from tests.blocklist.kit import HOSTILE, entry, guard_of
from tests.blocklist.site import Place, kept, not_kept

OLD, NEW, HAND = "203.0.113.7/32", "203.0.113.64/26", "198.51.100.9/32"


@pytest.fixture
def unarmed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of applies for which a dead-man would have been started; the dead-man has tests of its own."""
    armed: list[str] = []
    monkeypatch.setattr(engine, "arm", lambda _records, record: armed.append(record.id))
    return armed


@pytest.fixture
def place(tmp_path: Path, unarmed: list[str]) -> Place:
    """A list that holds OLD."""
    made = Place(tmp_path)
    assert apply_list(made.site, made.prepared(made.entries(OLD)), 60, kept).kept
    assert unarmed.pop()
    return made


def results(place: Place) -> list[tuple[str, str, Any]]:
    lines = list(lines_of(place.site.audit.path))
    return [(line["op"], line["stage"], line.get("result")) for line in lines]


def test_a_kept_list_stays_and_a_second_apply_changes_nothing(place: Place, unarmed: list[str]) -> None:
    both = place.entries(OLD, NEW)
    done = apply_list(place.site, place.prepared(both), 60, kept)
    assert (done.kept, sorted(done.held), place.held) == (True, sorted([OLD, NEW]), sorted([OLD, NEW]))
    assert unarmed == [done.id]
    assert place.site.records.outcome(done.id) == KEPT
    before = place.list.stat().st_mtime_ns
    again = apply_list(place.site, place.prepared(both), 60, not_kept)
    assert (again.id, again.kept) == ("", True)
    assert place.list.stat().st_mtime_ns == before


def test_nobody_confirms_and_the_old_list_comes_back(place: Place) -> None:
    seen: list[list[str]] = []

    def look(record: Record) -> str | None:
        seen.append(place.held)
        assert place.site.records.outcome(record.id) is None
        return None

    done = apply_list(place.site, place.prepared(place.entries(OLD, NEW)), 60, look)
    assert not done.kept
    assert seen == [sorted([OLD, NEW])]
    assert place.held == list(done.held) == [OLD]
    assert results(place)[-2:] == [("apply", "attempt", None), ("rollback", "outcome", "rolled back")]
    with pytest.raises(ApplyError, match="was rolled back already"):
        keep(place.site, place.site.records.load(done.id), "command")


@pytest.mark.parametrize(("fault", "text"), [("refuses", "refuses it"), ("loses", "is missing")])
def test_what_is_not_read_back_is_taken_back(place: Place, fault: str, text: str) -> None:
    prepared = place.prepared(place.entries(OLD, NEW))
    place.applier.fault = fault
    with pytest.raises(ApplyError, match=f"{text}; the old list is in force again"):
        apply_list(place.site, prepared, 60, kept)
    place.applier.fault = ""
    assert place.held == [OLD]
    assert ("apply", "outcome", "failed") in results(place)


def test_a_killed_apply_blocks_the_next_one_until_its_deadline_and_is_then_taken_back(place: Place) -> None:
    prepared = place.prepared(place.entries(OLD, NEW))
    place.applier.fault = "killed"
    with pytest.raises(KeyboardInterrupt):
        apply_list(place.site, prepared, 60, kept)
    place.applier.fault = ""
    (record,) = place.site.records.undecided("plain")
    with pytest.raises(ApplyError, match=f"apiwatch block confirm {record.id}"):
        settle(place.site)
    assert place.held == sorted([OLD, NEW])
    place.clock.now += 120
    assert settle(place.site) == [record.id]
    assert place.held == [OLD]
    assert settle(place.site) == []


def test_an_apply_that_fails_before_it_begins_changes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ApplyError("the rollback could not be armed")

    monkeypatch.setattr(engine, "arm", fail)
    with pytest.raises(ApplyError, match="could not be armed"):
        apply_list(place.site, place.prepared(place.entries(NEW, OLD)), 60, kept)
    assert place.held == [OLD]
    place.site.audit.path.unlink()
    place.site.audit.path.symlink_to(place.directory / "elsewhere")
    monkeypatch.setattr(engine, "arm", lambda *_: None)
    with pytest.raises(ApplyError, match=r"audit log .* cannot be written"):
        apply_list(place.site, place.prepared(place.entries(NEW, OLD)), 60, kept)
    assert place.held == [OLD]


def test_undo_brings_back_what_was_there_twice_if_need_be(place: Place) -> None:
    done = apply_list(place.site, place.prepared(place.entries(OLD, NEW)), 60, kept)
    record = place.site.records.load(done.id[:5])
    for _ in range(2):
        assert list(undo(place.site, record)) == [OLD]
    (first,) = [each for each in place.site.records.all() if each.id != done.id]
    assert undo(place.site, first) == {}
    assert not place.list.exists()
    assert not roll_back(place.site, first, "too late")


def test_a_snapshot_that_somebody_changed_is_not_restored(place: Place) -> None:
    done = apply_list(place.site, place.prepared(place.entries(OLD, NEW)), 60, kept)
    (place.site.records.directory / done.id / "snapshot").write_bytes(b"+0.0.0.0/0\n")
    with pytest.raises(ApplyError, match="damaged"):
        undo(place.site, place.site.records.load(done.id))
    assert place.held == sorted([OLD, NEW])


def test_when_the_old_list_is_lost_a_rollback_removes_ours(place: Place) -> None:
    """Better everybody is let in than the operator locked out."""

    def damage(record: Record) -> str | None:
        (place.site.records.directory / record.id / "snapshot").write_bytes(b"")
        return None

    done = apply_list(place.site, place.prepared(place.entries(OLD, NEW)), 60, damage)
    assert (done.kept, place.held) == (False, [])
    assert results(place)[-1] == ("rollback", "outcome", "removed")


def test_records_that_others_could_write_are_not_used(place: Place) -> None:
    place.site.records.directory.chmod(0o770)
    with pytest.raises(ApplyError, match="nobody else can write"):
        apply_list(place.site, place.prepared(place.entries(NEW, OLD)), 60, kept)
    with pytest.raises(ApplyError, match="nobody else can write"):
        place.site.records.load("aa")
    place.site.records.directory.chmod(0o700)
    for name in ("ffffffffff", "..", "", "a/b"):
        with pytest.raises(InputError):
            place.site.records.load(name)


def test_two_cannot_change_one_target_at_once(place: Place) -> None:
    with place.site.records.lock("plain"):
        with pytest.raises(ApplyError, match="another apiwatch"), place.site.records.lock("plain"):
            raise AssertionError
        with place.site.records.lock("nginx"):
            pass


def test_what_was_written_by_hand_is_told_and_an_empty_queue_opens_no_gates(place: Place) -> None:
    place.list.write_text("198.51.100.9\n203.0.113.7\n")
    prepared = place.prepared(place.entries(OLD, NEW))
    assert (prepared.difference.added, prepared.difference.foreign) == ((NEW,), (HAND,))
    with pytest.raises(GuardError, match="H6"):
        place.prepared([])
    assert place.prepared([], withdraw_all=True).difference.removed == (HAND, OLD)
    many = [f"198.51.100.{at}/32" for at in range(40)]
    place.list.write_text("".join(f"{net}\n" for net in many))
    with pytest.raises(GuardError, match=r"40 of the 40 .* H6"):
        place.prepared(place.entries(OLD))
    place.list.write_text("#!/bin/sh\n")
    with pytest.raises(ApplyError, match="no plain list of apiwatch"):
        place.prepared(place.entries(OLD))


def test_expiry_takes_away_what_ended_and_adds_nothing(place: Place) -> None:
    entries = [entry(OLD, 3600, name="e0"), entry(HAND, 60, name="e1"), entry(NEW, 3600, name="e2")]
    assert apply_list(place.site, place.prepared(entries[:2]), 60, kept).kept
    assert shrink(place.site, entries, guard_of(), "expire").id == ""
    place.clock.now += 61
    assert shrink(place.site, entries, guard_of(), "expire").id
    assert place.held == [OLD]
    withdrawn = [replace(entries[0], state="withdrawn"), *entries[1:]]
    assert shrink(place.site, withdrawn, guard_of(), "expire").id
    assert place.held == []
    assert shrink(place.site, withdrawn, guard_of(), "expire").id == ""
    assert [line for line in results(place) if line[0] == "expire"] == [
        ("expire", "attempt", None),
        ("expire", "outcome", "kept"),
    ] * 2


def test_expiry_lets_go_of_an_operator_who_came_later_and_of_nobody_that_it_does_not_know(place: Place) -> None:
    entries = place.entries(OLD, NEW)
    assert apply_list(place.site, place.prepared(entries), 60, kept).kept
    inside = protect(Machine(((ip_address("203.0.113.70"), "an established SSH peer"),), (), ()), (), ())
    assert shrink(place.site, entries, guard_of(protected=inside), "expire").id
    assert place.held == [OLD]
    place.list.write_text("198.51.100.9\n")
    with pytest.raises(GuardError, match="H6"):
        shrink(place.site, entries, guard_of(), "expire")


def test_the_audit_log_says_who_what_and_how_without_the_attackers_bytes(place: Place) -> None:
    entries = [entry(f"203.0.113.{at}", reason=reason, name=f"e{at}") for at, reason in enumerate(HOSTILE)]
    done = apply_list(place.site, place.prepared(entries), 60, kept)
    text = place.site.audit.path.read_bytes()
    assert text.isascii()
    assert place.site.audit.path.stat().st_mode & 0o777 == 0o640
    *_, attempt, outcome = [json.loads(line) for line in text.decode().splitlines()]
    expected = {"v": 1, "op": "apply", "stage": "attempt", "actor": "oncall@gw1", "from": "203.0.113.200"}
    assert {name: attempt[name] for name in expected} == expected
    assert [found["net"] for found in attempt["entries"]] == sorted(
        (f"203.0.113.{at}/32" for at in range(len(HOSTILE))), key=lambda net: int(net.split(".")[3][:-3])
    )
    assert not any(char < " " or char == "\x1b" for found in attempt["entries"] for char in found["reason"])
    assert (attempt["added"], attempt["undo"]) == (len(HOSTILE) - 1, f"apiwatch block undo {done.id}")
    assert (outcome["result"], outcome["way"], outcome["verified"]) == ("kept", "typed", True)


def test_entries_are_in_force_with_their_rows_or_with_the_wider_one_around_them(place: Place) -> None:
    wide, inner, other = entry(NEW, 3600, name="wide"), entry("203.0.113.70", 60, name="inner"), entry(HAND, name="x")
    prepared = place.prepared([wide, inner, other])
    done = apply_list(place.site, prepared, 60, kept)
    found = in_force(done.plan, done.held, "plain", "gw1", place.clock(), {"wide": 5.0})
    assert [(each.entry, each.applied_at == 5.0, each.error) for each in found] == [
        ("x", False, ""),
        ("wide", True, ""),
        ("inner", False, ""),
    ]
    half = {net: held for net, held in done.held.items() if net != NEW}
    assert [each.entry for each in in_force(done.plan, half, "plain", "gw1", place.clock(), {})] == ["x"]


def test_a_list_file_says_what_its_options_lack(tmp_path: Path) -> None:
    from apiwatch.blocklist.applying.site import applier_of

    place = Place(tmp_path)
    for options in ({}, {"path": "list.txt"}, {"path": "/x", "pth": "/y"}):
        with pytest.raises(UsageError, match=r"block\.targets\.plain"):
            applier_of(place.site.target, options)


def wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_dead_man_takes_back_what_nobody_kept_and_leaves_what_was_kept(tmp_path: Path) -> None:
    """Real processes; the second apply is confirmed, as from another terminal."""
    place = Place(tmp_path)
    site = place.at_wall_clock(time.time)
    place.list.write_text("203.0.113.7\n")
    done: list[Applied] = []

    def elsewhere(record: Record) -> str | None:
        wait(lambda: Records(site.records.directory).outcome(record.id) is not None)
        return None

    entries = [replace(each, expires=time.time() + 3600) for each in place.entries(OLD, NEW)]
    place.clock.now = time.time()
    done.append(apply_list(site, place.prepared(entries), 0.4, elsewhere))
    assert not done[0].kept
    wait(lambda: place.held == [OLD])
    assert site.records.outcome(done[0].id) == ROLLED_BACK

    def confirmed(record: Record) -> str | None:
        keep(site, site.records.load(record.id), "command")
        return None

    done.append(apply_list(site, place.prepared(entries), 1.0, confirmed))
    assert done[1].kept
    time.sleep(1.2)
    assert place.held == sorted([OLD, NEW])
    with pytest.raises(InputError):
        Records(tmp_path / "nowhere").load("aa")


async def test_another_program_applies_for_a_dashboard() -> None:
    keep = asyncio.Event()
    said: list[str] = []
    async for line in apply_lines(["sh", "-c", "printf 'type keep\\n\\033[2J\\n'; read word; echo said $word"], keep):
        said.append(line)
        keep.set()
    assert said == ["type keep", "\\x1b[2J", "said keep"]
    for command, text in (
        (["sh", "-c", "echo 'a password is required' >&2; exit 1"], "code 1: a password is required"),
        (["/nonexistent/apiwatch-apply"], "cannot be started"),
    ):
        with pytest.raises(ApplyError, match=text):
            assert [line async for line in apply_lines(command, asyncio.Event())]
    with pytest.raises(UsageError, match="apply_command"):
        assert [line async for line in apply_lines([], keep)]
