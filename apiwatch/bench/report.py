"""From outcomes to tables of text, and to one JSON document with the tables and every attempt behind them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from apiwatch.bench.baselines import BASELINES
from apiwatch.bench.figures import percentile, share, wilson
from apiwatch.bench.running import Attempt, Outcome, Quiet
from apiwatch.bench.targets import judge
from apiwatch.model import SEVERITIES, Severity
from apiwatch.simulate import GRADES

__all__ = ["Report", "Table", "ablation_row", "report"]


class Table(msgspec.Struct, frozen=True):
    """One table; every cell is text."""

    title: str
    headers: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Report(msgspec.Struct):
    """All that a bench run says."""

    tables: list[Table]
    attempts: list[Attempt]
    quiet: list[Quiet]
    events: int
    us_per_event: float
    peak_mb: float


def report(outcomes: Sequence[Outcome]) -> Report:
    """The tables of all outcomes together."""
    attempts = [each for outcome in outcomes for each in outcome.attempts]
    quiet = [each for outcome in outcomes for each in outcome.quiet]
    attempts.sort(key=lambda each: (int(each.replay[1:]), each.grade, each.seed))
    quiet.sort(key=lambda each: (len(each.name), each.name, each.seed))
    events = sum(outcome.events for outcome in outcomes)
    cost = 1e6 * sum(outcome.cpu_s for outcome in outcomes) / max(1, events)
    peak = max((outcome.peak_mb for outcome in outcomes), default=0.0)
    tables = [
        _replays(attempts),
        _grades(attempts),
        _detectors(attempts, quiet),
        _quiet(quiet),
        _baselines(attempts, quiet),
        Table(
            "cost",
            ("events", "us per event", "peak MiB"),
            [(str(events), f"{cost:.1f}", f"{peak:.0f}")],
        ),
        Table(
            "targets",
            ("reached", "item", "target", "measured"),
            [
                (
                    "-" if line.reached is None else "reached" if line.reached else "MISSED",
                    line.item,
                    line.target,
                    line.measured,
                )
                for line in judge(attempts, quiet)
            ],
        ),
    ]
    return Report(tables, attempts, quiet, events, cost, peak)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _recall(found: int, total: int) -> tuple[str, str]:
    if not total:
        return "-", "-"
    low, high = wilson(found, total)
    return f"{found}/{total}", f"{low:.2f}-{high:.2f}"


def _speed(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """Requests and seconds to the alert (median, 95th percentile), records exposed before it (median)."""
    found = [each.found for each in attempts if each.found is not None]
    requests, seconds = [each.requests for each in found], [each.seconds for each in found]
    return (
        _number(percentile(requests, 0.5)),
        _number(percentile(requests, 0.95)),
        _number(percentile(seconds, 0.5)),
        _number(percentile(seconds, 0.95)),
        _number(percentile((each.exposed for each in found), 0.5)),
    )


_SPEED = ("req p50", "req p95", "s p50", "s p95", "exposed")


def _grouped(attempts: Iterable[Attempt], key: Callable[[Attempt], str]) -> dict[str, list[Attempt]]:
    groups: dict[str, list[Attempt]] = {}
    for each in attempts:
        groups.setdefault(key(each), []).append(each)
    return groups


def _replays(attempts: Sequence[Attempt]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, group in _grouped(attempts, lambda each: f"{each.replay} {each.grade}").items():
        found = [each.found for each in group if each.found is not None]
        others = Counter(each.other.detector for each in group if each.other is not None)
        by = Counter(each.detector for each in found)
        in_time = sum(_in_time(each) for each in group)
        names = [detector for detector, _ in by.most_common(2)] + [f"({other})" for other, _ in others.most_common(1)]
        worst = max(each.severity for each in group)
        rows.append(
            (
                name,
                *_recall(len(found), len(group)),
                f"{in_time}/{len(group)}",
                *_speed(group),
                SEVERITIES[worst] if worst >= 0 else "-",
                ", ".join(names) or "missed",
            )
        )
    headers = ("replay", "found", "95 %", "in time", *_SPEED, "severity", "first by (unexpected family)")
    return Table("replays", headers, rows)


def _in_time(attempt: Attempt) -> bool:
    found = attempt.found
    return (
        found is not None
        and (attempt.must_requests is None or found.requests <= attempt.must_requests)
        and (attempt.must_seconds is None or found.seconds <= attempt.must_seconds)
    )


def _grades(attempts: Sequence[Attempt]) -> Table:
    rows: list[tuple[str, ...]] = []
    groups = _grouped(attempts, lambda each: each.grade)
    for grade in (grade for grade in GRADES if grade in groups):
        group = groups[grade]
        found = sum(each.found is not None for each in group)
        named = sum(each.named for each in group)
        precision = share(named, sum(each.members for each in group))
        recall = share(named, sum(each.attackers for each in group))
        wrong = str(sum(len(each.mistakes) for each in group))
        rows.append((grade, *_recall(found, len(group)), *_speed(group), _two(precision), _two(recall), wrong))
    return Table(
        "grades", ("grade", "found", "95 %", *_SPEED, "members precision", "members recall", "others accused"), rows
    )


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _detectors(attempts: Sequence[Attempt], quiet: Sequence[Quiet]) -> Table:
    names = sorted(
        {name for each in attempts for name in (*each.expect, *each.detectors)}
        | {mistake.detector for each in quiet for mistake in each.mistakes}
    )
    days = sum(each.hours for each in quiet) / 24
    rows: list[tuple[str, ...]] = []
    for name in names:
        expected = [each for each in attempts if name in each.expect]
        raised = sum(name in each.detectors for each in expected)
        first = [each for each in attempts if each.found is not None and each.found.detector == name]
        wrong = sum(mistake.detector == name for each in quiet for mistake in each.mistakes)
        false = f"{wrong / days:.1f}" if days else "-"
        rows.append((name, *_recall(raised, len(expected)), str(len(first)), *_speed(first), false))
    headers = ("detector", "raised where expected", "95 %", "first", *_SPEED, "false per day")
    return Table("detectors", headers, rows)


def _quiet(quiet: Sequence[Quiet]) -> Table:
    rows: list[tuple[str, ...]] = []
    for name in dict.fromkeys(each.name for each in quiet):
        group = [each for each in quiet if each.name == name]
        hours = sum(each.hours for each in group)
        mistakes = [mistake for each in group for mistake in each.mistakes]
        high = sum(mistake.severity >= Severity.HIGH for mistake in mistakes)
        by = Counter(mistake.detector for mistake in mistakes)
        said = ", ".join(f"{detector} {count}" for detector, count in by.most_common(3))
        label = f"{name} twin" if name.startswith("R") else name
        requests = sum(each.requests for each in group)
        per_day = 24 * len(mistakes) / hours if hours else 0.0
        rows.append(
            (label, str(requests), f"{hours:.1f}", str(len(mistakes)), str(high), f"{per_day:.1f}", said or "-")
        )
    headers = ("without attack", "requests", "hours", "medium or above", "high", "per day", "by")
    return Table("false alerts", headers, rows)


def _baselines(attempts: Sequence[Attempt], quiet: Sequence[Quiet]) -> Table:
    """Peers' rules on the same attacks; apiwatch, all detectors together, in the first row."""
    by_grade = _grouped(attempts, lambda each: each.grade)
    grades = [grade for grade in GRADES if grade in by_grade]
    normal = [each for each in quiet if not each.name.startswith("R")]
    days = sum(each.hours for each in normal) / 24
    rows: list[tuple[str, ...]] = []
    ours = {id(each): each.found.requests for each in attempts if each.found is not None}
    wrong = sum(len(each.mistakes) for each in normal)
    rows.append(_rule_row("apiwatch", by_grade, grades, lambda each: ours.get(id(each)), wrong, days))
    for name in BASELINES:
        wrong = sum(each.baselines[name] for each in normal)
        rows.append(_rule_row(name, by_grade, grades, _fires(name), wrong, days))
    return Table(
        "other tools' rules", ("rule", *(f"found {grade}" for grade in grades), "req p50", "false per day"), rows
    )


def _fires(name: str) -> Callable[[Attempt], int | None]:
    return lambda each: each.baselines.get(name)


def _rule_row(
    name: str,
    by_grade: dict[str, list[Attempt]],
    grades: Sequence[str],
    fired: Callable[[Attempt], int | None],
    wrong: int,
    days: float,
) -> tuple[str, ...]:
    requests = [value for group in by_grade.values() for each in group if (value := fired(each)) is not None]
    found = [f"{sum(fired(each) is not None for each in by_grade[grade])}/{len(by_grade[grade])}" for grade in grades]
    return (name, *found, _number(percentile(requests, 0.5)), f"{wrong / days:.1f}" if days else "-")


def ablation_row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """(variant, false alerts per day, twins that are not silent, found by grade ..., median requests)."""
    attempts = [each for outcome in outcomes for each in outcome.attempts]
    quiet = [each for outcome in outcomes for each in outcome.quiet]
    normal = [each for each in quiet if not each.name.startswith("R")]
    days = sum(each.hours for each in normal) / 24
    wrong = sum(len(each.mistakes) for each in normal)
    loud = sum(bool(each.mistakes) for each in quiet if each.name.startswith("R"))
    groups = _grouped(attempts, lambda each: each.grade)
    found = [
        f"{sum(each.found is not None for each in groups[grade])}/{len(groups[grade])}" for grade in sorted(groups)
    ]
    requests = [each.found.requests for each in attempts if each.found is not None]
    return (name, f"{wrong / days:.1f}" if days else "-", str(loud), *found, _number(percentile(requests, 0.5)))
