"""What appliers share: commands that must succeed, options, lifetimes, and going back when half of it failed."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from apiwatch.blocklist.applying.applier import Held
from apiwatch.blocklist.applying.run import Run, said
from apiwatch.blocklist.networks import Network, bare, parse_network
from apiwatch.blocklist.planning import Plan
from apiwatch.errors import ApplyError, UsageError
from apiwatch.text import one_line

__all__ = ["done", "lifetimes", "nets", "option", "or_back", "reject_unknown", "sources"]


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
    """Network -> whole seconds that it shall live from `at` on, at least 1; None: permanent.

    `longest` caps what is not blocked already; what is keeps at least the time that it has left.
    """
    known = {parse_network(net): entry.left for net, entry in held.items()}
    return {row.net: _lifetime(row.network, row.expires, known, at, longest) for row in plan.rows}


def _lifetime(
    network: Network, expires: float | None, held: Mapping[Network, float | None], at: float, longest: float | None
) -> int | None:
    wanted = math.inf if expires is None else max(1.0, expires - at)
    if longest is not None:
        covering = [held[wide] for wide in _supernets(network) if wide in held]
        kept = max((math.inf if left is None else left for left in covering), default=0.0)
        wanted = min(wanted, max(longest, kept))
    return None if math.isinf(wanted) else math.ceil(wanted)


def _supernets(network: Network) -> Iterator[Network]:
    for prefix in range(network.prefixlen, -1, -1):
        yield network.supernet(new_prefix=prefix)


def nets(held: Mapping[str, Held]) -> list[Network]:
    """The networks that are held, sorted by family and address."""
    return sorted((parse_network(net) for net in held), key=lambda net: (net.version, int(net.network_address)))


def sources(plan: Plan) -> dict[str, str]:
    """Network -> how a list shows it: an address alone where it is one."""
    return {row.net: bare(row.network) for row in plan.rows}


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
