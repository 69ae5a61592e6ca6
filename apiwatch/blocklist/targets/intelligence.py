"""Records for those whom the same attacker may visit next: STIX 2.1 and MISP; an indicator per entry of the queue.

Ids are made of the ids of entries (UUID version 5, RFC 9562): exporting again updates what was shared before, and two
lists of the same entries are the same.
"""

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from apiwatch.blocklist.comments import comment, utc
from apiwatch.blocklist.networks import bare, canonical, parse_network
from apiwatch.blocklist.planning import Plan, Row
from apiwatch.blocklist.target import Caps, Commands, quoted_path, unexpected
from apiwatch.blocklist.targets.documents import document
from apiwatch.blocklist.targets.records import Records
from apiwatch.store.views import BlockEntry

__all__ = ["Misp", "Stix"]

_SPACE = uuid.UUID("6ad1a3d2-8b0e-4c39-9a53-3f1d5f0a7c11")
_BORN = "2026-01-01T00:00:00.000Z"
"""Since when the identity `apiwatch` is as it is."""

_REASON = 200


def _id(kind: str, name: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{kind} {name}".encode("utf-8", "backslashreplace").decode()))


def _reason(entry: BlockEntry) -> str:
    return comment(Row(parse_network(entry.net), entry.expires, (), entry.reason), _REASON)


class Stix(Records):
    """A bundle with one `indicator` per entry (STIX 2.1, section 4.7); a permanent entry has no `valid_until`."""

    name = "stix"
    title = "STIX 2.1 bundle"
    suffix = "json"
    caps = Caps(ttl=True, comment=_REASON)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        identity = f"identity--{_id('identity', 'apiwatch')}"
        objects: list[dict[str, Any]] = [
            {
                "type": "identity",
                "spec_version": "2.1",
                "id": identity,
                "created": _BORN,
                "modified": _BORN,
                "name": "apiwatch",
                "identity_class": "system",
            },
            *(_indicator(entry, identity) for entry in plan.entries),
        ]
        name = " ".join(f"{each['id']} {each.get('valid_until', '')}" for each in objects)
        bundle = {"type": "bundle", "id": f"bundle--{_id('bundle', name)}", "objects": objects}
        return json.dumps(bundle, indent=1) + "\n"

    def _parsed(self, text: str) -> Sequence[str]:
        read = document(text)
        try:
            first, *indicators = read["objects"]
            right = read["type"] == "bundle" and first["type"] == "identity" and first["name"] == "apiwatch"
            if not right or any(each["type"] != "indicator" for each in indicators):
                raise unexpected(text[:80])
            return [_network_of(each["pattern"]) for each in indicators]
        except (KeyError, TypeError, ValueError):
            raise unexpected(text[:80]) from None

    def commands(self, paths: Sequence[str]) -> Commands:
        """A record is shared with others by their own tools."""
        return Commands(apply=(), verify=(f"stix2_validator --version 2.1 {quoted_path(paths)}",), undo=())


def _indicator(entry: BlockEntry, identity: str) -> dict[str, Any]:
    made = _time(entry.created)
    end = {} if entry.expires is None else {"valid_until": _time(max(math.ceil(entry.expires), int(entry.created) + 1))}
    reason = _reason(entry)
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{_id('indicator', f'{entry.id} {entry.net}')}",
        "created_by_ref": identity,
        "created": made,
        "modified": _time(entry.renewed or entry.created),
        "name": f"blocked {entry.net}",
        **({"description": reason} if reason else {}),
        "indicator_types": ["malicious-activity"],
        "pattern": _pattern(entry.net),
        "pattern_type": "stix",
        "valid_from": made,
        **end,
    }


def _time(seconds: float) -> str:
    """STIX has milliseconds (section 3.2)."""
    return f"{utc(seconds)[:-1]}.000Z"


def _pattern(net: str) -> str:
    return f"[ipv{6 if ':' in net else 4}-addr:value = '{bare(parse_network(net))}']"


def _network_of(pattern: str) -> str:
    net: str = canonical(pattern.partition("'")[2].rpartition("'")[0])
    if pattern != _pattern(net):
        raise unexpected(pattern)
    return net


class Misp(Records):
    """An event with one attribute `ip-src` per entry, for detection (`to_ids`); nothing is published by itself."""

    name = "misp"
    title = "MISP event"
    suffix = "json"
    caps = Caps(comment=_REASON)

    def _text(self, plan: Plan, allow: Sequence[str]) -> str:
        event = {
            "uuid": _id("event", " ".join(entry.id for entry in plan.entries)),
            "info": "Clients blocked by apiwatch",
            "date": utc(plan.at)[:10],
            "threat_level_id": "2",
            "analysis": "1",
            "distribution": "0",
            "published": False,
            "timestamp": str(int(plan.at)),
            "Attribute": [_attribute(entry) for entry in plan.entries],
        }
        return json.dumps({"Event": event}, indent=1) + "\n"

    def _parsed(self, text: str) -> Sequence[str]:
        read = document(text)
        try:
            return [_network_in(attribute) for attribute in read["Event"]["Attribute"]]
        except (KeyError, TypeError):
            raise unexpected(text[:80]) from None

    def commands(self, paths: Sequence[str]) -> Commands:
        """A record is shared with others by their own tools."""
        path = quoted_path(paths)
        return Commands(
            apply=(
                'curl --fail-with-body -sS -H "Authorization: $MISP_KEY" -H "Content-Type: application/json" '
                f"-H 'Accept: application/json' https://MISP/events/add --data-binary @{path}",
            ),
            verify=(f"cat {path}",),
            undo=("# delete the event, or its attributes, in MISP",),
        )


def _attribute(entry: BlockEntry) -> dict[str, Any]:
    return {
        "uuid": _id("attribute", f"{entry.id} {entry.net}"),
        "type": "ip-src",
        "category": "Network activity",
        "to_ids": True,
        "distribution": "5",
        "value": bare(parse_network(entry.net)),
        "comment": _reason(entry),
        "first_seen": utc(entry.created),
        "timestamp": str(int(entry.renewed or entry.created)),
    }


def _network_in(attribute: Mapping[str, Any]) -> str:
    if attribute["type"] != "ip-src" or attribute["to_ids"] is not True:
        raise unexpected(str(attribute))
    return canonical(attribute["value"])
