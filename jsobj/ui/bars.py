"""Bars beside numbers: how large each part is of the largest. They repeat the numbers, and mean nothing by colour."""

from __future__ import annotations

_FULL, _EIGHTHS = "█", " ▏▎▍▌▋▊▉"
_ASCII = "#"


def bar(value: int, largest: int, width: int, *, plain: bool = False) -> str:
    """``value`` as a part of ``largest`` in ``width`` columns, without blanks behind it; ``plain``: in ASCII.

    What is more than nothing can be seen.
    """
    if value <= 0 or largest <= 0 or width <= 0:
        return ""
    eighths = max(1, value * width * 8 // largest)
    if plain:
        return _ASCII * max(1, (eighths + 4) // 8)
    full, rest = divmod(eighths, 8)
    return _FULL * full + (_EIGHTHS[rest] if rest else "")
