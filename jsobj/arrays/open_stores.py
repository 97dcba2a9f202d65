"""Open stores of this process, shared by equal recipes: connections, threads, byte limit, token.

dask unpickles a store for every task. Opened for each, a task would cost a handshake and perhaps a login, and leave
connections behind until garbage collection. So the last few unused stores are kept for reuse. Files and environment are
read each time: a replaced key opens a new store.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from jsobj.arrays.concurrency import ByteLimit
from jsobj.arrays.io_threads import AsyncThreadPool
from jsobj.arrays.recipe import Recipe
from jsobj.net.session import Session
from jsobj.store.objects import Store
from jsobj.transfer.engine.thread_count import covering
from jsobj.transfer.options import GROWN, PARALLEL, affordable

_KEPT = 4  # unused stores

Key = tuple[object, ...]


class OpenStore:
    """A store with threads for its calls, in the process ``pid``. ``at_once``: how many there should be at a time.

    ``parallel``: a number that the user has set, or None for as many as cover the way to the server.
    """

    def __init__(self, key: Key, store: Store, parallel: int | None) -> None:
        most = parallel or affordable(GROWN)
        self.key = key
        self.store = store
        self.at_once = partial(_at_once, store.session, parallel or PARALLEL, most)  # no method: no cycle of references
        self.pool = ThreadPoolExecutor(most, "jsobj")
        self.async_pool = AsyncThreadPool(self.at_once)
        self.limit = ByteLimit(most)
        self.pid = os.getpid()
        self.holders = 1

    def close(self, *, wait: bool) -> None:
        """End the threads and close the connections. ``wait``: for running calls."""
        self.pool.shutdown(wait=wait)
        self.async_pool.close(wait=wait)
        self.store.close()


def _at_once(session: Session, first: int, most: int) -> int:
    return covering(session.quickest, first, most)


class _Shared:
    """The open stores of one process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opened: list[OpenStore] = []  # most recently used last
        self.forgotten: deque[OpenStore] = deque()

    def settle(self) -> None:
        """Drop the holders that were collected and close unused stores, but for the last few. Called with the lock."""
        while self.forgotten:
            self.forgotten.popleft().holders -= 1
        for old in [each for each in self.opened if not each.holders][:-_KEPT]:
            self.opened.remove(old)
            old.close(wait=False)


_shared = _Shared()
_parents: list[_Shared] = []


def _after_fork() -> None:
    """A child starts empty, and never finalizes what its parent has open."""
    global _shared
    _parents.append(_shared)
    _shared = _Shared()


os.register_at_fork(after_in_child=_after_fork)


def hold(recipe: Recipe, parallel: int | None) -> OpenStore:
    """The open store of ``recipe``; give it back with :func:`forget` or :func:`release`.

    Raises as :meth:`Recipe.open`.
    """
    key: Key = (recipe, parallel, recipe.found())
    with _shared.lock:
        _shared.settle()
        known = next((each for each in _shared.opened if each.key == key and recipe.is_of(each.store)), None)
        if known is None:
            known = OpenStore(key, recipe.open(), parallel)
        else:
            _shared.opened.remove(known)
            known.holders += 1
        _shared.opened.append(known)
        return known


def forget(opened: OpenStore) -> None:
    """Its holder was collected. Takes no lock: the collector may run while this thread has it."""
    _shared.forgotten.append(opened)


def release(opened: OpenStore) -> None:
    """Its holder is done: close it, unless others hold it too."""
    with _shared.lock:
        _shared.settle()
        opened.holders -= 1
        if opened.holders:
            return
        _shared.opened.remove(opened)
    opened.close(wait=True)
