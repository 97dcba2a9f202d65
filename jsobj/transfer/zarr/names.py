"""The names of Zarr's own files, in its formats 2 and 3."""

from __future__ import annotations

ARRAY, GROUP, V3 = ".zarray", ".zgroup", "zarr.json"
ATTRIBUTES, CONSOLIDATED = ".zattrs", ".zmetadata"
MARKERS = (V3, GROUP, ARRAY)  # those that make a folder a Zarr
METADATA = frozenset({*MARKERS, ATTRIBUTES, CONSOLIDATED})
