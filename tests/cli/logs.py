"""Small access logs in the combined format, with documentation addresses only."""

import random
import time
from collections.abc import Iterator

START = 1_717_236_000.0
"""2024-06-01T10:00:00Z: long ago, so that no event lies in the future of any clock."""

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
WALKER = "198.18.0.9"


def line(
    when: float, client: str, path: str, status: int = 200, size: int = 512, method: str = "GET", agent: str = BROWSER
) -> str:
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(when))
    return f'{client} - - [{stamp}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}"'


def benign(
    seconds: int, *, start: float = START, clients: int = 40, per_second: int = 4
) -> Iterator[tuple[float, str]]:
    """Users that look at their own things and at popular ones; same lines every time."""
    chance = random.Random(7)  # noqa: S311  test data
    for second in range(seconds):
        for _ in range(per_second):
            user = chance.randrange(clients)
            when = start + second + chance.random()
            popular = int(chance.paretovariate(1.2))
            path = chance.choice(
                (
                    "/api/me",
                    f"/api/users/{5000 + 97 * user}",
                    f"/api/articles/{popular % 60}",
                    f"/api/orders/{90_000 + 131 * user + chance.randrange(3)}",
                    "/api/search?q=x",
                )
            )
            yield when, line(when, f"10.0.0.{user + 1}", path, size=300 + user)


def walk(
    requests: int, *, start: float = START + 600, every: float = 1.0, client: str = WALKER
) -> Iterator[tuple[float, str]]:
    """One client that counts through the ids of users: two of three exist."""
    for step in range(requests):
        when = start + step * every
        exists = step % 3 != 2
        path = f"/api/users/{20_000 + step}"
        yield (
            when,
            line(when, client, path, 200 if exists else 404, 800 if exists else 60, agent="python-requests/2.31"),
        )


def incident(seconds: int = 1200, walked: int = 120) -> list[str]:
    """Benign traffic with an id walk in it, in the order of time."""
    events = [*benign(seconds), *walk(walked)]
    return [text for _, text in sorted(events, key=lambda event: event[0])]


def text_of(lines: list[str]) -> str:
    return "".join(f"{text}\n" for text in lines)
