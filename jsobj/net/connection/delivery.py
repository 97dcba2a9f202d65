"""Where the body of an answer goes, and what is done with its bytes on the way: keep, hash, count."""

from __future__ import annotations

from jsobj.net.body import FileSink, Moved, Sink, file_of
from jsobj.net.md5.streams import LARGE, Md5


class Delivery:
    """One body, of ``length`` bytes where that is known. ``place``: memory that it goes to as a whole.

    ``file``: the open file that it goes to, where it is large.
    """

    __slots__ = ("_came", "_digest", "_moved", "_sink", "file", "place", "total")

    def __init__(
        self, sink: Sink, digest: Md5 | None, moved: Moved | None, place: memoryview | None, length: int | None
    ) -> None:
        self._sink = sink
        self._digest = digest
        self._moved = moved
        self.place = place
        self.file: FileSink | None = file_of(sink) if length is not None and length >= LARGE else None
        self._came = getattr(sink, "came", None)
        self.total = 0  # bytes that came

    def keep(self, chunk: memoryview) -> None:
        """Bytes in memory; where there is no ``place``, they do not stay there."""
        digest, file = self._digest, self.file
        if self.place is None:
            self._sink.write(chunk, self.total)
        if digest is not None:
            if self.place is not None:
                digest.feed(chunk)
            elif file is not None and digest.together:
                digest.feed_file(file.descriptor, file.start + self.total, len(chunk))
            else:
                digest.update(chunk)
        self._count(len(chunk))

    def lies_in_file(self, size: int) -> None:
        """More bytes that ``file`` has already."""
        assert self.file is not None
        if self._digest is not None:
            self._digest.feed_file(self.file.descriptor, self.file.start + self.total, size)
        if self._came is not None:
            self._came(self.total + size)
        self._count(size)

    def _count(self, size: int) -> None:
        self.total += size
        if self._moved is not None:
            self._moved(size)
