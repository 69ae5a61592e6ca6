"""The scenarios by name. A new incident is one more entry: a title and the actors that join the normal traffic."""

from typing import Literal

from apiwatch.errors import UsageError
from apiwatch.simulate.attacks import REPLAYS, brute_force, fuzzing, guessing, scrape, spray, stuffing, walk
from apiwatch.simulate.model import GRADES, Actor, Scenario
from apiwatch.simulate.traps import TRAPS
from apiwatch.text import plain

__all__ = ["SCENARIOS", "Cast", "replay_scenario", "scenario"]

Cast = Literal["attack", "twin", "both"]
"""Who plays in a replay: the attacker, the benign twin, or both."""

SCENARIOS: dict[str, Scenario] = {}
"""Every scenario by its name on the command line."""


def _add(name: str, title: str, *actors: Actor, users_logged: bool = False, stormy: bool = False) -> None:
    SCENARIOS[name] = Scenario(title, lambda stage: actors, users_logged, stormy)


_add(
    "incident",
    "a fast and a slow id walk, credential stuffing and a path fuzzer, seconds apart",
    walk("walk", "203.0.113.9", every=0.1, lasts=720.0),
    walk("slow-walk", "198.51.100.23", every=8.0, after=3.0),
    stuffing("stuffing", "192.0.2.66", every=1.0, after=12.0, lasts=900.0),
    fuzzing("fuzzing", "203.0.113.77", every=0.4, after=25.0),
    users_logged=True,
)
_add("benign", "normal traffic only; the log does not name the users")
_add("benign-users", "normal traffic only; the log names the users", users_logged=True)
_add(
    "traps",
    "no attack, but a release, an outage, a surge, load tests, crawlers, offices and 35 more look-alikes",
    *TRAPS,
    users_logged=True,
    stormy=True,
)
_add("walk", "one client counts through order ids, 10 a second", walk("walk", "203.0.113.9", every=0.1))
_add(
    "slow-walk",
    "one client counts through order ids, one in 30 seconds",
    walk("slow-walk", "198.51.100.23", every=30.0),
)
_add(
    "misses",
    "one client guesses order ids, of which nine in ten do not exist",
    guessing("misses", "203.0.113.14", every=0.5),
)
_add(
    "scrape",
    "one client reads user profiles in random order, none twice",
    scrape("scrape", "198.51.100.42", every=2.0),
)
_add(
    "stuffing",
    "one client tries leaked passwords, a new user each second",
    stuffing("stuffing", "192.0.2.66", every=1.0),
    users_logged=True,
)
_add(
    "spray",
    "one client tries one password on user after user, once a minute",
    spray("spray", "198.51.100.90", every=60.0),
    users_logged=True,
)
_add(
    "brute-force",
    "one client tries password after password for one user, 2 a second",
    brute_force("brute-force", "192.0.2.130", every=0.5),
)
_add(
    "fuzzing",
    "one client works through a word list of endpoints and finds a forgotten one",
    fuzzing("fuzzing", "203.0.113.77", every=0.4),
)


def scenario(name: str, grade: str = "g0", cast: Cast = "attack") -> Scenario:
    """A scenario, or a replay `R1` to `R20`. Raises UsageError for what does not exist, with what does."""
    if name in REPLAYS:
        return replay_scenario(name, grade, cast)
    found = SCENARIOS.get(name)
    if found is None:
        known = f"{', '.join(SCENARIOS)}, R1 to R{len(REPLAYS)}"
        raise UsageError(f"there is no scenario `{plain(name)}`; choose one of {known}")
    return found


def replay_scenario(name: str, grade: str, cast: Cast) -> Scenario:
    """A replay in one grade. Raises UsageError for a grade that it does not have."""
    replay = REPLAYS[name]
    if grade not in replay.grades:
        known = ", ".join(replay.grades)
        why = "means nothing for so few requests" if grade in GRADES else "does not exist"
        raise UsageError(f"{name}: the grade `{plain(grade)}` {why}; choose one of {known}")
    attack = () if cast == "twin" else (replay.attacker(grade),)
    twin = () if cast == "attack" else tuple(actor._replace(replay=name) for actor in replay.twin)
    return Scenario(replay.title, lambda stage: (*attack, *twin), users_logged=True)
