"""Bars beside numbers."""

from __future__ import annotations

import pytest

from jsobj.ui.bars import bar


@pytest.mark.parametrize(
    ("value", "largest", "drawn"),
    [(8, 8, "████"), (4, 8, "██"), (1, 8, "▌"), (1, 10**9, "▏"), (0, 8, ""), (0, 0, ""), (5, 0, "")],
)
def test_a_bar_is_a_part_of_the_width(value: int, largest: int, drawn: str) -> None:
    assert bar(value, largest, 4) == drawn


def test_plain_bars_are_ascii_and_show_what_is_there() -> None:
    assert [bar(value, 100, 10, plain=True) for value in (100, 50, 1, 0)] == ["#" * 10, "#" * 5, "#", ""]
