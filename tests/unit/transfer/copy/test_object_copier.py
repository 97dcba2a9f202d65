"""What of an object is in memory at once, and what of it the server copies at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.net.body import uncounted
from jsobj.store.swift.segments import Segment
from jsobj.store.swift.store import SwiftStore
from jsobj.store.values import PART_SIZE, Limits, ObjectInfo, StorePlace
from jsobj.transfer.copy.items import CopyTerms
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.copy.pieces import segments_as_pieces, stretches
from jsobj.transfer.part_layout import Layout

MIB = 1024**2


@dataclass
class Target:
    """What is asked of the target's store."""

    limits: Limits


@pytest.mark.parametrize(
    ("part_size", "largest_put", "size", "wanted"),
    [
        (16 * MIB, 5 * 1024 * MIB, 16 * MIB, True),
        (16 * MIB, 5 * 1024 * MIB, 16 * MIB + 1, False),
        (5 * 1024 * MIB, 5 * 1024 * MIB, 32 * MIB, True),
        (5 * 1024 * MIB, 5 * 1024 * MIB, 32 * MIB + 1, False),
        (64 * MIB, 20 * MIB, 20 * MIB + 1, False),
    ],
)
def test_large_parts_do_not_hold_whole_objects(part_size: int, largest_put: int, size: int, wanted: bool) -> None:
    nothing: Any = None
    target: Any = Target(Limits(largest_put=largest_put))
    terms = CopyTerms(same_server=False, move=False, overwrite=True, part_size=part_size)
    assert ObjectCopier(nothing, target, terms, uncounted)._in_one(size) is wanted


class OverSwift(SwiftStore):
    """Copies 1 GiB in one request; knows these segments of every large object."""

    limits = Limits(largest_copy=1024 * MIB)  # type: ignore[assignment]

    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        self.place = StorePlace("swift", "b", "http://s", "")
        self.found = segments

    def segments_to_copy(self, bucket: str, info: ObjectInfo) -> Sequence[Segment]:
        return self.found if info.large else ()


@pytest.mark.parametrize("size", [30, 2048 * MIB])
def test_a_copy_over_swift_has_the_segments_of_its_source_whatever_its_size(size: int) -> None:
    segments = [Segment("b_segments", f"data/{number}", size // 2, f"{number:032x}") for number in range(2)]
    store = OverSwift(segments)
    copier = ObjectCopier(store, store, CopyTerms(True, False, True, MIB), uncounted)
    info = ObjectInfo("data", size, "e" * 32, metadata={PART_SIZE: "77"}, large=True)
    assert copier._pieces(info) == (segments_as_pieces(segments), info.kept())


def test_other_objects_are_copied_whole_or_in_stretches_over_swift() -> None:
    store = OverSwift()
    copier = ObjectCopier(store, store, CopyTerms(True, False, True, MIB), uncounted)
    assert not copier._pieces(ObjectInfo("data", 1024 * MIB, "e" * 32, large=True))[0]
    info = ObjectInfo("data", 1024 * MIB + 1, "e" * 32)
    pieces, options = copier._pieces(info)
    assert pieces == stretches("b", info, Layout(info.size, 256 * MIB))
    assert options.metadata[PART_SIZE] == str(256 * MIB)
