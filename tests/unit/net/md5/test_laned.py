"""The threads that hash for each other: none waits for one that has left, or for itself."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest

from jsobj.net.md5 import laned
from jsobj.net.md5.compiled import Compiled, compiled
from jsobj.net.md5.laned import Laned

pytestmark = pytest.mark.parametrize("engine", ["compiled"], indirect=True)  # hashlib's streams share nothing
RIGHT = hashlib.md5(b"abc", usedforsecurity=False).digest()


@pytest.fixture
def library(engine: str, monkeypatch: pytest.MonkeyPatch) -> Compiled:
    found = compiled()
    assert found is not None
    monkeypatch.setattr(laned, "_crew", laned._Crew())
    return found


def fed(library: Compiled) -> Laned:
    stream = Laned(library)
    stream.feed(b"abc")
    return stream


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


def test_the_main_thread_waits_for_no_other_and_ctrl_c_there_is_no_others_business(
    library: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate: Any = Gate(library)
    idle = [Laned(library) for _ in range(4)]  # so that one thread hashes for all
    first = Laned(gate)
    first.feed(b"abc")
    working = settling(first)
    assert gate.entered.wait(60)
    monkeypatch.setattr(laned, "_may_be_interrupted", lambda: True)
    assert fed(library).digest() == RIGHT  # while another thread hashes

    class Interrupted(Gate):
        def update(self, *words: Any) -> None:
            raise KeyboardInterrupt

    interrupted: Any = Interrupted(library)
    mine = Laned(interrupted)
    with pytest.raises(KeyboardInterrupt):
        mine.feed(b"abc")
    with pytest.raises(InterruptedError):
        mine.digest()
    gate.opened.set()
    working.join(60)
    assert not working.is_alive()
    assert first.digest() == RIGHT
    assert laned._crew._working == 0
    assert len(idle) == 4


def test_a_buffer_is_its_owners_again_once_it_was_hashed(library: Compiled) -> None:
    """Also while the thread that hashed it is in its next call."""
    data = bytearray(b"abc")
    stream = Laned(library)
    stream.feed(data)
    batch: Any = []
    laned._crew._take(stream, batch)
    laned._hash(library, batch)
    laned._crew._done(batch)
    data.extend(b"d")  # BufferError while somebody holds it
    assert stream.digest() == RIGHT


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
