"""Reading what comes as a whole only: whoever leaves early waits for nothing, and nothing begins anew for him."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Got, ObjectInfo
from jsobj.transfer.download.in_one import in_one

INFO = ObjectInfo("key", 10, '"version"')


class Silent:
    """A store whose server gives five bytes and then none, until it is told to; then it begins anew."""

    def __init__(self) -> None:
        self.goes_on, self.ended = threading.Event(), threading.Event()
        self.taken: list[bytes] = []

    def get(self, key: str, sink: Any, **more: Any) -> Got:
        try:
            self._give(sink, b"first", 0)
            self.goes_on.wait()
            self._give(sink, b"first", 0)
            self._give(sink, b" last", 5)
        finally:
            self.ended.set()
        return Got(INFO, 10, "")

    def _give(self, sink: Any, data: bytes, offset: int) -> None:
        sink.write(memoryview(data), offset)
        self.taken.append(data)


@pytest.fixture(name="silent")
def _silent() -> Any:
    return Silent()


def test_what_begins_anew_is_given_out_once(silent: Any) -> None:
    silent.goes_on.set()
    assert b"".join(in_one(silent, INFO)) == b"first last"
    assert silent.taken == [b"first", b"first", b" last"]


@pytest.mark.timeout(30)
def test_who_leaves_waits_for_nothing_and_is_sent_nothing_again(silent: Any) -> None:
    """Bytes that were given out before show as well that nobody reads any more."""
    pieces: Any = in_one(silent, INFO)
    assert next(pieces) == b"first"
    pieces.close()
    assert not silent.ended.is_set()
    silent.goes_on.set()
    assert silent.ended.wait(20)
    assert silent.taken == [b"first"]


def test_an_error_of_the_store_is_the_readers() -> None:
    class Broken:
        def get(self, *words: Any, **more: Any) -> Got:
            raise JsobjError("store-trouble", "it broke off", code=ExitCode.NETWORK)

    store: Any = Broken()
    with pytest.raises(JsobjError, match="broke off"):
        list(in_one(store, INFO))
