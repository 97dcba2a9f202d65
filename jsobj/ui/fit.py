"""Texts that are cut in the middle, so that each item of a list has one line on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len as cell_len

GAP = 2  # columns of the terminal between two of the table
_LEAST = 8  # columns that are left of a text
CUT = "…"  # stands for what is left out; callers name another where that cannot be written
_ARROW = " -> "


def shortened(text: str, width: int, cut: str = CUT) -> str:
    """``text`` in at most ``width`` columns: its beginning and its end."""
    if cell_len(text) <= width:
        return text
    cut = cut[: max(1, width)]
    room = max(1, width) - len(cut)
    end = text[len(text) - room // 2 :]
    while cell_len(end) > room // 2:
        end = end[1:]
    begin = text[: room - cell_len(end)]
    while cell_len(begin) + cell_len(end) > room:
        begin = begin[:-1]
    return f"{begin}{cut}{end}"


def from_to(first: str, second: str, width: int, cut: str = CUT) -> str:
    """``first -> second``, each with its beginning and its end; what one does not need is the other's."""
    room = max(2 * _LEAST, width - len(_ARROW))
    one = min(cell_len(first), max(room // 2, room - cell_len(second)))
    return f"{shortened(first, one, cut)}{_ARROW}{shortened(second, room - one, cut)}"


def fitted(
    rows: Sequence[Mapping[str, str]], narrow: Sequence[str], columns: int, cut: str = CUT
) -> list[dict[str, str]]:
    """The rows of a table, heading to text; those of ``narrow`` are cut, one after the other, until a line fits."""
    widths = {heading: max(cell_len(heading), *(cell_len(row[heading]) for row in rows)) for heading in rows[0]}
    over = sum(widths.values()) + GAP * (len(widths) - 1) - columns
    for heading in narrow:
        if over > 0:
            wide = widths[heading]
            widths[heading] = min(wide, max(_LEAST, cell_len(heading), wide - over))
            over -= wide - widths[heading]
    return [
        {heading: shortened(text, widths[heading], cut) if heading in narrow else text for heading, text in row.items()}
        for row in rows
    ]
