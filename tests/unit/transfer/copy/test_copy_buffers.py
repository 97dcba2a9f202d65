"""Memory for parts: taken again, and never written beyond its end."""

from __future__ import annotations

from jsobj.transfer.copy.buffers import Buffers, Into


def test_memory_is_taken_again_and_grows_where_it_must() -> None:
    buffers = Buffers()
    with buffers.taken(10) as one:
        one[:] = b"0123456789"
    with buffers.taken(5) as two, buffers.taken(5) as other:
        assert bytes(two) == b"01234", "the pages of the first"
        assert bytes(other) == bytes(5)
    with buffers.taken(100_000) as large:
        assert len(large) == 100_000


def test_more_than_was_asked_for_is_not_kept() -> None:
    into = Into(memoryview(bytearray(4)))
    assert into.room(4) is not None
    assert into.room(5) is None
    into.write(memoryview(b"abc"), 2)
    into.write(memoryview(b"xyz"), 4)
    assert bytes(into.view) == b"\0\0ab"
