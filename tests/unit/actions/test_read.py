"""Which bytes a range means."""

from __future__ import annotations

import pytest

from jsobj.actions.read import ByteRange
from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import ObjectInfo

INFO = ObjectInfo("key", 100, "etag")


@pytest.mark.parametrize(
    ("wanted", "start", "size"),
    [
        (ByteRange(), 0, 100),
        (ByteRange(10), 10, 90),
        (ByteRange(10, 10), 10, 1),
        (ByteRange(99, 500), 99, 1),
        (ByteRange(tail=30), 70, 30),
        (ByteRange(tail=300), 0, 100),
    ],
)
def test_a_range_as_http_means_it(wanted: ByteRange, start: int, size: int) -> None:
    assert wanted.start_and_size(INFO) == (start, size)


def test_a_range_beyond_the_end_is_refused() -> None:
    with pytest.raises(JsobjError) as caught:
        ByteRange(100).start_and_size(INFO)
    assert (caught.value.reference, caught.value.code) == ("range-outside", ExitCode.USAGE)
