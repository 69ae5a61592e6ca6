"""A log-in that answers 200 to everything, as on the front page of a content manager."""

from apiwatch.model import Severity
from tests.engine.lines import alerts_of, events_of, line

FORM = "/administrator/index.php"
OWNER = "10.6.0.200"
FORCERS = {"203.0.113.1": 4_481, "198.51.100.7": 4_481, "192.0.2.60": 4_398, "203.0.113.90": 4_512}
"""Client -> size of all its answers."""

SPRAYER = "198.51.100.99"


def site() -> list[tuple[float, bytes]]:
    """Readers, and the owner who logs in now and then, mistypes once, and works."""
    pages = ("/", "/about", "/contact", "/images/peak.jpg", "/style.css")
    found = [(13.0 * step, line(13 * step, f"10.6.{step % 3}.{step % 90 + 1}", pages[step % 5], size=4_000 + step % 5))
             for step in range(1_500)]  # fmt: skip
    for visit in range(6):
        at = 3_000.0 * visit + 50
        steps = [
            ("GET", 200, 4_481, 0.0), *([("POST", 200, 4_481, 9.0)] if visit % 2 else []), ("POST", 303, 0, 20.0),
            ("GET", 200, 23_000, 21.0), ("POST", 303, 0, 90.0), ("POST", 303, 0, 150.0),
        ]  # fmt: skip
        for method, status, size, after in steps:
            found.append((at + after, line(at + after, OWNER, FORM, status, method=method, size=size)))
    return found


def forced(
    client: str, *, count: int, start: float, every: float, with_form: bool = False
) -> list[tuple[float, bytes]]:
    """Attempts that fail, each perhaps after a look at the form with its style."""
    found: list[tuple[float, bytes]] = []
    size = FORCERS.get(client, 4_481)
    for step in range(count):
        at = start + step * every
        if with_form:
            found.append((at, line(at, client, FORM, size=size)))
            found.append((at, line(at, client, "/style.css", size=77)))
        found.append((at, line(at, client, FORM, method="POST", size=size)))
    return found


def in_order(*streams: list[tuple[float, bytes]]) -> list[bytes]:
    return [raw for _, raw in sorted((timed for stream in streams for timed in stream), key=lambda timed: timed[0])]


def attacked() -> list[bytes]:
    one, two, three, four = FORCERS
    return in_order(
        site(),
        forced(one, count=300, start=700.0, every=2.0),
        forced(two, count=120, start=900.0, every=60.0, with_form=True),
        forced(three, count=71, start=4_000.0, every=11.0),
        forced(four, count=40, start=9_000.0, every=170.0, with_form=True),
        forced(SPRAYER, count=5, start=1_000.0, every=3_240.0),
    )


def test_each_client_that_guesses_is_found_within_nine_attempts_and_the_owner_is_not() -> None:
    lines = attacked()
    attempts: dict[str, int] = {}
    for event in events_of(lines):
        client = event.alert.client
        if event.alert.detector == "auth.brute-force" and client not in attempts:
            posts = [raw for raw in lines[: event.line] if raw.startswith(f"{client} ".encode()) and b'"POST ' in raw]
            attempts[client] = len(posts)
    assert set(attempts) == set(FORCERS)
    assert max(attempts.values()) <= 9


def test_five_attempts_in_four_hours_and_the_work_of_the_owner_are_no_high_alert() -> None:
    others = [alert for alert in alerts_of(attacked()) if alert.client not in FORCERS]
    assert [alert.title for alert in others if alert.severity > Severity.MEDIUM] == []
    assert alerts_of(in_order(site())) == []
