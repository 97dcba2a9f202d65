"""A function applied to many items in parallel, with results in order and few items in memory."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

_LOOK = 0.5  # seconds


def parallel_map(
    function: Callable[[Given], Made],
    items: Iterable[Given],
    workers: int,
    *,
    stop: Callable[[], None] = lambda: None,
    pool: Executor | None = None,
) -> Generator[Made]:
    """The results of ``function`` in the order of ``items``, of which at most ``2 * workers`` are under way.

    An exception of ``function`` is raised where its result would stand; what has not begun by then is not begun.
    ``stop`` is called when it ends early, also for Ctrl-C, before what is under way is waited for. In a ``pool`` of the
    caller's, what is under way then is not waited for. Whose own work between two results may be interrupted closes
    the generator.
    """
    waiting: deque[Future[Made]] = deque()
    own = ThreadPoolExecutor(workers, thread_name_prefix="worker") if pool is None else contextlib.nullcontext(pool)
    with own as threads:
        try:
            for item in items:
                if len(waiting) >= 2 * workers:
                    yield awaited(waiting.popleft())
                waiting.append(threads.submit(function, item))
            while waiting:
                yield awaited(waiting.popleft())
        except BaseException:
            for future in waiting:  # before a worker is free for it
                future.cancel()
            stop()
            raise


def if_interrupted(stop: Callable[[], None]) -> Callable[[], None]:
    """A ``stop`` for work of which an error is no end: it is called for Ctrl-C, and where no more results are wanted.

    After an error, what is under way is waited for, and others go on with the store.
    """

    def cut() -> None:
        if not isinstance(sys.exc_info()[1], Exception):
            stop()

    return cut


def awaited(future: Future[Made]) -> Made:
    """The result of ``future``, for the main thread: a signal is seen half a second late at most.

    One that comes just before a thread begins to wait does not wake it, and Python raises KeyboardInterrupt only then.
    """
    while True:
        try:
            return future.result(_LOOK)
        except NotYet:
            if future.done():  # its own error, or it has ended by now
                return future.result()
