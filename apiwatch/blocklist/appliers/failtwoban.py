"""fail2ban, live: bans in a jail of our own, believed only where the packet filter holds them, too.

`banip` answers with success whatever its action did. So the jail has to ban through nftables, whose sets are compared.
A jail has one ban time, which counts for what is banned already, too: it is set so that nothing ends too early.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from apiwatch.blocklist.appliers.common import done, option, or_back, reject_unknown
from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run
from apiwatch.blocklist.networks import canonical
from apiwatch.blocklist.planning import Plan
from apiwatch.blocklist.target import Artifact
from apiwatch.errors import ApplyError, GuardError, UsageError

__all__ = ["JAIL", "Fail2banApplier"]

JAIL = "apiwatch"
_BAN = re.compile(r"(\S+)\s+(\S+ \S+) \+ .*")
_FOREVER = "-1"
_PATIENCE_S = 60.0
_AT_ONCE = 200


class Fail2banApplier:
    """Bans neither end each at their own time nor count what they stop."""

    counts = False
    expires = False

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
        return {net: Held(net) for net in self._in_force(self._banned())}

    def snapshot(self) -> bytes:
        """The networks and the ban time, as JSON."""
        return json.dumps({"nets": sorted(self.read()), "bantime": self._bantime()}).encode()

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        """Ban what is missing, then lift what is not planned; the ban time is that of what lasts longest."""
        if "nftables" not in self._call("get", self._jail, "actions"):
            raise ApplyError(
                f"the fail2ban jail {self._jail} does not ban through nftables, so nobody could tell whether it does; "
                "set `banaction = nftables[type=allports]` for it"
            )
        since = self._banned()
        ends = [math.inf if row.expires is None else row.expires - since.get(row.net, at) for row in plan.rows]
        longest_ban = max(ends, default=0.0)
        bantime = _FOREVER if math.isinf(longest_ban) else str(max(1, math.ceil(longest_ban)))
        with or_back(self):
            self._become([row.net for row in plan.rows], bantime if ends else self._bantime())

    def restore(self, snapshot: bytes) -> None:
        """The bans and the ban time as they were."""
        saved = json.loads(snapshot)
        self._become(saved["nets"], saved["bantime"])

    def remove(self) -> None:
        """Lift all bans of the jail."""
        self._each("unbanip", self._banned())

    def _become(self, wanted: Sequence[str], bantime: str) -> None:
        banned = self._banned()
        in_force = self._in_force(banned)
        missing = [net for net in wanted if net not in in_force]
        self._call("set", self._jail, "bantime", bantime)
        self._each("unbanip", [net for net in missing if net in banned])
        self._each("banip", missing)
        self._each("unbanip", [net for net in banned if net not in wanted])

    def _bantime(self) -> str:
        return self._call("get", self._jail, "bantime").strip()

    def _banned(self) -> dict[str, float]:
        """Network -> since when it is banned."""
        since: dict[str, float] = {}
        for line in self._call("get", self._jail, "banip", "--with-time").splitlines():
            ban = _BAN.fullmatch(line.strip())
            try:
                if ban is not None:
                    since[canonical(ban[1])] = datetime.fromisoformat(ban[2]).timestamp()
            except (GuardError, ValueError):
                continue
        return since

    def _in_force(self, banned: Iterable[str]) -> list[str]:
        found: set[str] = set()
        for name in (f"addr-set-{self._jail}", f"addr6-set-{self._jail}"):
            ran = self._run(["nft", "-j", "list", "set", "inet", "f2b-table", name])
            if ran.rc == 0:
                sets = [item["set"] for item in json.loads(ran.out)["nftables"] if "set" in item]
                found |= {canonical(each) for one in sets for each in one.get("elem", ()) if isinstance(each, str)}
        return [net for net in banned if net in found]

    def _each(self, what: str, nets: Iterable[str]) -> None:
        addresses = [net.partition("/")[0] for net in nets]
        for at in range(0, len(addresses), _AT_ONCE):
            self._call("set", self._jail, what, *addresses[at : at + _AT_ONCE])

    def _call(self, *words: str) -> str:
        return done(self._run, [*self._client, *words], timeout=_PATIENCE_S)
