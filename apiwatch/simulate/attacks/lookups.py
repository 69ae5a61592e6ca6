"""R1 to R4: an open look-up tells who has an account. Lists of e-mails or phone numbers, no credentials."""

from collections.abc import Iterable

from apiwatch.simulate.agents import APPS
from apiwatch.simulate.attacks.swarm import APP, Call, Replay, Turn, loud, many, one, under_cover, visitors
from apiwatch.simulate.chance import SPREAD, mix

__all__ = ["AUTHY", "DUOLINGO", "TRELLO", "TWITTER"]

_ORACLE = ("enumeration.lookup-oracle", "enumeration.miss")
_CROWD = ("population.miss", "population.context-free", "campaign.cluster")
_PROXIES = ("ExampleImageProxy/1.0",)


def _email(turn: Turn, salt: int) -> str:
    return f"u{mix(turn.base * 100_003 + turn.step, salt) & 0xFFFFFFFFFF:010x}%40example.org"


def _profile(turn: Turn, median: int) -> int:
    return int(median * SPREAD[int(1024 * turn.chance.random())])


def _duolingo(turn: Turn) -> Iterable[Call]:
    """Always 200; an unknown e-mail gets a constant empty list, three in ten are known."""
    found = turn.chance.random() < 0.3
    size = _profile(turn, 1_100) if found else 12
    yield Call("GET", f"/2017-06-30/users?email={_email(turn, 21)}", 200, size, 2 if found else 1)


def _popular(turn: Turn) -> Iterable[Call]:
    """One in four asks for a popular user name instead, as widgets do."""
    return _widget(turn) if turn.chance.random() < 0.25 else _duolingo(turn)


def _widget(turn: Turn) -> Iterable[Call]:
    number = int(40 * turn.chance.random() ** 2)
    yield Call("GET", f"/2017-06-30/users?username=widget{number}", 200, int(1_100 * SPREAD[number]))


def _sign_up(turn: Turn) -> Iterable[Call]:
    for index in range(1 + int(3 * turn.chance.random())):
        taken = turn.chance.random() < 0.1
        target = f"/2017-06-30/users?email=n{turn.chance.getrandbits(40):x}%40example.org"
        yield Call("GET", target, 200, 900 if taken else 12, after=8.0 * index)


DUOLINGO = Replay(
    "R1",
    "an e-mail list against an open look-up that always answers 200 (Duolingo 2023)",
    "GET /2017-06-30/users",
    _duolingo,
    {
        "g0": loud(0.05, 400),
        "g1": one(0.2, 300),
        "g2": one(30.0, 60),
        "g3": many(2_000, 0.2, 900),
        "g4": under_cover(10_000, 3.3, 400),
    },
    {"": _ORACLE, "g3": _CROWD, "g4": _CROWD},
    (
        visitors("widgets", _widget, every=7.5, clients=4, agents=_PROXIES),
        visitors("sign-ups", _sign_up, every=60.0, clients=900),
    ),
    must_requests=35,
    recipes={"g4": _popular},
    must_many=(None, 60.0),
)


def _trello(turn: Turn) -> Iterable[Call]:
    """The e-mail stands in the path; three in a hundred are known."""
    found = turn.chance.random() < 0.03
    status, size = (200, _profile(turn, 1_800)) if found else (404, 60)
    yield Call("GET", f"/1/members/{_email(turn, 22)}", status, size, 2 if found else 1)


def _board(turn: Turn) -> Iterable[Call]:
    number = turn.client * 16 + int((3 + turn.client % 8) * turn.chance.random())
    missing = turn.chance.random() < 0.01
    status, size = (404, 60) if missing else (200, int(1_800 * SPREAD[number & 1023]))
    yield Call("GET", f"/1/members/m{number}%40example.org", status, size)


TRELLO = Replay(
    "R2",
    "an e-mail list in the path, through proxies, three hits in a hundred (Trello 2024)",
    "GET /1/members/{email}",
    _trello,
    {
        "g0": loud(0.05, 400),
        "g1": one(0.2, 300),
        "g2": one(30.0, 60),
        "g3": many(1_000, 0.1, 900),
        "g4": under_cover(10_000, 1.0, 900),
    },
    {"": _ORACLE, "g3": _CROWD, "g4": _CROWD},
    (visitors("boards", _board, every=4.0, clients=120, accounts=True),),
    must_requests=100,
    must_many=(100, None),
)

_START = "/1.1/onboarding/task.json?flow_name=login"
_STEP = "/1.1/onboarding/task.json"


def _twitter(turn: Turn) -> Iterable[Call]:
    """Only the first step of a log-in; the identifier is in the body."""
    found = turn.chance.random() < 0.1
    status, size = (200, _profile(turn, 1_200)) if found else (400, 120)
    yield Call("POST", _START, status, size, 2 if found else 1)


def _finishing(turn: Turn) -> Iterable[Call]:
    """Half of the clients also finish a flow with an account of their own."""
    yield from _twitter(turn)
    if turn.client % 2 and turn.first:
        yield from (Call("POST", _START, 200, 1_190, 0, after=4.0), Call("POST", _STEP, 200, 730, 0, after=9.0))


def _flow(turn: Turn) -> Iterable[Call]:
    """One in ten users gives up after the first step."""
    yield Call("POST", _START, 200, _profile(turn, 1_200))
    if turn.chance.random() > 0.1:
        yield Call("POST", _STEP, 200, _profile(turn, 720), after=5.0 + 10.0 * turn.chance.random())


_ABANDONED = ("population.flow-abandonment", *_CROWD)

TWITTER = Replay(
    "R3",
    "the first step of a log-in flow as an oracle (Twitter 2021-22)",
    "POST /1.1/onboarding/task.json",
    _twitter,
    {
        "g0": loud(0.2, 300, APP),
        "g1": one(1.0, 300, APP),
        "g2": one(30.0, 60, APP),
        "g3": many(500, 0.33, 900, (APP,)),
        "g4": under_cover(3_000, 2.0, 450, (APP,)),
    },
    {"": _ORACLE[::-1], "g3": _ABANDONED, "g4": _ABANDONED},
    (visitors("flows", _flow, every=6.0, clients=2_000, agents=APPS),),
    must_requests=60,
    recipes={"g4": _finishing},
    must_many=(60, 360.0),
)


def _phone(number: int, found: bool) -> Call:
    status, size = (200, 180) if found else (404, 60)
    return Call("GET", f"/protected/json/users/%2B999{number:09d}/status", status, size, 2 if found else 1)


def _authy(turn: Turn) -> Iterable[Call]:
    """Numbers of one range in ascending order, one in five is known."""
    yield _phone(turn.base * 100 + turn.step, turn.chance.random() < 0.2)


def _shuffled(turn: Turn) -> Iterable[Call]:
    """Eight workers that are out of step."""
    block, place = divmod(turn.step, 8)
    yield _phone(turn.base * 100 + 8 * block + (3 * place + block) % 8, turn.chance.random() < 0.2)


def _blocks(turn: Turn) -> Iterable[Call]:
    """Every address has a block of numbers for itself."""
    yield _phone(turn.base * 100 + turn.client * 500 + turn.step // 200, turn.chance.random() < 0.2)


def _anywhere(turn: Turn) -> Iterable[Call]:
    yield _phone(turn.base * 100 + int(100_000 * turn.chance.random()), turn.chance.random() < 0.2)


def _contacts(turn: Turn) -> Iterable[Call]:
    """A new phone looks up a whole address book, one in five is known."""
    for index in range(60):
        number = int(900_000_000 * turn.chance.random())
        yield _phone(number, turn.chance.random() < 0.2)._replace(after=0.15 * index)


_WALKED = ("enumeration.sequential", *_ORACLE)

AUTHY = Replay(
    "R4",
    "phone numbers in the order of a range (Authy 2024)",
    "GET /protected/json/users/{phone}/status",
    _authy,
    {
        "g0": loud(0.1, 300),
        "g1": one(0.5, 300),
        "g2": one(30.0, 60),
        "g3": many(200, 0.1, 4_000),
        "g4": under_cover(5_000, 1.0, 900),
    },
    {"": _WALKED, "g3": (*_CROWD, *_WALKED), "g4": _CROWD},
    (visitors("contact-sync", _contacts, every=240.0, clients=4_000, accounts=True, agents=APPS),),
    must_requests=15,
    recipes={"g1": _shuffled, "g3": _blocks, "g4": _anywhere},
    must_many=(None, None),
)
