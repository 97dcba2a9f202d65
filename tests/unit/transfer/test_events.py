"""The numbers of a run are exact however many threads count, on interpreters with and without a global lock."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from jsobj.transfer.engine.count import Count
from jsobj.transfer.events import Event, EventBus, Tally

THREADS, TIMES = 8, 500


class Meeting(int):
    """A one that is added only when another thread is about to add too: both have read the sum, and none written it.

    So the moment at which ``total += 1`` loses an addition comes every time, and not once in a million.
    """

    barrier: threading.Barrier

    def __radd__(self, other: int) -> int:
        self.barrier.wait(10)
        return int(other) + 1


@pytest.fixture(autouse=True)
def often() -> Iterator[None]:
    """Threads take turns as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(count: Callable[[], object], threads: int, times: int) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(times):
                count()
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)

    started = [threading.Thread(target=run) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(60)
    assert not failures


def met() -> Meeting:
    one = Meeting(1)
    one.barrier = threading.Barrier(2)
    return one


def test_plain_addition_loses_what_this_test_adds() -> None:
    """The check of the check."""
    one, numbers = met(), [0]

    def add() -> None:
        numbers[0] += one

    together(add, threads=2, times=1)
    assert numbers == [1]


def test_two_threads_that_add_in_the_same_moment() -> None:
    one, count = met(), Count()
    together(lambda: count.add(one), threads=2, times=20)
    assert count.total == 40


@pytest.mark.parametrize(
    ("count", "total"),
    [
        (lambda tally, one: tally.moved(one), "bytes"),
        (lambda tally, one: tally.found(one, items=0), "found_bytes"),
        (lambda tally, one: tally.found(0, items=one), "found_items"),
        (lambda tally, one: tally.item_done(one, verified=True), "done_bytes"),
        (lambda tally, one: tally.retried(one), "retries"),
    ],
)
def test_every_number_of_a_tally(count: Callable[[Tally, int], None], total: str) -> None:
    one, tally = met(), Tally()
    together(lambda: count(tally, one), threads=2, times=20)
    assert getattr(tally, total) == 40


def test_all_at_once() -> None:
    heard: list[Event] = []
    tally = Tally()
    tell = EventBus(heard.append, tally)

    def count() -> None:
        tally.found(3)
        tally.found(-1, items=0)
        tally.item_done(2, verified=True)
        tally.item_done(2, verified=False)
        tally.item_skipped(compared=True)
        tally.item_failed()
        tally.moved(2)
        tell.retried("item", "busy", 0.0)

    together(count, THREADS, TIMES)
    every = THREADS * TIMES
    assert (tally.found_items, tally.found_bytes, tally.bytes) == (every, 2 * every, 2 * every)
    assert (tally.done, tally.done_bytes, tally.verified, tally.unverified) == (2 * every, 4 * every, every, every)
    assert (tally.skipped, tally.failed, tally.retries) == (every, every, every)
    assert len(heard) == every


@pytest.mark.parametrize("name", ["done", "failed", "found_bytes", "retries", "bytes"])
def test_no_number_can_be_written_past_the_methods(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Tally(), name, 1)
