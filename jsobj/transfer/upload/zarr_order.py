"""Zarr's own files last: who opens an array or a group while it is being sent finds all of it, or nothing.

The files that make a folder a Zarr (formats 2 and 3) are held back until all else has arrived, those of inner arrays
and groups before those of the groups around them, and consolidated metadata at the very end. Where something below a
folder failed, its metadata stay back: with them, what is missing would read as fill values.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from itertools import groupby

from jsobj.transfer.engine.unit_queue import BARRIER, Barrier
from jsobj.transfer.upload.worker import BeginParts, SendWhole
from jsobj.transfer.zarr.names import CONSOLIDATED, METADATA

Start = SendWhole | BeginParts


class HeldBack:
    """The metadata of one run; as many values stay in memory as there are such files."""

    def __init__(self) -> None:
        self._held: list[Start] = []

    def take(self, unit: Start) -> bool:
        """Whether it is held back."""
        if posixpath.basename(unit.item.key) not in METADATA:
            return False
        self._held.append(unit)
        return True

    def released(self) -> Iterator[Start | Barrier]:
        """What was held, inner before outer, with a barrier before each step outwards."""
        for _, units in groupby(sorted(self._held, key=_step), key=_step):
            yield BARRIER
            yield from units


def _step(unit: Start) -> tuple[int, bool]:
    """Deep ones first; of one depth, consolidated metadata last, and its depth is that of the whole Zarr."""
    key = unit.item.key
    return -key.count("/"), posixpath.basename(key) == CONSOLIDATED


def failed_below(unit: Start, failed: Sequence[str]) -> str:
    """A path below the folder of this metadata that failed; "" where none did."""
    folder = posixpath.dirname(unit.item.file.path) + "/"
    return next((path for path in failed if path.startswith(folder)), "")
