"""What an older Zarr left where a new one is written: readers of the new one take it as data.

A missing chunk reads as fill value, but not while an older chunk has its name; and an array that the new Zarr does not
have is still a member of its group. This holds in a bucket and in a folder alike.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator

from jsobj.store.values import Listed
from jsobj.transfer.events import Noted
from jsobj.transfer.filters import Filters
from jsobj.transfer.local.digest_list import MANIFEST
from jsobj.transfer.local.key_path import FINDER, ITEM, OWN_FOLDER, PAGE
from jsobj.transfer.local.scan import walk
from jsobj.transfer.zarr.names import MARKERS

# What jsobj publish puts beside a Zarr: no reader takes it for a part of it.
_BESIDE = frozenset({FINDER, ITEM, MANIFEST, PAGE})


class Leftovers:
    """Judges objects below ``prefix`` by the folder ``root`` that belongs there.

    The folder itself is read, not the run's selection: a file that a filter excludes is not a leftover.
    """

    def __init__(self, root: str, prefix: str) -> None:
        self._root = root
        self._prefix = prefix
        self._is_marked = functools.lru_cache(maxsize=4096)(self._look)

    def __call__(self, key: str) -> bool:
        """Whether the object has no file, and would be read as part of a Zarr all the same."""
        relative = key[len(self._prefix) :]
        return self.belongs(relative) and not os.path.lexists(os.path.join(self._root, relative))

    def belongs(self, relative: str) -> bool:
        """Whether a file of that name would be part of a Zarr of the folder."""
        *folders, name = relative.split("/")
        if not name or any(folder in {"", ".", ".."} for folder in folders):  # a portal's folder, or no name of ours
            return False
        if name in _BESIDE or OWN_FOLDER in folders:
            return False
        return any(self._is_marked("/".join(folders[:depth])) for depth in range(len(folders) + 1))

    def _look(self, folder: str) -> bool:
        return any(os.path.lexists(os.path.join(self._root, folder, name)) for name in MARKERS)


def files_left(
    folder: str, zarrs: Collection[str], listed: Callable[[str], Iterable[Listed]], prefix: str
) -> Iterator[str]:
    """Files of Zarrs for which there is no object. ``zarrs`` are their folders below ``folder``, "" for itself.

    Only these are walked and listed again: the rest of the folder may be large, and is not data of a Zarr.
    """
    from jsobj.transfer.verify import Pair, pairs  # which an upload has no other use for

    for zarr in zarrs:
        if _inner(zarr, zarrs):
            continue
        below = f"{prefix}{zarr}/" if zarr else prefix
        files = walk([os.path.normpath(os.path.join(folder, zarr))], filters=Filters())
        for pair in pairs(files, iter(listed(below)), below):
            if isinstance(pair, Pair) and pair.remote is None and pair.file is not None:
                yield pair.file.path


def _inner(zarr: str, zarrs: Collection[str]) -> bool:
    """Whether another one is around it."""
    while zarr:
        zarr = zarr.rpartition("/")[0]
        if zarr in zarrs:
            return True
    return False


def leftovers_warning(count: int, what: str, missing: str, first: str) -> Noted:
    """The warning about ``count`` of them; ``what`` they are (``object``, ``file``), and what is missing for each."""
    are = f"1 {what} is" if count == 1 else f"{count} {what}s are"
    return Noted(
        f"{are} there already for which this Zarr has no {missing}, and its readers will take them for data "
        f"({'' if count == 1 else 'first: '}{first}). 'jsobj verify' names them",
        warning=True,
    )
