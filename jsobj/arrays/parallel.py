"""One call for many keys: bounded in threads and memory, with the error of each key that failed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from jsobj.errors import ExitCode, JsobjError

Item = TypeVar("Item")
Value = TypeVar("Value")


class SomeFailed(JsobjError):
    """Some keys failed, the others were done. ``failures``: the error of each key that failed.

    ``code`` is PARTIAL, or the failures' own where it is one and nothing was done.
    """

    failures: Mapping[str, JsobjError] = {}

    @classmethod
    def of(cls, verb: str, failures: Mapping[str, JsobjError], done: int) -> SomeFailed:
        """From at least one failure."""
        key, first = next(iter(failures.items()))
        codes = {error.code for error in failures.values()}
        error = cls(
            "some-keys-failed" if done else first.reference,
            f"{len(failures)} of {len(failures) + done} keys could not be {verb}; the first: {first.message}",
            code=codes.pop() if len(codes) == 1 and not done else ExitCode.PARTIAL,
            context=f"{key}: {first.context}" if first.context else key,
            hint=first.hint,
        )
        error.failures = dict(failures)
        return error

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the failures."""
        return *super().__reduce__(), {"failures": self.failures}


def for_each(
    pool: ThreadPoolExecutor,
    call: Callable[[Item], Value],
    items: Iterable[Item],
    *,
    name: Callable[[Item], str],
    verb: str,
    at_once: Callable[[], int],
) -> Iterator[tuple[Item, Value]]:
    """Each item with the result of ``call``, as they end; at most ``at_once()`` are submitted at once.

    Raises :class:`SomeFailed` after the last one, where any raised :class:`JsobjError`. Leaving early waits for running
    calls only.
    """
    source = iter(items)
    running: dict[Future[Value], Item] = {}
    failures: dict[str, JsobjError] = {}
    done = 0
    try:
        while True:
            for item in itertools.islice(source, max(0, at_once() - len(running))):
                running[pool.submit(call, item)] = item
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item = running.pop(future)
                try:
                    value = future.result()
                except JsobjError as error:
                    failures[name(item)] = error
                    continue
                done += 1
                yield item, value
    finally:
        for future in running:
            future.cancel()
        wait(running)
    if failures:
        raise SomeFailed.of(verb, failures, done)
