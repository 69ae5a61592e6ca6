"""R5, R6, R7, R10, R12, R13, R15: records are read one after the other, by number, by key, by guess or from a list."""

from collections.abc import Iterable

from apiwatch.simulate.attacks.swarm import Call, Replay, Turn, loud, many, one, under_cover, visitors
from apiwatch.simulate.chance import SPREAD, mix

__all__ = ["DELL", "EXPERIAN", "LINKEDIN", "MCHIRE", "OPTUS", "PELOTON", "T_MOBILE"]

_OLD = "api-old.example.com"
_CROWD = ("population.miss", "population.unpopular", "population.context-free", "campaign.cluster")


def _sized(number: int, median: int) -> int:
    return int(median * SPREAD[mix(number, 31) & 1023])


def _optus(turn: Turn) -> Iterable[Call]:
    """A host that nobody uses any more, customers by number, no credentials."""
    number = 1_000_000 + turn.base + turn.step
    yield Call("GET", f"/customers/{number}", 200, _sized(number, 900), 2, host=_OLD)


def _customer(turn: Turn) -> Iterable[Call]:
    number = 1_000_000 + turn.base + int(500_000 * turn.chance.random())
    yield Call("GET", f"/customers/{number}", 200, _sized(number, 900), 2, host=_OLD)


def _recovery_test(turn: Turn) -> Iterable[Call]:
    for index in range(20):
        yield Call("GET", "/health", 200, 15, host=_OLD, after=1.0 * index)
    for index in range(3):
        yield Call("GET", f"/customers/{900_001 + index}", 200, 911, host=_OLD, after=25.0 + 3.0 * index)


_HOST = ("inventory.unknown-host", "enumeration.sequential", "campaign.cluster")

OPTUS = Replay(
    "R5",
    "a dormant host without access control, customer ids in order (Optus 2022)",
    "GET /customers/{int}",
    _optus,
    {
        "g0": loud(0.027, 600),
        "g1": one(0.2, 300),
        "g2": one(30.0, 60),
        "g3": many(500, 0.027, 1_500),
        "g4": under_cover(5_000, 1.0, 900),
    },
    {"": _HOST, "g4": (*_HOST, *_CROWD)},
    (visitors("recovery-test", _recovery_test, every=1_200.0, hours=(9.0, 17.0)),),
    must_requests=12,
    recipes={"g4": _customer},
)


def _account(turn: Turn) -> Iterable[Call]:
    """Accounts in random order, none twice."""
    number = 10_000_000 + (turn.base * 7_919 + turn.step * 7_368_787) % 30_000_000
    yield Call("GET", f"/v2/accounts/{number}", 200, _sized(number, 1_150), 2)


def _sync(turn: Turn) -> Iterable[Call]:
    """A partner reads what it also read the days before."""
    for index in range(40):
        number = 10_000_000 + (index * 7_919 + turn.step % 3) % 4_000
        yield Call("GET", f"/v2/accounts/{number}", 200, _sized(number, 1_150), after=0.1 * index)


_VOLUME = ("scraping.distinct-objects", "volume.principal-surge", "exfiltration.principal-bytes")

T_MOBILE = Replay(
    "R6",
    "one key reads accounts round the clock (T-Mobile 2022-23)",
    "GET /v2/accounts/{int}",
    _account,
    {
        "g0": loud(0.1, 1_500),
        "g1": one(0.1, 1_500),
        "g2": one(30.0, 120),
        "g3": many(20, 0.1, 1_500),
        "g4": under_cover(200, 1.5, 900),
    },
    {"": _VOLUME, "g3": (*_VOLUME, "campaign.cluster"), "g4": (*_VOLUME, "population.unpopular", "campaign.cluster")},
    (visitors("daily-sync", _sync, every=600.0, accounts=True, hours=(9.0, 12.0)),),
    must_seconds=900.0,
    accounts=True,
)

_TAG = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _tag(bits: int) -> str:
    return "".join(_TAG[bits // 36**place % 36] for place in range(7))


def _dell(turn: Turn) -> Iterable[Call]:
    """Generated service tags, one in ten exists."""
    found = turn.chance.random() < 0.1
    status, size = (200, 900) if found else (404, 60)
    yield Call("GET", f"/orders?serviceTag={_tag(turn.chance.getrandbits(36))}", status, size, 2 if found else 1)


def _covered_dell(turn: Turn) -> Iterable[Call]:
    """Three in ten tags are known ones."""
    return _reseller(turn) if turn.chance.random() < 0.3 else _dell(turn)


def _reseller(turn: Turn) -> Iterable[Call]:
    number = int(200 * turn.chance.random() ** 1.5)
    missing = turn.chance.random() < 0.03
    yield Call("GET", f"/orders?serviceTag={_tag(mix(number, 33))}", 404 if missing else 200, 60 if missing else 905)


_GUESSED = ("enumeration.miss", "volume.principal-surge", "identity.new-on-closed-route", "campaign.cluster")

DELL = Replay(
    "R7",
    "fake partners guess service tags (Dell 2024)",
    "GET /orders",
    _dell,
    {
        "g0": loud(0.012, 900),
        "g1": one(0.2, 300),
        "g2": one(30.0, 60),
        "g3": many(100, 0.05, 2_000),
        "g4": under_cover(300, 1.0, 1_200),
    },
    {"": _GUESSED, "g3": (*_GUESSED, *_CROWD), "g4": (*_GUESSED, *_CROWD)},
    (visitors("reseller", _reseller, every=20.0, clients=3, accounts=True),),
    must_requests=12,
    accounts=True,
    recipes={"g4": _covered_dell},
    must_many=(None, None),
)


def _hex(number: int) -> str:
    return f"{mix(number, 35):016x}{mix(number, 36):016x}"


def _workouts(number: int, user: str | None, truth: int = 2) -> Call:
    target = f"/api/user/{_hex(number)}/workouts"
    return Call("GET", target, 200, _sized(number, 2_000), truth, user=user)


def _peloton(turn: Turn) -> Iterable[Call]:
    """Workouts of others, without credentials; eight in ten are of riders who are known."""
    known = turn.chance.random() < 0.8
    yield _workouts(int(400 * turn.chance.random()) if known else 5_000 + turn.base + turn.step, None)


def _subscriber(turn: Turn) -> Iterable[Call]:
    """As above, with an account of one's own."""
    for call in _peloton(turn):
        yield call._replace(user=f"subscriber-{turn.client}")


def _rider(turn: Turn) -> Iterable[Call]:
    """A rider looks at his own workouts; some pages are shared with everybody."""
    yield _workouts(turn.client, f"rider-{turn.client}", 0)
    if turn.step % 4 == 0:
        shared = int(300 * turn.chance.random())
        user = f"rider-{turn.client}" if turn.chance.random() < 0.6 else None
        yield Call("GET", f"/share/{_hex(90_000 + shared)}", 200, _sized(shared, 1_500), user=user, after=3.0)


_OWNED = ("identity.mixed-auth", "enumeration.foreign-object")

PELOTON = Replay(
    "R10",
    "a private route answers without credentials (Peloton 2021)",
    "GET /api/user/{hex}/workouts",
    _peloton,
    {
        "g0": loud(0.2, 300),
        "g1": one(2.0, 200),
        "g2": one(60.0, 40),
        "g3": many(200, 0.2, 600),
        "g4": under_cover(500, 1.0, 900),
    },
    {"": _OWNED, "g3": (*_OWNED, *_CROWD), "g4": (*_OWNED[::-1], *_CROWD)},
    (visitors("riders", _rider, every=4.0, clients=400),),
    must_requests=5,
    recipes={"g4": _subscriber},
)


def _score(turn: Turn) -> Iterable[Call]:
    """A score by name and address, which stand in the body."""
    yield Call("POST", "/api/score/lookup", 200, int(1_100 * (0.95 + 0.1 * turn.chance.random())), 2)


def _form(turn: Turn) -> Iterable[Call]:
    """Loads the page of the form before."""
    yield Call("GET", "/credit-check", 200, 8_204, 0)
    yield from (call._replace(after=7.0) for call in _score(turn))


_BLIND = ("scraping.distinct-objects",)

EXPERIAN = Replay(
    "R12",
    "scores of strangers by name and address, nothing visible in the log (Experian 2021)",
    "POST /api/score/lookup",
    _score,
    {
        "g0": loud(0.2, 300),
        "g1": one(1.0, 300),
        "g2": one(30.0, 120),
        "g3": many(500, 1.0, 900),
        "g4": under_cover(2_000, 2.0, 450),
    },
    {"": _BLIND, "g3": ("population.context-free", "campaign.cluster"), "g4": _CROWD},
    (
        visitors("comparison", _score, every=18.0, accounts=True, hours=(8.0, 18.0)),
        visitors("checks", _form, every=30.0, clients=3_000),
    ),
    must_requests=35,
    recipes={"g4": _form},
    must_many=(100, 60.0),
)


def _slug(number: int) -> str:
    bits = mix(number, 37)
    names = ("anna", "ben", "carla", "david", "elif", "finn", "greta", "hugo")
    return f"{names[bits & 7]}-{names[bits >> 3 & 7]}-{bits >> 8 & 0xFFFFFF:06x}"


def _profile(number: int, truth: int) -> Call:
    return Call("GET", f"/api/identity/profiles/{_slug(number)}", 200, _sized(number, 6_000), truth)


def _linkedin(turn: Turn) -> Iterable[Call]:
    """Four in five profiles are read by nobody else."""
    unpopular = turn.chance.random() < 0.85
    yield _profile(10_000 + turn.base + turn.step if unpopular else int(2_000 * turn.chance.random()), 2)


def _feeding(turn: Turn) -> Iterable[Call]:
    yield from _linkedin(turn)
    if turn.step % 3 == 0:
        yield Call("GET", "/api/feed", 200, 21_000, 0, after=6.0)


def _recruiter(turn: Turn) -> Iterable[Call]:
    popular = turn.chance.random() < 0.6
    number = int(2_000 * turn.chance.random() ** 2) if popular else 100_000 + turn.client * 900 + turn.step
    yield _profile(number, 0)
    if turn.step % 2 == 0:
        yield Call("GET", "/api/messages", 200, 3_100, after=11.0)
    if turn.step % 3 == 0:
        yield Call("GET", "/api/search?q=engineer", 200, 4_400, after=17.0)


_SPREAD = ("population.unpopular", "campaign.cluster")

LINKEDIN = Replay(
    "R13",
    "many accounts read profiles, each below the daily cap (LinkedIn 2021)",
    "GET /api/identity/profiles/{slug}",
    _linkedin,
    {
        "g0": loud(0.2, 400),
        "g1": one(1.0, 300),
        "g2": one(30.0, 120),
        "g3": many(300, 3.6, 720, ("ExampleHR/2.1 (Windows)", "ExampleHR/2.2 (Windows)", "ExampleHR/2.2 (macOS)")),
        "g4": under_cover(3_000, 5.0, 360),
    },
    {"": (*_BLIND, *_SPREAD), "g3": (*_SPREAD, *_BLIND), "g4": (*_SPREAD, *_BLIND)},
    (visitors("recruiters", _recruiter, every=3.0, clients=300, accounts=True, hours=(7.0, 20.0)),),
    must_requests=100,
    accounts=True,
    recipes={"g4": _feeding},
    must_many=(720, 86_400.0),
)


def _lead(number: int, truth: int) -> Call:
    return Call("PUT", f"/api/lead/cem-xhr?lead_id={number}", 200, _sized(number, 1_300), truth)


def _mchire(turn: Turn) -> Iterable[Call]:
    """Guesses a test administrator's password, then counts seven applicants down."""
    if turn.step < 3:
        refused = turn.step < 2
        yield Call("POST", "/api/login", 401 if refused else 200, 83 if refused else 702, 0, user="test-admin")
        return
    yield _lead(64_000_000 - turn.base - turn.step, 2)._replace(user="test-admin")


def _leads(turn: Turn) -> Iterable[Call]:
    """A recruiter goes through the applicants of his own restaurant."""
    first = 50_000_000 + mix(turn.client, 39) % 9_000_000
    for index in range(4):
        yield _lead(first + int(900 * turn.chance.random()), 0)._replace(after=12.0 * index)


MCHIRE = Replay(
    "R15",
    "a default password, then applicant ids downwards (McHire 2025)",
    "PUT /api/lead/cem-xhr",
    _mchire,
    {"g0": loud(1.0, 10), "g1": one(10.0, 10), "g2": one(60.0, 10)},
    {"": ("enumeration.sequential", "identity.new-on-closed-route")},
    (visitors("restaurants", _leads, every=25.0, clients=60, accounts=True),),
    must_requests=9,
)
