"""The bench on small seeds: shapes of the tables, what surely is found and what surely is not, and no chance in it."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest

from apiwatch.bench import Job, Plan, Report, bench
from apiwatch.bench.judging import Truth
from apiwatch.bench.running import run
from apiwatch.bench.variants import ABLATIONS, CURVE
from apiwatch.config import Settings
from apiwatch.engine import Engine
from apiwatch.simulate import Hit, writer
from tests.cli.program import DEADLINE_S, command, environment, refused
from tests.cli.program import run as apiwatch
from tests.engine.lines import START, batch, events_of, line, scattered

pytestmark = pytest.mark.timeout(300)


def small(**more: object) -> Plan:
    plan = Plan((3,), ("R4", "R17"), ("g0", "g1"), Settings(), minutes=1, rate=0.5, history_days=0.1, processes=1)
    return msgspec.structs.replace(plan, **more)


@pytest.fixture(scope="module")
def found() -> Report:
    told: list[tuple[int, int, str]] = []
    report = bench(small(stored=True), lambda done, total, job: told.append((done, total, job.replay)))
    assert [done for done, _, _ in told] == list(range(1, told[0][1] + 1))
    return report


def rows(report: Report, title: str) -> list[dict[str, str]]:
    [table] = [table for table in report.tables if table.title.startswith(title)]
    assert all(len(row) == len(table.headers) for row in table.rows)
    return [dict(zip(table.headers, row, strict=True)) for row in table.rows]


def test_a_loud_walk_and_brute_force_are_found_in_a_handful_of_requests(found: Report) -> None:
    by_case = {(each.replay, each.grade): each for each in found.attempts}
    assert set(by_case) == {("R4", "g0"), ("R4", "g1"), ("R17", "g0"), ("R17", "g1")}
    for case in (("R4", "g0"), ("R17", "g0")):
        first = by_case[case].found
        assert first is not None
        assert first.requests <= 15
        assert first.exposed <= first.requests
        assert by_case[case].named == by_case[case].members == by_case[case].attackers == 1
    assert by_case["R17", "g0"].baselines["baseline.crowdsec-bf"] == 6


def test_every_table_has_a_row_for_each_thing_that_was_run(found: Report) -> None:
    assert [row["replay"] for row in rows(found, "replays")] == ["R4 g0", "R4 g1", "R17 g0", "R17 g1"]
    assert [row["grade"] for row in rows(found, "grades")] == ["g0", "g1"]
    assert {row["without attack"] for row in rows(found, "false alerts")} == {"benign", "traps", "R4 twin", "R17 twin"}
    assert [int(row["others accused"]) for row in rows(found, "grades")] == [
        sum(len(each.mistakes) for each in found.attempts if each.grade == grade) for grade in ("g0", "g1")
    ]
    assert {"baseline.fail2ban", "apiwatch"} <= {row["rule"] for row in rows(found, "other tools' rules")}
    detectors = {row["detector"]: row for row in rows(found, "detectors")}
    assert {"enumeration.sequential", "auth.brute-force"} <= set(detectors)
    assert rows(found, "cost")[0]["events"] == str(found.events)
    assert found.stored_bytes_per_event is not None
    assert 10 < found.stored_bytes_per_event < 100_000


def test_the_bar_says_reached_missed_or_not_run(found: Report) -> None:
    lines = {row["item"]: row for row in rows(found, "targets")}
    assert lines["sequential, one source"]["reached"] == "reached"
    assert lines["distributed stuffing"] == {
        "reached": "-",
        "item": "distributed stuffing",
        "target": "recall >= 95%, p95 <= 60 requests, <= 60 s",
        "measured": "not run",
    }


def test_a_fixed_null_hypothesis_and_a_log_without_fields_stand_beside_the_full_design() -> None:
    report = bench(
        small(ablation=True, replays=("R17",), grades=("g0",), minutes=0.0, rate=0.2), lambda done, total, job: None
    )
    by_variant = {row["variant"]: row for row in rows(report, "ablation")}
    assert list(by_variant) == list(ABLATIONS) == list(report.variants)
    assert by_variant["full"]["found g0"] == "1/1"
    assert len(report.attempts) == 1


def test_lower_thresholds_alert_no_later_and_higher_ones_no_sooner() -> None:
    report = bench(
        small(curve=True, replays=("R17",), grades=("g0",), minutes=0.0, rate=0.2), lambda done, total, job: None
    )
    points = {row["variant"]: row for row in rows(report, "curve")}
    assert list(points) == list(CURVE)
    requests = [float(point["req p50"]) for point in points.values()]
    assert requests == sorted(requests)
    assert requests[0] < requests[-1]


def test_the_hold_out_has_tables_of_its_own_and_shares_of_a_route_are_a_curve() -> None:
    plan = small(hold_out=True, replays=("R20",), grades=("g4",), shares=(0.2, 0.8), minutes=0.0)
    report = bench(plan, lambda done, total, job: None)
    assert {each.layout for each in report.attempts} == {"A", "C"}
    for where in (", topologies A and B", ", topology C (hold-out)"):
        assert [row["replay"] for row in rows(report, f"replays{where}")] == ["R20 g4"]
        curve = rows(report, f"g4 by share of the route's clients{where}")
        assert [row["attackers' share"] for row in curve] == ["0.20", "0.80"]
        [bar] = [row for row in rows(report, f"targets{where}") if row["item"].startswith("g4")]
        assert bar["measured"] == curve[0]["found in 30 min"]
    few, many = (sum(each.requests for each in report.attempts if each.share == share) for share in (0.2, 0.8))
    assert many > 2 * few


def read(variant: str, lines: Sequence[bytes]) -> Engine:
    found = ABLATIONS[variant]
    engine = found.engine(found.settings(Settings()))
    engine.feed(batch(lines))
    return engine


def test_without_the_gate_or_its_exemption_a_reader_of_the_newest_products_is_a_walker() -> None:
    others = [
        line(10 * number + n / 8, f"198.51.100.{number}", f"/api/products/{7_000 + product}")
        for number in range(1, 121)
        for n, product in enumerate(Random(number).sample(range(400), 20))  # noqa: S311  # not secret
    ]
    reader = [line(4_000 + n, "192.0.2.7", f"/api/products/{7_000 + n}") for n in range(40)]

    def accused(variant: str) -> bool:
        found = read(variant, [*others, *reader]).take().alerts
        return ("enumeration.sequential", "192.0.2.7") in {(alert.detector, alert.client) for alert in found}

    assert [accused(variant) for variant in ABLATIONS][:5] == [False, True, False, False, True]


def test_without_the_cap_one_principal_casts_more_than_its_votes() -> None:
    lines = [line(n, "192.0.2.7", f"/api/orders/{order}") for n, order in enumerate(scattered(25))]
    cast = [
        max(param.step.observations for param in read(variant, lines).params.values())
        for variant in ("full", "no vote cap")
    ]
    assert cast[0] <= 20 < cast[1]


def test_what_is_switched_off_by_settings_or_fields_is_off() -> None:
    alone = ABLATIONS["no population tier"].settings(Settings()).detectors
    assert not any((alone.log_in_failures.enabled, alone.miss_share.enabled, alone.campaign.enabled))
    written = writer("nginx_json", users_logged=True)(
        START, Hit(0.0, "192.0.2.7", None, "GET", "/", 200, 9, None, None, 0.1)
    )
    assert '"body_bytes_sent":9,' in ABLATIONS["full"].line(written)
    assert "body_bytes_sent" not in ABLATIONS["no outcome inference"].line(written)


def test_keys_by_address_know_nobody_by_another_name() -> None:
    engine = ABLATIONS["keys by address"].engine(Settings())
    engine.feed(batch([line(n, f"192.0.2.{n % 3}", "/api/orders/7", user=f"u{n}") for n in range(30)]))
    assert set(engine.principals) == {"192.0.2.0", "192.0.2.1", "192.0.2.2"}


def test_without_the_detectors_nothing_is_found_and_the_table_says_so() -> None:
    off = msgspec.convert(
        {name: {"enabled": False} for name in msgspec.to_builtins(Settings().detectors)}, type(Settings().detectors)
    )
    report = bench(
        small(settings=msgspec.structs.replace(Settings(), detectors=off), minutes=0.0, replays=("R4",)),
        lambda done, total, job: None,
    )
    assert {row["found"] for row in rows(report, "replays")} == {"0/1"}
    assert [row["reached"] for row in rows(report, "targets") if row["item"] == "sequential, one source"] == ["MISSED"]


def test_the_same_job_brings_the_same_and_later_grades_do_not_depend_on_earlier_ones() -> None:
    job = Job(4, "B", 0.5, 0.1, Settings(), replay="R17", grades=("g0", "g1"))
    first, alone = run(job), run(msgspec.structs.replace(job, grades=("g1",)))
    assert first.attempts[1:] == alone.attempts
    assert first.quiet == alone.quiet


def test_an_alert_about_somebody_else_finds_nothing() -> None:
    def attack(client: str) -> Hit:
        return Hit(0.0, client, None, "GET", "/x/1", 200, 10, None, None, 0.1, truth=1)

    events = events_of([line(second, "192.0.2.1", "/login", 401, method="POST", size=80) for second in range(20)])
    assert events
    truth = Truth(("192.0.2.99",), frozenset({"192.0.2.1"}), frozenset())
    truth.add(3, events[0].time, attack("192.0.2.99"))
    assert truth.found(events, frozenset({"auth"})) is None
    assert [mistake.source for mistake in truth.mistakes(events)] == ["twin"]
    right = Truth(("192.0.2.1",), frozenset(), frozenset())
    for number in range(1, 21):
        right.add(number, events[0].time, attack("192.0.2.1"))
    first = right.found(events, frozenset({"auth"}))
    assert first is not None
    assert first.requests == events[0].line
    assert right.found(events, frozenset({"recon"})) is None
    assert not right.mistakes(events)


def test_the_command_prints_the_tables_and_writes_them_as_json(tmp_path: Path) -> None:
    options = ("--minutes=0", "--rate=0.5", "--history=0", "--grades=g0", "--jobs=2", "--replays=R17")
    done = apiwatch(tmp_path, "bench", "--seeds=2", "--topology=B", *options, f"--json={tmp_path / 'bench.json'}")
    assert done.returncode == 0, done.stderr
    assert "R17 g0" in done.stdout
    assert "1/1 " in done.stderr
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["seeds"] == [2]
    assert {"replays", "targets"} <= set(document["tables"])
    assert document["attempts"][0]["found"]["requests"] <= 9


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_at_once_and_prints_what_it_has(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    arguments = command(
        "bench", "--seeds=1-50", "--minutes=0", "--history=0", "--rate=0.5", "--jobs=2", "--replays=R9", "--topology=A"
    )
    with subprocess.Popen(
        arguments, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as started:
        assert started.stderr is not None
        assert started.stderr.readline().startswith(b"1/50 R9")
        os.kill(started.pid, number)
        printed, errors = started.communicate(timeout=2 * DEADLINE_S)
    assert started.returncode == code
    assert b"Traceback" not in errors
    assert b"R9 twin" in printed
    assert re.search(rb"interrupted: these are the figures of \d+ of 50 jobs\n$", errors)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--seeds=x", "--seeds: `x` is neither a number nor a range"),
        ("--seeds=9-1", "--seeds: `9-1` has to go upwards"),
        ("--replays=R99", "--replays: there is no `R99`; choose from R1, R2"),
        ("--shares=2", "--shares: `2` is not a share from 0.01 to 0.95"),
        ("--grades=g7", "--grades: there is no `g7`"),
        ("--json=/nowhere/x.json", "--json: /nowhere/x.json cannot be written"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(tmp_path: Path, option: str, words: str) -> None:
    assert words in refused(tmp_path, 2, "bench", option)
