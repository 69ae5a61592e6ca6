"""Applies a block that cuts off its own operator, past the rails, as if the machine could not tell who is connected."""

import os
import sys
import time
from pathlib import Path

from apiwatch.blocklist import TARGETS, plan
from apiwatch.blocklist.applying.audit import Audit
from apiwatch.blocklist.applying.engine import apply_list
from apiwatch.blocklist.applying.records import Record, Records
from apiwatch.blocklist.applying.site import Site, applier_of, prepare
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import guard_of

KEEP_FOR_S = 1.5


def main() -> None:
    directory = Path(sys.argv[1])
    target = TARGETS["nftables"]
    site = Site(
        target,
        applier_of(target, {}),
        {},
        Records(directory / "forced"),
        Audit(directory / "audit.jsonl", "oncall@gw1", ""),
        (),
        "oncall@gw1",
        "",
        str(directory / "state.db"),
    )
    now = time.time()
    nets = ("203.0.113.7/32", "203.0.113.128/25")
    entries = [BlockEntry(f"f{at}", net, "", (), "", now, now + 3600, "queued") for at, net in enumerate(nets)]

    def wait_for_ever(_record: Record) -> str | None:
        (directory / "in-force").write_text(f"{os.getpid()}\n")
        time.sleep(600)
        return None

    apply_list(site, prepare(site, plan(entries, now), guard_of(), entries), KEEP_FOR_S, wait_for_ever)


if __name__ == "__main__":
    main()
