"""The names of Zarr's own files, in its formats 2 and 3."""

from __future__ import annotations

CONSOLIDATED = ".zmetadata"
MARKERS = ("zarr.json", ".zgroup", ".zarray")  # those that make a folder a Zarr
METADATA = frozenset({*MARKERS, ".zattrs", CONSOLIDATED})
