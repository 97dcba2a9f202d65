"""What an earlier Zarr left where another one comes to be: whoever reads the new one takes it for its data.

A chunk that is not there reads as fill value, but not while an older chunk of that name lies in its place; and an array
that the new one does not have is still a member of its group. This holds in a bucket and in a folder alike.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator

from jsobj.store.objects import Listed
from jsobj.transfer.events import Noted
from jsobj.transfer.filters import Filters
from jsobj.transfer.scan import walk
from jsobj.transfer.verifying import Pair, pairs

MARKERS = ("zarr.json", ".zgroup", ".zarray")  # the files that make a folder a Zarr


class Leftovers:
    """Judges objects below ``prefix`` by the folder ``root`` that belongs there.

    The folder itself is asked, not what a run takes of it: what a filter leaves out is no leftover.
    """

    def __init__(self, root: str, prefix: str) -> None:
        self._root = root
        self._prefix = prefix
        self._in_zarr = functools.lru_cache(maxsize=4096)(self._look)

    def __call__(self, key: str) -> bool:
        """Whether the object has no file, and would be read as part of a Zarr all the same."""
        relative = key[len(self._prefix) :]
        return self.belongs(relative) and not os.path.lexists(os.path.join(self._root, relative))

    def belongs(self, relative: str) -> bool:
        """Whether a file of that name would be part of a Zarr of the folder."""
        *folders, name = relative.split("/")
        if not name or any(folder in {"", ".", ".."} for folder in folders):  # a portal's folder, or no name of ours
            return False
        return self._in_zarr(tuple(folders))

    def _look(self, folders: tuple[str, ...]) -> bool:
        here = os.path.join(self._root, *folders)
        if any(os.path.lexists(os.path.join(here, name)) for name in MARKERS):
            return True
        return bool(folders) and self._in_zarr(folders[:-1])


def files_left(folder: str, there: Iterator[Listed], prefix: str) -> Iterator[str]:
    """Files of a Zarr in a folder for which there is no object below ``prefix``, from a whole listing of it."""
    left = Leftovers(folder, prefix)
    for pair in pairs(walk([os.path.normpath(folder)], filters=Filters()), there, prefix):
        if (
            isinstance(pair, Pair)
            and pair.remote is None
            and pair.file is not None
            and left.belongs(pair.file.relative)
        ):
            yield pair.file.path


def told(what: str, count: int, first: str) -> Noted:
    """The warning about ``count`` of them; ``what`` they are, and what there is none of for them."""
    own, other = ("object", "file") if what == "object" else ("file", "object")
    are = f"1 {own} is" if count == 1 else f"{count} {own}s are"
    return Noted(
        f"{are} there already for which this Zarr has no {other}, and its readers will take them for data "
        f"({'' if count == 1 else 'first: '}{first}). 'jsobj verify' names them",
        warning=True,
    )
