"""What is drawn: a line is a tuple of pieces, a piece is text and the name of its style. Widths are terminal cells."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from apiwatch.tui.measured import measured

__all__ = [
    "CUT",
    "EMPTY",
    "STYLES",
    "Line",
    "Piece",
    "beside",
    "changed_span",
    "cut_middle",
    "fit",
    "fit_line",
    "line",
    "line_text",
    "line_width",
    "merged",
    "titled_rule",
    "wrap",
]

CUT = "~"
"""Stands for text that is cut off."""

STYLES = (
    "dim",
    "strong",
    "accent",
    "good",
    "warn",
    "bad",
    "critical",
    "high",
    "medium",
    "low",
    "info",
    "rule",
    "title",
    "active",
    "columns",
    "cursor",
    "mark",
    "key",
)
"""Names of styles; `themes.piece_style` says how each looks. '' is ordinary text."""


class Piece(NamedTuple):
    """A run of text in one style."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]
EMPTY: Line = ()

_LONGEST = 1000
"""Characters of one piece of a line."""

_SPELLED = 10
"""Characters that `measured` makes of one at most."""

_PER_CELL = 5
"""Characters that one cell can hold: a letter with four combining marks, which is all that `measured` lets through."""


def line(*parts: str | Piece) -> Line:
    """A line of pieces, clean and not much longer than a screen is wide; a string is ordinary text."""
    return tuple(_clean(part if isinstance(part, Piece) else Piece(part)) for part in parts)


def _clean(piece: Piece) -> Piece:
    text = measured(piece.text, _LONGEST)
    return piece if text == piece.text else Piece(text, piece.style)


def line_text(drawn: Line) -> str:
    """The text of a line without its styles."""
    return "".join(piece.text for piece in drawn)


def line_width(drawn: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(piece.text) for piece in drawn)


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: padded, or cut at its end.

    >>> fit("abc", 5), fit("abc", 5, right=True), fit("abcdef", 4)
    ('abc  ', '  abc', 'abc~')
    """
    if width <= 0:
        return ""
    text = measured(text, _PER_CELL * (width + 1))
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + CUT
    return " " * (width - length) + text if right else text + " " * (width - length)


def cut_middle(text: str, width: int) -> str:
    """`text` in at most `width` cells; of a longer one its two ends are kept, which tell addresses apart.

    >>> cut_middle("2001:db8:1234:5678::/64", 16)
    '2001:db8~78::/64'
    """
    most = _PER_CELL * (width + 1)
    if len(text) > 2 * most:
        text = text[:most] + text[-most:]
    text = measured(text, _SPELLED * len(text) + 1)
    length = cell_len(text)
    if length <= width:
        return text
    if width <= 1:
        return CUT[:width]
    head = (width - 1 + 1) // 2
    tail = width - 1 - head
    end = text[len(text) - tail :] if tail else ""
    while end and cell_len(end) > tail:
        end = end[1:]
    return set_cell_size(text, head) + CUT + " " * (tail - cell_len(end)) + end


def fit_line(drawn: Line, width: int, style: str = "") -> Line:
    """A line in exactly `width` cells: padded in `style`, or cut."""
    used = 0
    kept: list[Piece] = []
    for piece in drawn:
        length = cell_len(piece.text)
        if used + length > width:
            kept.append(Piece(fit(piece.text, width - used), piece.style))
            used = width
            break
        if piece.text:
            kept.append(piece)
            used += length
    if used < width:
        kept.append(Piece(" " * (width - used), style))
    return tuple(kept)


def merged(drawn: Sequence[Piece]) -> Line:
    """The same line in as few pieces as possible: each piece costs its style in bytes to the terminal."""
    pieces: list[Piece] = []
    for piece in drawn:
        if pieces and pieces[-1].style == piece.style:
            pieces[-1] = Piece(pieces[-1].text + piece.text, piece.style)
        elif piece.text:
            pieces.append(piece)
    return tuple(pieces)


def beside(left: Sequence[Line], right: Sequence[Line], left_width: int, gap: str = "  ") -> list[Line]:
    """Two columns of lines, the left one `left_width` cells wide; the shorter is filled up with blanks."""
    rows = max(len(left), len(right))
    return [
        (
            *fit_line(left[row] if row < len(left) else EMPTY, left_width),
            Piece(gap),
            *(right[row] if row < len(right) else EMPTY),
        )
        for row in range(rows)
    ]


def wrap(text: str, width: int, *, first: str = "", rest: str = "", style: str = "") -> list[Line]:
    """`text` in lines of at most `width` cells, broken at blanks where there are any.

    The first line starts with `first`, the others with `rest`; both count towards the width. An empty text is one line.
    """
    text = measured(text)
    lines: list[Line] = []
    lead, current = first, ""
    for word in _words(text, max(8, width - max(cell_len(first), cell_len(rest)))):
        candidate = f"{current} {word}" if current else word
        if current and cell_len(lead) + cell_len(candidate) > width:
            lines.append((Piece(lead), Piece(current, style)))
            lead, current = rest, word
        else:
            current = candidate
    lines.append((Piece(lead), Piece(current, style)))
    return lines


def _words(text: str, width: int) -> Iterable[str]:
    for word in text.split():
        while cell_len(word) > width:
            head = set_cell_size(word, width).rstrip()
            yield head
            word = word[len(head) :]
        if word:
            yield word


def titled_rule(title: Line, width: int, rule: str, right: str = "") -> Line:
    """A rule of `width` cells with a title near its left end, and a note near its right end if there is room."""
    head: Line = (Piece(rule * 2, "rule"), Piece(" "), *line(*title), Piece(" ")) if title else ()
    used = line_width(head)
    note = f" {right} " if right and cell_len(right) + 4 <= width - used else ""
    middle = rule * max(0, width - used - cell_len(note) - (2 if note else 0))
    return fit_line((*head, Piece(middle + note + (rule * 2 if note else ""), "rule")), width)


def changed_span(old: Line, new: Line) -> tuple[int, int] | None:
    """First and last + 1 cell in which two lines differ; None when they look the same.

    Text beyond ASCII counts from the begin of its piece to the end, because a cell is not a character there.
    """
    if old == new:
        return None
    width = max(line_width(old), line_width(new))
    before, after = merged(fit_line(old, width)), merged(fit_line(new, width))
    start = _alike(before, after, 1)
    if start == width:
        return None
    return start, width - _alike(before, after, -1)


def _alike(one: Line, two: Line, way: int) -> int:
    """Cells from the begin (`way` 1) or from the end (-1) up to which two lines look the same."""
    cells = 0
    for old, new in zip(one[::way], two[::way], strict=False):
        if old != new:
            if old.style == new.style and old.text.isascii() and new.text.isascii():
                cells += _prefix(old.text[::way], new.text[::way])
            break
        cells += cell_len(old.text)
    return cells


def _prefix(one: str, two: str) -> int:
    """Characters with which both texts begin: by halving, which compares whole slices at a time."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == two[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
