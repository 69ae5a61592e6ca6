"""Lines of lnav's tests, file by file: nothing is asserted about their fields, so this is about recognition only."""

import sys

import pytest

from apiwatch.formats import Unparsed
from apiwatch.model import Request
from tests.formats.corpus import CORPUS, records
from tests.formats.kit import RECEIVED, parser

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of log lines is not beside the checkout")

FLOORS = {
    "src/formats/access_log.json": (6 / 9, 0.0),
    "test/logfile_access_log.0": (1.0, 0.0),
    "test/logfile_access_log.1": (1.0, 0.0),
    "test/logfile_bad_access_log.0": (1.0, 0.0),
    "test/logfile_bro_http.log.0": (0.0, 8 / 200),
    "test/logfile_caddy_log.0": (4 / 39, 35 / 39),
    "test/logfile_caddy_log.1": (1.0, 0.0),
    "test/logfile_cloudflare.1": (1.0, 0.0),
    "test/logfile_cloudflare.json": (1.0, 0.0),
    "test/logfile_ecs_log.json": (0.0, 1.0),
    "test/logfile_regexp_access_log.0": (1.0, 0.0),
    "test/logfile_shop_access_log.0": (1.0, 0.0),
    "test/logfile_w3c.0": (0.0, 4 / 5),
    "test/logfile_w3c.1": (0.0, 6 / 7),
    "test/logfile_w3c.2": (0.0, 5 / 16),
    "test/logfile_w3c.3": (0.0, 4 / 7),
    "test/logfile_w3c.4": (0.0, 4 / 6),
    "test/logfile_w3c.5": (0.0, 1 / 2),
    "test/logfile_w3c.6": (0.0, 4 / 5),
}
"""Shares of a file's lines that are requests, and that are known to be none, reached so far."""


def test_shares_of_recognised_lines_per_file(capsys: pytest.CaptureFixture[str]) -> None:
    files: dict[str, list[bytes]] = {}
    for record in records("formats/unlabelled.jsonl"):
        files.setdefault(record["source_path"], []).append(record["raw"].encode())
    assert files.keys() >= FLOORS.keys()
    short: list[str] = []
    table = [f"\n{'file':40}{'lines':>6}{'requests':>10}{'skipped':>9}{'unparsed':>10}"]
    for path, lines in files.items():
        found = parser().parse(lines, 1, RECEIVED)
        assert len(found) == len(lines)
        requests = sum(isinstance(record, Request) for record in found) / len(lines)
        skipped = found.count(None) / len(lines)
        unparsed = sum(isinstance(record, Unparsed) for record in found) / len(lines)
        table.append(f"\n{path:40}{len(lines):6}{requests:10.0%}{skipped:9.0%}{unparsed:10.0%}")
        floor = FLOORS.get(path, (0.0, 0.0))
        if requests < floor[0] - 1e-9 or skipped < floor[1] - 1e-9:
            short.append(path)
    with capsys.disabled():
        sys.stdout.write("".join(table))
    assert not short


def test_no_line_reads_differently_after_the_others() -> None:
    """Detection settles on a format, yet every line of a mixed heap is what it is alone, unless a header rules it."""
    headed = {"w3c", "bro_http"}
    raws = [record["raw"].encode() for record in records("formats/unlabelled.jsonl") if record["format"] not in headed]
    together = parser().parse(raws, 1, RECEIVED)
    for raw, found in zip(raws, together, strict=True):
        assert type(parser().parse([raw], 1, RECEIVED)[0]) is type(found), raw
