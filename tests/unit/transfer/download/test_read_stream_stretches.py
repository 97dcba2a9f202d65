"""Segments that are too large to be held are compared as they pass, whatever pieces they come in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import cast

import pytest

from jsobj.errors import BytesDiffer
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo, PartDigest
from jsobj.transfer.download.read_stream import ReadStream

DATA = bytes(range(12))


class Pieces(ReadStream):
    """A stream whose bytes come in pieces of one size."""

    step = 1

    def _plain(self, start: int, size: int) -> Iterator[bytearray]:
        return (bytearray(DATA[at : at + self.step]) for at in range(start, start + size, self.step))


def known(sizes: tuple[int, ...]) -> list[PartDigest]:
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    return [PartDigest(a, n, hashlib.md5(DATA[a : a + n]).hexdigest()) for a, n in zip(starts, sizes, strict=True)]


@pytest.mark.parametrize("step", [1, 2, 5, 12])
@pytest.mark.parametrize("sizes", [(3, 4, 5), (4, 4, 4), (7, 0, 5), (12, 0)])
def test_each_stretch_is_compared_once_it_was_given_out(sizes: tuple[int, ...], step: int) -> None:
    stream = Pieces(cast("Store", None), ObjectInfo("key", len(DATA), ""))
    stream.step = step
    right = known(sizes)
    assert b"".join(stream._by_stretches(right)) == DATA
    assert stream.verified == "manifest"
    for number, stretch in enumerate(right):
        wrong = [*right[:number], PartDigest(stretch.start, stretch.size, "0" * 32), *right[number + 1 :]]
        with pytest.raises(BytesDiffer):
            list(stream._by_stretches(wrong))
