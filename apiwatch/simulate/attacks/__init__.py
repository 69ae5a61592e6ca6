"""The attackers: single ones with one mechanism each, and the replays of published incidents (`REPLAYS`)."""

from apiwatch.simulate.attacks.replays import REPLAYS
from apiwatch.simulate.attacks.single import brute_force, fuzzing, guessing, scrape, spray, stuffing, walk

__all__ = ["REPLAYS", "brute_force", "fuzzing", "guessing", "scrape", "spray", "stuffing", "walk"]
