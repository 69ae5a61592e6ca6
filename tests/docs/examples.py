"""One small log per family of detectors, and what the program says about it: the worked examples of docs/deciding.md.

`python -m tests.docs.examples` writes the blocks of the page anew.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from apiwatch.model import SEVERITIES, Alert
from apiwatch.simulate import Hit
from tests.detect.amount_attacks import EXPORTS, MEGABYTE, WARM, export, hammer, in_order, steady
from tests.detect.inventory_attacks import LATER, TWO_DAYS, in_time, shadow
from tests.engine.lines import alerts_of, known_route, line
from tests.properties.attacks import addresses, fuzzing, hit, scrape, stuffing, walk
from tests.properties.traffic import judged, ordered, remembered, traffic, written

PAGE = Path(__file__).parents[2] / "docs" / "deciding.md"
ATTACKER = "203.0.113.9"
RATE = 6.0
ONSET = 1_900.0
_BLOCK = re.compile(r"(?<=<!-- example: )([a-z.-]+) -->\n```text\n(.*?)```\n", re.DOTALL)


def in_the_shop(*attacks: list[Hit]) -> list[Alert]:
    """Alerts over attacks in the simulated shop, half an hour after its log began."""
    everything = traffic("benign-users", minutes=ONSET / 60.0 + 15.0, rate=RATE)
    meanwhile = [one for one in everything if ONSET <= one.time < ONSET + 300.0]
    return judged(written(ordered(meanwhile, *attacks)), after=remembered("benign-users", ONSET, rate=RATE)).alerts


def walks() -> list[Alert]:
    return in_the_shop(walk([ATTACKER], ONSET + 30.0, 2.0, 8))


def scrapes() -> list[Alert]:
    return in_the_shop(scrape([ATTACKER], ONSET + 30.0, 2.0, 65))


def guesses_passwords() -> list[Alert]:
    return in_the_shop(stuffing([ATTACKER], ONSET + 30.0, 20.0, 9))


def stuffs_from_everywhere() -> list[Alert]:
    return in_the_shop(stuffing(addresses(200), ONSET + 30.0, 2.0, 40))


def fuzzes() -> list[Alert]:
    return in_the_shop(fuzzing([ATTACKER], ONSET + 30.0, 2.0, 6))


def fuzzes_from_everywhere() -> list[Alert]:
    return in_the_shop(
        [
            hit(ONSET + 30.0 + 2.0 * step + number, client, f"/old{number}/{step}", 404, 76)
            for number, client in enumerate(addresses(12))
            for step in range(6)
        ]
    )


def resets() -> list[Alert]:
    return alerts_of(
        [
            *known_route("/forgot", method="POST"),
            *(line(100 + 40 * step, ATTACKER, "/forgot", 202, method="POST", user=f"u{step}") for step in range(6)),
        ]
    )


def asks_without_credentials() -> list[Alert]:
    users = [
        line(10 * step, f"10.3.0.{step % 200 + 1}", f"/api/orders/{9_000 + step}", user=f"u{step % 200}")
        for step in range(400)
    ]
    return alerts_of([*users, line(5_000, ATTACKER, "/api/orders/9399")])


def answers_unexpectedly() -> list[Alert]:
    return alerts_of(in_time(TWO_DAYS, [shadow(LATER + 30.0 * step, step) for step in range(2)]))


def floods() -> list[Alert]:
    return alerts_of(in_order(steady(WARM), hammer(WARM - 40.0, 40.0, 15.0)))


def carries_away() -> list[Alert]:
    return alerts_of([*EXPORTS, export(WARM, 900_000, 100 * MEGABYTE)])


EXAMPLES: dict[str, tuple[Callable[[], list[Alert]], str]] = {
    "enumeration": (walks, "enumeration.sequential"),
    "scraping": (scrapes, "scraping.distinct-objects"),
    "auth": (guesses_passwords, "auth.password-spray"),
    "recovery": (resets, "recovery.many-accounts"),
    "recon": (fuzzes, "recon.endpoint-fuzzing"),
    "inventory": (answers_unexpectedly, "inventory.shadow-endpoint"),
    "volume": (floods, "volume.principal-surge"),
    "exfiltration": (carries_away, "exfiltration.oversized-response"),
    "identity": (asks_without_credentials, "identity.mixed-auth"),
    "population": (stuffs_from_everywhere, "population.login-failures"),
    "campaign": (fuzzes_from_everywhere, "campaign.cluster"),
}
"""Family -> its log, and the detector that is shown."""


@cache
def told(family: str) -> str:
    """What the program says about the example of a family, without times and lines."""
    make, detector = EXAMPLES[family]
    alert = next(alert for alert in make() if alert.detector == detector)
    found = [f"{SEVERITIES[alert.severity].upper()}  {alert.title}", f"  {alert.detector}  score {alert.score}"]
    found.append(f"  why      {alert.explanation.why}")
    for number in alert.explanation.numbers:
        found.append(f"  number   {number.name}: {number.value}")
        found.append(f"           limit {number.threshold}; usual: {number.baseline}")
    found += [f"  against  {doubt}" for doubt in alert.explanation.counter_evidence]
    found.append(f"  clears   {alert.explanation.clears_when}")
    return "".join(f"{text}\n" for text in found)


def blocks(page: str) -> dict[str, str]:
    """The blocks of the page, by family."""
    return {found[1]: found[2] for found in _BLOCK.finditer(page)}


def renewed(page: str) -> str:
    """The page with each block as the program says it now."""
    return _BLOCK.sub(lambda found: f"{found[1]} -->\n```text\n{told(found[1])}```\n", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
