"""Counting what a run will come to, ahead of its plan: the plan is made as it is needed, and holds almost nothing.

Only the numbers are kept, so memory does not grow. What the plan then skips is taken off the total as it is skipped.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from jsobj.errors import JsobjError
from jsobj.transfer.events import Tally

MOST = 1_000_000  # items; of more than these no total is shown until the plan is complete
_SOONER = 0.2  # seconds that counting takes, more or less


class Ahead:
    """Counts the ``sizes`` of all items in a thread of its own, until :meth:`stop`.

    It lists everything once more, so it begins only shortly before the numbers are shown, ``first_look`` seconds from
    now: a run that is over by then does not pay for it.
    """

    def __init__(self, sizes: Callable[[], Iterator[int]], tally: Tally, first_look: float) -> None:
        self._sizes = sizes
        self._tally = tally
        self._wait = max(0.0, first_look - _SOONER)
        self._over = threading.Event()
        threading.Thread(target=self._count, name="ahead", daemon=True).start()

    def stop(self) -> None:
        """Count no further."""
        self._over.set()

    def _count(self) -> None:
        if self._over.wait(self._wait):
            return
        items = size = 0
        with contextlib.suppress(JsobjError, OSError):  # the plan meets the same, and tells it
            for each in self._sizes():
                items, size = items + 1, size + each
                if items > MOST or self._tally.planned or self._over.is_set():
                    return
            self._tally.ahead = (items, size)
