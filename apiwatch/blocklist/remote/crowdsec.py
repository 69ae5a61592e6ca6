"""CrowdSec decisions, each under the scenario `apiwatch/ENTRY`, so that exactly ours can be found and taken back.

Through `cscli` on the machine of the local API, or through the local API itself (tried with 1.4.6). CrowdSec knows no
transaction: new decisions come first, then the old ones of the same networks go, and at no moment a network is open.
"""

import json
import re
import tempfile
import time
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from apiwatch.blocklist.applying.run import Run, said
from apiwatch.blocklist.comments import comment
from apiwatch.blocklist.networks import bare, parse_network
from apiwatch.blocklist.planning import Row
from apiwatch.blocklist.remote.client import Api
from apiwatch.blocklist.remote.holding import Item, Itemwise, canonical_of
from apiwatch.blocklist.remote.options import Options
from apiwatch.errors import ApplyError

__all__ = ["SCENARIO", "Cscli", "Lapi", "decision", "scenario"]

SCENARIO = "apiwatch/"
"""How our scenarios begin."""

_ORIGINS = ("apiwatch", "cscli-import")
_FOREVER_S = 10 * 365 * 86_400
_PERMANENT_S = _FOREVER_S / 2
"""What is left for so long was meant to stay for ever, which CrowdSec cannot say."""

_BATCH = 1000
"""Decisions of one alert."""

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|\u00b5s|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def scenario(row: Row) -> str:
    """`apiwatch/01JDA`: the entry that a decision comes from."""
    words = comment(Row(row.network, row.expires, row.ids[:1], ""), 60).split()
    return SCENARIO + (words[0].replace("/", "-") if words else "entry")


def decision(net: str, name: str, seconds: float | None) -> dict[str, str]:
    """A decision as `cscli decisions import` reads it; `seconds` until it ends, None: never."""
    network = parse_network(net)
    single = network.prefixlen == network.max_prefixlen
    whole = _FOREVER_S if seconds is None else max(1, round(seconds))
    return {
        "duration": f"{whole}s",
        "scope": "ip" if single else "range",
        "type": "ban",
        "value": bare(network),
        "reason": name,
    }


class _Decisions(Itemwise):
    expires = True

    def _text(self, row: Row) -> str:
        return scenario(row)

    def _drop(self, items: Sequence[Item], staying: Collection[str]) -> None:
        """An entry that is gone goes by its scenario; of an entry that stays, the old decisions go one by one."""
        for name in dict.fromkeys(item.text for item in items if item.text not in staying):
            self._forget(name)
        for item in items:
            if item.text in staying:
                try:
                    self._end(item.key)
                except ApplyError:
                    if any(other.key == item.key for other in self.known()):
                        raise

    @abstractmethod
    def _forget(self, name: str) -> None:
        """End all decisions of a scenario."""

    @abstractmethod
    def _end(self, key: str) -> None:
        """End one decision."""

    def _ours(self, alerts: Any) -> list[Item]:
        if not isinstance(alerts, list | None):
            raise ApplyError("CrowdSec answered something else than a list of alerts; is it a CrowdSec local API?")
        now = time.time()
        found: list[Item] = []
        for alert in alerts or ():
            for held in alert.get("decisions") or ():
                left = _seconds(str(held.get("duration", "")))
                name = str(held.get("scenario", ""))
                if left > 0 and name.startswith(SCENARIO) and held.get("origin") in _ORIGINS:
                    until = None if left > _PERMANENT_S else now + left
                    found.append(Item(canonical_of("CrowdSec", held.get("value")), name, until, str(held.get("id"))))
        return found


class Cscli(_Decisions):
    """Option `config`: another file than /etc/crowdsec/config.yaml."""

    def __init__(self, options: Mapping[str, str], run: Run) -> None:
        known = Options("crowdsec", options, optional=("config",))
        self._argv = ["cscli", *(["-c", known.path("config")] if known.path("config") else [])]
        self._run = run

    def _items(self) -> list[Item]:
        text = self._call("decisions", "list", "-a", "-l", "0", "--origin", "cscli-import", "-o", "json")
        try:
            return self._ours(json.loads(text or "[]"))
        except (ValueError, RecursionError):
            raise ApplyError("cscli did not print JSON; does `cscli decisions list -o json` work here?") from None

    def _add(self, items: Sequence[Item]) -> None:
        now = time.time()
        rows = [decision(item.net, item.text, None if item.until is None else item.until - now) for item in items]
        with tempfile.NamedTemporaryFile("w", prefix="apiwatch-", suffix=".json") as file:
            json.dump(rows, file)
            file.flush()
            self._call("decisions", "import", "-i", file.name)

    def _forget(self, name: str) -> None:
        self._call("decisions", "delete", "--scenario", name)

    def _end(self, key: str) -> None:
        self._call("decisions", "delete", "--id", key)

    def _call(self, *arguments: str) -> str:
        ran = self._run([*self._argv, *arguments], timeout=60.0)
        if ran.rc:
            raise ApplyError(f"cscli {arguments[0]} {arguments[1]} failed: {said(ran)}")
        return ran.out


class Lapi(_Decisions):
    """Options `url` and `machine`, `password_env` or `password_file`: a machine of `cscli machines add`."""

    def __init__(self, options: Mapping[str, str], _run: Run) -> None:
        known = Options("crowdsec", options, needed=("url", "machine"), optional=("ca_file",), points_to="password")
        self._password = known.secret()
        self._machine = known.get("machine")
        rights = "the password of a machine that `cscli machines list` shows as valid"
        self._api = Api("CrowdSec", known.get("url"), self._password, {}, rights=rights, ca_file=known.path("ca_file"))
        self._token = ""

    def _items(self) -> list[Item]:
        return self._ours(
            self._call("GET", "/v1/alerts", params={"origin": "apiwatch", "has_active_decision": "true", "limit": 0})
        )

    def _add(self, items: Sequence[Item]) -> None:
        for at in range(0, len(items), _BATCH):
            self._post(items[at : at + _BATCH])

    def _post(self, items: Sequence[Item]) -> None:
        now = time.time()
        clock = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        decisions = []
        for item in items:
            row = decision(item.net, item.text, None if item.until is None else item.until - now)
            decisions.append({**row, "scenario": row.pop("reason"), "origin": "apiwatch"})
        alert = {
            "scenario": "apiwatch",
            "scenario_hash": "",
            "scenario_version": "",
            "message": f"{len(decisions)} networks of the block queue",
            "events_count": len(decisions),
            "events": [],
            "start_at": clock,
            "stop_at": clock,
            "capacity": 0,
            "leakspeed": "0",
            "simulated": False,
            "source": {"scope": "apiwatch", "value": ""},
            "decisions": decisions,
        }
        self._call("POST", "/v1/alerts", body=[alert])

    def _forget(self, name: str) -> None:
        self._call("DELETE", "/v1/decisions", params={"scenario": name})

    def _end(self, key: str) -> None:
        self._call("DELETE", f"/v1/decisions/{key}")

    def _call(self, method: str, path: str, **more: Any) -> Any:
        if not self._token:
            login = {"machine_id": self._machine, "password": self._password.value, "scenarios": []}
            answer = self._api.call("POST", "/v1/watchers/login", body=login, again=True)
            self._token = str(answer.get("token", "")) if isinstance(answer, dict) else ""
            self._api.headers["Authorization"] = f"Bearer {self._token}"
        return self._api.call(method, path, **more)


def _seconds(duration: str) -> float:
    """Seconds of a duration as Go prints it: `1h2m3.5s`, `-4.5ms`; 0 for anything else."""
    text = duration.removeprefix("-")
    parts = list(_PART.finditer(text))
    if "".join(part[0] for part in parts) != text:
        return 0.0
    total = sum(float(part[1]) * _SECONDS[part[2]] for part in parts)
    return -total if duration.startswith("-") else total
