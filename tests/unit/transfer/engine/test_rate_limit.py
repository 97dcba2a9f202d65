"""The rate limit, with a clock of the test's."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable

import pytest

from jsobj.transfer.engine.rate_limit import Meter, RateLimit, UnderWay
from jsobj.transfer.options import PARALLEL

MIB = 1024**2


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def limited(rate: float) -> tuple[RateLimit, Clock]:
    clock = Clock()
    return RateLimit(rate, clock=clock, sleep=clock.sleep), clock


@pytest.mark.parametrize("chunk", [1, 1000, 65536, MIB, 7 * MIB])
def test_l10_the_rate_holds_within_a_tenth(chunk: int) -> None:
    limit, clock = limited(MIB)
    passed = 0
    while passed < 20 * MIB if chunk > 1000 else passed < 20_000:
        limit.pass_(chunk)
        passed += chunk
    wanted = passed / MIB
    assert clock.now - 1000 == pytest.approx(wanted, rel=0.1)


def test_a_pause_is_not_made_up_for() -> None:
    limit, clock = limited(MIB)
    limit.pass_(MIB)
    clock.now += 3600
    began = clock.now
    for _ in range(10):
        limit.pass_(MIB)
    assert clock.now - began == pytest.approx(10, rel=0.1)


def test_what_is_taken_back_does_not_count() -> None:
    limit, clock = limited(10)
    limit.pass_(-100)
    limit.pass_(0)
    assert clock.now == 1000


def test_threads_share_one_rate() -> None:
    """What they wait for in all is the schedule of all bytes, whoever comes when: nobody is served twice."""
    waits: list[float] = []
    limit = RateLimit(1000, clock=lambda: 0.0, sleep=waits.append)
    threads = [threading.Thread(target=lambda: [limit.pass_(10) for _ in range(100)], daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(waits) == pytest.approx(8 * 100 * 10 / 1000, rel=0.02)
    assert len(set(waits)) == 800


def test_a_stop_wakes_who_waits() -> None:
    limit = RateLimit(1)
    waiter = threading.Thread(target=limit.pass_, args=(3600,), daemon=True)
    waiter.start()
    limit.stop()
    waiter.join(30)
    assert not waiter.is_alive()
    limit.pass_(10**9)


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_b132_no_rate_of_nothing(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        RateLimit(rate)


# -- how many are begun at once


def simulated(sizes: Iterable[int], rate: float, latency: float, workers: int = PARALLEL) -> tuple[float, int]:
    """Seconds that workers take for units of these sizes, each after ``latency``; and how many were at once.

    The time is the simulation's: whatever happens next, happens at once.
    """
    now = waited = 0.0

    def sleep(seconds: float) -> None:
        nonlocal waited
        waited = seconds

    limit, under_way = RateLimit(rate, clock=lambda: now, sleep=sleep), UnderWay(rate)
    queue, idle, at_once = iter(sizes), workers, 0
    ends: list[tuple[float, int, int, bool]] = []  # when, in which order, how large, whether its bytes have passed
    number, next_one = 0, next(queue, None)
    while True:
        while idle and next_one is not None and under_way.entered(next_one):
            number, idle = number + 1, idle - 1
            heapq.heappush(ends, (now + latency, number, next_one, False))
            next_one = next(queue, None)
        at_once = max(at_once, workers - idle)
        if not ends:
            return now, at_once
        now, order, size, over = heapq.heappop(ends)
        if over:
            under_way.left(size)
            idle += 1
        else:
            waited = 0.0
            limit.pass_(size)
            heapq.heappush(ends, (now + waited, order, size, True))


@pytest.mark.parametrize("size", [1024, 10_000, 100_000, MIB // 2])
def test_small_files_use_the_rate_up_though_each_waits_for_its_answer(size: int) -> None:
    rate, count = 200 * 1024, 30 * 200 * 1024 // size
    seconds, _ = simulated([size] * count, rate, latency=0.05)
    assert seconds == pytest.approx(size * count / rate, rel=0.1)


def test_one_at_a_time_would_not() -> None:
    seconds, _ = simulated([1024] * 1000, 200 * 1024, latency=0.05, workers=1)
    assert seconds > 9 * 1000 * 1024 / (200 * 1024)


@pytest.mark.parametrize(("size", "most"), [(16 * MIB, 1), (MIB // 2, 2), (300_000, 4), (1024, PARALLEL)])
def test_of_large_ones_few_are_under_way(size: int, most: int) -> None:
    assert simulated([size] * 40, 200 * 1024, latency=0.05)[1] == most


def test_large_and_small_ones_mixed_use_the_rate_up() -> None:
    sizes = [16 * MIB, *[1024] * 2000, 4 * MIB, *[50_000] * 100]
    seconds, _ = simulated(sizes, 200 * 1024, latency=0.05)
    assert seconds == pytest.approx(sum(sizes) / (200 * 1024), rel=0.1)


def test_who_waits_for_a_turn_gets_it_when_another_ends_and_at_a_stop() -> None:
    meter = Meter(lambda count: None, 1024)
    assert meter.under_way is not None
    begun = threading.Semaphore(0)
    over = threading.Event()

    def unit() -> None:
        assert meter.under_way is not None
        with meter.under_way.turn(MIB):
            begun.release()
            over.wait(30)

    threads = [threading.Thread(target=unit, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=30)
    assert not begun.acquire(timeout=0.1)
    over.set()
    assert begun.acquire(timeout=30)
    assert begun.acquire(timeout=30)
    with meter.under_way.turn(MIB):
        waiter = threading.Thread(target=unit, daemon=True)
        waiter.start()
        assert not begun.acquire(timeout=0.1)
        meter.stop()
        assert begun.acquire(timeout=30)
    for thread in (*threads, waiter):
        thread.join(30)


def test_without_a_limit_nobody_waits() -> None:
    free = Meter(lambda count: None)
    assert (free.under_way, free.at_once) == (None, 0)


def test_no_more_leaves_at_once_than_a_second_allows() -> None:
    assert Meter(lambda count: None, 13 * 1024).at_once == 13 * 1024
