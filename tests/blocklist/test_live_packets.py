"""Appliers with the real programs: packets over a wire stop, others pass, and everything can be taken back."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from apiwatch.blocklist import TARGETS, Plan, plan
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.run import Ran, run
from apiwatch.errors import ApplyError, UsageError
from tests.blocklist.kit import entry, need
from tests.blocklist.wire import CLIENTS, Wire

PROGRAMS = {
    "nftables": ("nft",),
    "ipset": ("ipset", "iptables-restore", "ip6tables-restore"),
    "iptables": ("iptables-restore", "ip6tables-restore"),
    "blackhole": ("ip",),
}
DEADLINE_S = 20.0
ALLOW = ("203.0.113.200/32", "2001:db8:aa::/48")


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    need("ip", "unshare", "nsenter")
    try:
        opened = Wire()
    except OSError as error:
        pytest.skip(f"no namespaces with a wire between them here: {error}")
    yield opened
    opened.close()


def planned(nets: dict[str, float | None]) -> Plan:
    """A plan of now: network -> lifetime in seconds."""
    now = time.time()
    entries = [
        replace(
            entry(net, None, name=f"01JD{at}", reason='walk "; drop\n}'),
            expires=None if lifetime is None else now + lifetime,
        )
        for at, (net, lifetime) in enumerate(nets.items())
    ]
    return plan(entries, now)


def applied(applier: Applier, name: str, made: Plan, longest: float | None = None) -> None:
    """Applied, and read back: all that was planned and nothing else, with the time that is left."""
    artifacts = TARGETS[name].render(made, ALLOW)
    at = time.time()
    applier.apply(artifacts, made, at, longest=longest)
    held = applier.read()
    assert frozenset(held) == frozenset(row.net for row in made.rows)
    for row in made.rows if applier.expires and longest is None else ():
        left = held[row.net].left
        assert (left is None) == (row.expires is None)
        if left is not None and row.expires is not None:
            assert abs(row.expires - at - left) < 4
    assert all((entry.dropped is not None) == applier.counts for entry in held.values())


FIRST: dict[str, float | None] = {"203.0.113.7": None, "203.0.113.64/26": 600, "2001:db8:0:abcd::/64": 300}
STOPPED = ("203.0.113.7", "203.0.113.66", "2001:db8:0:abcd::7")
OTHERS = ("203.0.113.129", "203.0.113.200", "2001:db8::9")


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_packets_stop_and_everything_can_be_taken_back(name: str, wire: Wire) -> None:
    need(*PROGRAMS[name])
    make = TARGETS[name].applier
    assert make is not None
    applier = make({}, wire.run)
    nothing = applier.snapshot()
    assert applier.read() == {}
    assert wire.through() == list(CLIENTS)

    applied(applier, name, planned(FIRST))
    assert wire.through() == [client for client in CLIENTS if client in OTHERS]
    held = applier.read()
    if applier.counts:
        assert all((held[net].dropped or 0) > 0 for net in held)
    first = applier.snapshot()
    applied(applier, name, planned(FIRST))
    assert wire.through() == [client for client in CLIENTS if client in OTHERS]

    applied(applier, name, planned({"203.0.113.129": 600, "2001:db8::9": None}))
    assert wire.through() == [client for client in CLIENTS if client not in ("203.0.113.129", "2001:db8::9")]
    for _ in range(2):
        applier.restore(first)
        held = applier.read()
        assert frozenset(held) == {"203.0.113.7/32", "203.0.113.64/26", "2001:db8:0:abcd::/64"}
    if applier.expires:
        assert 590 < (held["203.0.113.64/26"].left or 0) <= 600
    assert wire.through() == [client for client in CLIENTS if client in OTHERS]

    applied(applier, name, planned({}))
    assert wire.through() == list(CLIENTS)
    applied(applier, name, planned(FIRST))
    for _ in range(2):
        applier.restore(nothing)
        assert applier.read() == {}
    applied(applier, name, planned(FIRST))
    for _ in range(2):
        applier.remove()
        assert applier.read() == {}
    assert wire.through() == list(CLIENTS)
    assert applier.snapshot() == nothing


@pytest.mark.parametrize(
    ("name", "program"), [("ipset", "ip6tables-restore"), ("iptables", "ip6tables-restore"), ("blackhole", "ip")]
)
def test_what_fails_half_way_leaves_the_old_list(name: str, program: str, wire: Wire) -> None:
    need(*PROGRAMS[name])
    make = TARGETS[name].applier
    assert make is not None
    failing: list[str] = []

    def flickering(argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> Ran:
        done = wire.run(argv, stdin=stdin, timeout=timeout)
        if argv[0] in failing and stdin:
            failing.clear()
            return Ran(1, "", "the power went\x1b[31m out")
        return done

    applier = make({}, flickering)
    applied(applier, name, planned(FIRST))
    failing.append(program)
    with pytest.raises(ApplyError, match=r"failed: the power went.* out; the old list is in force again"):
        applied(applier, name, planned({"203.0.113.129": 60, "2001:db8::9": 60}))
    assert frozenset(applier.read()) == {"203.0.113.7/32", "203.0.113.64/26", "2001:db8:0:abcd::/64"}
    assert wire.through() == [client for client in CLIENTS if client in OTHERS]
    applier.remove()


ELSEWHERE = ("aws-nacl", "cilium", "calico")
"""Packet filters that are no programs of this machine."""


def test_programs_that_are_missing_and_options_that_are_wrong_are_named() -> None:
    for name, target in TARGETS.items():
        if target.applier is None or target.caps.layer != "packet" or name in ELSEWHERE:
            continue
        applier = target.applier({}, lambda argv, **_: Ran(127, "", f"{argv[0]} is not installed here"))
        with pytest.raises(ApplyError, match="is not installed here"):
            applier.read()
        with pytest.raises(UsageError, match=f"block.targets.{name}: `table` is no option"):
            target.applier({"table": "x"}, run)
    for value in ("", "-x", "a b", "a;b", "\uff11"):
        maker = TARGETS["fail2ban"].applier
        assert maker is not None
        with pytest.raises(UsageError, match=r"block\.targets\.fail2ban\.jail"):
            maker({"jail": value}, run)


@pytest.mark.parametrize("name", ["nftables", "ipset"])
def test_what_is_new_ends_by_itself_unless_it_is_applied_again(name: str, wire: Wire) -> None:
    need(*PROGRAMS[name])
    make = TARGETS[name].applier
    assert make is not None
    applier = make({}, wire.run)
    applied(applier, name, planned({"203.0.113.64/26": 600}))
    later = planned({"203.0.113.64/26": 900, "203.0.113.128/25": None, "2001:db8::9": 900})
    applied(applier, name, later, longest=2.0)
    assert wire.through() == ["203.0.113.7", "203.0.113.200", "2001:db8:0:abcd::7"]
    held = applier.read()
    assert 890 < (held["203.0.113.64/26"].left or 0) <= 900
    until = time.monotonic() + DEADLINE_S
    while "203.0.113.129" not in wire.through() and time.monotonic() < until:
        pass
    assert wire.through() == [client for client in CLIENTS if client != "203.0.113.66"]
    applied(applier, name, later)
    applier.remove()


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_the_commands_that_are_shown_do_the_same(name: str, wire: Wire, tmp_path: Path) -> None:
    need(*PROGRAMS[name], "sh")
    (artifact,) = TARGETS[name].render(planned({**FIRST, "203.0.113.129": 2.0}), ALLOW)
    path = tmp_path / "a list"
    path.write_bytes(artifact.content)
    commands = TARGETS[name].commands([str(path)])
    for _ in range(2):
        for line in commands.apply:
            wire.shell(line)
    stopped = ["203.0.113.200", "2001:db8::9"]
    assert wire.through() == stopped
    for line in commands.verify:
        assert wire.shell(line)
    if TARGETS[name].caps.ttl:
        until = time.monotonic() + DEADLINE_S
        while wire.through() == stopped and time.monotonic() < until:
            pass
        assert wire.through() == list(OTHERS)
    for _ in range(2):
        for line in commands.undo:
            wire.shell(line)
    assert wire.through() == list(CLIENTS)
