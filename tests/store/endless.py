"""A collector that commits without end until it is killed; run as `python -m tests.store.endless FILE ROWS`.

Every commit N leaves N in all places: offset, state, health, the minute, and each client's totals and minute.
"""

import sys
from pathlib import Path

from apiwatch.model import EvidenceRow
from tests.store.rows import MINUTE, Collector, alert, client_minute, client_row, health_view, minute_row, state_row


def names(count: int) -> list[str]:
    return [f"192.0.{number // 256}.{number % 256}" for number in range(count)]


def commit(collector: Collector, number: int, clients: list[str]) -> None:
    collector.commit(
        {"log": str(number)},
        state=[
            state_row("n", str(number).encode()),
            state_row(f"p/{number}", b"x"),
            state_row(f"p/{number - 1}", None),
        ],
        clients=[client_row(name, requests=number) for name in clients],
        client_minutes=[client_minute(MINUTE, name, ok=number) for name in clients],
        minutes=[minute_row(MINUTE, number * len(clients))],
        alerts=[alert("a1", count=number)],
        evidence=[EvidenceRow("a1", number % 50, MINUTE * 60, "log", number, "line")],
        health=health_view(lines=number),
    )


def main() -> None:
    clients = names(int(sys.argv[2]))
    with Collector(Path(sys.argv[1])) as collector:
        number = int(collector.offsets.get("log", "0"))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            number += 1
            commit(collector, number, clients)


if __name__ == "__main__":
    main()
