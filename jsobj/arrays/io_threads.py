"""Threads that work for coroutines: a call goes in, and its result comes back into the event loop that asked.

``run_in_executor`` makes two futures and a condition for each call, and wakes the loop for each result: with small
chunks that is a seventh of all that the loop does. Here a call costs one future, and results that are ready at the same
time come back together.
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


class Crew:
    """At most ``count`` calls at once, each in a thread. Each call starts one, a daemon, until there are ``count``."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._mail: _Mail | None = None
        weakref.finalize(self, _dismiss, self._calls, self._threads)  # nobody may say that they are done with it

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """What ``call(*args)`` returns or raises. One that was cancelled before it began is not made."""
        loop = asyncio.get_running_loop()
        mail = self._mail
        if mail is None or mail.loop is not loop:
            mail = self._mail = _Mail(loop)
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put((mail, future, call, args))
        if len(self._threads) < self._count:
            thread = threading.Thread(target=_work, args=(self._calls,), name="jsobj-crew", daemon=True)
            self._threads.append(thread)
            thread.start()
        return await future

    def close(self, *, wait: bool = True) -> None:
        """Let the threads end after what is waiting. ``wait`` until they have."""
        leaving = _dismiss(self._calls, self._threads)
        for thread in leaving if wait else ():
            thread.join()


class _Mail:
    """Results on their way into one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._called = False

    def send(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        """From a thread. The loop is called once for all that come before it has listened."""
        self._done.append((future, result, error))
        if not self._called:
            self._called = True
            with contextlib.suppress(RuntimeError):  # a loop that is closed has nobody waiting
                self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._called = False  # before looking: what comes from now on calls again
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():  # cancelled
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


_Call = tuple[_Mail, "asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


def _dismiss(calls: SimpleQueue[_Call | None], threads: list[threading.Thread]) -> list[threading.Thread]:
    leaving = []
    while threads:
        leaving.append(threads.pop())
        calls.put(None)
    return leaving


def _work(calls: SimpleQueue[_Call | None]) -> None:
    while (wanted := calls.get()) is not None:
        mail, future, call, args = wanted
        if future.cancelled():
            continue
        try:
            result, error = call(*args), None
        except BaseException as raised:  # noqa: BLE001 - it is the caller's, wherever that is
            result, error = None, raised
        mail.send(future, result, error)
        del wanted, mail, future, call, args, result, error  # nothing is kept alive while waiting for the next
