"""Which detectors need which fields of a request (design of detection, section 7)."""

from collections.abc import Iterable

import msgspec

from apiwatch.model import FIELDS_MISSING

__all__ = ["NEEDS", "Need", "degraded", "switched_off"]


class Need(msgspec.Struct, frozen=True):
    """What is lost without a field."""

    word: str
    """The field, as users call it."""
    off: tuple[str, ...] = ()
    """Detectors that see nothing without it."""
    weaker: str = ""
    """What the others do worse."""


NEEDS = {
    "user": Need(
        "user",
        off=("auth.account-targeted", "identity.many-users", "enumeration.foreign-object"),
        weaker="guessing one password, stuffing and spraying look the same",
    ),
    "token": Need("token", off=("identity.token-roaming",)),
    "credentials": Need("credentials", off=("identity.mixed-auth",)),
    "bytes": Need(
        "size of answers",
        off=("exfiltration.principal-bytes", "exfiltration.oversized-response"),
        weaker="log-ins and look-ups that answer 200 to everything are not seen through",
    ),
    "user_agent": Need(
        "user agent", off=("recon.scanner-agent",), weaker="users behind one address and members of a campaign blur"
    ),
    "host": Need("host", off=("inventory.unknown-host",)),
    "duration_s": Need("duration", off=("volume.latency-abuse",)),
}
"""By the name of the field; `credentials`: a user, a token, or a statement that there were some."""


def switched_off(missing: Iterable[str], known: Iterable[str]) -> list[str]:
    """Those of the known detectors that are off without these fields."""
    registry = set(known)
    return sorted({name for field in missing for name in NEEDS[field].off if name in registry})


def degraded(missing: Iterable[str], known: Iterable[str]) -> str:
    """What a log without these fields costs, as one sentence; '' when it costs nothing."""
    registry = set(known)
    needs = [need for field in missing if (need := NEEDS[field]).weaker or not registry.isdisjoint(need.off)]
    if not needs:
        return ""
    off = sorted({name for need in needs for name in need.off if name in registry})
    costs = [*([f"without effect: {', '.join(off)}"] if off else []), *(need.weaker for need in needs if need.weaker)]
    return f"{FIELDS_MISSING}{', '.join(need.word for need in needs)}; {'; '.join(costs)}"
