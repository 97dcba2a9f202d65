"""What has come of a stretch of an object before its connection broke: the next try asks for the rest alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from jsobj.net.body import Sink, file_of
from jsobj.net.md5.streams import Md5, md5

if TYPE_CHECKING:
    from jsobj.net.request import Request


class Partial:
    """The first ``size`` bytes of a stretch lie in its sink; ``digest`` is their MD5 so far.

    Only for requests that are pinned to one version of the object (``if-match``): ``etag`` is the version that they are
    of, as the server names it, "" until it has.
    """

    __slots__ = ("digest", "etag", "size")

    def __init__(self, size: int = 0, digest: Md5 | None = None, etag: str = "") -> None:
        self.size = size
        self.digest = digest if digest is not None else md5()
        self.etag = etag

    def forget(self) -> int:
        """Start over; returns how many bytes were there."""
        size = self.size
        self.size, self.digest, self.etag = 0, md5(), ""
        return size

    def rest(self, request: Request) -> Request:
        """The request for what has not come."""
        sink, size = request.sink, request.range_size
        if sink is None or size is None:
            raise ValueError("only a stretch has a rest")
        begin, done = request.range_start, self.size
        return replace(
            request,
            headers={**request.headers, "range": f"bytes={begin + done}-{begin + size - 1}"},
            range_start=begin + done,
            range_size=size - done,
            sink=_Behind(sink, done, self._came),
        )

    def _came(self, size: int) -> None:
        self.size = size


class _Behind:
    """A sink for what follows the first ``before`` bytes of another."""

    __slots__ = ("_before", "_came", "_sink", "file")

    def __init__(self, sink: Sink, before: int, came: Callable[[int], None]) -> None:
        self._sink = sink
        self._before = before
        self._came = came
        whole = file_of(sink)
        self.file = whole and replace(whole, start=whole.start + before)

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk``, and say how much there is."""
        self._sink.write(chunk, self._before + offset)
        self.came(offset + len(chunk))

    def came(self, size: int) -> None:
        """So many bytes lie there."""
        self._came(self._before + size)
