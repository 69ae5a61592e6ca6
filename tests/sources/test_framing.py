"""Cutting streams into messages, however they are split."""

from collections.abc import Callable, Iterable
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from apiwatch.sources.framing import HEADER_BYTES, Framer, LineSplitter

LIMIT = 64
LONGEST = LIMIT + HEADER_BYTES + 1
HOSTILE = st.lists(
    st.sampled_from(
        [b"1", b"9", b"0", b" ", b"<", b">", b"13", b"<13>", b"7 <13>ab", b"\n", b"\r", b"\0", b"a", b"x" * 70]
    ),
    max_size=40,
).map(b"".join)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def parts(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The data split at these places."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[begin:end] for begin, end in pairwise(places)]


def fed(feed: Callable[[bytes], list[bytes]], pieces: Iterable[bytes]) -> list[bytes]:
    return [message for piece in pieces for message in feed(piece)]


def framed(message: bytes, *, counted: bool) -> bytes:
    return b"%d %b" % (len(message), message) if counted else message + b"\n"


@given(data=HOSTILE, cuts=CUTS)
@example(data=b"a\r\n" + b"b" * 65 + b"\r\n" + b"c" * 66 + b"\r\n", cuts=[2, 68])
def test_lines_do_not_depend_on_how_the_stream_is_split(data: bytes, cuts: list[int]) -> None:
    splitter = LineSplitter(LIMIT)
    lines = fed(splitter.feed, parts(data, cuts)) + splitter.finish()
    raw = data.split(b"\n")
    if not raw[-1]:
        raw.pop()
    expected = [line[:-1] if line.endswith(b"\r") and len(line) <= LIMIT + 1 else line for line in raw]
    assert lines == [line[:LIMIT] for line in expected]
    assert splitter.cut == sum(len(line) > LIMIT for line in expected)


def test_an_endless_line_takes_no_memory() -> None:
    splitter = LineSplitter(LIMIT)
    for _ in range(1000):
        assert splitter.feed(b"x" * 1000) == []
    assert splitter.feed(b"\nnext\n") == [b"x" * LIMIT, b"next"]
    assert splitter.cut == 1


MESSAGES = st.lists(
    st.one_of(
        st.tuples(st.binary(max_size=60).map(lambda text: b"<13>" + text), st.just(True)),
        st.tuples(st.binary(max_size=60).map(lambda text: b"<13>" + text.replace(b"\n", b" ")), st.just(False)),
    ),
    max_size=12,
)


@given(messages=MESSAGES, cuts=CUTS)
@example(messages=[(b"<13>two\nlines", True), (b"<13>one", False), (b"<13>again", True)], cuts=[0, 1, 2, 3])
def test_both_framings_on_one_connection_however_it_is_split(
    messages: list[tuple[bytes, bool]], cuts: list[int]
) -> None:
    framer = Framer(LIMIT)
    stream = b"".join(framed(message, counted=counted) for message, counted in messages)
    assert fed(framer.feed, parts(stream, cuts)) == [message for message, _ in messages]
    assert framer.finish() == []
    assert framer.broken == 0


@given(data=HOSTILE, cuts=CUTS)
@example(data=b"5 <13>a99999 <13>b\n<13>c\n", cuts=[8, 9, 10])
@example(data=b"6 <13>ab junk 5 <13>c", cuts=[8])
def test_whatever_arrives_is_framed_the_same_however_it_is_split(data: bytes, cuts: list[int]) -> None:
    whole, split = Framer(LIMIT), Framer(LIMIT)
    expected = whole.feed(data) + whole.finish()
    assert fed(split.feed, parts(data, cuts)) + split.finish() == expected
    assert split.broken == whole.broken


@given(st.binary(max_size=300), CUTS)
def test_no_bytes_make_it_fail(data: bytes, cuts: list[int]) -> None:
    framer = Framer(LIMIT)
    fed(framer.feed, parts(data, cuts))
    framer.finish()


@given(before=st.integers(1, 4), short=st.integers(4, 19), after=st.integers(1, 4), cuts=CUTS)
def test_after_a_count_that_is_too_small_the_next_message_is_found(
    before: int, short: int, after: int, cuts: list[int]
) -> None:
    good = framed(b"<13>sixteen bytes...", counted=True)
    wrong = b"%d <13>sixteen bytes..." % short
    framer = Framer(LIMIT)
    messages = fed(framer.feed, parts(good * before + wrong + good * after, cuts))
    assert (
        messages
        == [b"<13>sixteen bytes..."] * before + [b"<13>sixteen bytes..."[:short]] + [b"<13>sixteen bytes..."] * after
    )
    assert framer.broken == 1


@given(excess=st.integers(1, 60), cuts=CUTS)
def test_after_a_count_that_is_too_large_messages_are_found_again(excess: int, cuts: list[int]) -> None:
    sent = [b"<13>message %02d" % number for number in range(40)]
    framer = Framer(LIMIT)
    stream = b"%d <13>wrong" % (9 + excess) + b"".join(framed(one, counted=True) for one in sent)
    messages = fed(framer.feed, parts(stream, cuts))
    assert messages[0].startswith(b"<13>wrong")
    whole = [message for message in messages if message in sent]
    assert whole == sent[-len(whole) :]
    assert len(whole) >= 20
    assert framer.broken <= 2


def test_a_wrong_count_is_passed_over_up_to_the_next_line_end_too() -> None:
    framer = Framer(LIMIT)
    assert framer.feed(b"6 <13>ab junk\n<13>good\n") == [b"<13>ab", b"<13>good"]
    assert framer.broken == 1


def test_a_count_is_told_from_the_digits_at_the_end_of_the_message_before() -> None:
    framer = Framer(LIMIT)
    good = b"<13>GET /a 200 612"
    stream = b"".join(framed(message, counted=True) for message in (good, good, good))
    assert framer.feed(b"6 <13>ab 200 612" + stream) == [b"<13>ab", good, good, good]
    assert framer.broken == 1
    framer = Framer(LIMIT)
    assert fed(framer.feed, parts(b"6 <13>ab 200 612" + stream, range(100))) == [b"<13>ab", good, good, good]
    assert framer.broken == 1


def test_a_line_that_begins_with_a_number_is_no_count() -> None:
    framer = Framer(LIMIT)
    assert framer.feed(b"200 OK\n2026 <b>\n13\n") == [b"200 OK", b"2026 <b>", b"13"]
    assert framer.broken == 0


def test_what_breaks_off_at_the_end_of_the_connection() -> None:
    framer = Framer(LIMIT)
    assert framer.feed(b"<13>a\n<13>unfinished") == [b"<13>a"]
    assert framer.finish() == [b"<13>unfinished"]
    assert framer.broken == 0
    framer = Framer(LIMIT)
    assert framer.feed(b"99 <13>unfinished") == []
    assert framer.finish() == []
    assert framer.broken == 1


@given(st.booleans(), CUTS)
def test_longer_messages_are_cut_and_the_rest_is_passed_over(counted: bool, cuts: list[int]) -> None:
    giant = b"<13>" + b"x" * 20_000
    framer = Framer(LIMIT)
    stream = framed(giant, counted=counted) + framed(b"<13>next", counted=counted)
    assert fed(framer.feed, parts(stream, [50 * cut for cut in cuts])) == [giant[:LONGEST], b"<13>next"]
    assert framer.broken == 0


@given(
    messages=st.lists(st.binary(min_size=1, max_size=LIMIT), min_size=1, max_size=8),
    broken=st.lists(st.sampled_from([b"<13>line", b"text", b"<13>1 - x"]), max_size=3),
    cuts=CUTS,
)
def test_where_only_counted_messages_are_allowed_each_line_is_broken(
    messages: list[bytes], broken: list[bytes], cuts: list[int]
) -> None:
    framer = Framer(LIMIT, counted_only=True)
    data = b"".join(line + b"\n" for line in broken)
    data += b"".join(framed(b"<13>" + message, counted=True) for message in messages)
    assert fed(framer.feed, parts(data, cuts)) + framer.finish() == [b"<13>" + message for message in messages]
    assert framer.broken == len(broken)
