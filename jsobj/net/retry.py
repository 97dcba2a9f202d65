"""How often, how long and how many at once: the retry policy of one run, shared by all its workers.

Waits grow exponentially with full jitter, so that workers that failed together do not come back together. Three bounds
keep trouble small: a number of tries per request, a budget for the whole run (a retry costs one, a success brings half
of one back: a server that fails every request sees little more than each request once), and a gate that halves the
number of requests at once when the server is busy, and opens again gradually. A server that never
answered in this run is given up soon; one that did may be restarting, or the laptop may have slept: that is waited out.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_BASE = 0.25  # seconds; doubled with each try, and the wait is anything between nothing and that
_LONGEST = 20.0
_MAX_RETRY_AFTER = 60.0  # seconds; a longer wait is reported to the user instead of waited out
_TRIES = 8
_TRIES_UNANSWERED = 3
_OUTAGE = 120.0  # seconds for which a server that has answered before is waited for
_BUDGET = 100.0
_SILENCE = 75.0  # seconds after which no small request is sent once more to a server that stays silent

_log = logging.getLogger("jsobj.http")

OnRetry = Callable[[str, str, float], None]  # item, reason, seconds to wait


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds to wait by ``Retry-After``; None without it, and for a date."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


class RetryPolicy:
    """``parallel``: requests at once at most; ``tries``: of a request, whatever went wrong.

    ``on_retry`` is called before every wait; ``on_slow`` when the server is busy, at most once a second.
    """

    def __init__(
        self,
        *,
        parallel: int = 256,
        tries: float = math.inf,
        on_retry: OnRetry = lambda item, reason, wait: None,
        on_slow: Callable[[], object] = lambda: None,
    ) -> None:
        self.on_retry = on_retry
        self._on_slow = on_slow
        self.server_answered = False  # whether any request succeeded in this run
        self._budget = _BUDGET
        self._tries = tries
        self._lock = threading.RLock()  # taken as it is: a condition would take it in two calls more
        self._condition = threading.Condition(self._lock)
        self._parallel = float(parallel)
        self._allowed = float(parallel)
        self._running = 0
        self._slowed = self._gave_way = 0.0
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End every wait."""
        self._stopped.set()
        with self._lock:
            self._condition.notify_all()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until one more request may run."""
        with self._lock:
            while self._running >= self._allowed and not self.stopped:
                self._condition.wait()
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                self._condition.notify()

    def succeeded(self) -> None:
        """A request was answered well."""
        self.server_answered = True
        if self._budget < _BUDGET or self._allowed < self._parallel:
            with self._lock:
                self._budget = min(_BUDGET, self._budget + 0.5)
                self._allowed = min(self._parallel, self._allowed + 1 / self._allowed)
                self._condition.notify()

    def slow_down(self) -> None:
        """The server is busy: half as many at once, at most once a second."""
        with self._lock:
            now = time.monotonic()
            if now - self._slowed <= 1:
                return
            self._slowed = now
            self._allowed = max(1.0, min(self._allowed, float(self._running + 1)) / 2)
        self._on_slow()

    def gives_way(self, seconds: float) -> bool:
        """The line is slow for all: half as many requests at once, at most once in ``seconds``.

        Whether one that is under way is to end: it is one too many, or alone, so that a fresh connection may be better.
        """
        with self._lock:
            now = time.monotonic()
            if self._running > 1 and now - self._gave_way > seconds:
                self._gave_way = now
                self._allowed = max(1.0, min(self._allowed, float(self._running)) / 2)
            return self._running <= 1 or self._running > self._allowed

    def wait_before_retry(
        self,
        item: str,
        reason: str,
        attempt: int,
        began: float,
        *,
        after: float | None = None,
        lost: bool = False,
        patient: bool = True,
    ) -> str | None:
        """Wait before try number ``attempt + 1``; None, or why there is none.

        ``began``: :func:`time.monotonic` at the first try. ``after``: seconds to wait by ``Retry-After``. ``lost``:
        the server could not be reached at all. ``patient``: False for a small request that got no answer.
        """
        if after is not None and after > _MAX_RETRY_AFTER:
            return f"{reason}; the server asks to wait {after:.0f} s"
        if self._spent(attempt, began, lost) or (not patient and time.monotonic() - began > _SILENCE):
            return f"{reason} (tried {attempt} times)" if attempt > 1 else reason
        with self._lock:
            if self._budget < 1:
                return f"{reason}; too many requests failed in this run"
            self._budget -= 1
        wait = min(_LONGEST, _BASE * 2.0**attempt) * random.random()  # noqa: S311 - jitter, no secret
        if after is not None:
            wait = after + 0.1 * wait
        _log.debug("again in %.1f s: %s: %s", wait, item, reason)
        self.on_retry(item, reason, wait)
        if self._stopped.wait(wait):
            return "stopped"
        return None

    def _spent(self, attempt: int, began: float, lost: bool) -> bool:
        if self.stopped or attempt >= self._tries:
            return True
        if lost and self.server_answered:
            return time.monotonic() - began > _OUTAGE
        return attempt >= (_TRIES if self.server_answered or not lost else _TRIES_UNANSWERED)
