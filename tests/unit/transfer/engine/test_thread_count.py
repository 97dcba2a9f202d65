"""How many threads a run has, by a server whose speed is given; the clock is ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jsobj.transfer.engine.thread_count import Reading, ThreadCount

STEP = 0.1  # seconds, between two questions


def counts(
    rate: Callable[[int, float], float], *, seconds: float, first: int = 16, most: int = 128, cpu: float = 0.1
) -> list[int]:
    """The number of threads after each question. ``rate``: units a second of so many threads at a time."""
    ended = clock = used = 0.0
    threads, seen = ThreadCount(first, most, Reading(0, 0, 0)), []
    while clock < seconds:
        ended += rate(threads.count, clock) * STEP
        clock += STEP
        used += cpu * STEP
        before = threads.count
        assert threads.change(Reading(clock, used, int(ended))) == threads.count - before
        seen.append(threads.count)
    return seen


def test_where_each_only_waits_there_are_as_many_as_may_be() -> None:
    seen = counts(lambda threads, _: threads / 0.05, seconds=4)
    assert seen[-1] == 128
    assert sorted(set(seen)) == [16, 32, 64, 128]


def test_over_a_long_way_new_connections_are_not_judged_before_they_are_open() -> None:
    """200 ms for an answer, and three of those until a thread that comes in has its first."""
    opened: dict[int, float] = {16: 0.0}

    def rate(threads: int, clock: float) -> float:
        opened.setdefault(threads, clock)
        ready = max(count for count, since in opened.items() if clock - since >= 0.6 or count == 16)
        return ready / 0.2

    assert counts(rate, seconds=10)[-1] == 128


def test_where_more_do_not_help_it_is_what_it_was() -> None:
    seen = counts(lambda threads, _: 800, seconds=4)
    assert set(seen) == {16, 32}
    assert seen[-1] == 16


def test_it_is_tried_again_later() -> None:
    seen = counts(lambda threads, clock: 800 if clock < 5 else threads / 0.02, seconds=20)
    assert seen[90] == 16  # after 9 s
    assert seen[-1] == 128


@pytest.mark.parametrize(("most", "cpu"), [(16, 0.1), (0, 0.1), (128, 0.8)])
def test_where_no_more_are_allowed_or_this_process_is_busy_it_stays(most: int, cpu: float) -> None:
    assert set(counts(lambda threads, _: threads / 0.05, seconds=4, most=most, cpu=cpu)) == {16}


def test_large_units_are_no_reason() -> None:
    """Sixteen at once, each of 2 s."""
    assert set(counts(lambda threads, _: threads / 2, seconds=30)) == {16}


def test_a_server_that_stands_still_is_no_reason() -> None:
    assert set(counts(lambda threads, _: 0, seconds=5)) == {16}
