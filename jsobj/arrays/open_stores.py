"""What a process has open for a place, shared by all that mean the same: connections, threads, turns, a token.

dask unpickles a store for every task. Were each to open for itself, a task would cost a handshake and perhaps a login,
and would leave connections behind until Python's collector comes by. So what nobody holds any more stays for the next,
as long as it is among the last few. Who may share is asked of the files and the environment each time: a key that was
replaced opens anew.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from jsobj.arrays.concurrency import Gauge
from jsobj.arrays.io_threads import Crew
from jsobj.arrays.recipe import Recipe
from jsobj.store.objects import Store

_KEPT = 4  # that nobody holds

Key = tuple[object, ...]


class Opened:
    """A store with the threads and turns for ``parallel`` calls at once, in the process ``pid``."""

    def __init__(self, key: Key, store: Store, parallel: int) -> None:
        self.key = key
        self.store = store
        self.pool = ThreadPoolExecutor(parallel, "jsobj")
        self.crew = Crew(parallel)
        self.gauge = Gauge(parallel)
        self.pid = os.getpid()
        self.holders = 1

    def close(self, *, wait: bool) -> None:
        """Let the threads end, and close the connections. ``wait``: for what is under way."""
        self.pool.shutdown(wait=wait)
        self.crew.close(wait=wait)
        self.store.close()


class _Shared:
    """All that this process has open."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opened: list[Opened] = []  # the one used last is the last
        self.forgotten: deque[Opened] = deque()

    def settle(self) -> None:
        """Count those off that were forgotten, and close what nobody holds, but for the last few. With the lock."""
        while self.forgotten:
            self.forgotten.popleft().holders -= 1
        for old in [each for each in self.opened if not each.holders][:-_KEPT]:
            self.opened.remove(old)
            old.close(wait=False)


_shared = _Shared()
_parents: list[_Shared] = []


def _after_fork() -> None:
    """A child begins with nothing. What its parent has open is kept from being finalized, as if it were the child's."""
    global _shared
    _parents.append(_shared)
    _shared = _Shared()


os.register_at_fork(after_in_child=_after_fork)


def hold(recipe: Recipe, parallel: int) -> Opened:
    """What is open for ``recipe``, opened if need be. Count it off by one of the next two.

    Raises as :meth:`Recipe.open`.
    """
    key: Key = (recipe, parallel, recipe.found())
    with _shared.lock:
        _shared.settle()
        known = next((each for each in _shared.opened if each.key == key), None)
        if known is None:
            known = Opened(key, recipe.open(), parallel)
        else:
            _shared.opened.remove(known)
            known.holders += 1
        _shared.opened.append(known)
        return known


def forget(opened: Opened) -> None:
    """Its holder is gone. May be called anywhere, by the collector, even where this thread has the lock."""
    _shared.forgotten.append(opened)


def release(opened: Opened) -> None:
    """Its holder is done with it: closed, unless others hold it too."""
    with _shared.lock:
        _shared.settle()
        opened.holders -= 1
        if opened.holders:
            return
        _shared.opened.remove(opened)
    opened.close(wait=True)
