"""Renderers and parsers, without the tools."""

import csv
import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.blocklist import TARGETS, Target, plan
from apiwatch.blocklist.comments import comment
from apiwatch.errors import GuardError
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import HOSTILE, NOW, entry, fitting, plan_of
from tests.blocklist.servers import PROGRAMS
from tests.blocklist.test_planning import ENTRIES

ALL = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
PACKET = ("iptables", "ufw", "firewalld", "fail2ban", "blackhole", "hosts-deny", "pf", "mikrotik", "junos")
FIREWALLS = pytest.mark.parametrize("name", ["nftables", "ipset", *PROGRAMS, "plain", *PACKET])
WITHOUT_EXCEPTIONS = {"aws-nacl", "azure-nsg", "calico", "cilium"}
"""Packet filters elsewhere: `block.allow` is kept out of their lists by the guard alone."""

CHOOSY = {"aws-nacl", "cloudflare-access"}
"""Targets that do not take so many networks, or not of every width."""

ALLOW = ("203.0.113.200/32", "203.0.113.0/28", "203.0.113.7/32", "2001:db8:aa::/48")


def content(target: Target, *entries: BlockEntry, allow: tuple[str, ...] = ()) -> str:
    (artifact,) = target.render(plan(entries, NOW, 17), allow)
    return artifact.content.decode()


NFTABLES = """\
add table inet apiwatch
delete table inet apiwatch
table inet apiwatch {
	comment "apiwatch rev 17 2026-11-24T01:50:00Z"
	set allow4 {
		type ipv4_addr
		flags interval
		elements = {
			203.0.113.200,
		}
	}
	set allow6 {
		type ipv6_addr
		flags interval
	}
	set block4 {
		type ipv4_addr
		flags interval, timeout
		counter
		elements = {
			203.0.113.7 timeout 3600s comment "01JDA credential stuffing",
			203.0.113.64/26 timeout 1800s comment "01JDB scanner",
		}
	}
	set block6 {
		type ipv6_addr
		flags interval, timeout
		counter
		elements = {
			2001:db8:0:abcd::/64 comment "01JDC scanner",
		}
	}
	chain preraw {
		type filter hook prerouting priority raw; policy accept;
		ip saddr @allow4 accept
		ip6 saddr @allow6 accept
		ip saddr @block4 counter drop
		ip6 saddr @block6 counter drop
	}
}
"""
NGINX = """\
# apiwatch rev 17 2026-11-24T01:50:00Z
# nothing here expires by itself: export again after 2026-11-24T02:20:00Z
geo $apiwatch_block {
	default 0;
	203.0.113.200 0; # allowed
	203.0.113.7 1; # 01JDA credential stuffing
	203.0.113.64/26 1; # 01JDB scanner
	2001:db8:0:abcd::/64 1; # 01JDC scanner
}
"""
PLAIN = "203.0.113.7\n203.0.113.64/26\n2001:db8:0:abcd::/64\n"
CSV = """\
id,net,family,reason,alert_ids,actor,created,expires,state,host,path,agent\r
01JDA,203.0.113.7/32,4,credential stuffing,a1f3,oncall,2026-11-24T01:49:00Z,2026-11-24T02:50:00Z,queued,,,\r
01JDB,203.0.113.64/26,4,scanner,a1f3,oncall,2026-11-24T01:49:00Z,2026-11-24T02:20:00Z,queued,,,\r
01JDC,2001:db8:0:abcd::/64,6,scanner,a1f3,oncall,2026-11-24T01:49:00Z,,queued,,,\r
"""


PF = """\
# apiwatch rev 17 2026-11-24T01:50:00Z
!203.0.113.200 # allowed
203.0.113.7 # 01JDA credential stuffing
203.0.113.64/26 # 01JDB scanner
2001:db8:0:abcd::/64 # 01JDC scanner
"""
MIKROTIK = """\
# apiwatch rev 17 2026-11-24T01:50:00Z
/ip firewall address-list remove [find list=apiwatch-allow]
/ip firewall address-list remove [find list=apiwatch]
/ip firewall address-list add list=apiwatch-allow address=203.0.113.200/32
/ip firewall address-list add list=apiwatch address=203.0.113.7/32 timeout=3600s comment="01JDA credential stuffing"
/ip firewall address-list add list=apiwatch address=203.0.113.64/26 timeout=1800s comment="01JDB scanner"
/ipv6 firewall address-list remove [find list=apiwatch-allow]
/ipv6 firewall address-list remove [find list=apiwatch]
/ipv6 firewall address-list add list=apiwatch address=2001:db8:0:abcd::/64 comment="01JDC scanner"
"""
CISCO = """\
! apiwatch rev 17 2026-11-24T01:50:00Z
no ip access-list extended APIWATCH4
ip access-list extended APIWATCH4
 permit ip host 203.0.113.200 any
 remark 01JDA credential stuffing
 deny ip host 203.0.113.7 any
 remark 01JDB scanner
 deny ip 203.0.113.64 0.0.0.63 any
 permit ip any any
exit
no ipv6 access-list APIWATCH6
ipv6 access-list APIWATCH6
 remark 01JDC scanner
 deny ipv6 2001:db8:0:abcd::/64 any
 permit ipv6 any any
exit
"""
JUNOS = """\
# apiwatch rev 17 2026-11-24T01:50:00Z
delete policy-options prefix-list apiwatch-allow4
set policy-options prefix-list apiwatch-allow4 0.0.0.0/32
set policy-options prefix-list apiwatch-allow4 203.0.113.200/32
delete policy-options prefix-list apiwatch4
set policy-options prefix-list apiwatch4 0.0.0.0/32
set policy-options prefix-list apiwatch4 203.0.113.7/32
set policy-options prefix-list apiwatch4 203.0.113.64/26
delete policy-options prefix-list apiwatch-allow6
set policy-options prefix-list apiwatch-allow6 ::/128
delete policy-options prefix-list apiwatch6
set policy-options prefix-list apiwatch6 ::/128
set policy-options prefix-list apiwatch6 2001:db8:0:abcd::/64
"""
GOLDEN = {
    "nftables": NFTABLES,
    "nginx": NGINX,
    "plain": PLAIN,
    "csv": CSV,
    "pf": PF,
    "mikrotik": MIKROTIK,
    "cisco": CISCO,
    "junos": JUNOS,
    "hosts-deny": "203.0.113.7\n203.0.113.64/26\n[2001:db8:0:abcd::]/64\n",
}


@pytest.mark.parametrize(("name", "expected"), list(GOLDEN.items()), ids=list(GOLDEN))
def test_files_are_exactly_these(name: str, expected: str) -> None:
    entries = (
        entry("203.0.113.7", 3600, reason="credential stuffing"),
        entry("203.0.113.64/26", 1800, name="01JDB"),
        entry("2001:db8:0:abcd::/64", None, name="01JDC"),
    )
    assert content(TARGETS[name], *entries, allow=("203.0.113.200/32",)) == expected


@pytest.mark.parametrize(
    "line", [" deny ip 203.0.113.64 0.0.0.62 any", " deny ip 203.0.113.65 0.0.0.63 any", " deny tcp any any"]
)
def test_cisco_wildcards_must_be_networks(line: str) -> None:
    text = content(TARGETS["cisco"], entry("203.0.113.64/26")).replace(" deny ip 203.0.113.64 0.0.0.63 any", line)
    assert line in text
    with pytest.raises(GuardError, match="is none that apiwatch writes"):
        TARGETS["cisco"].parse(text.encode())


def test_fail2ban_refuses_networks_rather_than_to_widen_or_to_drop_them() -> None:
    with pytest.raises(GuardError, match=r"takes single addresses only, and 203\.0\.113\.64/26 \(entry .*\) is a netw"):
        content(TARGETS["fail2ban"], entry("203.0.113.7"), entry("203.0.113.64/26"))
    inner, outer = entry("203.0.113.7", 7200, name="in"), entry("203.0.113.0/25", 60, name="out")
    with pytest.raises(GuardError, match=r"203\.0\.113\.0/25 \(entry out\)"):
        content(TARGETS["fail2ban"], inner, outer)
    text = content(TARGETS["fail2ban"], entry("203.0.113.7", 600), entry("203.0.113.8", 60))
    assert text.splitlines()[1:] == [
        "set apiwatch bantime 600",
        "set apiwatch banip 203.0.113.7",
        "set apiwatch banip 203.0.113.8",
    ]
    assert "bantime -1" in content(TARGETS["fail2ban"], entry("203.0.113.7", 600), entry("203.0.113.8", None))


@pytest.mark.parametrize(("target", "most"), [("ufw", 500), ("fastly", 1000), ("cloudflare-access", 50)])
def test_more_networks_than_a_target_holds_are_refused(target: str, most: int) -> None:
    entries = [entry(f"203.0.{at >> 8}.{at & 255}", name=str(at)) for at in range(most + 1)]
    assert content(TARGETS[target], *entries[:-1])
    with pytest.raises(GuardError, match=f"{most + 1} networks are too many for {target}"):
        content(TARGETS[target], *entries)


def test_ipset_fills_a_second_set_and_swaps_it_in() -> None:
    lines = content(TARGETS["ipset"], entry("203.0.113.7", 3600), entry("203.0.113.64/26", None)).splitlines()
    shape = "hash:net family inet timeout 3600 comment counters maxelem 262144"
    at = lines.index(f"create apiwatch_block4 {shape}")
    assert lines[at + 1 : at + 7] == [
        f"create apiwatch_block4_new {shape}",
        "flush apiwatch_block4_new",
        'add apiwatch_block4_new 203.0.113.7 timeout 3600 comment "01JDA scanner"',
        'add apiwatch_block4_new 203.0.113.64/26 timeout 0 comment "01JDA scanner"',
        "swap apiwatch_block4 apiwatch_block4_new",
        "destroy apiwatch_block4_new",
    ]


def test_ipset_gets_no_longer_timeout_than_it_takes() -> None:
    assert "203.0.113.7 timeout 2147483 " in content(TARGETS["ipset"], entry("203.0.113.7", 365 * 86_400.0))


def test_ipset_refuses_more_than_a_set_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiwatch.blocklist.targets.ipset._LARGEST", 2)
    with pytest.raises(GuardError, match="3 networks do not fit"):
        content(TARGETS["ipset"], entry("203.0.113.7"), entry("203.0.113.8"), entry("203.0.113.9"))


def test_json_lines_are_the_queue_as_it_stands() -> None:
    header, first, second = map(
        json.loads,
        content(TARGETS["json"], entry("203.0.113.0/24", None), entry("203.0.113.7", name="01JDB")).splitlines(),
    )
    assert header == {
        "type": "header",
        "schema": "apiwatch.blocklist",
        "schema_version": 1,
        "revision": 17,
        "at": int(NOW),
    }
    assert first == {
        "type": "entry",
        "id": "01JDA",
        "net": "203.0.113.0/24",
        "family": 4,
        "reason": "scanner",
        "alert_ids": ["a1f3"],
        "actor": "oncall",
        "created": int(NOW) - 60,
        "expires": None,
        "state": "queued",
        "condition": None,
    }
    assert (second["net"], second["expires"]) == ("203.0.113.7/32", int(NOW) + 3600)


@settings(max_examples=50)
@given(entries=ENTRIES)
def test_a_file_reads_back_as_what_was_planned(entries: list[BlockEntry]) -> None:
    for target in TARGETS.values():
        made = plan(fitting(target, entries), NOW)
        try:
            artifacts = target.render(made, ALLOW)
        except GuardError:
            assert target.name in CHOOSY
            continue
        for artifact in artifacts:
            assert target.parse(artifact.content) == target.planned(made), target.name


@settings(max_examples=50)
@given(reasons=st.lists(st.text(max_size=40) | st.sampled_from(HOSTILE), min_size=1, max_size=6))
def test_no_reason_changes_what_is_blocked(reasons: list[str]) -> None:
    entries = [
        BlockEntry(reason, f"203.0.113.{at}/32", reason, (reason,), reason, NOW, NOW + 9, "queued")
        for at, reason in enumerate(reasons)
    ]
    for target in TARGETS.values():
        text = content(target, *entries)
        assert target.parse(text.encode()) == {f"203.0.113.{at}/32" for at in range(len(reasons))}, target.name
        assert all(char.isprintable() or char in "\r\n\t" for char in text), target.name


@FIREWALLS
def test_firewall_files_are_ascii_with_one_line_per_network(name: str) -> None:
    harmless = [entry(f"203.0.113.{at}", name=str(at)) for at in range(len(HOSTILE))]
    hostile = [entry(f"203.0.113.{at}", reason=text, name=text) for at, text in enumerate(HOSTILE)]
    text = content(TARGETS[name], *hostile)
    assert text.isascii()
    assert len(text.splitlines()) == len(content(TARGETS[name], *harmless).splitlines())


def test_comments_are_cut_and_keep_only_safe_characters() -> None:
    for reason in HOSTILE:
        (row,) = plan([entry("203.0.113.7", reason=reason)], NOW).rows
        text = comment(row, 50)
        assert len(text) <= 50
        assert not set(text) & set("\"'\\;{}#$`\n\r\t<>|&*?()[]~!%^")
        assert text == text.strip()


def test_csv_has_no_formula() -> None:
    text = content(TARGETS["csv"], *(entry(f"203.0.113.{at}", reason=r, name=r) for at, r in enumerate(HOSTILE)))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(HOSTILE) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@ALL
def test_the_same_plan_gives_the_same_bytes(target: Target) -> None:
    entries = [entry(net) for net in ("203.0.113.7", "2001:db8::/64", "198.51.100.0/24")]
    made = plan(fitting(target, entries), NOW)
    assert target.render(made, ALLOW) == target.render(made, ALLOW)


@ALL
def test_an_empty_list_is_rendered_on_purpose(target: Target) -> None:
    made = plan([], NOW)
    (artifact,) = target.render(made, ())
    assert target.parse(artifact.content) == frozenset()
    assert b"{ }" not in artifact.content


@ALL
@pytest.mark.parametrize(
    "text", ["root:x:0:0:root:/root:/bin/sh\n", "\xff\x00", "[" * 100_000, '"', "203.0.113.7/24\n", "<html>\n"]
)
def test_foreign_files_are_not_read_as_a_list(target: Target, text: str) -> None:
    with pytest.raises(GuardError):
        target.parse(text.encode("latin-1"))


@ALL
def test_an_added_line_is_noticed(target: Target) -> None:
    (artifact,) = target.render(plan_of("203.0.113.7"), ())
    line = b'{"type":"entry","net":"x"}\n' if target.name == "json" else b"add rule inet filter input accept\n"
    assert target.validate([artifact.__class__("x", artifact.content + line, 0o640)]).ok is False


@ALL
def test_allow_must_be_networks(target: Target) -> None:
    if target.caps.layer in ("edge", "feed", "record") or target.name in WITHOUT_EXCEPTIONS:
        assert target.render(plan_of("203.0.113.7"), ("office",))
    else:
        with pytest.raises(GuardError, match="office"):
            target.render(plan_of("203.0.113.7"), ("office",))


@FIREWALLS
def test_commands_quote_the_path(name: str) -> None:
    commands = TARGETS[name].commands(["/srv/a b; reboot/$x.conf"])
    lines = [*commands.apply, *commands.verify, *commands.undo]
    assert any("'/srv/a b; reboot/$x.conf'" in line for line in lines)
    assert not any("/srv/a b; reboot/$x.conf" in line.replace("'/srv/a b; reboot/$x.conf'", "") for line in lines)
    assert "./-f" in " ".join((*TARGETS[name].commands(["-f"]).apply, *TARGETS[name].commands(["-f"]).verify))


def test_names_and_suffixes() -> None:
    for name, target in TARGETS.items():
        assert target.name == name
        assert target.title
        assert re.fullmatch(r"[a-z0-9-]+", target.suffix)
        assert bool(target.applier) <= (target.caps.layer != "record")
        (artifact,) = target.render(plan_of("203.0.113.7"), ())
        assert artifact.name == f"apiwatch-{name}.{target.suffix}"
