"""Which worker gets the next pack, and how a busy server halves what is under way."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from jsobj.transfer.spread import window as module
from jsobj.transfer.spread.window import EACH, Window


def window_of(*workers: str) -> Window:
    made = Window()
    made.workers_are(workers)
    return made


def test_each_worker_has_as_many_and_no_more() -> None:
    window = window_of("a", "b", "c")
    assert Counter(window.enter() for _ in range(3 * EACH)) == {"a": EACH, "b": EACH, "c": EACH}
    got: list[str | None] = []
    waiting = threading.Thread(target=lambda: got.append(window.enter()))
    waiting.start()
    assert not got
    window.leave("b", well=True)
    waiting.join(10)
    assert got == ["b"]


def test_what_a_lost_worker_had_counts_until_it_is_done_elsewhere_and_new_workers_get_work() -> None:
    window = window_of("a", "b")
    taken = [window.enter() for _ in range(2 * EACH)]
    window.workers_are(("b", "new"))
    for worker in taken:
        window.leave(str(worker), well=True)
    assert {window.enter() for _ in range(4)} == {"b", "new"}
    assert window.under_way == 4


def test_a_busy_server_halves_all_at_most_once_a_second_and_what_ends_well_brings_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    window = window_of(*"abcdefgh")
    workers = [str(window.enter()) for _ in range(8 * EACH)]
    window.slow_down()
    window.slow_down()
    assert window.allowed == 4 * EACH
    now[0] += 2
    window.slow_down()
    assert window.allowed == 2 * EACH
    for worker in workers:
        window.leave(worker, well=False)
    assert window.allowed == 2 * EACH
    for _ in range(200):
        window.leave(str(window.enter()), well=True)
    assert window.allowed > 6 * EACH


def test_however_busy_one_pack_goes_on() -> None:
    window = window_of("a")
    for _ in range(20):
        window._slowed = 0.0
        window.slow_down()
    assert window.enter() == "a"


def test_a_stop_wakes_those_who_wait() -> None:
    window = Window()
    got: list[str | None] = ["nothing yet"]
    waiting = threading.Thread(target=lambda: got.append(window.enter()))
    waiting.start()
    window.stop()
    waiting.join(10)
    assert got[-1] is None
