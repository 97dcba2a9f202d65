"""A thread pool for coroutines: results come back into the caller's event loop.

``run_in_executor`` makes two futures and a condition per call and wakes the loop for each result: with small chunks
that is a seventh of the loop's work. Here a call costs one future, and results that are ready together are delivered
together.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class AsyncThreadPool:
    """Daemon threads. Each call starts one until there are as many as ``count()`` says then."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._results: _LoopResults | None = None
        weakref.finalize(self, _stop, self._calls, self._threads)  # for owners that never close it

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """What ``call(*args)`` returns or raises. A call that is cancelled before it starts is not made."""
        loop = asyncio.get_running_loop()
        results = self._results
        if results is None or results.loop is not loop:
            results = self._results = _LoopResults(loop)
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put((results, future, call, args))
        if len(self._threads) < self._count():
            thread = threading.Thread(target=_work, args=(self._calls,), name="jsobj-io", daemon=True)
            self._threads.append(thread)
            thread.start()
        return await future

    def close(self, *, wait: bool = True) -> None:
        """End the threads after the queued calls. ``wait`` until they have ended."""
        stopping = _stop(self._calls, self._threads)
        for thread in stopping if wait else ():
            thread.join()


class _LoopResults:
    """Results on their way into one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._scheduled = False

    def send(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        """From a thread. The loop is woken once for all results that come before it delivers."""
        self._done.append((future, result, error))
        if not self._scheduled:
            self._scheduled = True
            with contextlib.suppress(RuntimeError):  # the loop is closed: no coroutine waits
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False  # before the queue is read: later results schedule again
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():  # cancelled
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


_Call = tuple[_LoopResults, "asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


def _stop(calls: SimpleQueue[_Call | None], threads: list[threading.Thread]) -> list[threading.Thread]:
    stopping = []
    while threads:
        stopping.append(threads.pop())
        calls.put(None)
    return stopping


def _work(calls: SimpleQueue[_Call | None]) -> None:
    while (item := calls.get()) is not None:
        results, future, call, args = item
        if future.cancelled():
            continue
        try:
            result, error = call(*args), None
        except BaseException as raised:  # noqa: BLE001 - delivered to the waiting coroutine
            result, error = None, raised
        results.send(future, result, error)
        del item, results, future, call, args, result, error  # keep nothing alive while idle
