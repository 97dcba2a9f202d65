"""Zarr's own files last: who opens an array or a group while it is being moved finds all of it, or nothing.

The files that make a folder a Zarr (formats 2 and 3) are held back until all else has arrived, those of inner arrays
and groups before those of the groups around them, and consolidated metadata at the very end. Where something below a
folder failed, its metadata stay back: with them, what is missing would read as fill values.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from jsobj.transfer.events import Noted
from jsobj.transfer.zarr.names import CONSOLIDATED, METADATA


def is_metadata(name: str) -> bool:
    """Whether a key or path is one of the files that make its folder a Zarr."""
    return posixpath.basename(name) in METADATA


def step(name: str) -> tuple[int, bool]:
    """When a metadata file is published, of several: deep ones first; of one depth, consolidated metadata last.

    Its depth is that of the whole Zarr.
    """
    return -name.count("/"), posixpath.basename(name) == CONSOLIDATED


def left_to_the_last(count: int) -> Noted:
    """The warning of one share of a transfer, which moves no metadata."""
    files = "1 file of a Zarr's metadata is" if count == 1 else f"{count} files of Zarr metadata are"
    text = f"{files} left for the end: when all shares are done, run the same command without --shard"
    return Noted(text, warning=True)


def failed_below(name: str, failed: Sequence[str]) -> str:
    """A path below the folder of the metadata file ``name`` that failed; "" where none did."""
    folder = posixpath.dirname(name) + "/"
    return next((path for path in failed if path.startswith(folder)), "")
