"""Cutting objects into parts (B098): every limit holds, and the parts are the object."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Limits
from jsobj.transfer.part_layout import PART_SIZE, plan_layout

MIB, GIB, TIB = 2**20, 2**30, 2**40
SWIFT_S3 = Limits(parts=1000)


@pytest.mark.parametrize(
    ("size", "count"),
    [(0, 1), (1, 1), (PART_SIZE - 1, 1), (PART_SIZE, 1), (PART_SIZE + 1, 2), (10 * PART_SIZE, 10)],
)
def test_b098_sizes_around_the_part_size(size: int, count: int) -> None:
    layout = plan_layout(size, Limits())
    assert layout.count == count == len(list(layout))
    assert sum(part.size for part in layout) == size


@given(size=st.integers(0, 5 * TIB), wanted=st.integers(1, 5 * GIB), parts=st.sampled_from([1000, 10_000]))
def test_every_limit_holds(size: int, wanted: int, parts: int) -> None:
    limits = Limits(parts=parts, largest_part=10 * GIB)
    layout = plan_layout(size, limits, wanted)
    assert layout.count <= parts
    assert layout.part_size >= limits.smallest_part
    last = layout.part(layout.count)
    assert last.start + last.size == size
    assert layout.count == 1 or 0 < last.size <= layout.part_size


def test_parts_grow_so_that_1000_are_enough() -> None:
    layout = plan_layout(100 * GIB, SWIFT_S3)
    assert layout.count <= 1000
    assert layout.part_size == 103 * MIB


@pytest.mark.parametrize("size", [5 * TIB + 1, 6 * TIB])
def test_b098_what_no_object_can_have_is_refused(size: int) -> None:
    with pytest.raises(JsobjError) as caught:
        plan_layout(size, Limits())
    assert caught.value.code is ExitCode.USAGE
