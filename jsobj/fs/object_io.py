"""Whole objects between memory or local files and a store: compared by digest, large ones in parts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from jsobj.fs.open_uploads import abort_on_exit, require_going_on
from jsobj.net.body import BytesSource, FileSource, Source
from jsobj.parallel_map import parallel_map
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, ObjectInfo, Part, PutOptions
from jsobj.transfer.download.disk import umask
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.local.local_file import content_type
from jsobj.transfer.part_layout import Stretch, plan_layout

_ONE_REQUEST = 32 * 1024**2  # the largest object that is sent in one request
_WORKERS = 4  # parts of one object at once

Advanced = Callable[[int], object]  # called with numbers of bytes


def put_bytes(store: Store, key: str, value: bytes | bytearray | memoryview, options: PutOptions) -> None:
    """Upload bytes in memory. Raises what the store raises; then there is no new object."""
    view = memoryview(value).cast("B")
    _put(store, key, len(view), options, lambda part: BytesSource(view[part.start : part.start + part.size]))


def put_file(store: Store, key: str, path: str, options: PutOptions, advanced: Advanced) -> None:
    """Upload a local file. Raises ``OSError`` for the file, and what the store raises."""
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        named = replace(options, content_type=options.content_type or content_type(path))
        _put(store, key, size, named, lambda part: FileSource(file.fileno(), part.start, part.size, path), advanced)


def _put(
    store: Store,
    key: str,
    size: int,
    options: PutOptions,
    source: Callable[[Stretch], Source],
    advanced: Advanced = lambda count: None,
) -> None:
    if size <= _ONE_REQUEST:
        store.put(key, source(Stretch(1, 0, size)), options)
        advanced(size)
        return
    layout = plan_layout(size, store.limits)
    options = replace(options, metadata={**options.metadata, PART_SIZE: str(layout.part_size)})
    upload = store.begin(key, options)

    def send(part: Stretch) -> Part:
        require_going_on()
        return store.put_part(upload, part.number, source(part))

    with abort_on_exit(store, upload):
        parts = []
        for part in parallel_map(send, layout, _WORKERS):
            parts.append(part)
            advanced(part.size)
        store.complete(upload, parts, options)


def get_file(store: Store, info: ObjectInfo, path: str, advanced: Advanced) -> None:
    """Download an object; the file gets its name once it is complete and compared.

    Raises ``OSError`` for the file, and :class:`jsobj.errors.JsobjError`: integrity, and what the store raises.
    """
    target = Path(path)
    descriptor, temporary = tempfile.mkstemp(prefix=".jsobj-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in ReadStream(store, info):
                file.write(chunk)
                advanced(len(chunk))
        Path(temporary).chmod(0o666 & ~umask())  # as any new file
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
