"""Objects that an earlier Zarr left where another one is: whoever reads the new one takes them for its data.

A chunk without a file reads as fill value, but not while an older chunk of that name is in the bucket; an array that
the folder no longer has is still a member of its group there.
"""

from __future__ import annotations

import functools
import os

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
        *folders, name = relative.split("/")
        if not name or any(folder in {"", ".", ".."} for folder in folders):  # a portal's folder, or no name of ours
            return False
        return not os.path.lexists(os.path.join(self._root, relative)) and self._in_zarr(tuple(folders))

    def _look(self, folders: tuple[str, ...]) -> bool:
        here = os.path.join(self._root, *folders)
        if any(os.path.lexists(os.path.join(here, name)) for name in MARKERS):
            return True
        return bool(folders) and self._in_zarr(folders[:-1])
