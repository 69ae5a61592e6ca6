"""Applies lists past the rails in a process of its own, which then waits to be killed instead of being confirmed.

`forced.py DIRECTORY CASES`: CASES is a JSON array of `Case`; what is in force then stands in `DIRECTORY/in-force`.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from apiwatch.blocklist import TARGETS, Artifact, Plan, plan
from apiwatch.blocklist.applying.applier import Applier
from apiwatch.blocklist.applying.audit import Audit
from apiwatch.blocklist.applying.engine import apply_list
from apiwatch.blocklist.applying.records import Record, Records
from apiwatch.blocklist.applying.site import Site, applier_of, prepare
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import guard_of

__all__ = ["Case", "Forced"]


class Case(msgspec.Struct):
    """A list for a target, as if the machine could not tell who is connected."""

    target: str
    nets: tuple[str, ...]
    keep_for: float
    options: dict[str, str] = {}
    longest: float | None = None
    """The kernel lets go of what is new after so many seconds, where the engine asks for more."""


class Forced(msgspec.Struct):
    """What was in force when all of it was."""

    pid: int
    held: dict[str, dict[str, float | None]]
    """Target -> network -> seconds until the target lets go of it by itself."""
    asked: dict[str, float | None]
    """Target -> after how many seconds the engine wanted what is new to end by itself."""


class Hurried:
    """An applier that asks the kernel for less time than the engine does, so that no test has to wait for it."""

    def __init__(self, applier: Applier, longest: float | None) -> None:
        self._applier = applier
        self._longest = longest
        self.asked: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._applier, name)

    def apply(self, artifacts: Sequence[Artifact], plan: Plan, at: float, *, longest: float | None = None) -> None:
        self.asked = longest
        if longest is not None and self._longest is not None:
            longest = min(longest, self._longest)
        self._applier.apply(artifacts, plan, at, longest=longest)


def main() -> None:
    directory = Path(sys.argv[1])
    cases = msgspec.json.decode(sys.argv[2], type=list[Case])
    found = Forced(os.getpid(), {}, {})
    threads = [threading.Thread(target=force, args=(directory, case, found), daemon=True) for case in cases]
    for thread in threads:
        thread.start()
    while len(found.held) < len(cases) and all(thread.is_alive() for thread in threads):
        time.sleep(0.01)
    if len(found.held) < len(cases):
        raise SystemExit("an apply ended before it was killed")
    begun = directory / "in-force.new"
    begun.write_text(json.dumps(msgspec.to_builtins(found)))
    begun.rename(directory / "in-force")
    time.sleep(600)


def force(directory: Path, case: Case, found: Forced) -> None:
    target = TARGETS[case.target]
    applier = Hurried(applier_of(target, case.options), case.longest)
    site = Site(
        target,
        cast("Applier", applier),
        case.options,
        Records(directory / f"forced-{case.target}"),
        Audit(directory / "audit.jsonl", "oncall@gw1", ""),
        (),
        "oncall@gw1",
        "",
        str(directory / "state.db"),
    )
    now = time.time()
    entries = [BlockEntry(f"f{at}", net, "", (), "", now, now + 3600, "queued") for at, net in enumerate(case.nets)]

    def wait_for_ever(_record: Record) -> str | None:
        found.asked[case.target] = applier.asked
        found.held[case.target] = {net: held.left for net, held in site.applier.read().items()}
        time.sleep(600)
        return None

    prepared = prepare(site, plan(entries, now), guard_of(), entries, withdraw_all=True)
    apply_list(site, prepared, case.keep_for, wait_for_ever)


if __name__ == "__main__":
    main()
