"""The score of a principal, 0 to 100, with every point itemised (design of detection, section 9)."""

from collections.abc import Mapping

from apiwatch.detect.classes import factor_of
from apiwatch.model import Severity

__all__ = ["GROUPS", "HALF_LIFE", "score"]

HALF_LIFE = 1_800.0
"""Seconds in which a score halves on the screen."""

KEPT = 86_400.0
"""Seconds that a signal counts."""

WEIGHTS = {
    int(Severity.INFO): 0.05,
    int(Severity.LOW): 0.15,
    int(Severity.MEDIUM): 0.35,
    int(Severity.HIGH): 0.60,
    int(Severity.CRITICAL): 0.90,
}
GROUPS = {
    "enumeration": "object",
    "scraping": "object",
    "auth": "account",
    "recovery": "account",
    "recon": "recon",
    "inventory": "recon",
    "volume": "volume",
    "exfiltration": "exfiltration",
    "identity": "identity",
}
"""Family -> group: signals inside one are correlated, so only the strongest counts."""

_GROUP_OF = {"recon.injection-probe": "inject", "recon.parameter-tampering": "inject"}
"""Detectors whose group is not that of their family."""

_REACHED = 1.2

_WEIGHT_OF = {"recon.scanner-agent": 0.10}
"""Detectors whose weight is not that of their severity."""


def score(
    signals: Mapping[str, tuple[int, float, str, float]],
    now: float,
    client_class: str = "user",
    *,
    reached: bool = False,
) -> tuple[int, list[tuple[int, str]]]:
    """Score and its points (points, reason), strongest first; that of known machines counts less.

    `reached` says that an answer about people or accounts followed the first signal: that counts a fifth more.
    `signals` maps a detector to (severity, evidence 0 to 1, reason, time); those of more than 24 h ago do not count.

    >>> score({"enumeration.sequential": (3, 1.0, "a", 9.0), "identity.mixed-auth": (3, 1.0, "b", 9.0)}, 9.0)[0]
    84
    """
    best: dict[str, tuple[float, str]] = {}
    for name in sorted(signals):
        severity, evidence, reason, time = signals[name]
        if now - time > KEPT:
            continue
        group = _GROUP_OF.get(name) or GROUPS.get(name.partition(".")[0], name)
        value = _WEIGHT_OF.get(name, WEIGHTS[severity]) * min(1.0, evidence)
        if value > best.get(group, (0.0, ""))[0]:
            best[group] = (value, reason)
    rest = 1.0
    for value, _ in best.values():
        rest *= 1.0 - value
    total = min(100, round(100 * (1.0 - rest)))
    points = sorted(((round(100 * value), reason) for value, reason in best.values()), reverse=True)
    if reached and total:
        counted = min(100, round(_REACHED * total))
        points.append((counted - total, "was then answered about people or accounts"))
        total = counted
    factor = factor_of(client_class)
    if factor < 1.0:
        counted = round(factor * total)
        points.append((counted - total, f"known as {client_class}: counts {factor:.0%}"))
        total = counted
    return total, points
