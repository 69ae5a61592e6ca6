"""A state file as an attacked site leaves it, and a process that goes on changing it once a second.

Run: python -m tests.bench.traffic DB [--share 0.3] (until it is ended; made by the dashboard benchmarks)
"""

import argparse
import contextlib
import getpass
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from apiwatch.model import Alert, RouteRow, Severity
from tests.bench.counted import ROOT, variables
from tests.store import rows as make

__all__ = ["FIRST", "SHOWN", "changing", "fill", "flooded", "log_line", "stored_lines"]

SHOWN = 200
"""Rows that a list of the dashboard asks for."""

FIRST = "203.0.113.1"
"""Client of the worst alert: on the screen when the dashboard is."""

_QUIET_S = 600
"""A site of which only the heartbeat is left has been quiet for so long."""

_SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_WORDS = ("orders", "users", "invoices", "carts", "sessions", "reports", "files", "teams")


def fill(
    db: Path, *, clients: int = 2_000, alerts: int = SHOWN, routes: int = SHOWN, minutes: int = 5, now: float = 0.0
) -> "Site":
    """Make a state file with so many of each, active until `now` (default: the present)."""
    site = Site(db, clients, alerts, routes)
    site.begin(minutes, now or time.time())
    return site


class Site:
    """The rows of a site and the collector that commits them. `tick` changes a share of all that a list shows."""

    def __init__(self, db: Path, clients: int = 2_000, alerts: int = SHOWN, routes: int = SHOWN) -> None:
        self.chance = random.Random(11)  # noqa: S311  test data
        names = [f"203.0.113.{number}" for number in range(1, 200)]
        names += [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(max(0, clients - len(names)))]
        self.clients = names[:clients]
        self.alerts = [self._alert(number) for number in range(alerts)]
        self.routes = [f"GET /api/{_WORDS[n % len(_WORDS)]}{n // len(_WORDS)}/{{id}}" for n in range(routes)]
        self.requests = dict.fromkeys(self.clients, 0)
        self.minutes: dict[tuple[int, str], int] = {}
        self.total: dict[int, int] = {}
        self.lines = 0
        self.newest = 0.0
        """Event time of the newest request."""
        self.collector = make.Collector(db)

    def _alert(self, number: int) -> Alert:
        client = f"203.0.113.{1 + number % 199}"
        severity = _SEVERITIES[min(3, number // 8)]
        return make.alert(
            f"alert-{number:04d}",
            client,
            severity,
            score=max(10, 98 - number // 4),
            title=f"walks ids of /api/{_WORDS[number % 8]} in order",
        )

    def begin(self, minutes: int, now: float) -> None:
        """All rows, spread over the last minutes."""
        for ago in range(minutes - 1, -1, -1):
            self._commit(now - 60 * ago, self.clients, self.alerts, list(range(len(self.routes))), 1.0)

    def tick(self, now: float, share: float) -> None:
        """Change a share of the rows that lists show; with 0 it is a heartbeat and nothing else."""
        if not share:
            self.collector.commit(health=self._health(now), sources=[self._source(now)])
            return
        some = [client for client in self.clients[: 2 * SHOWN] if self.chance.random() < share]
        alerts = [alert for alert in self.alerts[:SHOWN] if self.chance.random() < share]
        routes = [number for number in range(min(SHOWN, len(self.routes))) if self.chance.random() < share]
        self._commit(now, some, alerts, routes, share)

    def _commit(self, now: float, clients: list[str], alerts: list[Alert], routes: list[int], share: float) -> None:
        minute, chance, self.newest = int(now) // 60, self.chance, now
        rows: dict[str, Any] = {"clients": [], "client_minutes": [], "suspects": []}
        before = self.lines
        # What is over is forgotten, so that the hours of a benchmark about memory leave nothing here.
        self.minutes = {key: seen for key, seen in self.minutes.items() if key[0] == minute}
        self.total = {each: lines for each, lines in self.total.items() if each == minute}
        for client in clients:
            place = int(client.rpartition(".")[2]) if client.startswith("203.") else 250
            new = chance.randint(1, 3) + (250 - place) // 5
            self.requests[client] += new
            seen = self.minutes[minute, client] = self.minutes.get((minute, client), 0) + new
            self.lines += new
            row = make.client_row(client, last=int(now), requests=self.requests[client])
            rows["clients"].append(row._replace(score=max(0, 90 - place // 3), scored_at=int(now)))
            rows["client_minutes"].append(make.client_minute(minute, client, ok=seen - seen // 3, miss=seen // 3))
        for number in range(min(SHOWN, len(self.alerts))):
            if chance.random() < share:
                rows["suspects"].append(self._suspect(number, now))
        fresh = [self._touched(alert, now) for alert in alerts]
        self.total[minute] = self.total.get(minute, 0) + self.lines - before
        self.collector.commit(
            health=self._health(now),
            sources=[self._source(now)],
            alerts=fresh,
            minutes=[make.minute_row(minute, self.total[minute])],
            routes=[self._route(number, now) for number in routes],
            **rows,
        )

    def _touched(self, alert: Alert, now: float) -> Alert:
        number = int(alert.id.rpartition("-")[2])
        first = alert.first_seen if alert.count > 9 else now - 300
        values = {"count": alert.count + self.chance.randint(1, 40), "last_seen": now, "first_seen": first}
        known = self.alerts[number] = make.alert(
            alert.id, alert.client, alert.severity, score=alert.score, title=alert.title, **values
        )
        return known

    def _suspect(self, number: int, now: float) -> Any:
        client = f"203.0.113.{1 + number % 199}"
        values = {"hits": self.lines % 977, "objects": self.lines % 1009, "last_seen": int(now)}
        if number % 2:
            values |= {"detector": "auth.stuffing", "family": "auth", "route": "POST /login", "parameter": ""}  # type: ignore[dict-item]
        return make.suspect(client, 1 - number / 400, **values)

    def _route(self, number: int, now: float) -> RouteRow:
        requests = 1_000_000 - 1000 * number + self.lines % 1000
        miss, first = requests // 9, int(now) - 4000
        return RouteRow(
            "api.example.com", self.routes[number], "read", first, int(now), requests, 900 - number,
            requests - miss, miss, 0, 0, 0, 0,
        )  # fmt: skip

    def _health(self, now: float, **changes: str) -> Any:
        owner = f"{getpass.getuser()}@{socket.gethostname()}"
        values: dict[str, Any] = {
            "heartbeat": now, "pid": os.getpid(), "owner": owner, "lines": self.lines, "requests": self.lines,
            "lines_per_s": self.lines % 50 + 100.0,
        }  # fmt: skip
        return make.health_view(self.newest, **{**values, **changes})

    def stop(self, now: float) -> None:
        """A last heartbeat, as a collector that was told to stop leaves it."""
        self.collector.commit(health=self._health(now, state="stopped", message="stopped by SIGTERM"))
        self.collector.writer.close()

    def _source(self, now: float) -> Any:
        return make.source_view(lines=self.lines, requests=self.lines, last_time=self.newest)


def flood(out: IO[str]) -> None:
    """Lines of a log for ever, as fast as they are taken: 2 000 a second of their own time, an hour back from now."""
    chance, now = random.Random(5), time.time() - 3600  # noqa: S311  test data
    stamp = time.strftime("%d/%b/%Y", time.gmtime(now))
    lines = [log_line(chance, now).replace(stamp, "@", 1) for _ in range(20_000)]
    texts = [line.partition("@")[0] + "{}" + line.partition("+0000")[2] for line in lines]
    while True:
        for begin in range(0, len(texts), 2000):
            now += 1.0
            moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now))
            out.write("".join(texts[begin : begin + 2000]).replace("{}", moment))


@contextlib.contextmanager
def flooded(db: Path, home: Path) -> Iterator[None]:
    """The real collector on a flood that never ends, at full speed, while it lasts; it is past the first commits."""
    feed = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.traffic", str(db), "--flood"], cwd=ROOT, stdout=subprocess.PIPE
    )
    collect = subprocess.Popen(
        [sys.executable, "-m", "apiwatch", "collect", f"--db={db}", "-"], cwd=ROOT, env=variables(home),
        stdin=feed.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not stored_lines(db):
            if collect.poll() is not None or time.monotonic() > until:
                sys.exit("the collector did not start")
            time.sleep(0.1)
        yield
    finally:
        for process in (collect, feed):
            process.terminate()
            process.wait()


def stored_lines(db: Path) -> int:
    """Lines that the collector of a state file has stored; 0 before the first commit."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as one:
        return int(one.execute("SELECT COALESCE(SUM(lines), 0) FROM sources").fetchone()[0])
    return 0


def log_line(chance: random.Random, now: float) -> str:
    """One line of an access log in the combined format: half of them from a walker of object ids."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now))
    walks = chance.random() < 0.5
    client = FIRST if walks else f"198.51.100.{chance.randint(1, 254)}"
    target = f"/api/orders/{int(now * 1000) % 10_000_000}" if walks else f"/api/{chance.choice(_WORDS)}"
    status = chance.choice((200, 404, 404)) if walks else chance.choice((200, 200, 200, 304, 401))
    return f'{client} - - [{stamp}] "GET {target} HTTP/1.1" {status} {chance.randint(90, 4000)} "-" "curl/8.5"\n'


@contextlib.contextmanager
def changing(db: Path, share: float) -> Iterator[None]:
    """A process that changes a share of the rows once a second (0: heartbeats only), while it lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.traffic", str(db), f"--share={share}"], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("the writer did not start")
        yield
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("db", type=Path)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--flood", action="store_true", help="write an endless log to standard output instead")
    options = parser.parse_args()
    if options.flood:
        with contextlib.suppress(BrokenPipeError):
            flood(sys.stdout)
        os._exit(0)
    site = fill(options.db, now=time.time() - (0 if options.share else _QUIET_S))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print("ready", flush=True)
    due = time.monotonic()
    with site.collector:
        while True:
            due += 1.0
            time.sleep(max(0.0, due - time.monotonic()))
            site.tick(time.time(), options.share)


if __name__ == "__main__":
    main()
