"""fail2ban, live: bans in a jail of our own, believed only where the packet filter holds them, too.

`banip` answers with success whatever its action did. So the jail has to ban through nftables, whose set is compared.
"""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from apiwatch.blocklist.appliers.common import done, lifetimes, option, or_back, reject_unknown
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError, GuardError, UsageError

__all__ = ["JAIL", "Fail2banApplier"]

JAIL = "apiwatch"
_BAN = re.compile(r"(\S+)\s+\S+ \S+ \+ (-?\d+) = (\S+ \S+)")
_NEVER = 9999
"""Bans without an end show this year."""
_SAME_S = 5.0
"""A ban whose end is so near to the planned one is not renewed."""
_PATIENCE_S = 60.0
_AT_ONCE = 200


class Fail2banApplier:
    """fail2ban lifts bans when their time is over, and does not count what they stop."""

    counts = False
    expires = True

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        reject_unknown("fail2ban", options, ("jail", "socket"))
        self._jail = option("fail2ban", options, "jail", JAIL)
        socket = options.get("socket", "")
        if socket and not socket.startswith("/"):
            raise UsageError("block.targets.fail2ban.socket: give the whole path, from / on")
        self._client = ["fail2ban-client", *(["-s", socket] if socket else [])]
        self._run = run

    def read(self) -> dict[str, Held]:
        """Bans of the jail that are members of its nftables sets."""
        banned = self._banned()
        in_force = self._members() if banned else frozenset()
        return {net: held for net, held in banned.items() if net in in_force}

    def snapshot(self) -> bytes:
        """Address and end of each ban, as JSON."""
        now = time.time()
        return json.dumps({net: None if h.left is None else now + h.left for net, h in self.read().items()}).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Ban what is missing, renew what ends at another time, then lift what is not planned."""
        self._require_nftables()
        with or_back(self):
            self._become(lifetimes(plan, {} if longest is None else self.read(), at, longest))

    def restore(self, snapshot: bytes) -> None:
        """The bans as they were, until they would have ended."""
        now = time.time()
        ends: dict[str, float | None] = json.loads(snapshot)
        self._become(
            {net: None if end is None else int(end - now) for net, end in ends.items() if (end or now + 1) > now}
        )

    def remove(self) -> None:
        """Lift all bans of the jail."""
        self._become({})

    def _become(self, wanted: Mapping[str, int | None]) -> None:
        held = self._banned()
        in_force = self._members() if held else frozenset()
        changed = {
            net: seconds
            for net, seconds in wanted.items()
            if net not in held or net not in in_force or not _same(held[net].left, seconds)
        }
        usual = self._call("get", self._jail, "bantime").strip()
        for seconds in dict.fromkeys(changed.values()):
            nets = [net for net, lifetime in changed.items() if lifetime == seconds]
            self._call("set", self._jail, "bantime", "-1" if seconds is None else str(max(1, seconds)))
            self._each("unbanip", [net for net in nets if net in held])
            self._each("banip", nets)
        if changed and re.fullmatch(r"-?\d+", usual):
            self._call("set", self._jail, "bantime", usual)
        self._each("unbanip", [net for net in held if net not in wanted])

    def _banned(self) -> dict[str, Held]:
        held: dict[str, Held] = {}
        now = time.time()
        for line in self._call("get", self._jail, "banip", "--with-time").splitlines():
            ban = _BAN.fullmatch(line.strip())
            if ban is None:
                continue
            try:
                net = canonical(ban[1])
                end = datetime.fromisoformat(ban[3])
            except (GuardError, ValueError):
                continue
            permanent = int(ban[2]) < 0 or end.year == _NEVER
            held[net] = Held(net, None if permanent else max(0.0, end.timestamp() - now))
        return held

    def _members(self) -> frozenset[str]:
        found: set[str] = set()
        for name in (f"addr-set-{self._jail}", f"addr6-set-{self._jail}"):
            ran = self._run(["nft", "-j", "list", "set", "inet", "f2b-table", name])
            if ran.rc == 0:
                sets = [item["set"] for item in json.loads(ran.out)["nftables"] if "set" in item]
                found |= {canonical(each) for one in sets for each in one.get("elem", ()) if isinstance(each, str)}
        return frozenset(found)

    def _require_nftables(self) -> None:
        if "nftables" not in self._call("get", self._jail, "actions"):
            raise ApplyError(
                f"the fail2ban jail {self._jail} does not ban through nftables, so nobody could tell whether it does; "
                "set `banaction = nftables[type=allports]` for it"
            )

    def _each(self, what: str, nets: Iterable[str]) -> None:
        addresses = [net.partition("/")[0] for net in nets]
        for at in range(0, len(addresses), _AT_ONCE):
            self._call("set", self._jail, what, *addresses[at : at + _AT_ONCE])

    def _call(self, *words: str) -> str:
        return done(self._run, [*self._client, *words], timeout=_PATIENCE_S)


def _same(left: float | None, seconds: int | None) -> bool:
    if left is None or seconds is None:
        return left is None and seconds is None
    return abs(left - seconds) <= _SAME_S
