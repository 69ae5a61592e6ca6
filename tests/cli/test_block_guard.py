"""`block protected`, `ranges` and `impact`, and what `add` and `export` say about others."""

import json
from pathlib import Path

import pytest

from apiwatch.blocklist.proxies import FILE_NAME
from apiwatch.errors import UsageError
from tests.blocklist.test_proxies import AZURE
from tests.cli.logs import START, line, text_of
from tests.cli.program import json_lines, refused, run
from tests.cli.test_block_apply import Blocks

EVIL, NEIGHBOUR, BEHIND = "203.0.113.7", "203.0.113.9", "198.18.0.44"
PROXY = "192.0.2.80"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state file: an attacker, its neighbours, and one client that a trusted proxy named."""
    home = tmp_path_factory.mktemp("home")
    walk = [line(START + n, EVIL, f"/api/orders/{7000 + n}", 404 if n % 3 else 200, 300) for n in range(300)]
    others = [line(START + 5 * n, NEIGHBOUR, "/api/products", 200, 900) for n in range(60)]
    ours = [line(START + 7 * n, f"198.18.7.{n}", "/api/products", 200, 900) for n in range(40)]
    proxied = [line(START + 9 * n, PROXY, "/api/products", 200, 900).rstrip("\n") + f' "{BEHIND}"\n' for n in range(20)]
    log = home / "access.log"
    log.write_text(text_of([*walk, *others, *ours]))
    forwarded = home / "forwarded.log"
    forwarded.write_text("".join(proxied))
    known = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
    known += '"$http_user_agent" "$http_x_forwarded_for"'
    done = run(home, "replay", f"--db={home}/state.db", str(log))
    assert done.returncode == 0, done.stderr
    done = run(
        home, "replay", f"--db={home}/proxied.db", f"--log-format={known}", f"--trusted-proxy={PROXY}", str(forwarded)
    )
    assert done.returncode == 0, done.stderr
    return home


def test_the_protected_set_says_why_and_what_can_be_overridden(home: Path) -> None:
    rows = json_lines(run(home, "block", "protected", "--json", f"--db={home}/state.db").stdout)
    known = {row["net"]: row for row in rows if row["type"] == "protected"}
    assert (known["127.0.0.0/8"]["code"], known["127.0.0.0/8"]["overridable"]) == ("H2", False)
    assert (known["104.16.0.0/13"]["code"], known["104.16.0.0/13"]["overridable"]) == ("H4", True)
    assert "cloudflare as of 2026-" in known["104.16.0.0/13"]["reason"]
    shown = run(home, "block", "protected", f"--db={home}/state.db").stdout
    assert "104.16.0.0" not in shown, "one line for each owner"
    assert "cloudflare as of" in shown


def test_networks_of_proxies_are_listed_and_a_newer_list_beside_the_state_file_counts(home: Path) -> None:
    kept = home / FILE_NAME
    try:
        kept.write_text("cloudflare 104.16.0.0/13\n# nonsense\n")
        done = run(home, "block", "ranges", "--json", f"--db={home}/state.db")
        names = {row["name"] for row in json_lines(done.stdout)}
        assert names >= {"cloudflare", "cloudfront", "fastly", "google-health", "azure-front-door"}
        assert "shipped one holds" in done.stderr
        kept.write_text("# cloudflare 2031-01-02 example.com\ncloudflare 198.51.100.0/24\n")
        text = refused(home, 4, "block", "add", "198.51.100.3", f"--db={home}/state.db")
        assert "2031-01-02" in text
        assert "rail H4" in text
    finally:
        kept.unlink()


def test_lists_are_handed_in_and_a_long_block_of_a_tor_exit_is_warned_of(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    block = Blocks(tmp_path, capfd, monkeypatch)
    tags, exits = tmp_path / "tags.json", tmp_path / "exits"
    tags.write_text(json.dumps(AZURE))
    exits.write_text("203.0.113.7\n198.51.100.9\n")
    before = {row["name"] for row in json_lines(block("ranges", "--json")[1])}
    assert "tor-exits" not in before, "none are shipped"
    code, out, err = block("ranges", f"--from=azure-front-door={tags}", f"--from=tor-exits={exits}", "--json")
    known = {row["name"]: row for row in json_lines(out)}
    assert (code, known.keys() - before) == (1, {"tor-exits"}), "Azure has not lost nearly everything"
    assert "less than half" in err
    assert known["tor-exits"]["nets"] == ["198.51.100.9/32", "203.0.113.7/32"]
    assert "S3" not in block("add", "203.0.113.7")[2]
    said = block("add", "203.0.113.7", "--ttl=2h")[2]
    assert "S3: 203.0.113.7/32 is a Tor exit (list of 20" in said
    assert "its users change by the minute" in said
    assert "S3: 203.0.113.7/32 is a Tor exit" in block("export", "--target=plain")[2]
    for text in ("tor-exits", "tor=x", "azure-front-door=", "=x"):
        with pytest.raises(UsageError, match="is not NAME=FILE with one of the names cloudflare"):
            block("ranges", f"--from={text}")


def test_impact_counts_others_and_offers_the_wider_network(home: Path) -> None:
    db = f"--db={home}/state.db"
    (found,) = json_lines(run(home, "block", "impact", f"{EVIL}/32", "--json", db).stdout)
    assert (found["hour"]["clients"], found["hour"]["requests"], found["hour"]["without_alert"]) == (1, 300, 0)
    assert [wider["net"] for wider in found["wider"]] == ["203.0.113.0/24"]
    assert found["wider"][0]["hour"]["clients"] == 2
    alert = json_lines(run(home, "alerts", "--json", db).stdout)[0]
    shown = run(home, "block", "impact", f"--alert={alert['id']}", db)
    assert shown.stdout.startswith(f"{EVIL}/32\n")
    assert "would cut 1 other client, 1 of them without an alert" in " ".join(shown.stdout.split())


def test_of_a_block_with_a_condition_what_fits_is_counted(home: Path) -> None:
    db = f"--db={home}/state.db"
    (found,) = json_lines(run(home, "block", "impact", "203.0.113.0/24", "--path=/api/products", "--json", db).stdout)
    assert found["nets"] == ["203.0.113.0/24 path=/api/products"]
    assert (found["hour"]["clients"], found["hour"]["requests"], found["at_most"]) == (2, 63, True)
    assert found["wider"] == []
    shown = " ".join(
        run(home, "block", "impact", "203.0.113.0/24", "--path=/api", "--agent=nobody's", db).stdout.split()
    )
    assert "last hour: no client seen" in shown
    both = " ".join(run(home, "block", "impact", "203.0.113.0/24", "--path=/api", db).stdout.split())
    assert "of requests that fit a condition, at most: last hour: 2 clients, 360 requests" in both
    assert "is empty" in refused(home, 2, "block", "impact", EVIL, "--agent=", db)


def test_a_block_of_everybody_is_counted_and_refused_when_it_cuts_too_many(home: Path) -> None:
    db = f"--db={home}/state.db"
    shown = " ".join(run(home, "block", "impact", "--everybody", "--path=/api/products", db).stdout.split())
    assert shown.startswith(
        "everybody path=/api/products of requests that fit a condition, at most: last hour: 42 clients, 103"
    )
    assert "without an alert: 41 clients with" in shown
    said = refused(home, 4, "block", "add", "--everybody", "--path=/api/products", db)
    assert "it would cut at most" in said
    assert "(rail H5)" in said
    added = run(home, "block", "add", "--everybody", "--path=/api/orders", "--reason=walk", db)
    assert added.stdout.startswith("queued 0.0.0.0/0 path=/api/orders until ")
    assert "of requests that fit a condition, at most:" in added.stdout


def test_a_wider_network_is_queued_around_an_address_and_its_innocents_are_said(home: Path) -> None:
    db = f"--db={home}/state.db"
    assert "wider" in refused(home, 2, "block", "add", "203.0.113.0/24", "--prefix=28", db)
    added = run(home, "block", "add", EVIL, "--prefix=24", db)
    assert added.stdout.startswith("queued 203.0.113.0/24 until ")
    assert NEIGHBOUR in added.stdout
    written = refused(home, 4, "block", "export", "--target=nftables", db)
    assert "most_collateral" in written, "60 of 200 answered requests are of a client that no alert names"


def test_a_client_that_only_a_proxy_named_is_not_exported_for_a_packet_filter(home: Path) -> None:
    db = f"--db={home}/proxied.db"
    config = home / "wide.yaml"
    config.write_text("block: {most_collateral: 100}\n")
    assert run(home, "block", "add", BEHIND, db).returncode == 0
    assert "rail H4b" in refused(home, 4, "block", "export", "--target=nftables", db, f"--config={config}")
    done = run(home, "block", "export", "--target=nginx", db, f"--config={config}")
    assert done.returncode == 0
    assert BEHIND in done.stdout
    assert "S7:" in done.stderr


def test_the_feed_listens_on_this_machine_only_unless_there_is_a_token(home: Path) -> None:
    assert "--token-file" in refused(home, 2, "block", "serve", "--bind=0.0.0.0:0", f"--db={home}/state.db")


def test_an_address_that_is_both_blocked_and_allowed_is_said_wherever_it_is_written(home: Path) -> None:
    assert run(home, "block", "add", BEHIND, f"--db={home}/proxied.db").returncode == 0
    allowed = run(home, "allow", "add", BEHIND, "--reason=our monitor", "--for=1h", f"--db={home}/proxied.db")
    assert f"{BEHIND}/32 is still queued for blocking; `apiwatch block remove {BEHIND}/32` ends that" in allowed.stderr
    config = home / "both.yaml"
    config.write_text("block: {most_collateral: 100}\n")
    exported = run(home, "block", "export", "--target=csv", f"--db={home}/proxied.db", f"--config={config}")
    assert "S8:" in exported.stderr
    assert "our monitor" in exported.stderr
    again = run(home, "block", "add", BEHIND, f"--db={home}/proxied.db")
    assert "S8:" in again.stderr
