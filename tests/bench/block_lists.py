"""How long a long block list takes: to plan, render, read back, apply and read from the packet filter.

Run: python -m tests.bench.block_lists [--networks 100000] [--target nftables --target ipset ...]

Everything happens in network namespaces of its own. Run it as root: nft may send long transactions only then. The peer,
in the same run, is the file loaded, and the list shown, by hand with the target's own program.
"""

import argparse
import os
import random
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from apiwatch.blocklist import TARGETS, Plan, plan
from apiwatch.blocklist.applying.run import said
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import entry
from tests.blocklist.wire import Wire

T = TypeVar("T")
BY_HAND = {
    "nftables": (["nft", "-f", "-"],),
    "ipset": (["ipset", "-exist", "restore"],),
    "iptables": (["iptables-restore", "--noflush"], ["ip6tables-restore", "--noflush"]),
    "blackhole": (["ip", "-batch", "-"],),
}
SHOWN_BY_HAND = {
    "nftables": [["nft", "list", "set", "inet", "apiwatch", name] for name in ("block4", "block6")],
    "ipset": [["ipset", "save", name] for name in ("apiwatch_block4", "apiwatch_block6")],
    "iptables": (["iptables-save"], ["ip6tables-save"]),
    "blackhole": (["ip", "-4", "route"], ["ip", "-6", "route"]),
}


def entries(count: int, now: float) -> list[BlockEntry]:
    """Four of five are IPv4 addresses, the others /64 of IPv6, with a thousand different ends."""
    chance = random.Random(5)  # noqa: S311 - a benchmark, not a secret
    made = []
    for at in range(count):
        if at % 5:
            net = f"{IPv4Address(chance.randrange(1 << 24, 100 << 24))}/32"
        else:
            net = f"{IPv6Address((0x2A00 << 112) + (chance.getrandbits(40) << 64))}/64"
        made.append(replace(entry(net, None, name=f"{at:08}"), expires=now + 3600 + chance.randrange(1000)))
    return made


def timed(what: str, call: Callable[[], T]) -> T:
    return compared(what, call, None)[0]


def compared(what: str, call: Callable[[], T], peer: float | None) -> tuple[T, float]:
    """What a call returns and how many seconds it took, also as a multiple of those of a peer."""
    begun = time.perf_counter()
    result = call()
    took = time.perf_counter() - begun
    print(f"  {what:<28} {took:7.2f} s" + ("" if peer is None else f"  {took / peer:5.2f} times by hand"))
    return result, took


def measure(name: str, made: Plan, wire: Wire) -> None:
    target = TARGETS[name]
    if target.applier is None:
        raise SystemExit(f"{name} has no applier")
    applier = target.applier({}, wire.run)
    print(f"{name}, {len(made.rows)} networks")
    artifacts = timed("render", lambda: target.render(made, ()))
    timed("read the file back", lambda: target.parse(artifacts[0].content))
    print(f"    {len(artifacts[0].content) / 1e6:.1f} MB")
    by_hand = BY_HAND[name]
    ran = timed("load by hand", lambda: [wire.run(argv, stdin=artifacts[0].content, timeout=600) for argv in by_hand])
    if bad := [said(each) for each in ran if each.rc]:
        raise SystemExit(f"{name}: {bad[0]}")
    applier.remove()
    timed("apply", lambda: applier.apply(artifacts, made, time.time()))
    timed("apply again, times capped", lambda: applier.apply(artifacts, made, time.time(), longest=60))
    shown = SHOWN_BY_HAND[name]
    _, took = compared("show by hand", lambda: [wire.run(argv, timeout=600) for argv in shown], None)
    held, _ = compared("read", applier.read, took)
    if frozenset(held) != target.planned(made):
        raise SystemExit(f"{name} does not hold what was planned")
    saved = timed("snapshot", applier.snapshot)
    timed("restore", lambda: applier.restore(saved))
    timed("remove", applier.remove)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=100_000)
    parser.add_argument("--target", action="append", choices=sorted(BY_HAND))
    arguments = parser.parse_args()
    now = time.time()
    queue = entries(arguments.networks, now)
    made = timed("plan", lambda: plan(queue, now))
    wire = Wire(mapped=os.geteuid() != 0)
    try:
        for name in arguments.target or ["nftables", "ipset"]:
            measure(name, made, wire)
    finally:
        wire.close()


if __name__ == "__main__":
    main()
