"""Writing an object of unknown size: parts are sent while it is written; it exists once it is closed."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from queue import Full, Queue

from jsobj.store.objects import Store
from jsobj.store.values import PutOptions
from jsobj.transfer.upload.send_stream import send_stream

_QUEUED = 4  # chunks that wait for a slow network
_EXIT_SECONDS = 10.0  # for which the program's end waits for uploads to be aborted
_POLL_SECONDS = 0.2  # between checks whether the sender has failed

_open: weakref.WeakSet[ObjectWriter] = weakref.WeakSet()


@atexit.register
def _discard_all() -> None:
    """A writer that was not closed makes no object, and leaves no parts behind."""
    for writer in list(_open):
        with contextlib.suppress(TimeoutError):
            writer.discard(_EXIT_SECONDS)


os.register_at_fork(after_in_child=_open.clear)  # they are the parent's


class _DiscardedError(Exception):
    """Raised in the sender by :meth:`ObjectWriter.discard`."""


class ObjectWriter:
    """Sends what is written as one object, which exists after :meth:`finish` and never after :meth:`discard`.

    ``head``: the first bytes of the object, from elsewhere (for appending).
    """

    def __init__(
        self, store: Store, key: str, options: PutOptions, part_size: int, head: Iterable[bytes | bytearray] = ()
    ) -> None:
        self._chunks: Queue[bytes | _DiscardedError | None] = Queue(_QUEUED)
        self._sent: Future[object] = Future()

        def send() -> None:
            source = self._source(head)
            try:
                sent = send_stream(store, key, source, options, part_size=part_size, moved=lambda count: None)
                self._sent.set_result(sent)
            except BaseException as error:  # noqa: BLE001 - raised again by write() or finish()
                self._sent.set_exception(error)

        threading.Thread(target=send, name="jsobj-writer", daemon=True).start()
        _open.add(self)

    def write(self, chunk: bytes) -> None:
        """Queue bytes. Raises an error of the sender, perhaps about earlier bytes."""
        self._put(chunk)

    def finish(self) -> None:
        """Send the rest and make the object. Raises :class:`jsobj.errors.JsobjError`; then no object is made."""
        try:
            self._put(None)
            self._sent.result()
        except BaseException:  # Ctrl-C while waiting
            self.discard()
            raise

    def discard(self, seconds: float | None = None) -> None:
        """Abort the upload. Raises ``TimeoutError`` where that takes longer than ``seconds``."""
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
                self._chunks.put(chunk, timeout=_POLL_SECONDS)
                return
            except Full:
                continue

    def _source(self, head: Iterable[bytes | bytearray]) -> Iterator[bytes | bytearray]:
        yield from head
        while (chunk := self._chunks.get()) is not None:
            if isinstance(chunk, _DiscardedError):
                raise chunk
            yield chunk
