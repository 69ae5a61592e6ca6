"""What an apply would change, read from a real list file, and heard from a real `apiwatch block plan --json`."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from apiwatch.blocklist import TARGETS, plan
from apiwatch.blocklist.applying.command import apply_lines
from apiwatch.blocklist.applying.looking import Comparison, look
from apiwatch.config.settings import Block, Retention
from apiwatch.errors import ApplyError, UsageError
from apiwatch.store import BlockEntry, open_control, open_reader, open_writer

COMMAND = (sys.executable, "-m", "apiwatch", "block", "plan", "--json", "--target=plain")


@pytest.fixture
def queue(tmp_path: Path) -> list[BlockEntry]:
    """Two networks in a state file, one of them and another one in a list file that the settings name."""
    db = tmp_path / "state.db"
    (tmp_path / "apiwatch.yaml").write_text(f"block:\n  targets:\n    plain: {{path: {tmp_path / 'list.txt'}}}\n")
    (tmp_path / "list.txt").write_text("203.0.113.7\n198.51.100.7\n")
    open_writer(db, retention=Retention()).close()

    async def fill() -> list[BlockEntry]:
        control = await open_control(db)
        for net in ("203.0.113.7/32", "203.0.113.64/26"):
            await control.block(net, "walk", [], "me", time.time(), time.time() + 3600)
        await control.close()
        reader = await open_reader(db)
        try:
            return await reader.block_entries(time.time(), include_ended=True)
        finally:
            await reader.close()

    return asyncio.run(fill())


def looked(settings: Block, entries: list[BlockEntry], target: str = "plain") -> Comparison:
    return look(settings, TARGETS[target], plan(entries, time.time()), entries, time.time())


def typed(tmp_path: Path) -> tuple[str, ...]:
    return (*COMMAND, f"--db={tmp_path / 'state.db'}", f"--config={tmp_path / 'apiwatch.yaml'}")


def test_a_target_that_this_process_may_read_is_read(queue: list[BlockEntry], tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    found = looked(Block(targets={"plain": {"path": str(path)}}), queue)
    assert found.held == 2
    assert found.difference.added == ("203.0.113.64/26",)
    assert found.difference.removed == found.difference.foreign == ("198.51.100.7/32",)
    assert (found.refusal, found.check) == ("", None)
    assert path.read_text() == "203.0.113.7\n198.51.100.7\n"
    path.unlink()
    assert looked(Block(targets={"plain": {"path": str(path)}}), queue).held == 0


def test_the_plan_command_says_the_same_with_the_word_of_the_validator(queue: list[BlockEntry], tmp_path: Path) -> None:
    told = looked(Block(plan_command=typed(tmp_path)), queue)
    read = looked(Block(targets={"plain": {"path": str(tmp_path / "list.txt")}}), queue)
    assert (told.held, told.difference) == (read.held, read.difference)
    assert told.check is not None
    assert (told.check.ok, told.check.tool) == (True, "apiwatch")


def test_a_plan_of_another_target_is_no_answer(queue: list[BlockEntry], tmp_path: Path) -> None:
    both = Block(plan_command=typed(tmp_path), targets={"nginx": {"path": str(tmp_path / "apiwatch.conf")}})
    assert looked(both, queue, "nginx").held == 0
    with pytest.raises(UsageError, match="does not read csv: somebody else applies its list"):
        looked(both, queue, "csv")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("/nonexistent/plan",), "cannot be started"),
        ((sys.executable, "-c", "import sys; sys.exit('sudo: a password is required')"), "a password is required"),
        ((sys.executable, "-c", "print('[1]'); print('{\"type\": 5}'); print('\\x1b[2J')"), r"\\x1b\[2J"),
        ((sys.executable, "-c", 'print(\'{"type": "plan", "held": "many"}\')'), "tells no plan"),
    ],
)
def test_a_command_that_tells_no_plan_is_told(queue: list[BlockEntry], command: tuple[str, ...], said: str) -> None:
    with pytest.raises(ApplyError, match=said):
        looked(Block(plan_command=command), queue)


def test_what_the_rails_refuse_is_the_answer_of_the_command(queue: list[BlockEntry], tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("".join(f"198.51.100.{number}\n" for number in range(40)))
    with pytest.raises(ApplyError, match=r"40 of the 40 networks that plain holds .* H6"):
        looked(Block(plan_command=typed(tmp_path)), queue)


def test_what_an_apply_changes_is_heard_before_somebody_has_to_keep_it(queue: list[BlockEntry], tmp_path: Path) -> None:
    command = [
        "env",
        "-u",
        "PYTHONUNBUFFERED",
        *("apply" if word == "plan" else word for word in typed(tmp_path) if word != "--json"),
    ]
    before: list[str] = []

    async def applied() -> list[str]:
        keep, said = asyncio.Event(), list[str]()
        async for line in apply_lines([*command, "--keep-for=20s"], keep):
            said.append(line)
            if "type keep" in line:
                before.extend(said)
                keep.set()
        return said

    assert any("read back and kept" in line for line in asyncio.run(applied()))
    assert "+ 203.0.113.64/26" in before
