"""R16 and R17: log-ins that are tried: leaked passwords, one password for all, all passwords for one."""

from collections.abc import Iterable

from apiwatch.simulate.attacks.swarm import Call, Replay, Turn, loud, many, one, under_cover, visitors

__all__ = ["SPRAY", "STUFFING"]

_LOG_IN = "POST /api/login"


def _attempt(turn: Turn, user: str, success: float = 0.0) -> Call:
    let_in = turn.chance.random() < success
    status, size = (200, 712) if let_in else (401, 83)
    return Call("POST", "/api/login", status, size, 2 if let_in else 1, user=user)


def _leaked(turn: Turn) -> str:
    return f"{turn.chance.choice('abcdefghijklmnoprst')}.{turn.chance.getrandbits(36):x}@example.org"


def _stuffing(turn: Turn) -> Iterable[Call]:
    """A new user at every attempt; one in a hundred works."""
    yield _attempt(turn, _leaked(turn), 0.01)


def _with_page(turn: Turn) -> Iterable[Call]:
    """Loads a page before."""
    yield Call("GET", "/", 200, 5_318, 0)
    yield from (call._replace(after=6.0) for call in _stuffing(turn))


def _mailing(turn: Turn) -> Iterable[Call]:
    """After a marketing mail many users log in, as successfully as ever."""
    wrong = turn.chance.random() < 0.08
    user = f"reader{turn.client}"
    yield Call("GET", "/", 200, 5_318)
    if wrong:
        yield Call("POST", "/api/login", 401, 83, user=user, after=9.0)
    yield Call("POST", "/api/login", 200, 700 + turn.client % 30, user=user, after=20.0)
    yield Call("GET", "/api/me", 200, 420 + turn.client % 90, user=user, after=21.0)


_WAVE = ("population.login-failures", "population.context-free", "campaign.cluster")

STUFFING = Replay(
    "R16",
    "leaked passwords, a new address at nearly every attempt (credential stuffing)",
    _LOG_IN,
    _stuffing,
    {
        "g0": loud(1.0, 300),
        "g1": one(2.0, 200),
        "g2": one(30.0, 60),
        "g3": many(500, 1.0, 600),
        "g4": under_cover(10_000, 5.0, 360),
    },
    {"": ("auth.credential-stuffing",), "g3": _WAVE, "g4": _WAVE},
    (visitors("mailing", _mailing, every=2.0, clients=4_000),),
    must_requests=9,
    recipes={"g4": _with_page},
    must_many=(60, 60.0),
)


def _spray(turn: Turn) -> Iterable[Call]:
    yield _attempt(turn, _leaked(turn))


def _brute(turn: Turn) -> Iterable[Call]:
    yield _attempt(turn, "carla.weber17")


def _targets(turn: Turn) -> Iterable[Call]:
    """A hundred addresses work on the same few users."""
    yield _attempt(turn, f"target.user{turn.step % 20}")


def _own_account(turn: Turn) -> Iterable[Call]:
    """Also logs in with an account of its own."""
    yield from _targets(turn)
    if turn.step % 3 == 0:
        yield Call("POST", "/api/login", 200, 705, 0, user=f"own{turn.client}", after=5.0)


def _pupils(turn: Turn) -> Iterable[Call]:
    """A school behind one address: three in ten first tries fail."""
    user = f"pupil{int(60 * turn.chance.random())}"
    if turn.chance.random() < 0.3:
        yield Call("POST", "/api/login", 401, 83, user=user)
    yield Call("POST", "/api/login", 200, 698, user=user, after=8.0)


def _device(turn: Turn) -> Iterable[Call]:
    """A forgotten device whose password was changed."""
    yield Call("POST", "/api/login", 401, 83, user="old-tablet")


_TARGETED = ("auth.account-targeted", "population.login-failures", "campaign.cluster")

SPRAY = Replay(
    "R17",
    "password spraying and brute force, down to one attempt in 54 minutes",
    _LOG_IN,
    _brute,
    {
        "g0": loud(0.5, 300),
        "g1": one(60.0, 30),
        "g2": one(3_240.0, 12),
        "g3": many(100, 12.0, 300),
        "g4": under_cover(400, 12.0, 300),
    },
    {"": ("auth.password-spray", "auth.brute-force", "auth.credential-stuffing"), "g3": _TARGETED, "g4": _TARGETED},
    (
        visitors("school", _pupils, every=40.0),
        visitors("device", _device, every=3_600.0, agents=("ExampleTablet/1.0",)),
    ),
    must_requests=9,
    recipes={"g1": _spray, "g2": _spray, "g3": _targets, "g4": _own_account},
    must_many=(300, None),
)
