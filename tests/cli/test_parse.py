"""`parse` and `formats`."""

from pathlib import Path

from tests.cli.logs import line
from tests.cli.program import json_lines, run

FIELDS = {
    "time", "client", "peer", "user", "token", "method", "target", "path", "query", "status", "bytes", "referer",
    "user_agent", "host", "duration_s", "line", "format", "auth",
}  # fmt: skip
COMBINED = (
    '203.0.113.7 - alice [01/Jun/2024:12:00:01 +0200] "GET /api/users/7?full=1 HTTP/1.1" 404 163 "-" "curl/8.5.0"'
)


def test_record_has_every_field_and_null_for_what_is_not_said(home: Path) -> None:
    done = run(home, "parse", "-", stdin=COMBINED.encode() + b"\n")
    assert done.returncode == 0, done.stderr
    (record,) = json_lines(done.stdout)
    assert set(record) >= FIELDS
    assert record["time"] == "2024-06-01T12:00:01+02:00"
    assert record["client"] == record["peer"] == "203.0.113.7"
    assert record["user"] == "alice"
    assert (record["method"], record["target"]) == ("GET", "/api/users/7?full=1")
    assert (record["path"], record["query"]) == ("/api/users/7", "full=1")
    assert (record["status"], record["bytes"]) == (404, 163)
    assert record["user_agent"] == "curl/8.5.0"
    assert record["line"] == 1
    assert record["format"]
    for absent in ("referer", "token", "host", "duration_s"):
        assert record[absent] is None


def test_line_numbers_count_every_input_line(home: Path) -> None:
    text = f"{COMBINED}\n\nnot a record\n{COMBINED}\n"
    done = run(home, "parse", "-", stdin=text.encode())
    assert [record["line"] for record in json_lines(done.stdout)] == [1, 4]
    assert "1 lines not understood" in done.stderr


def test_formats_are_told_per_file(home: Path) -> None:
    (home / "a.log").write_text(f"{COMBINED}\n")
    (home / "b.log").write_text(
        '{"time":"2024-06-01T10:00:01+00:00","remote_addr":"203.0.113.9","request":"GET /x HTTP/1.1","status":"200"}\n'
    )
    records = json_lines(run(home, "parse", str(home / "a.log"), str(home / "b.log")).stdout)
    assert len({record["format"] for record in records}) == 2
    assert {record["client"] for record in records} == {"203.0.113.7", "203.0.113.9"}


def test_last_line_without_its_end_is_read(home: Path) -> None:
    assert len(json_lines(run(home, "parse", "-", stdin=COMBINED.encode()).stdout)) == 1


def test_explain_points_at_the_place_where_understanding_stopped(home: Path) -> None:
    bad = COMBINED.replace("[01/Jun/2024", "[01-Jun-2024")
    done = run(home, "parse", "--explain", "-", stdin=f"{COMBINED}\n{bad}\n".encode())
    assert done.returncode == 0
    rows = done.stdout.splitlines()
    at = next(number for number, row in enumerate(rows) if "01-Jun-2024" in row)
    caret = next(row for row in rows[at + 1 :] if row.strip() == "^")
    assert rows[at].index("[01-Jun") <= caret.index("^") <= rows[at].index("Jun-2024")
    assert ":2" in done.stdout


def test_explain_names_the_format_its_twins_and_that_nothing_else_fits(home: Path) -> None:
    done = run(home, "parse", "--explain", "-", stdin=f"{COMBINED}\n".encode())
    assert "combined (1 lines)" in done.stdout
    assert "gunicorn" in done.stdout
    assert "no other format fits" in done.stdout
    assert "every line is understood" in done.stdout


def test_other_name_of_a_format_is_taken(home: Path) -> None:
    done = run(home, "parse", "--format=gunicorn", "-", stdin=f"{COMBINED}\n".encode())
    assert json_lines(done.stdout)[0]["format"] == "combined"


def test_trusted_proxy_makes_the_forwarded_client_the_client(home: Path) -> None:
    text = line(1_717_236_000, "10.0.0.1", "/x") + ' "203.0.113.50"\n'
    (record,) = json_lines(run(home, "parse", "--trusted-proxy=10.0.0.0/8", "-", stdin=text.encode()).stdout)
    assert (record["client"], record["peer"]) == ("203.0.113.50", "10.0.0.1")
    (record,) = json_lines(run(home, "parse", "-", stdin=text.encode()).stdout)
    assert record["client"] == "10.0.0.1"


def test_formats_lists_each_with_an_example_that_parses(home: Path) -> None:
    known = json_lines(run(home, "formats", "--json").stdout)
    assert len(known) > 40
    for info in known:
        (home / f"{info['name']}.log").write_text(info["example"] + "\n")
    done = run(home, "parse", *(str(home / f"{info['name']}.log") for info in known))
    assert done.returncode == 0, done.stderr
    found = {Path(record["source"]).stem: record["format"] for record in json_lines(done.stdout)}
    assert found == {info["name"]: info["name"] for info in known}
