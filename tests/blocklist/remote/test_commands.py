"""The commands with a service behind them: into force and out again, and the token in no file and on no screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwatch.errors import ApplyError, UsageError
from tests.blocklist.remote.service import Service, serving
from tests.blocklist.remote.test_cloudflare import TOKEN, Cloudflare
from tests.cli.test_block_apply import Blocks


@pytest.fixture
def cloudflare() -> Cloudflare:
    return Cloudflare()


@pytest.fixture
def service(cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr("apiwatch.blocklist.remote.client._BACKOFF_S", 0.01)
    monkeypatch.setenv("CF", TOKEN)
    with serving(cloudflare) as running:
        yield running


@pytest.fixture
def block(
    tmp_path: Path, service: Service, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Blocks:
    monkeypatch.setattr("apiwatch.blocklist.applying.engine.arm", lambda *_: None)
    made = Blocks(tmp_path, capfd, monkeypatch)
    (tmp_path / "edge.tmpl").write_text("# @count@\n@entries@\n")
    made.config.write_text(
        f"""\
block:
  targets:
    cloudflare: {{account: acc, list: lst, token_env: CF, url: "{service.url}"}}
  templates:
    edge: {{file: {tmp_path}/edge.tmpl, suffix: conf, per_entry: "deny @bare@;"}}
"""
    )
    return made


def held(cloudflare: Cloudflare) -> list[str]:
    return [item["ip"] for item in cloudflare.items]


def test_a_list_gets_into_force_at_a_service_and_out_again(
    block: Blocks, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    block.queue("203.0.113.7/32")
    told = [block("plan"), block("apply", typed=b"keep\n")]
    assert held(cloudflare) == ["203.0.113.7"]
    assert block.entry("203.0.113.7/32").live_in == ("cloudflare",)

    second = block.queue("203.0.113.64/26")
    told.append(block("apply", typed=b"no\n"))
    assert held(cloudflare) == ["203.0.113.7"]

    monkeypatch.setenv("CF", "stolen-and-revoked")
    with pytest.raises(ApplyError, match=r"the variable CF \(403\)") as refused:
        block("apply", typed=b"keep\n")
    monkeypatch.setenv("CF", TOKEN)
    told.append(block("apply", typed=b"keep\n"))
    assert held(cloudflare) == ["203.0.113.7", "203.0.113.64/26"]

    told.append(block("undo", second))
    assert held(cloudflare) == ["203.0.113.7"]

    for text in (*(text for each in told for text in each[1:]), str(refused.value)):
        assert TOKEN not in text
        assert "stolen-and-revoked" not in text
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes(), path


def test_a_template_is_a_target_of_the_export(block: Blocks, tmp_path: Path) -> None:
    block.queue("203.0.113.7/32")
    out = tmp_path / "edge.conf"
    code, _, err = block("export", "--target", "edge", "-o", str(out), "--check")
    assert (code, out.read_text()) == (0, "# 1\ndeny 203.0.113.7;\n"), err
    with pytest.raises(UsageError, match=r"`edgy` is not known; choose one of nftables, .*, edge$"):
        block("export", "--target", "edgy")
