"""After an interruption those end who can, and the others are cut at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Mapping

import pytest
from executor_cases import Counting, failure

from jsobj.transfer.engine.executor import run
from jsobj.transfer.engine.work import Performer, too_late

MIB = 1024**2


@pytest.mark.parametrize(
    ("rests", "rates", "late"),
    [
        ({1: 0}, {1: 0.0}, []),  # all is sent: its answer is waited for
        ({1: None}, {1: 0.0}, [1]),  # nothing has begun: nothing is lost
        ({1: 3 * MIB}, {1: 1.0 * MIB}, []),
        ({1: 5 * MIB}, {1: 1.0 * MIB}, [1]),
        ({1: 5 * MIB, 2: 5 * MIB}, {1: 1.0 * MIB, 2: 1.0 * MIB}, [2]),  # one of them alone has the whole line
        ({1: 8 * MIB, 2: 1 * MIB, 3: 6 * MIB}, {1: 1.0 * MIB, 2: 1.0 * MIB, 3: 0.0}, [1]),
        ({1: 16 * MIB, 2: 9999 * MIB}, {1: 0.0, 2: 0.0}, [1, 2]),
    ],
)
def test_who_ends_in_four_seconds(rests: Mapping[int, int | None], rates: Mapping[int, float], late: list[int]) -> None:
    assert too_late(rests, rates, 4.0) == late


class Moving(Performer[int]):
    """A unit is its size; three quarters of the small ones have moved when the signal comes, and nothing of others."""

    def __init__(self) -> None:
        super().__init__()
        self.moved: dict[int, int] = {}
        self.may_end = threading.Event()
        self.was_cut: dict[int, threading.Event] = {}

    def size(self, unit: int) -> int:
        return unit

    def moved_by(self, thread: int) -> int:
        return self.moved.get(thread, 0)

    def cut(self, threads: Iterable[int]) -> None:
        for thread in threads:
            self.was_cut[thread].set()
        self.may_end.set()

    def stop(self) -> None:
        for event in self.was_cut.values():
            event.set()

    def perform(self, unit: int) -> str:
        me = threading.get_ident()
        self.was_cut[me] = threading.Event()
        if unit < 10**9:
            self.moved[me] = unit * 3 // 4
        else:
            self.moved[me] = 1
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
            assert self.was_cut[me].wait(60)
            raise failure("cut")
        assert self.may_end.wait(60)
        assert not self.was_cut[me].is_set()
        return "arrived"


def test_c13_who_can_end_does_and_the_others_are_cut() -> None:
    performer = Moving()
    work = Counting(iter([1000, 2000, 10**12, 3000]))
    with pytest.raises(KeyboardInterrupt):
        run(work, performer, workers=3, on_stop=performer.stop, wind_down=performer.wind_down)
    assert {unit: outcome.value for unit, outcome in work.outcomes.items()} == {1000: "arrived", 2000: "arrived"}
