"""Files for services that cannot be asked here: their shapes, and the validators that there are."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from apiwatch.blocklist import TARGETS, plan
from apiwatch.errors import GuardError
from tests.blocklist.kit import HOSTILE, NOW, entry, plan_of

NETS = ("203.0.113.7", "203.0.113.64/26", "2001:db8:0:abcd::/64")


def text_of(name: str, *nets: str) -> str:
    (artifact,) = TARGETS[name].render(plan_of(*(nets or NETS)), ())
    return artifact.content.decode()


def test_feeds_are_exactly_these() -> None:
    assert text_of("edl-paloalto") == (
        "203.0.113.7 #01JD0 scanner\n203.0.113.64/26 #01JD1 scanner\n2001:db8:0:abcd::/64 #01JD2 scanner\n"
    )
    assert text_of("edl-fortigate") == (
        "# apiwatch rev 17 2026-11-24T01:50:00Z\n203.0.113.7\n203.0.113.64/26\n2001:db8:0:abcd::/64\n"
    )
    assert text_of("edl-checkpoint", *NETS[:2]) == (
        "#! DESCRIPTION = apiwatch\n"
        "# UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT\n"
        "apiwatch-1,203.0.113.7,IP,high,high,AB,01JD0 scanner\n"
        "apiwatch-2,203.0.113.64-203.0.113.127,IP Range,high,high,AB,01JD1 scanner\n"
    )
    with pytest.raises(GuardError, match="take no IPv6, and the list has 1"):
        text_of("edl-checkpoint")


def test_a_feed_is_replaced_in_its_place(tmp_path: Path) -> None:
    target = TARGETS["edl-fortigate"]
    assert target.applier is not None
    path = tmp_path / "feed.txt"
    applier = target.applier({"path": str(path)}, None)  # type: ignore[arg-type]
    before = applier.snapshot()
    made = plan_of(*NETS)
    applier.apply(target.render(made, ()), made, NOW)
    assert applier.read().keys() == target.planned(made)
    applier.restore(before)
    assert not path.exists()


def test_rules_of_ten_for_cloud_armor_are_a_script_that_a_shell_reads(tmp_path: Path) -> None:
    nets = [f"203.0.113.{2 * at}" for at in range(23)]
    path = tmp_path / "armor.sh"
    path.write_text(text_of("gcp-armor", *nets))
    log = tmp_path / "log"
    gcloud = tmp_path / "gcloud"
    gcloud.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\ncase "$*" in *" list "*) echo 999; echo 1000; echo 1100;; esac\n'
    )
    gcloud.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "POLICY": "edge"}
    for more in ({}, {"PREVIEW": "--no-preview"}):
        subprocess.run(["sh", str(path)], env={**environment, **more}, check=True)
    calls = log.read_text().splitlines()
    half = calls[: len(calls) // 2]
    assert half[1] == "compute security-policies rules delete 1000 --security-policy=edge --quiet"
    created = [re.fullmatch(r".* create (\d+) .*--src-ip-ranges=(\S+) .* --preview", line) for line in half[2:]]
    assert [found and (found[1], found[2].count(",") + 1) for found in created] == [
        ("1000", 10),
        ("1001", 10),
        ("1002", 3),
    ]
    assert sum("--no-preview" in line for line in calls) == 3
    without = subprocess.run(
        ["sh", str(path)], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert "name the security policy" in without.stderr


def test_rules_for_azure() -> None:
    nets = [f"203.{at // 128}.113.{2 * (at % 128)}" for at in range(601)]
    rules = json.loads(text_of("azure-waf", *nets))
    assert [(rule["priority"], len(rule["matchConditions"][0]["matchValues"])) for rule in rules] == [(1, 600), (2, 1)]
    groups = json.loads(text_of("azure-nsg"))
    assert [(rule["name"], rule["sourceAddressPrefixes"]) for rule in groups] == [
        ("apiwatch4", ["203.0.113.7/32", "203.0.113.64/26"]),
        ("apiwatch6", ["2001:db8:0:abcd::/64"]),
    ]


def bundle_of(*entries: Any) -> dict[str, Any]:
    (artifact,) = TARGETS["stix"].render(plan(entries, NOW), ())
    made: dict[str, Any] = json.loads(artifact.content)
    return made


def test_stix_is_what_its_validator_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3987_syntax", None)  # seconds for a grammar of addresses that we have none of
    validator = pytest.importorskip("stix2validator", reason="not installed: stix2-validator")
    bundle = bundle_of(
        entry("203.0.113.64/26"),
        entry("2001:db8::7", None, name="01JDB"),
        *(entry(f"198.51.100.{at}", reason=text, name=text) for at, text in enumerate(HOSTILE[:3])),
    )
    result = validator.validate_instance(bundle, validator.ValidationOptions(version="2.1"))
    assert result.is_valid, [str(error) for error in result.errors]
    by_pattern = {each["pattern"]: each for each in bundle["objects"][1:]}
    assert by_pattern["[ipv4-addr:value = '203.0.113.64/26']"]["valid_until"] == "2026-11-24T02:50:00.000Z"
    assert "valid_until" not in by_pattern["[ipv6-addr:value = '2001:db8::7']"]


def test_ids_stay_when_the_list_changes() -> None:
    one, two = bundle_of(entry("203.0.113.7")), bundle_of(entry("203.0.113.7"), entry("203.0.113.9", name="01JDB"))
    assert one["objects"] == two["objects"][:2]
    assert one["id"] != two["id"]
    assert len({each["id"] for each in two["objects"]}) == 3


def test_misp_event() -> None:
    event = json.loads(text_of("misp"))["Event"]
    assert event["date"] == "2026-11-24"
    assert [(a["type"], a["value"], a["to_ids"]) for a in event["Attribute"]] == [
        ("ip-src", "203.0.113.7", True),
        ("ip-src", "203.0.113.64/26", True),
        ("ip-src", "2001:db8:0:abcd::/64", True),
    ]
    assert json.loads(text_of("misp")) == {"Event": event}
