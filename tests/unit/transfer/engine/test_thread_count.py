"""How many threads a run has, before servers whose speed is given; the clock is ours."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from jsobj.transfer.engine.thread_count import Reading, ThreadCount

STEP = 0.1  # seconds, between two questions
FAR = 0.052  # seconds for the quickest answer


def counts(
    rate: Callable[[int, float], float],
    *,
    seconds: float,
    quickest: float,
    first: int = 16,
    most: int = 128,
    cpu: float = 0.1,
) -> list[int]:
    """The number of threads after each question. ``rate``: units a second of so many threads at a time."""
    ended = clock = used = 0.0
    threads, seen = ThreadCount(first, most, Reading(0, 0, 0, math.inf)), []
    while clock < seconds:
        ended += rate(threads.count, clock) * STEP
        clock += STEP
        used += cpu * STEP
        before = threads.count
        change = threads.change(Reading(clock, used, int(ended), quickest if ended >= 1 else math.inf))
        assert change == threads.count - before
        seen.append(threads.count)
    return seen


@pytest.mark.parametrize(("quickest", "wanted"), [(0.052, 65), (0.1, 125), (0.2, 128)])
def test_over_a_long_way_there_are_as_many_as_cover_it(quickest: float, wanted: int) -> None:
    seen = counts(lambda threads, _: threads / quickest, seconds=5, quickest=quickest)
    assert seen[4] == wanted  # after half a second
    assert set(seen[4:]) == {wanted}


def test_new_connections_are_not_judged_before_they_are_open() -> None:
    """Three ways until a thread that comes in has its first answer, one behind another."""
    opened: dict[int, float] = {16: -1.0}

    def rate(threads: int, clock: float) -> float:
        opened.setdefault(threads, clock)
        return max(count for count, since in opened.items() if clock - since >= 3 * FAR) / FAR

    assert counts(rate, seconds=10, quickest=FAR)[-1] == 65


def test_where_more_do_not_help_it_is_what_it_was_and_tried_again_later() -> None:
    seen = counts(lambda threads, clock: 300 if clock < 5 else threads / FAR, seconds=20, quickest=FAR)
    assert seen[4] == 65
    assert seen[15] == seen[90] == 16  # after 9 s
    assert seen[-1] == 65


@pytest.mark.parametrize(
    ("quickest", "cpu", "most"), [(0.003, 0.1, 128), (0.015, 0.1, 128), (FAR, 0.8, 128), (FAR, 0.1, 0)]
)
def test_over_a_short_way_or_in_a_busy_process_it_stays(quickest: float, cpu: float, most: int) -> None:
    assert set(counts(lambda threads, _: threads / 0.05, seconds=4, quickest=quickest, cpu=cpu, most=most)) == {16}


def test_large_units_are_no_reason() -> None:
    """Sixteen at once, each of 2 s, of which the way is a small part."""
    assert set(counts(lambda threads, _: threads / 2, seconds=30, quickest=FAR)) == {16}


def test_a_server_that_takes_its_time_is_asked_for_more_at_once() -> None:
    """The way is a fifth of what a unit takes."""
    assert counts(lambda threads, _: threads / 0.25, seconds=5, quickest=FAR)[-1] == 65


def test_where_a_server_stands_still_they_end_again() -> None:
    seen = counts(lambda _, clock: 400 if clock < 0.1 else 0, seconds=5, quickest=FAR)
    assert seen[-1] == 16
