"""Multipart uploads under way: what the end of the program cuts off is taken back.

Uploads run in daemon threads, which the interpreter does not wait for. Ctrl-C ends the call that waits for one, and the
upload goes on; if the program then ends, nothing may be left behind.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Iterator

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Store, Upload

_lock = threading.Lock()
_open: dict[int, tuple[Store, Upload]] = {}
_ending = False


@contextlib.contextmanager
def under_way(store: Store, upload: Upload) -> Iterator[None]:
    """While this is entered, the program's end aborts ``upload``; an exception does so too."""
    with _lock:
        _open[id(upload)] = store, upload
    try:
        yield
    except BaseException:
        store.abort(upload)
        raise
    finally:
        with _lock:
            _open.pop(id(upload), None)


def require_going_on() -> None:
    """Begin no part at the program's end. Raises :class:`JsobjError` (interrupted)."""
    if _ending:
        raise JsobjError("interrupted", "the program ends", code=ExitCode.INTERRUPTED)


def _in_child() -> None:
    """Its parent's uploads are not its own."""
    global _lock
    _lock = threading.Lock()
    _open.clear()


os.register_at_fork(after_in_child=_in_child)


@atexit.register
def _abort_all() -> None:
    global _ending
    _ending = True
    with _lock:
        left = list(_open.values())
    for store, upload in left:
        with contextlib.suppress(JsobjError):  # jsobj uploads list shows what stays
            store.abort(upload)
