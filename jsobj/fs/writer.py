"""Writing an object whose size nobody knows yet: parts are sent while it is written, and it comes to be at the end."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from queue import Full, Queue
from typing import TYPE_CHECKING

from jsobj.transfer.upload.send_stream import send_stream

if TYPE_CHECKING:
    from jsobj.store.objects import PutOptions, Store

_WAITING = 4  # chunks that are held while the line is slow
_AT_END = 10.0  # seconds that the program's end waits for what was sent to be taken back
_LOOK = 0.2  # seconds between looks whether the sender has failed


_open: weakref.WeakSet[ObjectWriter] = weakref.WeakSet()


@atexit.register
def _discard_all() -> None:
    """What nobody closed before the program's end makes no object, and leaves nothing behind."""
    for writer in list(_open):
        with contextlib.suppress(TimeoutError):
            writer.discard(_AT_END)


os.register_at_fork(after_in_child=_open.clear)  # they are the parent's


class _DiscardedError(Exception):
    """What the writer makes the sender's source raise."""


def _uncounted(count: int) -> None:
    """Nobody counts."""


class ObjectWriter:
    """Sends what is written as one object. Nothing is under its key before :meth:`finish`, or after :meth:`discard`.

    ``head``: bytes that the object begins with, read from elsewhere (for appending).
    """

    def __init__(
        self, store: Store, key: str, options: PutOptions, part_size: int, head: Iterable[bytes | bytearray] = ()
    ) -> None:
        self._chunks: Queue[bytes | _DiscardedError | None] = Queue(_WAITING)
        self._sent: Future[object] = Future()

        def send() -> object:
            source = self._source(head)
            return send_stream(store, key, source, options, part_size=part_size, moved=_uncounted)

        threading.Thread(target=_run, args=(send, self._sent), name="jsobj-writer", daemon=True).start()
        _open.add(self)

    def write(self, chunk: bytes) -> None:
        """Hand over bytes. Raises what the sender met, which may be about earlier ones."""
        self._put(chunk)

    def finish(self) -> None:
        """Send what is left and make the object. Raises :class:`jsobj.errors.JsobjError`; then there is none."""
        try:
            self._put(None)
            self._sent.result()
        except BaseException:  # Ctrl-C while it is waited for
            self.discard()
            raise

    def discard(self, seconds: float | None = None) -> None:
        """Give it up, and take what was sent back. Raises ``TimeoutError`` where that takes longer than ``seconds``."""
        if not self._sent.done():
            self._put(_DiscardedError(), fails=False)
        self._sent.exception(seconds)

    def _put(self, chunk: bytes | _DiscardedError | None, *, fails: bool = True) -> None:
        while True:
            if self._sent.done():
                if fails:
                    self._sent.result()
                return
            try:
                self._chunks.put(chunk, timeout=_LOOK)
                return
            except Full:
                continue

    def _source(self, head: Iterable[bytes | bytearray]) -> Iterator[bytes | bytearray]:
        yield from head
        while (chunk := self._chunks.get()) is not None:
            if isinstance(chunk, _DiscardedError):
                raise chunk
            yield chunk


def _run(send: Callable[[], object], sent: Future[object]) -> None:
    try:
        sent.set_result(send())
    except BaseException as error:  # noqa: BLE001 - raised again by whoever writes
        sent.set_exception(error)
