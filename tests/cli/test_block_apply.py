"""`block plan|apply|confirm|undo|expire|rollback|log` on a list file, in this process."""

import asyncio
import ipaddress
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from apiwatch.blocklist.lifetime import default_lifetime
from apiwatch.cli.root import root
from apiwatch.config.settings import Block, Retention
from apiwatch.errors import ApplyError, GuardError, InputError, StoreError, UsageError
from apiwatch.store import BlockEntry, open_control, open_reader, open_writer
from tests.blocklist.remote.service import Asked, Reply, serving
from tests.programs.running import free_port

BAD_URLS = ("ftp://x", "http://", "http://[::1/", "http://a\nb/", "http://x:0/", "http://xn--\u2009/")


class Blocks:
    """A state file, settings with one target, and the commands on them."""

    def __init__(self, directory: Path, capture: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.db, self.config = directory / "state.db", directory / "apiwatch.yaml"
        self.list, self.audit = directory / "list.txt", directory / "audit.jsonl"
        self.config.write_text(f"block:\n  targets:\n    plain: {{path: {self.list}}}\n")
        open_writer(self.db, retention=Retention()).close()
        self._capture, self._monkeypatch = capture, monkeypatch

    def __call__(self, *words: str, typed: bytes = b"") -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        reading, writing = os.pipe()
        os.write(writing, typed)
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as stream:
            self._monkeypatch.setattr("sys.stdin", stream)
            code = root.main(["block", *words, f"--db={self.db}", f"--config={self.config}"], standalone_mode=False)
        out, err = self._capture.readouterr()
        return code or 0, out, err

    def queue(self, net: str, lasts: float = 3600.0, ago: float = 0.0) -> str:
        async def add() -> str:
            control = await open_control(self.db)
            began = time.time() - ago
            try:
                return await control.block(net, "walk", ["a1"], "me", began, began + lasts)
            finally:
                await control.close()

        return asyncio.run(add())

    def entry(self, net: str) -> BlockEntry:
        async def read() -> list[BlockEntry]:
            reader = await open_reader(self.db)
            try:
                return await reader.block_entries(time.time(), include_ended=True)
            finally:
                await reader.close()

        (found,) = [each for each in asyncio.run(read()) if each.key == net]
        return found

    @property
    def held(self) -> list[str]:
        return self.list.read_text().split()


@pytest.fixture
def block(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Blocks:
    monkeypatch.setattr("apiwatch.blocklist.applying.engine.arm", lambda *_: None)
    return Blocks(tmp_path, capfd, monkeypatch)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_block_from_the_queue_into_force_and_out_again(block: Blocks) -> None:
    first = block.queue("203.0.113.7/32")
    code, out, _ = block("plan", "--json")
    (planned,) = objects(out)
    assert (code, planned["added"], planned["held"]) == (0, ["203.0.113.7/32"], 0)
    assert planned["validator"]["ok"]
    assert planned["impact"]["hour"]["clients"] is None, "nothing has been read yet"
    assert "unknown" in block("plan")[1], "an empty state file knows nothing, which is not 0"
    assert planned["apply"].startswith("apiwatch block apply --target plain --db")
    assert not block.list.exists()
    assert block("apply", "--check")[0] == 1

    code, out, err = block("apply", typed=b"keep\n")
    assert code == 0, err
    assert "type keep within" in err
    assert f": > {block.list}" in out
    assert block.held == ["203.0.113.7"]
    (live,) = block.entry("203.0.113.7/32").applications
    assert (live.target, live.host, live.error, live.dropped) == ("plain", socket.gethostname(), "", None)
    assert live.expires == block.entry("203.0.113.7/32").expires
    assert block("apply", "--check")[0] == 0
    assert "nothing to do" in block("apply")[1]

    block.queue("203.0.113.64/26")
    code, out, err = block("apply", "--json", typed=b"no\n")
    assert (code, objects(out)[0]["result"]) == (1, "rolled back"), err
    assert block.held == ["203.0.113.7"]
    assert block.entry("203.0.113.64/26").live_in == ()
    code, out, _ = block("apply", "--json", typed=b"\n keep \n")
    (second,) = objects(out)
    assert block.held == ["203.0.113.7", "203.0.113.64/26"]
    assert block.entry("203.0.113.64/26").live_in == ("plain",)
    with pytest.raises(ApplyError, match="was kept"):
        block("rollback", "--apply", second["id"])

    assert block("expire") == (0, "", "")
    code, out, _ = block("undo", first[:6])
    assert (code, block.held) == (0, ["203.0.113.64/26"])
    assert block("undo", first)[0] == 0
    assert block.entry("203.0.113.7/32").live_in == ()
    assert "holds 1 network, as before" in block("undo", "--last")[1]
    assert block.held == ["203.0.113.7"]
    block("expire")
    assert block.held == []
    code, out, _ = block("log", "--json", "-n", "100")
    assert [(line["op"], line["stage"], line.get("result", "")) for line in objects(out)] == [
        ("apply", "attempt", ""),
        ("confirm", "outcome", "kept"),
        ("apply", "attempt", ""),
        ("rollback", "outcome", "rolled back"),
        ("apply", "attempt", ""),
        ("confirm", "outcome", "kept"),
        ("undo", "attempt", ""),
        ("undo", "outcome", "kept"),
        ("undo", "attempt", ""),
        ("undo", "outcome", "restored"),
        ("expire", "attempt", ""),
        ("expire", "outcome", "kept"),
    ]
    with block.audit.open("a") as file:
        file.write('{"v":1,"result":7,"actor":["\x1b[2J"]}\n{"cut\n[]\n')
    assert "\x1b" not in block("log")[1]


def test_another_terminal_confirms(block: Blocks, monkeypatch: pytest.MonkeyPatch) -> None:
    block.queue("203.0.113.7/32")

    def elsewhere(_records: object, record: Any, *_: object) -> str | None:
        assert block("confirm", record.id)[0] == 0
        return None

    monkeypatch.setattr("apiwatch.blocklist.applying.waiting.typed_keep", elsewhere)
    code, out, _ = block("apply")
    assert (code, "confirmed elsewhere" in out, block.held) == (0, True, ["203.0.113.7"])


def test_the_log_names_who_typed_it_and_the_way_back_that_needs_nobody_who_applied(
    block: Blocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(op: str) -> list[tuple[str, str]]:
        lines = objects(block("log", "--json")[1])
        return [(line["stage"], line["actor"].partition("@")[0]) for line in lines if line["op"] == op]

    def elsewhere(_records: object, record: Any, *_: object) -> str | None:
        monkeypatch.setenv("SUDO_USER", "eve")
        assert block("confirm", record.id)[0] == 0
        return None

    monkeypatch.setenv("SUDO_USER", "fred")
    block.queue("203.0.113.7/32")
    block.queue("203.0.113.64/26")
    with monkeypatch.context() as patched:
        patched.setattr("apiwatch.blocklist.applying.waiting.typed_keep", elsewhere)
        (done,) = objects(block("apply", "--json")[1])
    assert (told("apply"), told("confirm")) == ([("attempt", "fred")], [("outcome", "eve")])
    block("undo", "--last")
    assert told("undo") == [("attempt", "eve"), ("outcome", "eve")]
    (line,) = [line for line in block("log")[1].splitlines() if "undo attempt" in line]
    assert line.endswith("2 entries")

    place = block.db.with_name(f"{block.db.name}.applies")
    (place / done["id"] / "outcome").unlink()
    monkeypatch.setattr("apiwatch.blocklist.applying.deadman.stand_by", lambda *given: given[-1]())
    assert block("rollback", "--apply", done["id"], "--records", str(place), "--ready", "9")[0] == 0
    (place / done["id"] / "outcome").unlink()
    assert block("rollback", "--apply", done["id"])[0] == 0
    assert told("rollback") == [("outcome", "fred"), ("outcome", "eve")]


def test_a_firewall_that_does_not_take_the_list_is_told_on_every_dashboard(block: Blocks) -> None:
    block.queue("203.0.113.7/32")
    block.list.mkdir()
    with pytest.raises(UsageError, match="a directory"):
        block("apply")
    block.list.rmdir()
    block.list.write_text("# somebody's own\n")
    with pytest.raises(ApplyError, match="no plain list of apiwatch"):
        block("apply")
    block.list.write_text("198.51.100.1\n")
    assert "by hand" in block("plan")[2]
    block.list.write_text("# somebody's own\n")
    code, out, err = block("plan", "--json")
    assert (code, objects(out)[0]["networks"], "not compared with what it holds" in err) == (0, 1, True)
    block.list.write_text("198.51.100.1\n")
    block("remove", "203.0.113.7")
    with pytest.raises(GuardError, match="H6"):
        block("apply")
    (refused,) = objects(block("log", "--json")[1])
    assert (refused["result"], refused["stage"]) == ("refused", "outcome")


@pytest.mark.parametrize(
    ("answer", "kept", "says"),
    [
        (200, True, ""),
        (204, True, ""),
        (302, False, "the health check answers 302"),
        (403, False, "the health check answers 403"),
        (503, False, "the health check answers 503"),
        (None, False, "the health check does not answer (RemoteProtocolError)"),
    ],
)
def test_the_health_check_decides_once_the_list_is_in_force(
    block: Blocks, monkeypatch: pytest.MonkeyPatch, answer: int | None, kept: bool, says: str
) -> None:
    monkeypatch.setattr("apiwatch.cli.blockapply._PROBE_S", 0.0)
    block.queue("203.0.113.7/32")
    assert block("apply", typed=b"keep\n")[0] == 0
    block.queue("203.0.113.64/26")

    def health(_asked: Asked) -> Reply:
        assert len(block.held) == 2, "it is asked after the list got into force"
        return Reply(answer or 0, "x", {"Location": "/"})

    with serving(health) as service:
        service.troubles = [None] if answer is None else []
        code, out, err = block("apply", "--json", "--confirm-after-probe", f"--health-url={service.url}/health")
    assert [asked.path for asked in service.asked] == ["/health"]
    assert (code, objects(out)[0]["result"]) == ((0, "kept") if kept else (1, "rolled back"))
    assert says in err
    assert block.held == (["203.0.113.7", "203.0.113.64/26"] if kept else ["203.0.113.7"])


def test_a_health_check_that_nobody_serves_takes_the_list_back(block: Blocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiwatch.cli.blockapply._PROBE_S", 0.0)
    block.queue("203.0.113.7/32")
    code, _, err = block("apply", "--confirm-after-probe", f"--health-url=http://127.0.0.1:{free_port()}/")
    assert (code, "does not answer (ConnectError)" in err) == (1, True)
    assert not block.list.exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("apply", "--target=nonsense"), UsageError),
        (("apply", "--target=csv"), UsageError),
        (("apply", "--keep-for=1s"), UsageError),
        (("apply", "--health-url=http://127.0.0.1/"), UsageError),
        *((("apply", "--confirm-after-probe", f"--health-url={url}"), UsageError) for url in BAD_URLS),
        (("confirm", "ff"), InputError),
        (("undo", "ff"), InputError),
        (("undo", "--last"), InputError),
        (("undo",), UsageError),
        (("undo", "ff", "--last"), UsageError),
        (("undo", "ff", "--target", "plain"), UsageError),
        (("log",), InputError),
    ],
)
def test_what_cannot_be_done_is_said(block: Blocks, words: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        block(*words)


def test_a_target_that_nobody_applies_has_a_plan_with_commands(block: Blocks) -> None:
    block.queue("203.0.113.7/32")
    code, out, _ = block("plan", "--target=csv", "--json")
    (found,) = objects(out)
    assert (code, found["networks"], found["validator"]["ok"]) == (0, 1, True)
    assert "export --target csv" in found["write"]
    assert "apiwatch-expire.timer" in block("expire", "--install-hint")[1]
    assert "OnUnitActiveSec" in block("expire", "--unit=timer")[1]
    assert "block expire --db" in block("expire", "--unit=service")[1]
    block.db.unlink()
    with pytest.raises(StoreError):
        block("plan")


def test_whoever_comes_back_stays_out_longer(block: Blocks) -> None:
    settings = Block()
    assert [default_lifetime(settings, times) for times in (0, 1, 2, 1000)] == [3600, 14_400, 28_800, 7 * 86_400]
    for times, hours in ((0, 1), (1, 4), (2, 8)):
        code, out, err = block("add", "203.0.113.7", "--json")
        assert code == 0
        assert (f"{times} time" in err) == bool(times)
        lasts = _lasts(block, objects(out)[0]["id"])
        assert round(lasts / 3600, 2) == hours
        assert block("remove", "203.0.113.7")[0] == 0, "a mistake counts for nothing"
        block.queue("203.0.113.7/32", ago=7200.0 * (3 - times))
    assert _lasts(block, objects(block("add", "203.0.113.7", "--ttl=15m", "--json")[1])[0]["id"]) == 900


def _lasts(block: Blocks, entry_id: str) -> float:
    async def read() -> list[BlockEntry]:
        reader = await open_reader(block.db)
        try:
            return await reader.block_entries(time.time())
        finally:
            await reader.close()

    (entry,) = [each for each in asyncio.run(read()) if each.id == entry_id]
    assert entry.expires is not None
    return entry.expires - entry.created


def test_what_was_withdrawn_is_listed_while_a_firewall_holds_it(block: Blocks) -> None:
    entry = block.queue("203.0.113.7/32")
    assert block("apply", typed=b"keep\n")[0] == 0
    assert block("remove", entry)[0] == 0
    (left,) = objects(block("list", "--json")[1])
    assert (left["state"], left["net"]) == ("withdrawn", "203.0.113.7/32")
    assert "withdrawn  plain" in block("list")[1]
    assert block("expire")[0] == 0
    assert block("list", "--json")[1] == ""


def test_a_block_of_everybody_who_sends_something_goes_into_a_web_server_and_out_again(
    block: Blocks, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="needs --path or --agent"):
        block("add", "--everybody", "--host=api.example.com")
    with pytest.raises(UsageError, match="takes no network"):
        block("add", "203.0.113.7", "--everybody", "--path=/internal")
    added = objects(block("add", "--everybody", "--agent=evil/1", "--ttl=10m", "--json")[1])
    assert [each["net"] for each in added] == ["0.0.0.0/0", "::/0"]
    code, out, _ = block("export", "--target=json")
    nets = {line["net"] for line in objects(out) if line["type"] == "entry"}
    assert code == 0
    assert nets.isdisjoint({"0.0.0.0/0", "::/0"})
    assert "203.0.113.7" not in out
    inside = [net for net in nets if ipaddress.ip_address("203.0.113.7") in ipaddress.ip_network(net)]
    assert len(inside) == 1
    assert not [net for net in nets if ipaddress.ip_address("127.0.0.1") in ipaddress.ip_network(net)]

    options = f"{{path: {tmp_path / 'list.conf'}, check: 'true', reload: 'true'}}"
    block.config.write_text(f"block:\n  targets:\n    nginx: {options}\n")
    code, out, err = block("apply", "--json", typed=b"keep\n")
    assert code == 0, err
    assert block.entry("0.0.0.0/0 agent=evil/1").live_in == block.entry("::/0 agent=evil/1").live_in == ("nginx",)
    assert block("apply", "--check")[0] == 0
    for each in added:
        assert block("undo", each["id"])[0] == 0
    assert block.entry("0.0.0.0/0 agent=evil/1").live_in == ()


def test_a_block_of_some_requests_goes_where_it_can_be_held_and_nowhere_else(block: Blocks) -> None:
    block.queue("203.0.113.7/32")
    words = ("add", "203.0.113.8", "--path=/users", "--host=API.example.com", '--agent=cu"rl', "--json")
    (added,) = objects(block(*words)[1])
    assert added["condition"] == {"host": "api.example.com", "path": "/users", "agent": 'cu"rl'}
    assert objects(block(*words)[1])[0]["id"] == added["id"]
    code, out, err = block("add", "203.0.113.8", "--path=/users/7", "--agent=a", "--json")
    assert objects(out)[0]["id"] != added["id"]
    key = '203.0.113.8/32 host=api.example.com path=/users agent=cu"rl'
    assert key in block("list")[1]
    with pytest.raises(InputError, match="several entries are meant"):
        block("remove", "203.0.113.8")
    block("remove", objects(out)[0]["id"])

    code, out, err = block("plan", "--json")
    assert (code, objects(out)[0]["added"], objects(out)[0]["left_out"]) == (4, ["203.0.113.7/32"], [key])
    assert "plain cannot tell requests apart" in err
    assert "nginx" in err
    assert block("apply", typed=b"keep\n")[0] == 4
    assert block.held == ["203.0.113.7"]
    assert block.entry(key).live_in == ()
    assert block("export", "--target=nftables")[0] == 4

    block.config.write_text(f"block:\n  targets:\n    nginx: {{path: {block.list}, check: 'true', reload: 'true'}}\n")
    block.list.unlink()
    code, out, err = block("apply", typed=b"keep\n")
    assert (code, key in block("plan")[1]) == (0, True), err
    assert "/users(?:/" in block.list.read_text()
    assert block.entry(key).live_in == ("nginx",)
    attempts = [line for line in objects(block("log", "--json")[1]) if line["target"] == "nginx" and "entries" in line]
    assert [each.get("condition") for each in attempts[0]["entries"]] == [None, added["condition"]]
    assert block("undo", added["id"])[0] == 0
    assert "users" not in block.list.read_text()
    assert "203.0.113.7 1;" in block.list.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--agent=",), "--agent is empty"),
        (("--path=/users/{id}",), "is a route and no path"),
        (("--path=/a/../b",), "every server reads alike"),
        (("--host=x:443",), "without a port"),
    ],
)
def test_a_condition_that_is_none_blocks_nothing(block: Blocks, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        block("add", "203.0.113.8", *words)
    assert block("list", "--json")[1] == ""


def test_everybody_is_blocked_by_that_name_only(block: Blocks) -> None:
    with pytest.raises(UsageError, match="say --everybody instead"):
        block("add", "0.0.0.0/0", "--agent=curl", "--override=0.0.0.0/0")
    with pytest.raises(GuardError, match="rail H5"):
        block("add", "0.0.0.0/0", "--host=api.example.com", "--override=0.0.0.0/0")
