"""How many parts of copies are under way at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.store.values import Listed, StorePlace
from jsobj.transfer.copy.items import CopyItem
from jsobj.transfer.copy.work import CopyWork, Way
from jsobj.transfer.copy.worker import BeginCopy, CopyWhole
from jsobj.transfer.events import Tally
from jsobj.transfer.options import checked_options

MIB = 1024**2
WAY = Way(StorePlace("s3", "b", "http://h", ""), same_server=False)


@dataclass
class Journal:
    """Of a job that has begun nothing."""

    path: str = "journal"

    def upload(self, *args: Any) -> None:
        return None


def copy_work(**words: Any) -> CopyWork:
    nothing: Any = None
    return CopyWork(
        plan=iter(()),
        ways=(WAY,),
        shown=str,
        options=checked_options(**words),
        journal=Journal(),  # type: ignore[arg-type]  # all that is asked
        fingerprints=nothing,
        place=str,
        tally=Tally(),
        emit=nothing,
    )


@pytest.mark.parametrize(("dask", "wanted"), [("", {16: 6, 32: 3, 128: 1}), ("tcp://h:1", {16: 64, 32: 64, 128: 64})])
def test_parts_are_as_many_as_there_is_memory_for(dask: str, wanted: dict[int, int]) -> None:
    work = copy_work(parallel=64, part_size="16M", dask=dask)
    for size, most in wanted.items():
        work._fit(size * MIB)
        assert work._parts._most == most


@pytest.mark.parametrize(("size", "unit"), [(32 * MIB, CopyWhole), (32 * MIB + 1, BeginCopy)])
def test_what_is_too_large_for_memory_is_in_parts_however_large_they_may_be(size: int, unit: type[Any]) -> None:
    work = copy_work(part_size="5G")
    assert isinstance(work._decided(CopyItem(Listed("k", size, "e"), "k")), unit)


def test_parts_of_other_sizes_do_not_begin_the_count_again() -> None:
    work = copy_work(parallel=64, part_size="5M")
    for _ in range(10):
        work._parts.learn(0.1)
    assert work._parts.allowed == 14
    out = object()
    work._parts.began(out)
    work._fit(8 * MIB)
    assert work._parts.allowed == 12
    assert list(work._parts._began) == [id(out)]
    for _ in range(10):
        work._parts.learn(60)
    work._fit(16 * MIB)
    assert work._parts.allowed == 1
