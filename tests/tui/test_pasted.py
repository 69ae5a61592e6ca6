"""Control characters in what is pasted are no keys."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiwatch.tui.pasted import PastedText

BEGIN, END = "\x1b[200~", "\x1b[201~"


@given(st.text(alphabet="ab\n\x1b[201~\x07\x9b"), st.lists(st.integers(0, 40), max_size=5))
def test_a_paste_is_one_text_however_it_comes(body: str, cuts: list[int]) -> None:
    body = body.replace(END, "")
    sent = f"x{BEGIN}{body}{END}y\x1b[A"
    edges = [0, *sorted(min(len(BEGIN) + 1 + cut, len(sent)) for cut in cuts), len(sent)]
    guard = PastedText()
    got = "".join(guard.cleaned(sent[start:end]) for start, end in pairwise(edges))
    inside = f"{body}{END}".partition(END)[0]
    wanted = "".join(char for char in inside.replace("\n", " ") if char.isprintable())
    assert got == f"x{BEGIN}{wanted}{END}y\x1b[A"


@pytest.mark.parametrize("keys", ["\x1b", "\x1b[B", "\x03", "abc\r", "\x1b[<0;1;1M"])
def test_keys_pass_at_once(keys: str) -> None:
    assert PastedText().cleaned(keys) == keys
