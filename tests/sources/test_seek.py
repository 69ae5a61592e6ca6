"""Where reading starts: --since."""

import os
import re
from bisect import bisect_left
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.errors import UsageError
from apiwatch.sources.content import Content, open_content
from apiwatch.sources.seek import PROBE_BYTES, Since, find_place, first_after, parse_since
from tests.sources.kit import append, joined, tapped, time_of, timed


class Memory:
    """Content in memory that counts its reads."""

    packed = False

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads = 0

    def read_at(self, position: int, size: int) -> bytes:
        self.reads += 1
        assert position >= 0
        return self.data[position : position + size]

    def reaches(self, position: int) -> bool:
        return len(self.data) >= position

    def status(self) -> os.stat_result:
        return os.stat_result((0o100644, 1, 1, 1, 0, 0, len(self.data), 0, 0, 0))

    def backlog(self, position: int) -> int:
        return len(self.data) - position

    def close(self) -> None:
        pass


class Endless(Memory):
    """A log of 200 bytes per line and one line per millisecond, made up as it is read."""

    LINE = 200

    def __init__(self, size: int) -> None:
        super().__init__(b"")
        self.size = size

    def read_at(self, position: int, size: int) -> bytes:
        self.reads += 1
        first, last = position // self.LINE, (position + size) // self.LINE + 1
        lines = b"".join(
            f"t={1e9 + number / 1000:.3f} ".encode().ljust(199, b"x") + b"\n" for number in range(first, last)
        )
        skipped = position - first * self.LINE
        return lines[skipped : skipped + min(size, self.size - position)]

    def status(self) -> os.stat_result:
        return os.stat_result((0o100644, 1, 1, 1, 0, 0, self.size, 0, 0, 0))


def linear(data: bytes, target: float) -> int:
    """Start of the first line that is not older, by looking at all; the end of the last line when there is none.

    When that is the first line with a time, what stands before it (a header) belongs to it.
    """
    position, older = 0, False
    for line in data.split(b"\n")[:-1]:
        when = time_of(line)
        if when is not None and when >= target:
            return position if older else 0
        older = older or when is not None
        position += len(line) + 1
    return position


BLOCKS = st.lists(
    st.tuples(
        st.integers(1, 40),  # lines
        st.sampled_from([0.0, 0.5, 1.0, 60.0]),  # seconds between two
        st.integers(0, 3000),  # length
        st.sampled_from([1, 1, 8]),  # every so many lines one with a time
    ),
    min_size=1,
    max_size=12,
)


@given(blocks=BLOCKS, share=st.floats(-0.1, 1.1), partial=st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_place_is_that_of_a_linear_search(
    blocks: list[tuple[int, float, int, int]], share: float, partial: bool
) -> None:
    now, lines = 1000.0, []
    for count, gap, length, every in blocks:
        for number in range(count):
            now += gap
            lines.append((b"no time " if number % every else b"t=%.1f " % now) + b"x" * length)
    lines.append(b"t=%.1f last" % now)
    data = joined(lines) + (b"t=%.1f partial" % now if partial else b"")
    target = 1000.0 + round(2 * share * (now - 1000.0)) / 2
    place = find_place(Memory(data), Since(target, "x"), time_of)
    assert place.position == linear(data, target)
    assert bool(place.message) == (now < target)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.37, 0.999_99])
def test_a_huge_file_takes_few_reads(share: float) -> None:
    size = 10 * 2**30 // 200 * 200
    content = Endless(size)
    number = int(share * size / 200)
    place = find_place(content, Since(1e9 + number / 1000, "x"), time_of)
    assert place.position == number * 200
    assert content.reads <= 2 + 20 + 2


def test_a_real_file_is_seeked_in(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    lines = [b"t=%d " % number + b"x" * 200 for number in range(20_000)]
    log.write_bytes(joined(lines))
    content: Content = open_content(str(log)).content
    try:
        assert find_place(content, Since(12_345.0, "x"), time_of).position == len(joined(lines[:12_345]))
    finally:
        content.close()


@given(st.lists(st.integers(0, 50), max_size=300).map(sorted), st.integers(-1, 51))
def test_the_first_line_that_is_new_enough_is_found_by_bisection(times: list[int], limit: int) -> None:
    assert first_after([b"t=%d" % when for when in times], limit, time_of) == bisect_left(times, limit)


def test_a_file_without_times_starts_near_its_end() -> None:
    data = joined([b"line %06d" % number for number in range(300_000)])
    place = find_place(Memory(data), Since(5.0, "5"), time_of)
    assert len(data) - 2**20 <= place.position < len(data) - 2**20 + 20
    assert data[place.position - 1 : place.position] == b"\n"
    assert "no time" in place.message
    assert find_place(Memory(b""), Since(5.0, "5"), time_of).position == 0


def test_impossible_times_in_the_log_do_no_harm() -> None:
    for stamp in (b"-", b"99999999999999999999", b"0"):
        data = b"t=%b x\n" % stamp
        assert find_place(Memory(data), Since(5.0, "5"), time_of).position in (0, len(data))
    for when in (-1e30, float("-inf")):
        place = find_place(Memory(b"x\n"), Since(5.0, "5"), lambda _, when=when: when)  # type: ignore[misc]
        assert place.position == 2
        assert "impossible" in place.message


def test_a_line_longer_than_a_probe_is_passed_over() -> None:
    lines = [b"t=1 ", b"t=2 " + b"x" * 10 * PROBE_BYTES, b"t=3", b"t=4"]
    data = joined(lines)
    assert find_place(Memory(data), Since(3.0, "3"), time_of).position == len(joined(lines[:2]))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("start", None),
        ("90s", 1_000_000.0 - 90),
        ("1.5h", 1_000_000.0 - 5400),
        (" 7d ", 1_000_000.0 - 7 * 86_400),
        ("1w", 1_000_000.0 - 7 * 86_400),
        ("1970-01-02T00:00:00Z", 86_400.0),
        ("1970-01-02T01:00:00+01:00", 86_400.0),
        ("1970-01-02", 86_400.0),
    ],
)
def test_since_is_read(text: str, time: float | None) -> None:
    assert parse_since(text, 1_000_000.0).time == time


@pytest.mark.parametrize("text", ["", "15", "m", "-15m", "15 m", "yesterday", "2026-13-01", "9" * 400 + "x"])
def test_a_since_that_means_nothing_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"--since {text!r}: give a duration")):
        parse_since(text, 1_000_000.0)


async def test_a_file_starts_at_since_and_says_when_it_is_older(tmp_path: Path) -> None:
    log, old = tmp_path / "access.log", tmp_path / "old.log"
    append(log, joined(timed(1000, 2000)))
    append(old, joined(timed(0, 100)))
    async with tapped(log, old, since="10m", clock=lambda: 3000.0) as tap:
        assert await tap.count(600) == timed(1000, 2000)[1400:]
        assert "1970-01-01 00:01:39Z, older than --since 10m" in tap.status(old).message
        append(old, joined(timed(3001, 1)))
        await tap.count(601)
        assert tap.of(old) == timed(3001, 1)
