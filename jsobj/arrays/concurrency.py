"""How many chunks are requested at once: many small ones, bound by latency; few large ones, bound by memory and
bandwidth.

There are two limits. zarr's ``async.concurrency`` holds for all of its stores and defaults to ten, which is two hundred
chunks a second at 50 ms a request. :class:`ByteLimit` belongs to one store and counts bytes.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import threading
from collections.abc import Iterator
from typing import Any

# Bytes of chunks that zarr asks for at once, and of bodies that a store transfers at once: eight chunks of 16 MiB,
# whose MD5s are taken together. With half of that reading such chunks took a quarter more of CPU time.
_IN_FLIGHT = 128 * 1024**2
_UNLIMITED = contextlib.nullcontext()
_ZARR_DEFAULT = 10  # zarr's async.concurrency


class ByteLimit:
    """A semaphore in bytes: calls may transfer ``most`` together, or one call alone of any size.

    ``calls``: how many calls there are at most; bodies of up to ``most // calls`` never wait.
    """

    def __init__(self, calls: int, most: int = _IN_FLIGHT) -> None:
        self._most = most
        self._always = most // calls
        self._changed = threading.Condition()
        self._taken = 0
        self._expected = most // 4  # the size assumed before the first object

    def slot(self, size: int | None = None) -> contextlib.AbstractContextManager[None]:
        """Enter it for a call of ``size`` bytes, or of the size expected from earlier objects. May wait."""
        wanted = self._expected if size is None else size
        return _UNLIMITED if wanted <= self._always else self._acquired(size)

    @contextlib.contextmanager
    def _acquired(self, size: int | None) -> Iterator[None]:
        with self._changed:
            while True:
                wanted = min(self._expected if size is None else size, self._most)
                if self._taken + wanted <= self._most:
                    break
                self._changed.wait()
            self._taken += wanted
        try:
            yield
        finally:
            with self._changed:
                self._taken -= wanted
                self._changed.notify_all()

    def observe(self, size: int) -> None:
        """An object had ``size`` bytes. The expected size rises at once and falls by halves."""
        self._expected = max(size, self._expected // 2)


_ours = _ZARR_DEFAULT


def set_zarr_concurrency(at_once: int, metadata: bytes) -> None:
    """Set zarr's ``async.concurrency`` for the chunk size in these metadata: from its default to ``at_once``.

    A number that the user has set stays.
    """
    global _ours
    from zarr import config

    largest = largest_chunk(metadata)
    if not largest or config.get("async.concurrency") not in {_ZARR_DEFAULT, _ours}:
        return
    number = max(_ZARR_DEFAULT, min(at_once, _IN_FLIGHT // largest))
    config.set({"async.concurrency": number})
    _ours = number


def largest_chunk(metadata: bytes) -> int:
    """Bytes, uncompressed, of the largest chunk that a ``zarr.json``, ``.zarray`` or ``.zmetadata`` describes.

    0 where it describes none, or is invalid.
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
