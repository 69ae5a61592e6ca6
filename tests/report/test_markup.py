"""Untrusted text in Markdown is inert: read back by a parser that makes links and tags of whatever it can."""

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from apiwatch.report.bars import bars
from apiwatch.report.markup import code, fenced, item
from apiwatch.store.views import MinuteView, Mix
from apiwatch.text import plain

PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": True})
HOSTILE = st.text() | st.text(st.sampled_from("`~|<>[]()!#-*_\\ \n\t\r&;:/@wx.\x1b\x9b\u202e"))


def read(text: str) -> list[Token]:
    """All tokens, those inside others too, of the most willing reader there is."""
    found: list[Token] = []
    for token in PARSER.parse(text):
        found += [token, *(token.children or ())]
    return found


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_a_span_holds_its_text_and_nothing_else(text: str) -> None:
    tokens = read(item("who", f"{code(text)} and {code('b')}"))
    spans = [token.content for token in tokens if token.type == "code_inline"]
    clean = plain(text, 300)
    if clean.strip():
        assert spans == [clean, "b"]
    else:
        assert spans == ["b"]
    assert {token.type for token in tokens} <= {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open",
        "paragraph_close", "inline", "text", "strong_open", "strong_close", "code_inline",
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, max_size=4))
def test_a_block_holds_its_lines_and_nothing_else(lines: list[str]) -> None:
    tokens = read("\n".join(["before", "", *fenced(lines), "after"]))
    (block,) = [token for token in tokens if token.type == "fence"]
    assert block.content == "".join(f"{plain(text)}\n" for text in lines)
    assert [token.content for token in tokens if token.type == "text"] == ["before", "after"]


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.integers(0, 3_000_000), st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=9))
def test_bars_keep_every_request_and_stay_few(minutes: dict[int, tuple[int, int]]) -> None:
    timeline = [
        MinuteView(minute, Mix(requests=ok + bad, ok=ok, miss=bad)) for minute, (ok, bad) in sorted(minutes.items())
    ]
    drawn = bars(timeline)
    assert len(drawn) <= 41
    if timeline:
        counts = [int(row[17:].split()[0].replace(",", "")) for row in drawn[1:]]
        assert sum(counts) == sum(view.mix.requests for view in timeline)
        assert all(("#" in row or "x" in row) == bool(number) for row, number in zip(drawn[1:], counts, strict=True))
