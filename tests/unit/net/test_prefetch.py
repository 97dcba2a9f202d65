"""Requests that nobody waits for after Ctrl-C."""

from __future__ import annotations

import threading

import pytest

from jsobj.net.prefetch import in_passing

SECONDS = 30.0


def test_results_come_in_the_order_of_the_items() -> None:
    assert in_passing(lambda item: item + 1, range(100)) == list(range(1, 101))


@pytest.mark.parametrize("end", [KeyboardInterrupt, ValueError])
def test_after_an_early_end_no_other_is_begun_and_none_waited_for(end: type[BaseException]) -> None:
    begun: list[int] = []
    waiting, over = threading.Semaphore(0), threading.Event()

    def ask(item: int) -> None:
        begun.append(item)
        if item == 0:
            for _ in range(7):
                assert waiting.acquire(timeout=SECONDS)
            raise end
        waiting.release()
        assert over.wait(SECONDS)
        ended.set()

    ended = threading.Event()
    try:
        with pytest.raises(end):
            in_passing(ask, range(100))
        assert not ended.is_set()
        assert sorted(begun) == list(range(8))
    finally:
        over.set()
