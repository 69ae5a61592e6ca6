"""What holds for every target, those included that are written tomorrow."""

import ipaddress
import re
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.blocklist import TARGETS, Guard, Protected, Target, export, plan
from apiwatch.blocklist.networks import Network, parse_network
from apiwatch.blocklist.protected import Rule
from apiwatch.config.settings import Block
from apiwatch.errors import GuardError
from apiwatch.store.views import BlockEntry
from tests.blocklist.kit import HOSTILE, NOW, entry, fitting, no_machine
from tests.blocklist.test_planning import ENTRIES, NETS

ALL = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))

REFUSED = [
    "fe80::1%eth0", "2001:db8::1%1", "010.0.0.1", "203.0.113.07", "203.0.113.7/24", "2001:db8::1/64", "1.2.3", "0x7f.1",
    "203.0.113.0/0.0.0.255", "localhost", "203.0.113.7 ", "::ffff:203.0.113.7/100", "", "203.0.113.7\n0.0.0.0/0",
]  # fmt: skip
"""Texts that some firewall takes for another address than they seem to be, or looks up."""

_FRAME = 16
"""Wider networks belong to the syntax around a list, such as the two halves of everything."""

TOKEN = re.compile(rb"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")


def networks_in(content: bytes) -> Iterator[Network]:
    """Everything in a file that anybody could read as a network, wherever it stands."""
    for text in TOKEN.findall(content):
        try:
            yield ipaddress.ip_network(text.decode().strip(".:") if b"::" not in text else text.decode(), strict=False)
        except ValueError:
            continue


def overlaps(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


@ALL
@settings(max_examples=12)
@given(entries=ENTRIES, protected=st.lists(NETS, min_size=1, max_size=4))
def test_no_list_ever_holds_a_protected_address(
    target: Target, entries: list[BlockEntry], protected: list[str]
) -> None:
    kept = [parse_network(net) for net in protected]
    guard = Guard(Block(), Protected(tuple(Rule(net, "H1", "needed") for net in kept)))
    made = plan(fitting(target, entries), NOW)
    try:
        artifacts = export(target, made, guard, None)
    except GuardError:
        assert any(overlaps(parse_network(each.net), net) for each in made.entries for net in kept)
        return
    for artifact in artifacts:
        for blocked in target.parse(artifact.content):
            assert not any(overlaps(parse_network(blocked), net) for net in kept)
        written = [found for found in networks_in(artifact.content) if found.prefixlen > _FRAME]
        assert not [found for found in written if any(overlaps(found, net) for net in kept)]


@ALL
@pytest.mark.parametrize("net", ["0.0.0.0/0", "::/0", "127.0.0.1/32", "::1/128", "169.254.169.254/32", "224.0.0.1/32"])
def test_everybody_and_nobody_are_never_exported(target: Target, net: str) -> None:
    never = Guard(Block(allow_private=True, widest_v4=16, widest_v6=32), no_machine())
    made = plan([entry("203.0.113.7", name="good"), entry(net, name="bad")], NOW)
    with pytest.raises(GuardError, match=r"entry bad: .*rail H[25]"):
        export(target, made, never, None)


@pytest.mark.parametrize("net", REFUSED)
def test_what_is_ambiguous_does_not_pass_the_gate(net: str) -> None:
    with pytest.raises(GuardError):
        plan([entry(net)], NOW)


@ALL
def test_ipv4_in_ipv6_clothes_is_written_as_ipv4(target: Target) -> None:
    made = plan([entry("::ffff:203.0.113.7")], NOW)
    for artifact in target.render(made, ()):
        assert b"ffff:" not in artifact.content.lower()
        assert target.parse(artifact.content) == {"203.0.113.7/32"}


@ALL
def test_neither_the_order_of_the_queue_nor_hostile_text_changes_what_is_written(target: Target) -> None:
    reasons = [*HOSTILE, *(f"{text} 198.51.100.{at}" for at, text in enumerate(HOSTILE))]
    entries = [
        entry(f"203.0.113.{at}", 60.0 * at + 60, reason=text, name=f"{at:03}") for at, text in enumerate(reasons)
    ]
    shuffled = list(entries)
    Random(5).shuffle(shuffled)  # noqa: S311  # reproducible, not secret
    made = target.render(plan(entries, NOW, 3), ())
    assert made == target.render(plan(shuffled, NOW, 3), ())
    for artifact in made:
        assert target.parse(artifact.content) == {f"203.0.113.{at}/32" for at in range(len(entries))}
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", artifact.content)
