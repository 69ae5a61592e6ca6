"""One attack for each detector of accounts and identities, and who it is about."""

from tests.engine.lines import BROWSER, line

Attack = tuple[list[bytes], str]
"""Lines, and the principal that the alert is about."""

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
}
