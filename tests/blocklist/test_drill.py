"""The drill: a real SSH session over a wire, an over-wide block that is refused, and one that is forced."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apiwatch.config.settings import Retention
from apiwatch.store import open_control, open_writer
from tests.blocklist.kit import need


async def queue(db: Path, net: str) -> None:
    open_writer(db, retention=Retention()).close()
    control = await open_control(db)
    await control.block(net, "walk", [], "oncall@gw1", time.time(), time.time() + 3600)
    await control.close()


def test_an_over_wide_block_is_refused_and_a_forced_one_is_taken_back_while_the_session_survives(
    tmp_path: Path,
) -> None:
    need("sshd", "ssh", "ssh-keygen", "nft", "ip", "unshare", "nsenter", "mount")
    if os.geteuid() != 0:
        pytest.skip("sshd needs root to take a log-in")
    asyncio.run(queue(tmp_path / "state.db", "203.0.113.7/32"))
    (tmp_path / "apiwatch.yaml").write_text("block:\n  targets: {nftables: {}}\n")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, str(Path(__file__).with_name("drill.py")), str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
        timeout=110,
        check=False,
    )
    if done.returncode and "Operation not permitted" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    if "skip" in found:
        pytest.skip(found["skip"])
    kept, applied, refused = found["said"].splitlines()
    assert (applied, refused) == ("rc=0", "rc=4"), found
    assert "an established SSH peer of this machine" in found["errors"]
    assert "rail H1" in found["errors"]
    assert json.loads(kept)["result"] == "kept"
    assert {name: value for name, value in found.items() if name not in ("said", "errors")} == {
        "attacker": False,
        "before": True,
        "frozen": True,
        "thawed": True,
        "after": True,
        "attacker after": False,
        "alive": True,
    }
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [(line["op"], line["stage"], line.get("result"), line["from"]) for line in lines] == [
        ("apply", "attempt", None, "203.0.113.200"),
        ("confirm", "outcome", "kept", "203.0.113.200"),
        ("apply", "attempt", None, ""),
        ("rollback", "outcome", "rolled back", ""),
    ]
