"""The threads that hash for each other: none waits for one that has left, or for itself."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jsobj.net.md5 import laned
from jsobj.net.md5.compiled import Compiled, compiled
from jsobj.net.md5.laned import Laned

RIGHT = hashlib.md5(b"abc", usedforsecurity=False).digest()


@pytest.fixture
def library(engine: str, monkeypatch: pytest.MonkeyPatch) -> Compiled:
    found = compiled()
    if found is None:
        pytest.skip("hashlib's streams share nothing")
    monkeypatch.setattr(laned, "_crew", laned._Crew())
    return found


def fed(library: Compiled) -> Laned:
    stream = Laned(library)
    stream.feed(b"abc")
    return stream


def until(true: Callable[[], bool]) -> None:
    while not true():
        os.sched_yield()


class Gate:
    """The library, whose first call waits until it is opened."""

    def __init__(self, library: Compiled) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self._library = library

    def update(self, *words: Any) -> None:
        self.entered.set()
        assert self.opened.wait(60)
        self._library.update(*words)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)


def settling(stream: Laned) -> threading.Thread:
    thread = threading.Thread(target=stream.settle, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def alarm() -> Iterator[None]:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_a_stream_may_be_dropped_by_the_garbage_collector_at_any_moment(library: Compiled) -> None:
    """Also in a thread that has the lock: it would wait for itself."""
    stream = fed(library)
    with laned._crew._lock:
        del stream
    assert laned._crew._under_way() == 0
    assert fed(library).digest() == RIGHT


def test_the_last_stream_may_be_asked_again(library: Compiled) -> None:
    """No stream is under way then, and still one thread may hash."""
    stream = fed(library)
    assert stream.digest() == RIGHT
    stream.feed(b"")
    stream.feed(b"d")
    assert stream.digest() == hashlib.md5(b"abcd", usedforsecurity=False).digest()


def test_ctrl_c_while_it_waits_leaves_no_other_waiting(library: Compiled, alarm: None) -> None:
    gate: Any = Gate(library)
    idle = [Laned(library) for _ in range(4)]  # so that one thread hashes for all
    first = Laned(gate)
    first.feed(b"abc")
    working = settling(first)
    assert gate.entered.wait(60)
    mine, theirs = fed(library), fed(library)
    me, waiting = threading.main_thread().ident, laned._crew._queue
    assert me is not None
    others = []

    def comes_second_and_interrupts_the_first() -> None:
        until(lambda: len(waiting) == 1)
        others.append(settling(theirs))
        until(lambda: len(waiting) == 2)
        signal.pthread_kill(me, signal.SIGUSR1)

    helper = threading.Thread(target=comes_second_and_interrupts_the_first)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        mine.settle()
    helper.join(60)
    gate.opened.set()
    for each in (working, *others):
        each.join(60)
        assert not each.is_alive()
    assert [first.digest(), theirs.digest(), mine.digest()] == [RIGHT] * 3
    assert laned._crew._working == 0
    assert len(idle) == 4


def test_what_breaks_a_call_is_told_to_all_that_were_in_it(library: Compiled) -> None:
    class Broken(Gate):
        def update(self, *words: Any) -> None:
            raise MemoryError

    broken: Any = Broken(library)
    streams = [Laned(broken) for _ in range(6)]
    for each in streams:
        each.feed(b"abc")
    for each in streams:
        with pytest.raises(MemoryError):
            each.settle()
    assert laned._crew._working == 0
    assert fed(library).digest() == RIGHT
