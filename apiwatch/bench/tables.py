"""The tables of the report: attempts and quiet hours as rows of text."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from apiwatch.bench.baselines import BASELINES
from apiwatch.bench.figures import percentile, share, wilson
from apiwatch.bench.running import Attempt, Outcome, Quiet
from apiwatch.bench.targets import severity_is_right
from apiwatch.bench.variants import ABLATED_GRADES
from apiwatch.model import SEVERITIES, Severity
from apiwatch.simulate import GRADES

__all__ = [
    "VARIANT_HEADERS",
    "Table",
    "baseline_table",
    "detector_table",
    "grade_table",
    "quiet_table",
    "replay_table",
    "share_table",
    "variant_row",
]


_HALF_HOUR = 1_800.0


class Table(msgspec.Struct, frozen=True):
    """One table; every cell is text."""

    title: str
    headers: tuple[str, ...]
    rows: list[tuple[str, ...]]


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


def replay_table(attempts: Sequence[Attempt], where: str) -> Table:
    """By replay and grade."""
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
    return Table(f"replays{where}", headers, rows)


def _in_time(attempt: Attempt) -> bool:
    found = attempt.found
    return (
        found is not None
        and (attempt.must_requests is None or found.requests <= attempt.must_requests)
        and (attempt.must_seconds is None or found.seconds <= attempt.must_seconds)
    )


def grade_table(attempts: Sequence[Attempt], where: str) -> Table:
    """By grade, with who was named, and how well it was said."""
    rows: list[tuple[str, ...]] = []
    groups = _grouped(attempts, lambda each: each.grade)
    for grade in (grade for grade in GRADES if grade in groups):
        group = groups[grade]
        found = sum(each.found is not None for each in group)
        named = sum(each.named for each in group)
        precision = share(named, sum(each.members for each in group))
        recall = share(named, sum(each.attackers for each in group))
        wrong = str(sum(len(each.mistakes) for each in group))
        severe = sum(severity_is_right(each) for each in group if each.found is not None)
        told = sum(not each.unexplained for each in group)
        rows.append(
            (
                grade,
                *_recall(found, len(group)),
                *_speed(group),
                _two(precision),
                _two(recall),
                f"{severe}/{found}",
                f"{told}/{len(group)}",
                wrong,
            )
        )
    headers = (
        "grade", "found", "95 %", *_SPEED, "members precision", "members recall", "severity right", "all explained",
        "others accused",
    )  # fmt: skip
    return Table(f"grades{where}", headers, rows)


def share_table(attempts: Sequence[Attempt], where: str) -> Table:
    """g4 at several shares of the route's clients: recall within half an hour."""
    rows: list[tuple[str, ...]] = []
    for name, group in _grouped(attempts, lambda each: f"{each.share:.2f}").items():
        found = [each for each in group if each.found is not None and each.found.seconds <= _HALF_HOUR]
        missed = ", ".join(dict.fromkeys(each.replay for each in group if each not in found))
        rows.append((name, *_recall(len(found), len(group)), *_speed(found), missed or "-"))
    headers = ("attackers' share", "found in 30 min", "95 %", *_SPEED, "missed")
    return Table(f"g4 by share of the route's clients{where}", headers, sorted(rows))


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def detector_table(attempts: Sequence[Attempt], quiet: Sequence[Quiet], where: str) -> Table:
    """By detector."""
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
    return Table(f"detectors{where}", headers, rows)


def quiet_table(quiet: Sequence[Quiet], where: str) -> Table:
    """Alerts where nobody attacks."""
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
    return Table(f"false alerts{where}", headers, rows)


def baseline_table(attempts: Sequence[Attempt], quiet: Sequence[Quiet], where: str) -> Table:
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
        f"other tools' rules{where}",
        ("rule", *(f"found {grade}" for grade in grades), "req p50", "false per day"),
        rows,
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


VARIANT_HEADERS = (
    "variant", "false per day", "with traps", "twins that alert", *(f"found {grade}" for grade in ABLATED_GRADES),
    "req p50", "req p95",
)  # fmt: skip


def variant_row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """(variant, false alerts per day without and with traps, twins that are not silent, found by grade, requests)."""
    attempts = [each for outcome in outcomes for each in outcome.attempts]
    quiet = [each for outcome in outcomes for each in outcome.quiet]
    loud = sum(bool(each.mistakes) for each in quiet if each.name.startswith("R"))
    groups = _grouped(attempts, lambda each: each.grade)
    found = [
        f"{sum(each.found is not None for each in groups.get(grade, []))}/{len(groups.get(grade, []))}"
        for grade in ABLATED_GRADES
    ]
    requests = [each.found.requests for each in attempts if each.found is not None]
    speed = (_number(percentile(requests, 0.5)), _number(percentile(requests, 0.95)))
    return (name, _per_day(quiet, "benign"), _per_day(quiet, "traps"), str(loud), *found, *speed)


def _per_day(quiet: Sequence[Quiet], name: str) -> str:
    ours = [each for each in quiet if each.name == name]
    days = sum(each.hours for each in ours) / 24
    return f"{sum(len(each.mistakes) for each in ours) / days:.1f}" if days else "-"
