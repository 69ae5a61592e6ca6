"""What appliers share: commands that must succeed, options, lifetimes, and going back when half of it failed."""

import contextlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run, said
from apiwatch.blocklist.networks import bare, canonical
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.errors import ApplyError, UsageError
from apiwatch.text import one_line

__all__ = ["done", "lifetimes", "listed", "option", "or_back", "reject_unknown"]


class _Restores(Protocol):
    def snapshot(self) -> bytes: ...

    def restore(self, snapshot: bytes) -> None: ...


def done(run: Run, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0) -> str:
    """Standard output of a command; ApplyError with what it said when it fails."""
    ran = run(argv, stdin=stdin, timeout=timeout)
    if ran.rc:
        raise ApplyError(f"`{one_line(' '.join(argv), 80)}` failed: {said(ran)}")
    out: str = ran.out
    return out


def reject_unknown(target: str, options: Mapping[str, str], known: Sequence[str] = ()) -> None:
    """UsageError for an option that the target does not have."""
    for name in options:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise UsageError(f"block.targets.{target}: `{one_line(name, 40)}` is no option of {target}; {takes}")


def option(target: str, options: Mapping[str, str], name: str, default: str) -> str:
    """An option that names something of another program: letters, digits, `_`, `-`; UsageError for anything else."""
    value = options.get(name, default)
    if (
        not value
        or value.startswith("-")
        or not all(char.isascii() and (char.isalnum() or char in "_-") for char in value)
    ):
        raise UsageError(f"block.targets.{target}.{name}: `{one_line(value, 40)}` is no name; use letters and digits")
    return value


def lifetimes(plan: Plan, held: Mapping[str, Held], at: float, longest: float | None) -> dict[str, int | None]:
    """Network as lists show it -> whole seconds that it shall live from `at` on, at least 1; None: permanent.

    `longest` caps what would not be blocked for longer than that anyway, by what is held now.
    """
    prefixes = {int(net.rpartition("/")[2]) for net in held}
    found: dict[str, int | None] = {}
    for row in plan.rows:
        seconds = math.inf if row.expires is None else max(1.0, row.expires - at)
        if longest is not None and _covered(row, held, prefixes) <= longest:
            seconds = min(seconds, longest)
        found[bare(row.network)] = None if math.isinf(seconds) else math.ceil(seconds)
    return found


def listed(text: str) -> str:
    """Canonical text of a network that the kernel lists; its IPv4 addresses are canonical already.

    >>> listed("203.0.113.7"), listed("2001:db8::/64")
    ('203.0.113.7/32', '2001:db8::/64')
    """
    if ":" in text:
        return canonical(text)
    return text if "/" in text else f"{text}/32"


def _covered(row: Row, held: Mapping[str, Held], prefixes: Collection[int]) -> float:
    """Seconds for which the whole network of the row stays blocked by what is held."""
    nets = [row.net]
    nets += [str(row.network.supernet(new_prefix=prefix)) for prefix in prefixes if prefix < row.network.prefixlen]
    lefts = [held[net].left for net in nets if net in held]
    return max((math.inf if left is None else left for left in lefts), default=0.0)


@contextlib.contextmanager
def or_back(applier: _Restores) -> Iterator[None]:
    """Steps of which each can fail: what was there before comes back when one does; raises its ApplyError."""
    before = applier.snapshot()
    try:
        yield
    except ApplyError as error:
        try:
            applier.restore(before)
        except ApplyError as worse:
            raise ApplyError(f"{error}; the old list could not be put back: {worse}") from None
        raise ApplyError(f"{error}; the old list is in force again") from None
