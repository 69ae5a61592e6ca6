"""Days of ordinary use of an API with several hosts, and what does not belong there."""

from collections.abc import Sequence

from tests.detect.account_attacks import Attack
from tests.engine.lines import line

Timed = tuple[float, bytes]
"""Seconds after the start, and a line."""

API = "api.example.com"
DAY = 86_400.0
BAD = "203.0.113.9"
OFFICE = "198.51.100.20"


def in_time(*parts: Sequence[Timed]) -> list[bytes]:
    return [raw for _, raw in sorted((entry for part in parts for entry in part), key=lambda entry: entry[0])]


def week(days: float, paths: Sequence[str] = ("/v2/users/%d", "/v2/items/%d", "/v2/items")) -> list[Timed]:
    """Twenty known users who come twice an hour, and look at what is theirs."""
    found: list[Timed] = []
    for half in range(int(days * 48)):
        for number in range(20):
            for step, path in enumerate(paths):
                at = 1_800.0 * half + 60.0 * number + 7.0 * step
                place = path % (5_000 + 37 * number + half % 5) if "%d" in path else path
                found.append(once(at, API, f"10.1.0.{number + 1}", place, user=f"w{number}"))
    return found


def once(
    at: float, host: str, client: str, path: str, status: int = 200, *, method: str = "GET", size: int = 900,
    user: str = "-",
) -> Timed:  # fmt: skip
    """A line of Apache's vhost_combined."""
    return at, f"{host}:443 ".encode() + line(at, client, path, status, method=method, size=size, user=user)


TWO_DAYS = week(2)
LATER = 2 * DAY


def shadow(at: float, step: int, client: str = BAD, size: int = 5_000) -> Timed:
    return once(at, API, client, f"/ops/reports/{step}", size=size)


def mine(number: int) -> str:
    return f"10.1.0.{number + 1}"


QUIET_WEEKS = [
    once(DAY * day + 3_600 * hour + 10 * number, API, mine(number), f"/v2/users/{5_000 + 37 * number}")
    for day in range(12)
    for hour in range(6)
    for number in range(20)
]
AWAKE = 12 * DAY
OLD_HOST = "api-old.example.com"
SLEEPING = [once(600 * step, OLD_HOST, mine(step % 15), f"/customers/{700 + 13 * step}") for step in range(60)]
OLD_VERSION = [once(600 * step + 5, API, mine(step % 15), f"/v1/users/{700 + 13 * step}") for step in range(60)]


def old_host(step: int, client: str = BAD, status: int = 200, path: str = "/customers/%d") -> Timed:
    return once(AWAKE + 10 * step, OLD_HOST, client, path.replace("%d", str(900 + 77 * step)), status)


def old_version(step: int, client: str = BAD) -> Timed:
    return once(AWAKE + 10 * step, API, client, f"/v1/users/{900 + 77 * step}")


def deal(at: float, car: int, method: str = "GET", user: str = "mallory", client: str = BAD) -> Timed:
    return once(at, API, client, f"/dealer/cars/{car}", method=method, user=user)


DEALERS = [
    made
    for day in range(9)
    for part in range(8)
    for number in range(20)
    for at, car in [(DAY * day + 900 * part + 9 * number, 7_000 + 31 * number + part)]
    for made in (
        deal(at, car, "GET", f"d{number}", mine(number)),
        deal(at + 1, car, "PUT", f"d{number}", mine(number)),
        once(at + 2, API, mine(number), "/v2/items", user=f"d{number}"),
        once(at + 3, API, mine(number), "/v2/news", user=f"d{number}"),
    )
]
"""Twenty dealers, each with cars of his own, for nine days."""

NEW_DEALER = 9 * DAY


def registered(user: str = "mallory") -> list[Timed]:
    return [once(NEW_DEALER + step, API, BAD, "/v2/register", method="POST", user=user) for step in range(2)]


ATTACKS: dict[str, Attack] = {
    "inventory.shadow-endpoint": (
        in_time(TWO_DAYS, [shadow(LATER + 10 * step, step) for step in range(6)]),
        f"routes:{API}/ops",
    ),
    "inventory.unknown-host": (
        in_time(QUIET_WEEKS, SLEEPING, [old_host(step) for step in range(6)]),
        f"host:{OLD_HOST}",
    ),
    "inventory.zombie-version": (
        in_time(QUIET_WEEKS, OLD_VERSION, [old_version(step) for step in range(6)]),
        BAD,
    ),
    "identity.new-on-closed-route": (
        in_time(
            DEALERS, registered(), [deal(NEW_DEALER + 60 + step, 7_031, "PUT" if step else "GET") for step in range(4)]
        ),
        "user:mallory",
    ),
}
