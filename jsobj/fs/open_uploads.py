"""Open multipart uploads, which the program's end aborts.

They run in daemon threads, for which the interpreter does not wait. Ctrl-C ends the call that waits for an upload and
not the upload itself; when the program ends then, no parts may be left behind.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Iterator

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Store
from jsobj.store.values import Upload

_lock = threading.Lock()
_open: dict[int, tuple[Store, Upload]] = {}
_ending = False


@contextlib.contextmanager
def abort_on_exit(store: Store, upload: Upload) -> Iterator[None]:
    """Abort ``upload`` on an exception, and at the program's end."""
    with _lock:
        _open[id(upload)] = store, upload
    try:
        yield
    except BaseException:
        store.give_up(upload)
        raise
    finally:
        with _lock:
            _open.pop(id(upload), None)


def require_going_on() -> None:
    """Raise :class:`JsobjError` (interrupted) once the program is ending, so that no part is begun."""
    if _ending:
        raise JsobjError("interrupted", "the program ends", code=ExitCode.INTERRUPTED)


def _after_fork() -> None:
    """The open uploads are the parent's."""
    global _lock
    _lock = threading.Lock()
    _open.clear()


os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def _abort_all() -> None:
    global _ending
    _ending = True
    with _lock:
        left = list(_open.values())
    for store, upload in left:
        with contextlib.suppress(JsobjError):  # jsobj uploads list shows what is left
            store.give_up(upload)
