"""One attack for each detector of amounts, and who it is about."""

from tests.detect.account_attacks import Attack
from tests.engine.lines import line

BAD = "203.0.113.9"
WARM = 4_000
"""Seconds of ordinary traffic before an attack."""

MEGABYTE = 1_000_000


def export(at: float, number: int, size: int, *, client: str = BAD, user: str = "mallory") -> bytes:
    return line(at, client, f"/v1/exports/{number}", size=size, user=user)


EXPORTS = [
    export(10 * step, step, MEGABYTE + step % 97 * 30_000, client=f"10.1.{step % 50}.1", user=f"clerk{step % 50}")
    for step in range(400)
]
EXPORTS += [export(WARM - 100 + step, 700_000 + step, MEGABYTE) for step in range(3)]
"""Exports of one to four megabytes of 50 clerks, one of whom is the attacker's."""

ATTACKS: dict[str, Attack] = {
    "exfiltration.oversized-response": ([*EXPORTS, export(WARM + 60, 900_000, 100 * MEGABYTE)], "user:mallory"),
    "exfiltration.principal-bytes": (
        [*EXPORTS, *(export(WARM + 60 * step, 900_000 + 777 * step, 20 * MEGABYTE) for step in range(8))],
        "user:mallory",
    ),
}
