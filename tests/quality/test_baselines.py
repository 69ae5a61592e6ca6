"""Other tools' rules fire at the very event that their documentation names."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.bench.baselines import BASELINES, LeakyBucket, knowledge
from apiwatch.simulate import Hit


def hit(time: float, target: str = "/api/orders/7", status: int = 200, method: str = "GET", user: str = "a") -> Hit:
    return Hit(time, "192.0.2.9", user, method, target, status, 80, None, "curl/8", 0.01)


def failure(number: int, every: float, user: str = "a") -> Hit:
    return hit(number * every, "/api/login", 401, "POST", user)


def fires_at(name: str, made: Callable[[int], Hit], events: int = 200) -> int | None:
    """Number of the first event, from 1, at which a rule fires."""
    rule = BASELINES[name](knowledge())
    return next((number for number in range(1, events + 1) if rule(made(number))), None)


@pytest.mark.parametrize(
    ("name", "made", "first"),
    [
        ("akto-param-enum", lambda n: hit(n, f"/api/orders/{n}"), 51),
        ("akto-param-enum", lambda n: hit(n, f"/api/users?email=a{n}%40example.org"), 51),
        ("akto-param-enum", lambda n: hit(n, f"/api/orders/{n % 50}"), None),
        ("akto-param-enum", lambda n: hit(n * 30, f"/api/orders/{n}"), None),
        ("wallarm-bola", lambda n: hit(n * 0.9, f"/api/orders/{n}"), 30),
        ("wallarm-bola", lambda n: hit(n * 1.1, f"/api/orders/{n}"), None),
        ("crowdsec-probing", lambda n: hit(n * 0.1, f"/p{n}", 404), 11),
        ("crowdsec-probing", lambda n: hit(n * 0.1, "/p", 404), None),
        ("crowdsec-probing", lambda n: hit(n * 11, f"/p{n}", 404), None),
        ("crowdsec-crawl", lambda n: hit(n * 0.001, f"/p{n}"), 41),
        ("crowdsec-bf", lambda n: failure(n, 0.1), 6),
        ("crowdsec-bf", lambda n: failure(n, 11), None),
        ("crowdsec-slow-bf", lambda n: failure(n, 0.1), 11),
        ("crowdsec-sensitive", lambda n: hit(n * 0.1, f"/{n}/.env", 404), 5),
        ("datadog-stuffing", lambda n: failure(n, 60, f"u{n}"), 31),
        ("datadog-stuffing", lambda n: failure(n, 60, f"u{n % 5}"), None),
        ("datadog-bf", lambda n: failure(n, 60), 41),
        ("fail2ban", lambda n: failure(n, 100), 5),
        ("fail2ban", lambda n: failure(n, 160), None),
        ("aws-login", lambda n: hit(n, "/api/login", 200, "POST"), 100),
        ("auth0", lambda n: failure(n, 3_600), 10),
        ("auth0", lambda n: hit(n, "/api/login", 401 if n % 9 else 200, "POST"), None),
        ("auth0-ip", lambda n: failure(n, 1), 101),
        ("auth0-ip", lambda n: failure(n, 900), None),
    ],
)
def test_a_rule_fires_at_its_published_number(name: str, made: Callable[[int], Hit], first: int | None) -> None:
    assert fires_at(f"baseline.{name}", made) == first


def test_each_case_belongs_to_a_rule_and_none_fires_on_one_page() -> None:
    assert not [name for name in BASELINES if fires_at(name, lambda n: hit(n * 60.0, "/"), 50)]


def other(number: int, time: float, target: str) -> Hit:
    return hit(time, target)._replace(client=f"192.0.2.{100 + number % 50}")


def test_a_rate_is_too_high_at_one_and_a_half_times_what_nine_in_ten_users_do() -> None:
    known = knowledge()
    for number in range(50):
        for time in range(8):
            known.learn(other(number, 10.0 * time, "/api/orders/7"))
    rule = BASELINES["baseline.akto-rate"](known)
    assert [rule(hit(1_000.0 + n, f"/api/orders/{n}")) for n in range(13)] == [False] * 12 + [True]
    assert not any(rule(hit(5_000.0 + 25 * n, f"/api/orders/{n}")) for n in range(100))
    assert not any(rule(hit(9_000.0 + n, "/never/seen")) for n in range(100))


def test_the_fifth_transition_that_nobody_makes_is_one_too_many() -> None:
    known = knowledge()
    for number in range(60):
        for time, target in enumerate(("/list", "/api/orders/7", "/list")):
            known.learn(other(number % 50, 1_000.0 * number + time, target))
    rule = BASELINES["baseline.akto-sequence"](known)
    assert not any(rule(hit(float(n), ("/list", "/api/orders/9")[n % 2])) for n in range(100))
    assert [rule(hit(5_000.0 + n, "/list")) for n in range(6)] == [False] * 5 + [True]
    assert not any(rule(hit(9_000.0 + 700.0 * n, "/list")) for n in range(20))


@given(st.integers(1, 50), st.floats(0.5, 100), st.integers(0, 1_000))
def test_a_bucket_overflows_at_capacity_plus_one_and_never_at_the_pace_of_its_leak(
    capacity: int, leak: float, start: int
) -> None:
    burst, slow = LeakyBucket(capacity, leak), LeakyBucket(capacity, leak)
    assert [burst.pour("k", float(start)) for _ in range(capacity + 1)] == [False] * capacity + [True]
    assert not any(slow.pour("k", start + number * leak * 1.001) for number in range(3 * capacity))


def test_a_bucket_is_mute_after_it_overflowed_and_keys_do_not_share_one() -> None:
    bucket = LeakyBucket(1, 10.0, mute=60.0)
    assert [bucket.pour("a", 0.0), bucket.pour("b", 0.0), bucket.pour("a", 0.1)] == [False, False, True]
    assert not any(bucket.pour("a", 0.2 + second) for second in range(59))
    assert [bucket.pour("a", 61.0), bucket.pour("a", 61.1)] == [False, True]
