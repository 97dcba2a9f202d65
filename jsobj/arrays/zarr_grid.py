"""The chunks that an array should have, from its metadata (Zarr formats 2 and 3), without zarr-python.

Sources: Zarr v2 specification, sections "Metadata" and "Chunks"; Zarr v3 core specification, "Regular grids", "Chunk
key encoding". In a sharded array the keys are those of the shards, which are the outer grid.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.zarr.names import V3


@dataclass(frozen=True, slots=True)
class Grid:
    """One array: ``shape`` and ``chunks`` in elements, ``prefix`` of its keys, and how its chunks are named."""

    prefix: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    separator: str
    lead: str = ""  # "c" in format 3's default encoding

    @property
    def count(self) -> int:
        """The number of chunks."""
        return math.prod(self._counts())

    def keys(self) -> Iterator[str]:
        """The key of each chunk, in C order."""
        for at in itertools.product(*(range(count) for count in self._counts())):
            words = [self.lead] if self.lead else []
            words += [str(number) for number in at] or ([] if self.lead else ["0"])
            yield self.prefix + self.separator.join(words)

    def _counts(self) -> tuple[int, ...]:
        return tuple(-(-size // chunk) for size, chunk in zip(self.shape, self.chunks, strict=True))


def grid_of(key: str, text: bytes) -> Grid | None:
    """The grid of the array with the metadata document ``key``; None for a group.

    Raises :class:`JsobjError` (integrity) for invalid metadata.
    """
    prefix = key.rpartition("/")[0]
    prefix = f"{prefix}/" if prefix else ""
    try:
        document = json.loads(text)
        if key.endswith(V3):
            return _of_v3(prefix, document)
        separator = str(document.get("dimension_separator") or ".")
        return Grid(prefix, _sizes(document["shape"]), _sizes(document["chunks"], least=1), separator)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JsobjError(
            "zarr-metadata-broken",
            f"{key} is not valid Zarr metadata",
            code=ExitCode.INTEGRITY,
            context=f"{type(error).__name__}: {error}"[:200],
        ) from error


def _of_v3(prefix: str, document: dict[str, object]) -> Grid | None:
    if document["node_type"] == "group":
        return None
    grid, encoding = document["chunk_grid"], document["chunk_key_encoding"]
    if not isinstance(grid, dict) or not isinstance(encoding, dict) or grid["name"] != "regular":
        raise ValueError("only regular grids are known")
    given = encoding.get("configuration") or {}
    default = encoding["name"] == "default"
    separator = given.get("separator", "/" if default else ".")
    sizes = _sizes(grid["configuration"]["chunk_shape"], least=1)
    return Grid(prefix, _sizes(document["shape"]), sizes, str(separator), "c" if default else "")


def _sizes(value: object, *, least: int = 0) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(item) is int and item >= least for item in value):
        raise ValueError("a shape is a list of numbers")
    return tuple(value)
