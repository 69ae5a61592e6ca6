"""R8, R9, R14: a step that must come before is missing, or a newcomer does what only old hands do."""

from collections.abc import Iterable

from apiwatch.simulate.attacks.swarm import Call, Replay, Turn, loud, many, one, under_cover, visitors
from apiwatch.simulate.chance import mix

__all__ = ["HONDA", "KIA", "TOYOTA"]

_FORGOT, _RESET, _LOG_IN = "/forgot", "/api/account/resetPassword", "/login"


def _honda(turn: Turn) -> Iterable[Call]:
    """Resets two accounts without a token, logs in as them, walks the dealers, then looks at the administration."""
    dealer = f"dealer{(turn.base + turn.step) % 9_000}"
    if turn.step < 2:
        yield Call("POST", _RESET, 200, 41, user=dealer)
        yield Call("POST", _LOG_IN, 200, 702, user=dealer, after=0.4)
    elif turn.step < 42:
        target = f"/dealersites/{3_000 + turn.base % 500 + turn.step}/orders"
        yield Call("GET", target, 200, 1_400 + 13 * turn.step, 2, user=f"dealer{(turn.base + 1) % 9_000}")
    else:
        path = ("/admin/dealers", "/admin/users")[turn.step % 2]
        yield Call("GET", path, 200, 9_000, 2, user=f"dealer{(turn.base + 1) % 9_000}")


def _help_desk(turn: Turn) -> Iterable[Call]:
    """Resets for many accounts, each with the token step."""
    user = f"dealer{int(9_000 * turn.chance.random())}"
    yield Call("GET", f"{_FORGOT}?token={turn.chance.getrandbits(80):020x}", 200, 2_100)
    yield Call("POST", _RESET, 200, 41, user=user, after=20.0)
    yield Call("POST", _LOG_IN, 200, 702, user=user, after=45.0)


def _dealer(turn: Turn) -> Iterable[Call]:
    """A dealer reads the orders of the own site, and resets a forgotten password now and then."""
    site = 3_000 + mix(turn.client, 41) % 600
    user = f"dealer{turn.client}"
    if turn.step % 12 == 0:
        yield from (call._replace(user=user) for call in _help_desk(turn))
    yield Call("GET", f"/dealersites/{site}/orders", 200, 1_400 + site % 700, user=user, after=60.0)


HONDA = Replay(
    "R8",
    "password resets without the token, then a walk over the dealers (Honda 2023)",
    "GET /dealersites/{int}/orders",
    _honda,
    {
        "g0": loud(0.5, 46),
        "g1": one(5.0, 46),
        "g2": one(60.0, 46),
        "g3": many(46, 5.0, 46),
        "g4": under_cover(46, 60.0, 46),
    },
    {
        "": (
            "recovery.missing-token-step",
            "recovery.reset-then-login",
            "enumeration.sequential",
            "enumeration.foreign-object",
            "identity.new-on-closed-route",
        )
    },
    (
        visitors("help-desk", _help_desk, every=960.0, hours=(8.0, 17.0)),
        visitors("dealers", _dealer, every=20.0, clients=500),
    ),
    must_requests=14,
)

_AUTHENTICATE, _MINT = "/authenticate", "/createJWT"


def _toyota(turn: Turn) -> Iterable[Call]:
    """A token for an e-mail alone: first a worker's, then, from the directory, an administrator's."""
    worker, chief = f"worker{turn.base % 4_000}@example.org", "chief@example.org"
    if turn.step == 0:
        yield Call("POST", _MINT, 200, 812, 2, user=worker)
    elif turn.step < 6:
        yield Call("GET", f"/users?page={turn.step}", 200, 9_000 + turn.step, 2, user=worker)
    elif turn.step == 6:
        yield Call("POST", _MINT, 200, 816, 2, user=chief)
    elif turn.step == 7:
        yield Call("GET", "/admin/settings", 200, 3_100, 2, user=chief)
    else:
        yield Call("GET", f"/projects/{20_000 + turn.base % 900 + 37 * turn.step}", 200, 5_000, 2, user=chief)


def _supplier(turn: Turn) -> Iterable[Call]:
    """Password first, then the token."""
    user = f"supplier{turn.client}@example.org"
    yield Call("POST", _AUTHENTICATE, 200, 77, user=user)
    yield Call("POST", _MINT, 200, 812, user=user, after=0.4)
    yield Call("GET", f"/projects/{20_000 + mix(turn.client, 43) % 900}", 200, 5_000, user=user, after=9.0)


def _kiosk(turn: Turn) -> Iterable[Call]:
    """One browser, three users in ten minutes, each with a password."""
    return (call._replace(user=f"shift{turn.step % 30}") for call in _supplier(turn))


TOYOTA = Replay(
    "R9",
    "a token from an e-mail alone (Toyota 2022)",
    "POST /createJWT",
    _toyota,
    {"g0": loud(1.3, 15), "g1": one(24.0, 15), "g2": one(720.0, 15), "g3": many(2, 24.0, 15)},
    {"": ("identity.missing-predecessor", "identity.new-on-closed-route", "identity.many-users")},
    (
        visitors("suppliers", _supplier, every=15.0, clients=1_200),
        visitors("kiosk", _kiosk, every=200.0),
    ),
    must_requests=7,
)


def _vin(number: int) -> str:
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    bits = mix(number, 45)
    return "KNA" + "".join(letters[bits // 33**place % 33] for place in range(11)) + f"{number % 900 + 100}"


def _kia(turn: Turn) -> Iterable[Call]:
    """Registers as a dealer, then takes over one car after the other."""
    user = f"newdealer{turn.base}-{turn.client}"
    begin = 0.0
    if turn.first:
        yield Call("POST", "/prof/registerUser", 200, 310, user=user)
        yield Call("POST", "/prof/login", 200, 702, user=user, after=0.1)
        begin = 0.2
    yield from _takeover(_vin(int(600 * turn.chance.random())), user, begin)


def _takeover(vin: str, user: str, begin: float, truth: int = 2) -> Iterable[Call]:
    yield Call("GET", f"/dec/vin/{vin}", 200, 1_900, truth, user=user, after=begin)
    yield Call("PUT", f"/ownership/{vin}", 200, 60, truth, user=user, after=begin + 0.1)
    yield Call("POST", f"/ownership/{vin}/users", 200, 75, truth, user=user, after=begin + 0.2)


def _trained(turn: Turn) -> Iterable[Call]:
    """An account that looked at the training before."""
    yield Call("GET", "/training/1", 200, 9_000, 0, user=f"olddealer{turn.client}")
    user = f"olddealer{turn.client}"
    yield from _takeover(_vin(int(600 * turn.chance.random())), user, 30.0)


def _owner(turn: Turn) -> Iterable[Call]:
    """A dealer works with the cars that it sold itself."""
    yield from _takeover(_vin(turn.client * 20 + int(20 * turn.chance.random())), f"dealer{turn.client}", 0.0, 0)
    if turn.step % 5 == 0:
        yield Call("GET", "/training/1", 200, 9_000, user=f"dealer{turn.client}", after=9.0)


KIA = Replay(
    "R14",
    "a self-registered dealer takes over the cars of others (Kia 2024)",
    "PUT /ownership/{vin}",
    _kia,
    {
        "g0": loud(30.0, 5),
        "g1": one(600.0, 5),
        "g2": one(86_400.0, 4),
        "g3": many(5, 600.0, 5),
        "g4": under_cover(1, 600.0, 5),
    },
    {"": ("identity.new-on-closed-route", "enumeration.foreign-object"), "g4": ("enumeration.foreign-object",)},
    (visitors("dealers", _owner, every=20.0, clients=30),),
    must_requests=8,
    recipes={"g4": _trained},
)
