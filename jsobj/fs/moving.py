"""Whole objects between memory, local files and a store: compared by digest, in parts where they are large."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from jsobj.fs.under_way import require_going_on, under_way
from jsobj.net.body import BytesSource, FileSource, Source
from jsobj.store.objects import PART_SIZE, ObjectInfo, Part, PutOptions, Store
from jsobj.transfer.download.read_stream import Reading
from jsobj.transfer.engine.parallel_map import bounded_map
from jsobj.transfer.part_layout import Stretch, plan_layout
from jsobj.transfer.upload.worker import content_type

_IN_ONE = 32 * 1024**2  # bytes up to which an object is sent in one request
_AT_ONCE = 4  # parts of one object

Advanced = Callable[[int], object]  # told of bytes as they are done


def put_bytes(store: Store, key: str, value: bytes | bytearray | memoryview, options: PutOptions) -> None:
    """Make an object of bytes in memory. Raises as the store does; then there is no new object."""
    view = memoryview(value).cast("B")
    _put(store, key, len(view), options, lambda part: BytesSource(view[part.start : part.start + part.size]))


def put_file(store: Store, key: str, path: str, options: PutOptions, advanced: Advanced) -> None:
    """Make an object of a local file. Raises ``OSError`` for the file, and as the store does."""
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        named = PutOptions(options.content_type or content_type(path), options.content_encoding, options.metadata)
        _put(store, key, size, named, lambda part: FileSource(file.fileno(), part.start, part.size, path), advanced)


def _nobody(count: int) -> None:
    """Nobody is told."""


def _put(
    store: Store,
    key: str,
    size: int,
    options: PutOptions,
    source: Callable[[Stretch], Source],
    advanced: Advanced = _nobody,
) -> None:
    if size <= _IN_ONE:
        store.put(key, source(Stretch(1, 0, size)), options)
        advanced(size)
        return
    layout = plan_layout(size, store.limits)
    options = PutOptions(
        options.content_type, options.content_encoding, {**options.metadata, PART_SIZE: str(layout.part_size)}
    )
    upload = store.begin(key, options)

    def send(part: Stretch) -> Part:
        require_going_on()
        return store.put_part(upload, part.number, source(part))

    with under_way(store, upload):
        parts = []
        for part in bounded_map(send, layout, _AT_ONCE):
            parts.append(part)
            advanced(part.size)
        store.complete(upload, parts, options)


def get_file(store: Store, info: ObjectInfo, path: str, advanced: Advanced) -> None:
    """Write an object to a local file, which has its name when all of it is there and was compared.

    Raises ``OSError`` for the file, and :class:`jsobj.errors.JsobjError`: integrity, and as the store does.
    """
    target = Path(path)
    descriptor, temporary = tempfile.mkstemp(prefix=".jsobj-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in Reading(store, info):
                file.write(chunk)
                advanced(len(chunk))
        Path(temporary).chmod(0o666 & ~_umask())  # as any new file
        Path(temporary).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    """This process's. To ask the system for it would be to change it for a moment, for all threads."""
    with Path("/proc/self/status").open() as lines:
        return next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:"))
