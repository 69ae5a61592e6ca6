"""The examples that stand beside the expressions and lists of the reconnaissance family."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.detect.recon import paths, payloads, scanner, tampering

HOSTILE = (
    "' or ", "select a from ", "union(", "${", "{{", "{%", "<", "<script", "../", "/./", "..;/", "((", "&a=", "=http://a",
    "\\x41", "%25", "/*", "%u0041", "`", "; ", "'1'=", "#{", "0x2e", "://a@", "%0d%0a", "1) ",
)  # fmt: skip


@pytest.mark.parametrize(("target", "family"), payloads.EXAMPLES)
def test_payload_of_a_target(target: str, family: str | None) -> None:
    found = [payload.family for payload in payloads.in_target(target)]
    assert (family in found) if family else not found


@pytest.mark.parametrize(("header", "family"), payloads.HEADER_EXAMPLES)
def test_payload_of_a_header(header: str, family: str | None) -> None:
    found = [payload.family for payload in payloads.in_header(header)]
    assert (family in found) if family else not found


def test_each_family_has_an_example() -> None:
    assert {family for _, family in payloads.EXAMPLES} == {*payloads.FAMILIES, None}


@pytest.mark.parametrize(("path", "kind"), paths.EXAMPLES)
def test_known_path(path: str, kind: str | None) -> None:
    assert paths.known_path(path) == kind


@pytest.mark.parametrize(("agent", "product"), scanner.EXAMPLES)
def test_scanner(agent: str, product: str | None) -> None:
    assert scanner.scanner_in(agent) == product


@pytest.mark.parametrize(("target", "kind"), tampering.EXAMPLES)
def test_tampered(target: str, kind: str | None) -> None:
    path, _, query = target.partition("?")
    assert tampering.tampered(path, query) == kind


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_hostile_text_costs_little(piece: str) -> None:
    text = "/?a=" + piece * (100_000 // len(piece))
    begin = time.process_time()
    payloads.in_target(text)
    payloads.in_header(text)
    paths.known_path(text)
    scanner.scanner_in(text)
    tampering.tampered(text, text)
    assert time.process_time() - begin < 2.0


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300), st.sampled_from([target for target, family in payloads.EXAMPLES if family]))
def test_any_text_is_looked_at_without_an_error(text: str, target: str) -> None:
    payloads.in_target(text + target)
    payloads.in_header(text)
    paths.known_path("/" + text)
    tampering.tampered(text, text)
    scanner.scanner_in(text)
