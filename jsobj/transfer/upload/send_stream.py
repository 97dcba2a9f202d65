"""Sending bytes whose number is not known yet: standard input, generators, files that are compressed on their way.

The bytes pass once: they are gathered into parts in memory, and a few parts are sent at a time, so that memory stays
at (parts in flight + 1) times the part size. What was begun is taken back when the stream breaks off.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from mmap import mmap

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSource, Moved, md5_of
from jsobj.parallel_map import awaited
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, Part, PutOptions, Upload
from jsobj.units import human_bytes

IN_FLIGHT = 4


@dataclass(frozen=True, slots=True)
class Streamed:
    """``size`` bytes were sent. ``verified``: ``digest`` for one request, ``parts`` for several."""

    size: int
    etag: str
    verified: str


def send_stream(
    store: Store,
    key: str,
    chunks: Iterable[bytes | bytearray | memoryview],
    options: PutOptions,
    *,
    part_size: int,
    moved: Moved,
    in_flight: int = IN_FLIGHT,
    at_once: int = 0,
    stop: Callable[[], None] = lambda: None,
) -> Streamed:
    """Send everything that ``chunks`` gives as one object. ``stop`` ends what holds ``moved`` back, on Ctrl-C.

    ``at_once``: bytes that leave at most before they are counted, 0 for many.

    Raises :class:`JsobjError`, and whatever ``chunks`` raises; then nothing is left behind, and no object was made, but
    where the server may still make it: see ``Store.complete``.
    """
    size = max(part_size, store.limits.smallest_part)
    parts = in_parts(chunks, size)
    ahead = deque(islice(parts, 2))
    if len(ahead) < 2:
        data = ahead[0] if ahead else memoryview(b"")
        etag = store.put(key, BytesSource(data, at_once), options, moved=moved)
        return Streamed(len(data), etag, "digest")
    options = replace(options, metadata={**options.metadata, PART_SIZE: str(size)})
    with begun_upload(store, key, options) as upload:
        whole = hashlib.md5(usedforsecurity=False) if store.keeps_md5 else None
        sources = (BytesSource(part, at_once) for part in hashed(_chained(ahead, parts), whole))
        sent = send_all(store, upload, sources, moved, in_flight, stop)
        etag = store.complete(upload, sent, replace(options, md5=whole.hexdigest()) if whole else options)
    return Streamed(sum(part.size for part in sent), etag, "parts")


@contextlib.contextmanager
def begun_upload(store: Store, key: str, options: PutOptions) -> Iterator[Upload]:
    """A multipart upload, given up where the block raises; after a stop in another thread, by ``Store.clear_up``."""
    upload = store.begin(key, options)
    with aborted_early(store, upload):
        yield upload


@contextlib.contextmanager
def aborted_early(store: Store, upload: Upload) -> Iterator[None]:
    """The same for one that was begun before."""
    try:
        yield
    except Exception:
        store.give_up(upload)
        raise
    except BaseException:  # Ctrl-C: the connections were cut, and a server that does not answer is not waited for
        store.revive()
        with contextlib.suppress(JsobjError):
            store.give_up(upload)
        raise


def _chained(ahead: deque[memoryview], rest: Iterator[memoryview]) -> Iterator[memoryview]:
    """One after the other, none held for longer than it is in use."""
    while ahead:
        yield ahead.popleft()
    yield from rest


def hashed(parts: Iterator[memoryview], digest: hashlib._Hash | None) -> Iterator[memoryview]:
    """The same, and the digest of all of them."""
    for part in parts:
        if digest is not None:
            digest.update(part)
        yield part


def in_parts(chunks: Iterable[bytes | bytearray | memoryview], size: int) -> Iterator[memoryview]:
    """The same bytes in pieces of ``size``, the last one shorter.

    Each lies in pages of its own, which take memory only as far as they are written to, and give it back at once.
    """
    part, filled = memoryview(mmap(-1, size)), 0
    for chunk in chunks:
        view = memoryview(chunk).cast("B")
        while view:
            count = min(size - filled, len(view))
            part[filled : filled + count] = view[:count]
            view, filled = view[count:], filled + count
            if filled == size:
                yield part
                part, filled = memoryview(mmap(-1, size)), 0
    if filled:
        yield part[:filled]


def send_all(
    store: Store,
    upload: Upload,
    parts: Iterator[BytesSource],
    moved: Moved,
    in_flight: int,
    stop: Callable[[], None],
    known: Mapping[int, Part] | None = None,
    arrived: Callable[[Part], object] = bool,
) -> tuple[Part, ...]:
    """Send the parts, a few at a time, and stop where one fails. Those that ``known`` has with the same MD5 are there.

    ``arrived`` is called with each part that was sent, in any thread.

    Raises :class:`JsobjError`, and whatever ``parts`` raises; what was sent stays.
    """
    there = known or {}

    def send(number: int, source: BytesSource) -> Part:
        part = there.get(number)
        if part is not None and part.size == source.size and part.etag == md5_of(source):
            return part
        part = store.put_part(upload, number, source, moved=moved)
        arrived(part)
        return part

    done: list[Part] = []
    waiting: deque[Future[Part]] = deque()
    with ThreadPoolExecutor(in_flight, thread_name_prefix="part") as pool:
        try:
            for number, source in enumerate(parts, start=1):
                if number > store.limits.parts:
                    raise _too_long(store.limits.parts, source.size)
                if len(waiting) >= in_flight:
                    done.append(awaited(waiting.popleft()))
                waiting.append(pool.submit(send, number, source))
            done += [awaited(future) for future in waiting]
        except BaseException as error:
            for future in waiting:
                future.cancel()
            if not isinstance(error, Exception):  # leaving the pool waits for the parts that are under way
                stop()
                store.stop()
            raise
    return tuple(done)


def _too_long(parts: int, part_size: int) -> JsobjError:
    return JsobjError(
        "stream-too-long",
        f"the stream has more than {human_bytes(parts * part_size)}, which is all that {parts} parts of "
        f"{human_bytes(part_size)} hold",
        code=ExitCode.USAGE,
        hint="send it again in larger parts: --part-size 128M",
    )
