"""The rate limit, with a clock of the test's."""

from __future__ import annotations

import threading

import pytest

from jsobj.transfer.engine.rate_limit import RateLimit

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
