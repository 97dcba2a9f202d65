"""A reader who leaves early waits for nothing that is on its way, and whoever has the store for himself stops it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from jsobj.store.values import Got, ObjectInfo
from jsobj.transfer.download.read_stream import ReadStream

STRETCH = 8 * 1024**2
INFO = ObjectInfo("key", 4 * STRETCH, '"version"')


@dataclass
class Silent:
    """A store whose server gives the first stretch, the others when it is told to. ``whole``: it knows no ranges."""

    whole: bool = False
    own: Iterator[bytes] | None = None
    goes_on: threading.Event = field(default_factory=threading.Event)
    stops: int = 0

    def in_order(self, info: ObjectInfo) -> Iterator[bytes] | None:
        return self.own

    def digests(self, info: ObjectInfo) -> None:
        return None

    def in_stretches(self, info: ObjectInfo) -> bool:
        return not self.whole

    def get(self, key: str, sink: Any, *, start: int = 0, size: int = STRETCH, **more: Any) -> Got:
        if start:
            self.goes_on.wait()
        sink.write(memoryview(bytes(size)), 0)
        if self.whole:
            self.goes_on.wait()
        return Got(INFO, size, "")

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture(name="silent")
def _silent() -> Iterator[Any]:
    store = Silent()
    yield store
    store.goes_on.set()


@pytest.mark.timeout(30)
def test_a_reader_within_another_one_waits_for_nothing(silent: Any) -> None:
    """It has the store of others, which it cannot stop: those of the members of an archive."""
    pieces: Any = iter(ReadStream(silent, INFO))
    assert len(next(pieces)) == STRETCH
    pieces.close()
    assert not silent.goes_on.is_set()


@pytest.mark.parametrize("kind", ["stretches", "whole", "in order"])
def test_the_store_is_stopped_once_reading_ends_early(silent: Any, kind: str) -> None:
    silent.whole = kind == "whole"
    silent.own = iter([bytes(STRETCH)] * 4) if kind == "in order" else None
    pieces: Any = iter(ReadStream(silent, INFO, stop=silent.stop))
    assert len(next(pieces)) == STRETCH
    pieces.close()
    assert silent.stops == 1


@pytest.mark.parametrize("kind", ["stretches", "whole", "in order"])
def test_nothing_is_stopped_where_all_was_read(silent: Any, kind: str) -> None:
    silent.goes_on.set()
    silent.own = iter([bytes(STRETCH)] * 4) if kind == "in order" else None
    silent.whole = kind == "whole"
    assert sum(map(len, ReadStream(silent, INFO, stop=silent.stop))) == (1 if kind == "whole" else 4) * STRETCH
    assert silent.stops == 0
