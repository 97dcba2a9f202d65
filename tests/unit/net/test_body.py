"""What takes the bytes of an answer."""

from __future__ import annotations

import pytest

from jsobj.net.body import BoundedSink


def test_no_more_is_kept_than_was_allowed() -> None:
    sink = BoundedSink(4)
    assert sink.room(5) is None
    sink.write(memoryview(b"ab"), 0)
    sink.write(memoryview(b"cd"), 2)
    with pytest.raises(ValueError, match="more than 4 bytes"):
        sink.write(memoryview(b"e"), 4)
    assert bytes(sink.data) == b"abcd"
