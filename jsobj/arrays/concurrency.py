"""How many chunks are under way at once: many small ones, since each waits for the server, and few large ones, since
each takes memory and a share of the same line.

Two gates have to agree. zarr has one of its own, ``async.concurrency``, for all of its stores: ten, which at 50 ms a
request is two hundred chunks a second. :class:`Gauge` is the store's, and counts bytes.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import threading
from collections.abc import Iterator
from typing import Any

_BYTES = 128 * 1024**2  # of chunks that zarr holds at once on their way
_FREE = contextlib.nullcontext()
_FLOWING = 64 * 1024**2  # of bodies that flow at once
_ZARRS_OWN = 10  # requests at once that zarr is content with unless it is told otherwise


class Gauge:
    """Lets calls through while the bodies that flow are together at most ``most`` bytes; one is always let through.

    ``calls``: how many there can be at once. Where so many bodies are within ``most``, nobody is asked to stop.
    """

    def __init__(self, calls: int, most: int = _FLOWING) -> None:
        self._most = most
        self._free = most // calls
        self._changed = threading.Condition()
        self._flowing = 0
        self._expected = most // 4  # what an object is thought to have before one has been seen

    def turn(self, size: int | None = None) -> contextlib.AbstractContextManager[None]:
        """To be entered for a call with ``size`` bytes, None for about as many as the last ones had. May wait."""
        wanted = self._expected if size is None else size
        return _FREE if wanted <= self._free else self._taken(size)

    @contextlib.contextmanager
    def _taken(self, size: int | None) -> Iterator[None]:
        with self._changed:
            while True:
                wanted = min(self._expected if size is None else size, self._most)
                if self._flowing + wanted <= self._most:
                    break
                self._changed.wait()
            self._flowing += wanted
        try:
            yield
        finally:
            with self._changed:
                self._flowing -= wanted
                self._changed.notify_all()

    def saw(self, size: int) -> None:
        """An object of ``size`` bytes came. A small one among large ones says little, many of them say all."""
        self._expected = max(size, self._expected // 2)


_ours = _ZARRS_OWN


def let_zarr_ask(parallel: int, metadata: bytes) -> None:
    """Have zarr ask for as many chunks of the array or group with these metadata as make sense, ``parallel`` at most.

    Never fewer than its ten. A number that the user has set stays.
    """
    global _ours
    from zarr import config

    largest = largest_chunk(metadata)
    if not largest or config.get("async.concurrency") not in {_ZARRS_OWN, _ours}:
        return
    number = max(_ZARRS_OWN, min(parallel, _BYTES // largest))
    config.set({"async.concurrency": number})
    _ours = number


def largest_chunk(metadata: bytes) -> int:
    """Bytes, uncompressed, of the largest chunk that a ``zarr.json``, ``.zarray`` or ``.zmetadata`` promises; 0: none.

    What is no metadata is not for this to complain about.
    """
    try:
        return max(map(_chunk, _documents(json.loads(metadata))), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return 0


def _documents(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The arrays' own documents in it, consolidated ones too (format 3: inline, format 2: all in one object)."""
    if document.get("node_type", "array") == "array" and ("chunk_grid" in document or "chunks" in document):
        yield document
    inner = document.get("consolidated_metadata") or document
    for found in (inner.get("metadata") or {}).values():
        yield from _documents(found)


def _chunk(document: dict[str, Any]) -> int:
    if "chunk_grid" in document:
        count: int = math.prod(document["chunk_grid"]["configuration"]["chunk_shape"])
        return count * _bits(document["data_type"]) // 8
    count = math.prod(document["chunks"])
    return count * _bits(document["dtype"], unit=8) // 8


def _bits(kind: object, *, unit: int = 1) -> int:
    """Of one element: ``float32`` counts bits, format 2's ``<f4`` bytes; 64 where the name does not say."""
    number = re.search(r"\d+$", kind) if isinstance(kind, str) else None
    return 8 if kind == "bool" else int(number[0]) * unit if number else 64
