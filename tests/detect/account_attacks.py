"""One attack for each detector of accounts and identities, and who it is about."""

from collections.abc import Callable

from tests.engine.lines import BROWSER, line

Attack = tuple[list[bytes], str]
"""Lines, and the principal that the alert is about; `token:` for any token."""

BAD = "203.0.113.9"
LEARNED = [line(0, f"192.0.2.{client + 1}", "/login", 200, method="POST", size=300 + client) for client in range(2)]


def log_in(at: float, client: str, user: str, status: int = 200, *, agent: str = BROWSER) -> bytes:
    size = 80 if status == 401 else 300 + int(at) % 97
    return line(at, client, "/login", status, method="POST", user=user, size=size, agent=agent)


def guesses(count: int, networks: int, user: str = "alice", *, agents: int = 4, pace: float = 600.0) -> list[bytes]:
    return [
        log_in(100 + pace * step, f"203.0.113.{step % networks + 1}", user, 401, agent=f"{BROWSER} {step % agents}")
        for step in range(count)
    ]


def reset(at: float, client: str, user: str = "-", status: int = 200, *, agent: str = BROWSER) -> bytes:
    return line(at, client, "/api/account/resetPassword", status, method="POST", user=user, agent=agent)


def code(at: float, client: str, status: int, user: str = "-") -> bytes:
    return line(at, client, "/mfa/verify", status, method="POST", user=user)


RESETS = [reset(0, f"192.0.2.{client + 1}", "-") for client in range(3)]
CODES = [code(0, f"192.0.2.{client + 1}", 200, f"w{client}") for client in range(3)]

WARM = 520
"""Clients that show what comes before a route, in 4,160 seconds."""


def in_time(lines: list[tuple[float, bytes]]) -> list[bytes]:
    return [raw for _, raw in sorted(lines)]


def crowd(steps: Callable[[float, str, int], list[bytes]], first: int = 0, count: int = WARM) -> list[bytes]:
    """Clients that each take the steps, ten seconds apart; a new one comes every eight seconds."""
    return in_time(
        [
            (8.0 * number + 10.0 * place, raw)
            for number in range(first, first + count)
            for place, raw in enumerate(steps(8.0 * number, f"10.2.{number // 250}.{number % 250 + 1}", number))
        ]
    )


def proper_reset(at: float, client: str, number: int) -> list[bytes]:
    return [line(at, client, f"/forgot?token=t{number}"), reset(at + 10, client, f"w{number}"),
            log_in(at + 20, client, f"w{number}")]  # fmt: skip


def proper_token(at: float, client: str, number: int) -> list[bytes]:
    return [line(at, client, "/authenticate", method="POST", size=200 + number % 9),
            line(at + 10, client, "/createJWT", method="POST", user=f"w{number}", size=300 + number % 7),
            line(at + 20, client, f"/users?page={number % 5}", user=f"w{number}")]  # fmt: skip


def without_password(at: float, user: str, client: str = BAD) -> bytes:
    return line(at, client, "/createJWT", method="POST", user=user)


WORKOUTS = [
    line(5 * step, f"10.3.0.{step % 200 + 1}", f"/api/user/{step % 200 + 4_000}/workouts", user=f"w{step % 200}")
    for step in range(600)
]
"""A private route that everybody uses with a user name, for 3,000 seconds."""


def with_token(at: float, client: str, token: str, *, agent: str = BROWSER) -> bytes:
    return line(at, client, f"/api/me?access_token={token}", agent=agent)


ME = [with_token(step, f"192.0.2.{step + 1}", f"mine{step}") for step in range(3)]

FILES = [
    line(5 * step, f"10.5.{step % 90}.1", f"/api/files/{7_000 + 13 * step}", user=f"owner{step % 90}")
    for step in range(500)
]
"""Objects of 90 users; nobody reads what belongs to another."""


def file(at: float, number: int, user: str = "mallory", *, client: str = BAD, method: str = "GET") -> bytes:
    return line(at, client, f"/api/files/{7_000 + 13 * number}", user=user, method=method)


MEMBERS = [line(step, f"192.0.2.{step + 1}", f"/1/members/m{step}@example.org") for step in range(3)]


def looked_up(at: float, number: int, status: int = 404, client: str = BAD) -> bytes:
    return line(at, client, f"/1/members/list{number}@example.org", status, size=60)


ATTACKS: dict[str, Attack] = {
    "auth.account-targeted": ([*LEARNED, *guesses(12, networks=4)], "account:alice"),
    "auth.account-takeover": (
        [*LEARNED, *(log_in(10 + step, BAD, f"u{step}", 401) for step in range(20)), log_in(60, BAD, "u7")],
        BAD,
    ),
    "recovery.many-accounts": ([*RESETS, *(reset(10 + 20 * step, BAD, f"u{step}") for step in range(8))], BAD),
    "recovery.code-guessing": ([*CODES, *(code(10 + step, BAD, 401, "alice") for step in range(8))], BAD),
    "recovery.reset-then-login": (
        [
            *LEARNED,
            *RESETS,
            *(
                made
                for step in range(3)
                for made in (reset(10 + 60 * step, BAD, f"u{step}"), log_in(40 + 60 * step, BAD, f"u{step}"))
            ),
        ],
        BAD,
    ),
    "recovery.missing-token-step": ([*crowd(proper_reset), reset(5_000, BAD, "alice")], BAD),
    "identity.missing-predecessor": (
        [*crowd(proper_token), *(without_password(5_000 + 60 * step, f"a{step}") for step in range(3))],
        BAD,
    ),
    "identity.mixed-auth": (
        [*WORKOUTS, *(line(5_000 + step, BAD, f"/api/user/{4_000 + 7 * step}/workouts") for step in range(3))],
        BAD,
    ),
    "identity.token-roaming": (
        [*ME, *(with_token(100 + 60 * step, f"203.0.{113 + step}.9", "stolen") for step in range(6))],
        "token:",
    ),
    "identity.many-users": (
        [*WORKOUTS, *(line(5_000 + 60 * step, BAD, "/api/user/4001/workouts", user=f"a{step}") for step in range(5))],
        BAD,
    ),
    "enumeration.foreign-object": (
        [*FILES, *(file(5_000 + 30 * step, 3 + (37 * step) % 400) for step in range(7))],
        "user:mallory",
    ),
    "enumeration.lookup-oracle": ([*MEMBERS, *(looked_up(10 + step, step) for step in range(20))], BAD),
}
