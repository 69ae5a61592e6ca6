"""How a service is asked: patience, sentences, and secrets that stay secret."""

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from apiwatch.blocklist.remote.client import Api, Missing
from apiwatch.blocklist.remote.options import Options, Secret
from apiwatch.errors import ApplyError, UsageError
from tests.blocklist.remote.service import Asked, Reply, Service, serving

TOKEN = "t0p-s3cret"  # noqa: S105 - of nothing


def api_of(service: Service, pauses: list[float]) -> Api:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return Api("Edge", service.url, Secret(TOKEN, "the variable EDGE"), headers, rights="Edit", sleep=pauses.append)


def echo(asked: Asked) -> Reply:
    return Reply(200, {"seen": asked.body})


def test_troubles_that_pass_are_waited_for() -> None:
    pauses: list[float] = []
    with serving(echo) as service:
        service.troubles = [
            Reply(429, {"why": "slow down"}, {"Retry-After": "7"}),
            Reply(503, b"", {"Retry-After": formatdate(time.time() + 20, usegmt=True)}),
            Reply(502, b"<html>"),
            None,
        ]
        assert api_of(service, pauses).call("PUT", "/list", body=[1]) == {"seen": [1]}
        assert [asked.headers["Authorization"] for asked in service.asked] == [f"Bearer {TOKEN}"] * 5
    assert pauses[0] == 7.0
    assert 15 < pauses[1] <= 20
    assert pauses[2:] == [2.0, 4.0]


@pytest.mark.parametrize(
    ("trouble", "says", "asked"),
    [
        (Reply(401, {"error": TOKEN}), r"refuses the secret in the variable EDGE \(401\).*it needs: Edit", 1),
        (Reply(403, b""), r"\(403\)", 1),
        (Reply(404, {"m": "no"}), r"answered 404.*check the names and ids", 1),
        (Reply(400, {"errors": [f"bad \x1b[31m{TOKEN}\n{'x' * 900}"]}), r"answered 400.*\*\*\*", 1),
        (Reply(302, b"", {"Location": "http://198.51.100.1/"}), "redirects elsewhere", 1),
        (Reply(200, b"<html>hello"), "something else than JSON", 1),
        (Reply(429, b"", {"Retry-After": "86400"}), "answered 429; run the command again", 1),
        (Reply(500, f"oops {TOKEN}".encode()), r"answered 500: oops \*\*\*; run the command again", 5),
    ],
)
def test_other_troubles_are_one_sentence_without_the_secret(trouble: Reply, says: str, asked: int) -> None:
    with serving(echo) as service:
        service.troubles = [trouble] * 6
        with pytest.raises(ApplyError, match=says) as failed:
            api_of(service, []).call("GET", "/x")
        assert len(service.asked) == asked
    text = str(failed.value)
    assert TOKEN not in text
    assert text.isprintable()
    assert isinstance(failed.value, Missing) == (trouble.status == 404)


def test_a_post_that_may_have_been_done_is_not_sent_twice() -> None:
    with serving(echo) as service:
        for trouble, says in ((None, "not known whether"), (Reply(500, b""), "answered 500")):
            service.asked.clear()
            service.troubles = [trouble]
            with pytest.raises(ApplyError, match=says):
                api_of(service, []).call("POST", "/rules", body={})
            assert service.methods() == ["POST"]
        for status in (503, 429):
            service.asked.clear()
            service.troubles = [Reply(status, b"")]
            assert api_of(service, []).call("POST", "/rules", body={}) == {"seen": {}}
            assert service.methods() == ["POST", "POST"]


def test_a_proxy_gets_nothing_that_is_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(echo) as proxy, serving(echo) as service:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert api_of(service, []).call("GET", "/x") == {"seen": None}
        assert proxy.asked == []


def test_nobody_answers() -> None:
    with serving(echo) as service:
        pass
    pauses: list[float] = []
    with pytest.raises(ApplyError, match=r"Edge cannot be reached .*; run the command again"):
        api_of(service, pauses).call("POST", "/rules", body={})
    assert pauses == [0.5, 1.0, 2.0, 4.0]


def test_an_operation_is_waited_for_but_not_for_ever() -> None:
    pauses: list[float] = []
    with serving(echo) as service:
        api = api_of(service, pauses)
        states = [False, False, True]
        api.poll(lambda: states.pop(0), "the work")
        assert pauses == [0.5, 1.0]
        with pytest.raises(ApplyError, match="has not finished the work within a minute"):
            api.poll(lambda: False, "the work")
    assert sum(pauses) < 62


@pytest.mark.parametrize(
    "base", ["ftp://x", "https://", "https://u:p@x/", "x", "https://x/?a=1", "http://192.0.2.1/", "http://[", ""]
)
def test_addresses_that_would_betray_the_secret(base: str) -> None:
    with pytest.raises(UsageError, match="Edge: "):
        Api("Edge", base, Secret(TOKEN, "x"), {}, rights="")


def test_secrets_come_from_the_environment_or_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def secret(**given: str) -> Secret:
        return Options("edge", given, points_to="token").secret()

    monkeypatch.setenv("EDGE", f" {TOKEN}\n")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("TWO", "a\nb")
    known = secret(**{"token_env": "EDGE"})
    assert known.value == TOKEN
    assert TOKEN not in repr(known)
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    assert secret(token_file=str(path)) == Secret(TOKEN, f"the file {path}")
    path.chmod(0o644)
    for given, says in (
        ({}, "set either"),
        ({"token_env": "EDGE", "token_file": "/x"}, "set either"),
        ({"token_env": "EMPTY"}, "the variable EMPTY holds no token"),
        ({"token_env": "TWO"}, "more than one line"),
        ({"token_file": "token"}, "absolute path"),
        ({"token_file": str(path)}, "chmod 600"),
        ({"token_file": "/dev/null"}, "no regular file"),
        ({"token_file": str(tmp_path / "none")}, "cannot be read"),
        ({"token": TOKEN}, r"`block.targets.edge.token` is not known"),
    ):
        with pytest.raises(UsageError, match=says) as failed:
            secret(**given)
        assert TOKEN not in str(failed.value)


def test_options_are_checked() -> None:
    with pytest.raises(UsageError, match=r"`block.targets.edge.zone` is missing"):
        Options("edge", {}, needed=("zone",))
    with pytest.raises(UsageError, match="must be letters"):
        Options("edge", {"zone": "../x"}, needed=("zone",)).identifier("zone")
