"""Injection expressions on public collections of payloads; the tests skip where the collections are not there."""

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from apiwatch.detect.recon.payloads import in_header, in_target

CORPUS = Path(os.environ.get("APIWATCH_CORPUS", Path(__file__).parents[3] / "shared" / "corpus")) / "attack"
HTTP_PARAMS = CORPUS / "httpparams.csv"
CRS = CORPUS / "crs.jsonl"
VISIBLE = ("930", "931", "932", "933", "934", "941", "942", "944")
"""Groups of rules for attacks that a request target can show."""


@pytest.mark.skipif(not HTTP_PARAMS.is_file(), reason="the HttpParams collection is not on this machine")
def test_http_params(record_property: Callable[[str, object], None]) -> None:
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    with HTTP_PARAMS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            total[row["label"]] += 1
            found[row["label"]] += bool(in_target("/search?v=" + quote(row["payload"], safe="")))
    recall, false = found["anom"] / total["anom"], found["norm"] / total["norm"]
    record_property("false_positives", false)
    record_property("recall", recall)
    assert recall >= 0.95
    assert false <= 5e-4


@pytest.mark.skipif(not CRS.is_file(), reason="the rule set's tests are not on this machine")
def test_crs(record_property: Callable[[str, object], None]) -> None:
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for text in CRS.read_text(encoding="utf-8").splitlines():
        test = json.loads(text)
        target = (test["uri"] or "").replace(" ", "%20")
        label = test["label"]
        if test["data"] or (label == "attack" and (test["family"][8:11] not in VISIBLE or "=" not in target)):
            continue
        headers = {name.lower(): str(value) for name, value in (test["headers"] or {}).items()}
        total[label] += 1
        found[label] += bool(
            in_target(target) or in_header(headers.get("user-agent", "")) or in_header(headers.get("referer", ""))
        )
    recall, alarms = found["attack"] / total["attack"], found["benign_for_rule"] / total["benign_for_rule"]
    record_property("recall", recall)
    record_property("alarms", alarms)
    assert recall >= 0.25
    assert alarms <= 0.06
