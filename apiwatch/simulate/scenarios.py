"""The scenarios by name. A new incident is one more entry: a title and the actors that join the normal traffic."""

from apiwatch.simulate.attacks import brute_force, fuzzing, guessing, scrape, spray, stuffing, walk
from apiwatch.simulate.model import Actor, Scenario

__all__ = ["SCENARIOS"]

SCENARIOS: dict[str, Scenario] = {}
"""Every scenario by its name on the command line."""


def _add(name: str, title: str, *actors: Actor, users_logged: bool = False) -> None:
    SCENARIOS[name] = Scenario(title, lambda stage: actors, users_logged)


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
