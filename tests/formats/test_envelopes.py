import json
import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwatch.formats.envelopes import Envelopes, Peeled
from apiwatch.formats.envelopes.parts import LINE_BYTES, MOST_SHORT_PARTS, STREAMS, WAITING_BYTES
from apiwatch.model import Request
from tests.formats.corpus import CORPUS, Record, records
from tests.formats.kit import CLOCK, TIME, entry, request
from tests.formats.wrapping import ENVELOPES, ESC, MICROSECONDS, PARTS, STAMP, WITH_TIME, WITHOUT_TIME, cri, docker

LINE = f'203.0.113.7 - alice [{CLOCK}] "GET /a?x=1 HTTP/1.1" 200 612 "https://example.com/" "curl/8"'
RECORD = '{"time":"2026-11-24T03:10:54Z","remote_addr":"203.0.113.7","request":"GET / HTTP/1.1","status":200}'
LINES = [
    LINE,
    f'2001:db8::7 - - [{CLOCK}] "GET / HTTP/2.0" 404 -',
    f'example.com:443 203.0.113.7 - - [{CLOCK}] "GET / HTTP/1.1" 200 612 "-" "x"',
    f'[{CLOCK}] 200 - GET https h.example.com "/d" [Client 203.0.113.7] [Length 20] [Gzip -] "x" "-"',
    '[2026-11-24T03:11:51.592Z] "GET /info HTTP/1.1" 200 - 0 27805 1 - "203.0.113.7" "x" "id" "h:80" "-"',
    '127.0.0.1:41696 [24/Nov/2026:03:11:03.138] fe be/s1 0/0/0/0/0 404 396 - - ---- 1/1/0/0/0 0/0 "GET /a HTTP/1.1"',
    "1525334330.556      3 203.0.113.7 TCP_MISS/200 2014 GET http://example.com/ - DIRECT/example.com text/plain",
    "2015-04-10T08:11:09.865823Z balancer 203.0.113.7:55128 - -1 -1 -1 408 - 1294336 0 "
    '"PUT https://example.com:443/videos/F4 HTTP/1.1"',
    "2026-11-24 03:10:54 192.0.2.10 GET /api/v1/users id=7 443 CORP\\alice 203.0.113.7 curl/8.5.0+(x) - 200 0 0 15",
    "2026-11-24\t03:10:54\tCDG50-P2\t703\t203.0.113.7\tGET\texample.cloudfront.net\t/t\t400\t-\tcurl/7.81.0",
    f"time:{CLOCK}\thost:203.0.113.7\treq:GET / HTTP/1.1\tstatus:200\tsize:3",
    f'203.0.113.7 | - | [{CLOCK}] | "GET / HTTP/1.1" | 200',
    f'203.0.113.7   | - | [{CLOCK}] | "GET / HTTP/1.1" | 200',
    f'unix: - - [{CLOCK}] "GET / HTTP/1.1" 200 612 "-" "x"',
    RECORD,
    '{"level":"error","msg":"handled request","request":{"remote_ip":"203.0.113.7","method":"GET"},"status":0}',
    '{"level":30,"req":{"method":"GET","url":"/a"},"res":{"statusCode":200},"msg":"request completed"}',
    '{"message":"GET /a 200","http":{"request":{"method":"GET"},"response":{"status_code":200}},"url":{"path":"/a"}}',
]
"""Records, also of formats that nothing reads: none is an envelope."""

calm = partial(settings, deadline=None)
"""Other work on the machine must not fail a test."""


def innermost(text: str, layers: int = 4) -> str:
    """The text within all envelopes that are known."""
    envelopes = Envelopes()
    for _ in range(layers):
        peeled = envelopes.peel(text)
        if peeled is None:
            return text
        text = peeled.text
    return text


def peeled(text: str) -> Peeled:
    found = Envelopes().peel(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize("line", LINES)
def test_access_records_are_no_envelopes(line: str) -> None:
    assert Envelopes().peel(line) is None


@pytest.mark.parametrize("line", [LINE, RECORD, f'2001:db8::7 - - [{CLOCK}] "GET /q\\"u\\\\o HTTP/1.1" 200 1'])
@pytest.mark.parametrize("kind", WITH_TIME)
def test_envelopes_with_an_instant(kind: str, line: str) -> None:
    found = peeled(ENVELOPES[kind](line))
    if found.text != line:  # a shipper's JSON behind a header
        found = found._replace(text=peeled(found.text).text)
    assert found.text == line
    assert found.moment is not None
    assert found.moment[0] == pytest.approx(TIME + 0.25, abs=1e-6)
    assert found.moment[1] == (3600 if "+01:00" in ENVELOPES[kind]("") else 0)


@pytest.mark.parametrize("line", [LINE, RECORD])
@pytest.mark.parametrize("kind", WITHOUT_TIME)
def test_envelopes_without_an_instant(kind: str, line: str) -> None:
    assert peeled(ENVELOPES[kind](line)) == Peeled(line)


@pytest.mark.parametrize(
    "head",
    [
        "<190>Nov 24 03:11:03 web-0 nginx ", "<190>Nov 24 03:11:03 web-0 ", "<190>Nov 24 03:11:03 nginx ",
        "<190>Nov 24 03:11:03 192.0.2.1 ", "<190>Nov 24 03:11:03 ", "Nov 24 03:11:03 web-0 nginx ", "<30>",
        "<30>2026-11-24T03:10:54Z web-0 nginx ", "stern-0 web ", "web-12345 web ", "[2026-11-24T03:10:54Z] ",
    ],
)  # fmt: skip
def test_short_headers_before_what_begins_like_an_access_line(head: str) -> None:
    assert peeled(head + LINE).text == LINE
    assert peeled(head + RECORD).text == RECORD


@pytest.mark.parametrize(
    "head",
    ["@cee: ", "@cee:", "nginx: @cee: ", "2026-11-24 03:10:54,250 ", f"{STAMP} 192.0.2.1  ", "2026-11-24T03:10:54 "],
)
def test_headers_before_json(head: str) -> None:
    assert innermost(head + RECORD) == RECORD


@pytest.mark.parametrize("kind", sorted(WITHOUT_TIME.keys() | {"RFC 5424", "kubectl --timestamps"}))
def test_a_header_before_nothing_is_none(kind: str) -> None:
    for nothing in ("", "   "):
        wrapped = ENVELOPES[kind](nothing)
        assert wrapped.startswith("{") or Envelopes().peel(wrapped) is None


def test_colours_of_the_line_stay() -> None:
    coloured = f"{ESC}[0mGET /a {ESC}[32m200{ESC}[0m 0.997 ms - 2{ESC}[0m"
    assert peeled(f"web-1  | {coloured}").text == coloured
    assert peeled(f"[pod/web-0/app] {coloured}").text == coloured
    assert Envelopes().peel(coloured) is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"MESSAGE": list(b"caf\xc3\xa9 \x1b\xff")}, "caf\xe9 \x1b\udcff"),
        ({"MESSAGE": [list(b"one"), list(b"two")]}, "one"),
        ({"MESSAGE": ["one", "two"]}, "one"),
        ({"MESSAGE": None}, None),
        ({"MESSAGE": []}, None),
        ({"MESSAGE": [256]}, None),
        ({"MESSAGE": [1.5, {}]}, None),
        ({"MESSAGE": 7}, None),
    ],
)
def test_messages_of_journald(fields: dict[str, object], text: str | None) -> None:
    found = Envelopes().peel(json.dumps({"__REALTIME_TIMESTAMP": str(MICROSECONDS), "PRIORITY": "6"} | fields))
    assert (found.text if found is not None else None) == text


@pytest.mark.parametrize("key", ["message", "log", "jsonPayload", "log_processed", "_source"])
def test_objects_in_objects(key: str) -> None:
    inner = json.loads(RECORD) | {"http_user_agent": "caf\xe9"}
    assert json.loads(peeled(json.dumps({key: inner, "@timestamp": STAMP})).text) == inner


def test_messages_of_applications_are_told_apart() -> None:
    assert peeled('{"level":"info","msg":"started"}') == Peeled("started", other=True)
    assert peeled('{"severity":"INFO","jsonPayload":{"message":"started"}}').other
    assert peeled('{"log":{"level":"info"},"message":"started"}') == Peeled("started", other=True)
    assert peeled('{"level":"info","component":"db"}') == Peeled("", other=True)
    assert not peeled('{"message":"started","host":"web-0"}').other
    assert not peeled(docker("started")).other
    assert Envelopes().peel('{"a":1}') is None


def test_a_time_without_zone_is_no_instant() -> None:
    stamps: tuple[object, ...] = (
        "2026-11-24T03:10:54", "2026-11-24 03:10:54", "yesterday", "", None, True, -1, "9" * 400, [], {}
    )  # fmt: skip
    for stamp in stamps:
        assert peeled(json.dumps({"message": LINE, "time": stamp})).moment is None


lines = st.one_of(
    st.sampled_from([LINE, RECORD]),
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60).map(
        lambda agent: LINE[:-7] + agent + '"'
    ),
)
stacks = st.lists(st.sampled_from(sorted(ENVELOPES)), min_size=1, max_size=3)


@given(lines, stacks)
@calm(max_examples=40)
def test_any_stack_of_envelopes_comes_off(line: str, stack: Sequence[str]) -> None:
    text = line
    for kind in stack:
        text = ENVELOPES[kind](text)
    assert innermost(text, layers=2 * len(stack)) == line


@given(st.sampled_from([LINE, RECORD]), stacks)
@calm(max_examples=40)
def test_a_wrapped_record_is_the_record(line: str, stack: Sequence[str]) -> None:
    for kind in stack:
        line = ENVELOPES[kind](line)
    assert innermost(line, layers=2 * len(stack)) in {LINE, RECORD}


anything = st.one_of(
    st.text(max_size=80),
    st.binary(max_size=80).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.one_of(
                    st.sampled_from(["log", "message", "MESSAGE", "stream", "time", "_p", "event", "level", "status"]),
                    st.sampled_from(["partial_id", "partial_message", "kubernetes", "docker", "request", "code"]),
                    st.text(max_size=4),
                ),
                inner,
                max_size=5,
            ),
        ),
        max_leaves=12,
    ).map(json.dumps),
)


@given(st.lists(st.tuples(st.sampled_from(sorted(ENVELOPES)), anything), max_size=5), st.integers(0, 200))
@calm(max_examples=40)
def test_nothing_raises(pieces: Sequence[tuple[str, str]], cut: int) -> None:
    envelopes = Envelopes()
    for kind, text in pieces:
        for line in (text, ENVELOPES[kind](text), ENVELOPES[kind](text)[:cut], ENVELOPES[kind](text)[cut:]):
            found = envelopes.peel(line)
            if found is not None:
                assert found.unfinished is None or found.finishes is None
                assert envelopes.join(found) is None or found.unfinished is None
                msgspec.msgpack.encode(envelopes.save())


@given(st.text(max_size=60), st.sampled_from(sorted(ENVELOPES)), st.sampled_from(sorted(ENVELOPES)))
@calm(max_examples=40)
def test_what_was_peeled_before_changes_nothing(text: str, before: str, kind: str) -> None:
    envelopes = Envelopes()
    envelopes.peel(ENVELOPES[before](LINE))
    assert envelopes.peel(ENVELOPES[kind](text)) == Envelopes().peel(ENVELOPES[kind](text))


ADVERSARIES: dict[str, Callable[[int], str]] = {
    "elements": lambda n: f"<13>1 {STAMP} h a p m " + "[a]" * (n // 3),
    "escapes": lambda n: f"<13>1 {STAMP} h a p m [" + "\\]" * (n // 2),
    "brackets": lambda n: f"<13>1 {STAMP} h a p m " + "[" * n,
    "blanks": lambda n: "Nov 24 03:11:03 " + " " * n,
    "blanks behind a host": lambda n: f"{STAMP} h" + " " * n,
    "hosts": lambda n: "Nov 24 03:11:03 " + "h " * (n // 2),
    "colons": lambda n: ":" * n,
    "tags": lambda n: "a: " * (n // 3),
    "commas": lambda n: "<12>May 20 09:33:54 " + "a," * (n // 2),
    "words": lambda n: "a" * n,
    "dashes": lambda n: "a-" * (n // 2),
    "pods": lambda n: "web-7d9f8b6c5-x2x4z " * (n // 20),
    "colours": lambda n: f"{ESC}[0m" * (n // 4),
    "coloured names": lambda n: f"{ESC}[0ma{ESC}[0m " * (n // 10),
    "bars": lambda n: "web-1  | " * (n // 9),
    "padding": lambda n: "web-1" + " " * n + "x",
    "stamps": lambda n: f"{STAMP} " * (n // 24),
    "tabs": lambda n: f"{STAMP}\t" + "x" * n,
    "open braces": lambda n: '{"log":' * (n // 7),
    "open lists": lambda n: '{"MESSAGE":' + "[" * n,
    "bytes": lambda n: '{"MESSAGE":[' + "1," * (n // 2) + "1]}",
    "digits": lambda n: '{"log":"x","stream":"stdout","time":' + "9" * n + "}",
    "keys": lambda n: "{" + ",".join(f'"k{i}":0' for i in range(n // 10)) + "}",
    "escaped": lambda n: json.dumps({"log": json.dumps({"log": json.dumps({"log": '"' * (n // 16)})})}),
}


@pytest.mark.parametrize("name", ADVERSARIES)
def test_long_lines_take_linear_time(name: str) -> None:
    def seconds(size: int) -> float:
        line = ADVERSARIES[name](size)
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            innermost(line)
            best = min(best, time.process_time() - start)
        return best

    short, long = seconds(1 << 19), seconds(1 << 20)
    assert long < 0.02 + 5 * short
    assert long < 5.0


Part = tuple[str, str, bool]
"""Stream, text, whether it ends the line."""
pieces_of_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)
parts = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), pieces_of_text, st.booleans()), max_size=20)


def expected(pieces: Sequence[Part]) -> list[str]:
    waiting: dict[str, str] = {}
    found: list[str] = []
    for stream, text, ended in pieces:
        waiting[stream] = waiting.get(stream, "") + text
        if ended:
            found.append(waiting.pop(stream))
    return found


def joined(written: Sequence[str], restarts: Sequence[int] = ()) -> list[str]:
    """The lines that come out, with a new object from a snapshot before each part in `restarts`."""
    envelopes = Envelopes()
    found: list[str] = []
    for index, line in enumerate(written):
        if index in restarts:
            saved = msgspec.msgpack.encode(envelopes.save())
            envelopes = Envelopes()
            envelopes.load(msgspec.msgpack.decode(saved))
        part = envelopes.peel(line)
        assert part is not None
        whole = envelopes.join(part)
        assert (whole is None) == (part.unfinished is not None)
        if whole is not None:
            found.append(whole)
    assert (envelopes.dropped, envelopes.cut) == (0, 0)
    return found


@given(st.sampled_from(sorted(PARTS)), parts, st.lists(st.integers(0, 20), max_size=5))
@calm(max_examples=40)
def test_parts_are_joined_per_stream(kind: str, pieces: Sequence[Part], restarts: Sequence[int]) -> None:
    written = [PARTS[kind](text, stream, ended=ended) for stream, text, ended in pieces]
    assert joined(written) == expected(pieces)
    assert joined(written, restarts) == expected(pieces)


def test_a_line_in_parts_is_the_line() -> None:
    long = LINE.replace("/a?x=1", "/" + "a" * 40_000)
    for kind, writer in PARTS.items():
        pieces = [long[start : start + 16_384] for start in range(0, len(long), 16_384)]
        assert joined([writer(piece, "stdout", ended=piece is pieces[-1]) for piece in pieces]) == [long], kind
    assert request(joined([cri(long[:9], ended=False), cri(long[9:])])[0]).method == "GET"


def test_characters_whose_bytes_stand_in_two_parts_come_out_whole() -> None:
    data = "/caf\xe9".encode()
    halves = [half.decode("utf-8", "surrogateescape") for half in (data[:-1], data[-1:])]
    assert joined([cri(halves[0], ended=False), cri(halves[1])]) == ["/caf\xe9"]
    assert joined([cri("\udcff", ended=False), cri("")]) == ["\udcff"]


def test_docker_lines_that_are_no_parts() -> None:
    """Without docker's own keys the missing LF says nothing: shippers take it off."""
    assert peeled(docker("x", ended=False)).unfinished == "stdout"
    for fields in ({"log": "x", "stream": "stdout"}, {"log": "x", "stream": "stdout", "time": STAMP, "tag": "web"}):
        assert peeled(json.dumps(fields)).unfinished is None


def test_streams_of_different_containers_are_kept_apart() -> None:
    def part(pod: str, text: str, tag: str) -> str:
        return json.dumps({"stream": "stdout", "logtag": tag, "message": text, "kubernetes": {"pod_name": pod}})

    written = [part("a", "1", "P"), part("b", "2", "P"), part("a", "3", "F"), part("b", "4", "F:x")]
    assert joined(written) == ["13", "24"]


def fill(envelopes: Envelopes, stream: str, text: str) -> str | None:
    return envelopes.join(Peeled(text, unfinished=stream))


def test_what_waits_is_bounded() -> None:
    envelopes = Envelopes()
    for number in range(STREAMS + 3):
        assert fill(envelopes, f"s{number}", "x") is None
    assert envelopes.dropped == 3
    assert envelopes.join(Peeled("y", finishes="s2")) == "y"
    assert envelopes.join(Peeled("y", finishes="s3")) == "xy"
    restored = Envelopes()
    restored.load(envelopes.save())
    assert restored.dropped == 3

    envelopes = Envelopes()
    for number in range(WAITING_BYTES // LINE_BYTES + 2):
        fill(envelopes, f"s{number}", "\xe9" * (LINE_BYTES // 2))
    assert envelopes.dropped == 2
    assert len(msgspec.msgpack.encode(envelopes.save())) < WAITING_BYTES + 1_000
    assert envelopes.join(Peeled("", finishes="s2")) == "\xe9" * (LINE_BYTES // 2)
    assert fill(envelopes, "more", "\xe9" * (LINE_BYTES // 2)) is None
    assert envelopes.dropped == 2


def test_a_line_in_too_many_parts_is_cut() -> None:
    envelopes = Envelopes()
    for _ in range(500):
        assert fill(envelopes, "s", "x" * 16_384) is None
    assert envelopes.cut == 1
    restored = Envelopes()
    restored.load(envelopes.save())
    assert restored.join(Peeled("end", finishes="s")) == "x" * LINE_BYTES
    assert restored.cut == 1
    assert restored.join(Peeled("next", finishes="s")) == "next"


def test_parts_that_never_end_are_lines() -> None:
    """Whatever takes the LF off docker's records must not make every line wait for ever."""
    envelopes = Envelopes()
    records = [peeled(docker(LINE, ended=False))] * (MOST_SHORT_PARTS + 10)
    found = [envelopes.join(record) for record in records]
    assert found == [None] * (MOST_SHORT_PARTS + 1) + [LINE] * 9
    assert envelopes.dropped == 1
    restored = Envelopes()
    restored.load(envelopes.save())
    assert restored.join(records[0]) == LINE
    assert restored.join(peeled(docker(LINE))) == LINE
    assert restored.join(records[0]) is None


def test_a_long_line_in_many_parts_is_joined() -> None:
    parts = ["x" * 8_192] * 20 + ["y"]
    assert joined([cri(part, ended=part == "y") for part in parts]) == ["".join(parts)]


@pytest.mark.parametrize("saved", [None, [], {}, "x", [1, 2, 3], [[["s", ["x"]]], 0, 0, False], [[], "a", 0, False]])
def test_a_state_that_is_none_is_ignored(saved: object) -> None:
    envelopes = Envelopes()
    fill(envelopes, "s", "x")
    envelopes.load(saved)
    assert envelopes.join(Peeled("y", finishes="s")) == "xy"


def wrapped(kinds: set[str]) -> list[Record]:
    return [record for record in records("formats/wrappers.jsonl") if record["format"] in kinds]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of log lines is not beside the checkout")
def test_lines_of_other_tools_own_tests() -> None:
    known = wrapped({"syslog_rfc3164", "syslog_rfc5424", "docker_json_file", "cri"})
    assert len(known) == 34
    for record in known:
        found = Envelopes().peel(record["raw"])
        if record.get("reject"):
            assert not isinstance(entry(record["raw"]), Request), record["raw"]
            continue
        assert found is not None, record["raw"]
        expect = record["expect"]
        assert found.text == expect["message"].removesuffix("\n")
        if "cri_tag" in expect:
            assert (found.unfinished, found.finishes) == (
                (None, expect["stream"]) if expect["cri_tag"] == "F" else (expect["stream"], None)
            )
            assert found.moment is not None


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of log lines is not beside the checkout")
def test_single_messages_of_syslog_streams() -> None:
    known = wrapped({"syslog_datagram"})
    texts = [(record["raw"], record["expect"]["messages"]) for record in known]
    assert len(texts) == 9
    for raw, messages in texts:
        found = Envelopes().peel(raw)
        if messages:
            assert found is not None, raw
            assert found.text.rstrip("\n") == messages[0]
