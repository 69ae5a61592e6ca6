"""What `nft -j` lists, also of what somebody wrote into our table by hand."""

import json
from typing import Any

import pytest

from apiwatch.blocklist.appliers.nftlisting import belongs, decoded, held_by
from apiwatch.blocklist.applying.applier import Held
from apiwatch.errors import ApplyError

OURS = {"family": "inet", "table": "apiwatch"}


def listing(*objects: dict[str, Any]) -> str:
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}, *objects]})


def elements(name: str, *elem: object) -> dict[str, Any]:
    return {"set": {**OURS, "name": name, "type": "ipv4_addr", "handle": 3, "flags": ["interval"], "elem": elem}}


def rule(name: str, *, chain: str = "preraw", verdict: str = "drop") -> dict[str, Any]:
    payload = {"payload": {"protocol": "ip", "field": "saddr"}}
    match = {"match": {"op": "==", "left": payload, "right": f"@{name}"}}
    return {
        "rule": {**OURS, "chain": chain, "expr": [match, {"counter": {"packets": 1, "bytes": 60}}, {verdict: None}]}
    }


def test_every_form_of_an_element_is_a_network() -> None:
    text = listing(
        elements(
            "block4",
            "5.6.7.8",
            {"prefix": {"addr": "9.9.9.0", "len": 24}},
            {"range": ["1.2.3.4", "1.2.3.9"]},
            {"elem": {"val": "203.0.113.7", "timeout": 3600, "expires": 3599, "comment": "x",
                      "counter": {"packets": 5, "bytes": 300}}},
            {"elem": {"val": {"prefix": {"addr": "2001:DB8:0::", "len": 64}}, "timeout": 60, "expires": 7}},
            {"elem": {"val": {"range": ["10.0.0.1", "10.0.0.2"]}, "counter": {"packets": 0, "bytes": 0}}},
            {"concat": ["1.1.1.1", 80]},
        ),
        rule("block4"),
    )  # fmt: skip
    assert list(held_by(decoded(text), "preraw").values()) == [
        Held("5.6.7.8/32"),
        Held("9.9.9.0/24"),
        Held("1.2.3.4/30"),
        Held("1.2.3.8/31"),
        Held("203.0.113.7/32", 3599, 5),
        Held("2001:db8::/64", 7),
        Held("10.0.0.1/32", None, 0),
        Held("10.0.0.2/32", None, 0),
    ]


@pytest.mark.parametrize("hooked", [rule("block6"), rule("block4", chain="other"), rule("block4", verdict="accept")])
def test_a_set_whose_members_are_not_dropped_holds_nothing(hooked: dict[str, Any]) -> None:
    assert held_by(decoded(listing(elements("block4", "5.6.7.8"), hooked)), "preraw") == {}


def test_a_table_is_known_by_its_chains_and_sets() -> None:
    foreign = {"family": "ip", "table": "apiwatch", "name": "preraw"}
    objects = decoded(
        listing({"chain": {**OURS, "name": "preraw"}}, elements("block4"), {"chain": foreign}, {"map": {}})
    )
    assert [belongs(item, "inet", "apiwatch") for item in objects] == [False, True, True, False, False]


@pytest.mark.parametrize("text", ["", "table inet apiwatch", "[]", '{"nftables": 7}', listing(elements("x", 7))])
def test_what_is_no_listing_is_said(text: str) -> None:
    with pytest.raises(ApplyError, match="something else than JSON"):
        decoded(text)
