import sys
from collections import Counter

import pytest

from apiwatch.formats import FORMATS
from apiwatch.formats.addresses import Addresses
from apiwatch.formats.build import Builder
from apiwatch.formats.envelopes import peel
from apiwatch.formats.registry import FAMILIES
from apiwatch.model import Request
from tests.formats.corpus import CORPUS, mistakes, records

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of log lines is not beside the checkout")

FLOORS = {"client-policy": 20 / 23, "apache": 49 / 50, "envoy_text": 3 / 4}
"""Share of the lines of a format whose every asserted field is right; all lines of the formats that are not here.

client-policy: two sources call the whole list the client, one its left-most entry, which a client can forge; so does
the one of envoy_text. apache: `"\\" "` can be read in two ways.
"""

OVERALL = 0.98
MEAN = 0.98


def test_share_of_right_lines_per_format(capsys: pytest.CaptureFixture[str]) -> None:
    lines: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for record in records():
        if not record.get("optional"):
            policy = "client-policy" in record.get("tags", ())
            name = "client-policy" if policy else record["format"]
            lines[name] += 1
            right[name] += not mistakes(record)
    with capsys.disabled():
        for name, count in lines.most_common():
            sys.stdout.write(f"\n{name:22}{right[name]:4} of {count:3} {right[name] / count:6.0%}")
    short = {
        name: right[name] / count for name, count in lines.items() if right[name] < FLOORS.get(name, 1.0) * count - 1e-9
    }
    assert not short
    assert sum(right.values()) / sum(lines.values()) >= OVERALL
    assert sum(right[name] / lines[name] for name in lines) / len(lines) >= MEAN


def test_lines_that_must_not_parse_do_not() -> None:
    refused = [record for record in records() if record.get("reject") and not record.get("optional")]
    assert refused
    assert not [record["raw"] for record in refused if mistakes(record)]


def test_wrong_formats_are_not_guessed() -> None:
    """A line of a format that is not read may stay unparsed; it must not become a record with a wrong client.

    Envoy's text log holds nothing but the forwarded-for list: of it we take the right-most entry, others the left-most.
    """
    wrong = [
        record["raw"]
        for record in records()
        if not record.get("optional")
        and not (record["format"] == "envoy_text" or "client-policy" in record.get("tags", ()))
        and "client" in mistakes(record)
    ]
    assert not wrong


def test_no_line_is_of_two_families() -> None:
    """The order in which formats are tried never decides what a line means."""
    raw = [record["raw"] for name in ("open", "unlabelled") for record in records(f"formats/{name}.jsonl")]
    examples = [info.example.split("\n")[-1] for info in FORMATS]
    double = []
    for line in raw + examples:
        inner: str | None = line
        while inner is not None:
            builders = [family.make(Builder(Addresses(), b"salt")) for family in FAMILIES]
            fits = [matcher.name for matcher in builders if isinstance(matcher.one(inner, 1, 1e9), Request)]
            if len(fits) > 1:
                double.append((fits, line))
            inner = None if fits else peel(inner)
    assert not double
