"""How many parts of copies are under way at once."""

from __future__ import annotations

from typing import Any

import pytest

from jsobj.transfer.copy.work import CopyWork
from jsobj.transfer.events import Tally
from jsobj.transfer.options import checked_options

MIB = 1024**2


@pytest.mark.parametrize(("dask", "wanted"), [("", {16: 6, 32: 3, 128: 1}), ("tcp://h:1", {16: 64, 32: 64, 128: 64})])
def test_parts_are_as_many_as_there_is_memory_for(dask: str, wanted: dict[int, int]) -> None:
    nothing: Any = None
    options = checked_options(parallel=64, part_size="16M", dask=dask)
    work = CopyWork(
        plan=iter(()),
        ways=(),
        shown=str,
        options=options,
        journal=nothing,
        fingerprints=nothing,
        place=str,
        tally=Tally(),
        emit=nothing,
    )
    for size, most in wanted.items():
        work._fit(size * MIB)
        assert work._parts._most == most
