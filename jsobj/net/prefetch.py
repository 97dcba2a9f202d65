"""Requests in daemon threads, for which neither the program nor Ctrl-C waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Given = TypeVar("Given")
T = TypeVar("T")

_AT_ONCE = 8


def prefetch(fetch: Callable[[], T]) -> Future[T]:
    """Call ``fetch`` in a daemon thread: the program does not wait for a page that is not used."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # there is a thread for it already: nobody can cancel it

    def run() -> None:
        try:
            future.set_result(fetch())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            future.set_exception(error)

    threading.Thread(target=run, name="prefetch", daemon=True).start()
    return future


def in_passing(do: Callable[[Given], T], items: Iterable[Given]) -> list[T]:
    """What ``do`` makes of each item, eight at a time; once one fails, or Ctrl-C comes, no other is begun.

    What is under way then is left to itself: the store, which others may use after that, need not be stopped for it.

    Raises ``RuntimeError`` where no thread can be started, as while the program ends.
    """
    from jsobj.parallel_map import parallel_map  # its thread pool loads slowly

    return list(parallel_map(do, items, _AT_ONCE // 2, pool=_DaemonThreads()))  # twice as many are under way


class _DaemonThreads(Executor):
    """A thread for each call."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return prefetch(partial(fn, *args, **kwargs))
