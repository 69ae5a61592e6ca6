"""`block`: queue, guard rails, export."""

import shutil
from pathlib import Path

import pytest

from tests.cli.program import json_lines, refused, run


@pytest.fixture
def db(home: Path, incident_log: Path) -> Path:
    path = home / "state.db"
    assert run(home, "replay", f"--db={path}", str(incident_log)).returncode == 0
    return path


def test_queue_is_filled_listed_and_emptied(home: Path, db: Path) -> None:
    added = run(home, "block", "add", "203.0.113.7", "--ttl=1h", "--reason=id walk", f"--db={db}", "--json")
    assert added.returncode == 0, added.stderr
    (entry,) = json_lines(run(home, "block", "list", "--json", f"--db={db}").stdout)
    assert (entry["net"], entry["reason"]) == ("203.0.113.7/32", "id walk")
    assert entry["id"] == json_lines(added.stdout)[0]["id"]
    assert run(home, "block", "remove", "203.0.113.7", f"--db={db}").returncode == 0
    assert run(home, "block", "list", "--json", f"--db={db}").stdout == ""
    refused(home, 3, "block", "remove", "203.0.113.7", f"--db={db}")


@pytest.mark.parametrize("net", ["127.0.0.1", "10.1.2.3", "203.0.0.0/12", "224.0.0.1", "203.0.113.1/24"])
def test_guard_rails_refuse_with_4(home: Path, db: Path, net: str) -> None:
    refused(home, 4, "block", "add", net, f"--db={db}")
    assert run(home, "block", "list", "--json", f"--db={db}").stdout == ""


def test_what_is_no_network_is_a_usage_error(home: Path, db: Path) -> None:
    for text in ("not-an-address", "203.0.113.999", "203.0.113.0/40"):
        assert text in refused(home, 2, "block", "add", text, f"--db={db}")


def test_too_long_a_ttl_is_refused(home: Path, db: Path) -> None:
    assert "max_ttl" in refused(home, 2, "block", "add", "203.0.113.7", "--ttl=90d", f"--db={db}")


def test_protected_networks_name_their_reason(home: Path) -> None:
    rows = json_lines(run(home, "block", "protected", "--json").stdout)
    assert any(row["net"].startswith("127.") and row["reason"] for row in rows)


def test_export_writes_the_queue_for_a_firewall(home: Path, db: Path) -> None:
    run(home, "block", "add", "203.0.113.7", f"--db={db}")
    run(home, "block", "add", "2001:db8:1:2::5", f"--db={db}")
    printed = run(home, "block", "export", "--target=plain", f"--db={db}")
    assert "203.0.113.7" in printed.stdout
    assert "2001:db8:1:2::/64" in printed.stdout
    path = home / "out" / "block.nft"
    path.parent.mkdir()
    done = run(home, "block", "export", "--target=nftables", "-o", str(path), "--check", f"--db={db}")
    assert done.returncode == 0, done.stderr
    assert "203.0.113.7" in path.read_text()
    expected = "accepts it" if shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin") else "not installed"
    assert expected in done.stderr


def test_empty_queue_does_not_replace_a_list(home: Path, db: Path) -> None:
    path = home / "block.txt"
    run(home, "block", "add", "203.0.113.7", f"--db={db}")
    assert run(home, "block", "export", "--target=plain", "-o", str(path), f"--db={db}").returncode == 0
    before = path.read_bytes()
    run(home, "block", "remove", "203.0.113.7", f"--db={db}")
    refused(home, 4, "block", "export", "--target=plain", "-o", str(path), f"--db={db}")
    assert path.read_bytes() == before
    done = run(home, "block", "export", "--target=plain", "-o", str(path), "--withdraw-all", f"--db={db}")
    assert done.returncode == 0
    assert b"203.0.113.7" not in path.read_bytes()
