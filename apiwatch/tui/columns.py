"""Columns of a list: their widths follow the pane's width by fixed steps, never the data."""

from collections.abc import Sequence

from msgspec import Struct

from apiwatch.tui.line import Line, Piece, cut_middle, fit, merged

__all__ = ["Column", "choose", "heads", "place"]

_MARKS = 2
_LEAST_SHOWN = 8


class Column(Struct, frozen=True):
    """One column; the last one of a list takes what is left, and its width is the least it should have."""

    title: str
    about: str
    """What it holds, for the help."""
    width: int
    medium: int = 0
    """Width in panes of 70 cells and more; 0: as `width`."""
    wide: int = 0
    """Width in panes of 118 cells and more; 0: as `medium`."""
    right: bool = False
    drop: int = 0
    """Columns with a higher number leave a narrowing pane earlier; 0 stays for ever."""
    middle: bool = False
    """Long texts are cut in the middle instead of at the end."""

    def at(self, pane: int) -> int:
        """Width in a pane of `pane` cells."""
        if pane >= 118 and self.wide:
            return self.wide
        return self.medium if pane >= 70 and self.medium else self.width


def choose(columns: Sequence[Column], pane: int) -> list[tuple[int, int]]:
    """(index, width) of the columns that fit into a pane of `pane` cells, the two cells for the marks taken off."""
    kept = list(range(len(columns)))

    def rest() -> int:
        fixed = sum(columns[index].at(pane) + 1 for index in kept[:-1])
        return pane - _MARKS - fixed

    while rest() < columns[-1].at(pane):
        droppable = [index for index in kept[:-1] if columns[index].drop]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda index: columns[index].drop))
    chosen = [(index, columns[index].at(pane)) for index in kept[:-1]]
    return [*chosen, (kept[-1], rest())] if rest() >= _LEAST_SHOWN else chosen


def heads(columns: Sequence[Column], chosen: Sequence[tuple[int, int]]) -> Line:
    """The line of column names."""
    text = " ".join(fit(columns[index].title, width, right=columns[index].right) for index, width in chosen)
    return (Piece("  " + text, "columns"),)


def place(columns: Sequence[Column], chosen: Sequence[tuple[int, int]], cells: Sequence[Piece]) -> Line:
    """Cells (one per column of the list) in their places; blanks belong to the piece before them."""
    pieces: list[Piece] = []
    for order, (index, width) in enumerate(chosen):
        column, cell = columns[index], cells[index]
        text = cut_middle(cell.text, width) if column.middle else cell.text
        text = fit(text, width, right=column.right)
        pieces.append(Piece(text if order == len(chosen) - 1 else text + " ", cell.style))
    return merged(pieces)
