"""Names that are looked at several at a time: in their order, and no more once nobody wants to know."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from jsobj.store.foreign.headed import headed
from jsobj.store.values import Listed

NAMES = [f"{number:03}" for number in range(200)]


@dataclass
class Looks:
    """Answers for the names up to ``last`` at once, for the others when it is told to."""

    last: str = "001"
    goes_on: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)
    under_way: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, name: str) -> Listed:
        self.seen.append(name)
        if name > self.last:
            self.under_way.release()
            self.goes_on.wait()
        return Listed(name)


@pytest.fixture(name="looks")
def _looks() -> Iterator[Looks]:
    looks = Looks()
    yield looks
    looks.goes_on.set()


def test_all_in_their_order(looks: Looks) -> None:
    looks.goes_on.set()
    assert [item.key for item in headed(NAMES, looks)] == NAMES


def test_the_first_is_looked_at_alone(looks: Looks) -> None:
    assert next(headed(NAMES, looks)).key == "000"
    assert looks.seen == ["000"]


@pytest.mark.timeout(30)
def test_who_leaves_waits_for_no_look_and_begins_none(looks: Looks) -> None:
    found: Any = headed(NAMES, looks)
    assert [next(found).key, next(found).key] == NAMES[:2]
    for _ in range(16):
        assert looks.under_way.acquire(timeout=20)
    found.close()
    seen = list(looks.seen)
    assert len(seen) == 2 + 16
    looks.goes_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("look"):
            thread.join(20)
    assert looks.seen == seen


def test_one_that_looks_may_be_the_last_to_hold_it() -> None:
    """What nobody reads any more is closed by whichever thread lets go of it."""
    held, errors, closed = threading.Event(), list[BaseException](), threading.Event()

    def look(name: str) -> Listed:
        if name == "002":
            held.wait()
            try:
                found.close()
            except BaseException as error:  # noqa: BLE001 - told in the main thread
                errors.append(error)
            closed.set()
        return Listed(name)

    found: Any = headed(NAMES, look)
    assert [next(found).key, next(found).key] == NAMES[:2]
    held.set()
    assert closed.wait(20)
    assert errors == []
