"""A number that many threads add to, exact whatever the interpreter does between reading and writing it."""

from __future__ import annotations

import threading


class Count:
    """Each thread adds to a number of its own, so that no addition is lost and no thread waits.

    No lock is taken: none can be left held in a child that is forked while a thread counts. A thread's number stays
    when it ends; another thread that gets its identifier goes on with it.
    """

    __slots__ = ("_of_thread",)

    def __init__(self) -> None:
        self._of_thread: dict[int, int] = {}

    def add(self, number: int = 1) -> None:
        """Add to it (negative: take back)."""
        me = threading.get_ident()
        self._of_thread[me] = self._of_thread.get(me, 0) + number

    def of(self, thread: int) -> int:
        """What one thread has added so far."""
        return self._of_thread.get(thread, 0)

    @property
    def total(self) -> int:
        """What all threads have added so far."""
        return sum(list(self._of_thread.values()))
