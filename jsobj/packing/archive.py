"""An archive that was opened: its members by name, and their bytes, a request for each or many at once."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from functools import partial

from jsobj.errors import JsobjError
from jsobj.net.body import BoundedSink
from jsobj.packing import central, index
from jsobj.packing.central import Directory, archive_damaged, name_fault, without_overlaps
from jsobj.packing.decode import Chunk, decoded
from jsobj.packing.open import is_absent
from jsobj.packing.records import LOCAL, LOCAL_RECORD, Member
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo
from jsobj.transfer.download.read_stream import ReadStream

AT_ONCE = 8 * 1024**2  # bytes of the archive that one request brings at most where members are read in bulk
_GUESS = 1024  # bytes of extra fields in a local header that are read with it
_STRETCHES = 6  # that are kept
_KNOWN = 8  # directories that are remembered in this process

_directories: OrderedDict[tuple[str, str, str], Directory] = OrderedDict()
_directories_lock = threading.Lock()


def _directory(store: Store, info: ObjectInfo) -> Directory:
    """The members, by the index or else by the central directory. Remembered by the archive's ETag."""
    known = store.place.endpoint, store.place.url(info.key), info.etag
    with _directories_lock:
        if known in _directories:
            _directories.move_to_end(known)
            return _directories[known]
    found = _by_index(store, info) or central.read_directory(store, info)
    with _directories_lock:
        _directories[known] = found
        while len(_directories) > _KNOWN:
            _directories.popitem(last=False)
    return found


def read_index(store: Store, info: ObjectInfo) -> index.Index | None:
    """The index beside an archive; None where there is none, or none of this version of it."""
    sink = BoundedSink(index.most(info.size))
    try:
        store.get(info.key + index.SUFFIX, sink)
        return index.parsed(sink.data, info.size, info.etag)
    except ValueError:
        return None
    except JsobjError as error:
        if is_absent(error):
            return None
        raise


def _by_index(store: Store, info: ObjectInfo) -> Directory | None:
    found = read_index(store, info)
    if found is None:
        return None
    members = list(found.members)
    for number, member in enumerate(members):
        if fault := name_fault(member.name):
            members[number] = member._replace(fault=fault)
    return Directory(without_overlaps(members, info.size), info.size)


class Archive:
    """The members of one version of an archive. Shared by threads.

    ``bulk``: many members will be read, one after the other: one request brings what lies side by side.
    """

    def __init__(self, store: Store, info: ObjectInfo) -> None:
        self.store, self.info, self.bulk = store, info, False
        self._lock = threading.Lock()
        self._found: Directory | None = None
        self._names: list[str] = []
        self._offsets: list[int] = []
        self._begins: dict[int, int] = {}
        self._stretches: deque[_Stretch] = deque(maxlen=_STRETCHES)

    @property
    def directory(self) -> Directory:
        """Read when it is first needed. Raises :class:`JsobjError`: integrity, and what the store raises."""
        with self._lock:
            if self._found is None:
                found = _directory(self.store, self.info)
                self._names = [member.name for member in found.members]
                self._offsets = sorted(member.offset for member in found.members)
                self._found = found
            return self._found

    def url(self, member: Member) -> str:
        """How a member is typed."""
        return f"{self.store.place.url(self.info.key)}!/{member.name}"

    def member(self, name: str) -> Member | None:
        """By its name; None where there is none."""
        members = self.directory.members
        at = bisect_left(self._names, name)
        return members[at] if at < len(members) and members[at].name == name else None

    def below(self, prefix: str, after: str = "") -> Iterator[Member]:
        """Those whose names begin with ``prefix``, behind ``after``, by name."""
        members = self.directory.members
        first = bisect_right(self._names, after) if after else 0
        for at in range(max(first, bisect_left(self._names, prefix)), len(members)):
            if not members[at].name.startswith(prefix):
                return
            yield members[at]

    # -- bytes

    def chunks(self, member: Member) -> Iterator[Chunk]:
        """The file's bytes, compared. Raises :class:`JsobjError`: integrity, and what the store raises."""
        return decoded(member, self._stored(member), self.url(member))

    def begin(self, member: Member) -> int:
        """Where the member's bytes begin, by its local header."""
        if member.exact:
            return member.offset
        if member.offset not in self._begins:
            self._require_header(member, b"".join(self._range(member.offset, LOCAL_RECORD.size)))
        return self._begins[member.offset]

    def _stored(self, member: Member) -> Iterator[Chunk]:
        """The bytes that lie in the archive."""
        if self.bulk and member.stored <= AT_ONCE // 2:
            yield self._from_stretch(member)
        elif member.exact or member.offset in self._begins or member.stored > AT_ONCE:
            yield from self._range(self.begin(member), member.stored)
        else:  # the header and the bytes in one request; its extra fields may be longer than in the directory
            limit = min(self._limit(member), member.offset + member.head + _GUESS + member.stored)
            data = memoryview(b"".join(self._range(member.offset, limit - member.offset)))
            first = self._require_header(member, data) - member.offset
            yield data[first : first + member.stored]
            if len(data) - first < member.stored:
                yield from self._range(limit, member.stored - len(data) + first)

    def _limit(self, member: Member) -> int:
        """Where the next member begins, or the directory."""
        end = self.directory.end
        at = bisect_right(self._offsets, member.offset)
        return self._offsets[at] if at < len(self._offsets) else end

    def _range(self, start: int, size: int) -> Iterator[Chunk]:
        """Bytes of the archive, of this version of it."""
        return iter(ReadStream(self.store, self.info, start=start, size=size)) if size else iter(())

    def _require_header(self, member: Member, data: bytes | memoryview) -> int:
        """Where the bytes begin, by the local header in ``data``; remembered."""
        if len(data) < LOCAL_RECORD.size or bytes(data[:4]) != LOCAL:
            raise archive_damaged(self.url(member), "there is no header where its directory names one")
        *_, name, extra = LOCAL_RECORD.unpack_from(data)
        begin: int = member.offset + LOCAL_RECORD.size + name + extra
        if begin + member.stored > self._limit(member):
            raise archive_damaged(self.url(member), "its bytes would reach into the next member")
        self._begins[member.offset] = begin
        return begin

    # -- many members

    def gather(self, wanted: Callable[[str], bool]) -> None:
        """The members with these names will be read by name: in bulk, unless that would fetch much that is not wanted.

        That is so where few of them are, and where they lie in another order than that of their names.
        """
        kept: deque[tuple[int, int]] = deque(maxlen=_STRETCHES)
        fetched = useful = 0
        for member in self.directory.members:
            if not wanted(member.name):
                continue
            useful += member.stored + member.head
            if member.stored > AT_ONCE // 2:
                fetched += member.stored
            elif not any(start <= member.offset and member.offset + member.stored < stop for start, stop in kept):
                stop = min(member.offset + AT_ONCE, self.directory.end)
                kept.append((member.offset, stop))
                fetched += stop - member.offset
        self.bulk = fetched <= 2 * useful + AT_ONCE

    def _from_stretch(self, member: Member) -> Chunk:
        head = 0 if member.exact else member.head + _GUESS
        limit, end = self._limit(member), self.directory.end
        stop = min(limit, member.offset + head + member.stored)
        with self._lock:
            stretch = next((each for each in self._stretches if each.holds(member.offset, stop)), None)
            if stretch is None:
                stretch = _Stretch(member.offset, max(stop, min(member.offset + AT_ONCE, end)))
                self._stretches.append(stretch)
        data = stretch.data(partial(self._range, stretch.start, stretch.stop - stretch.start))
        at = member.offset - stretch.start
        if not member.exact:
            at = self._require_header(member, data[at:]) - stretch.start
        piece = data[at : at + member.stored]
        if len(piece) < member.stored:  # its header is longer than was guessed
            return memoryview(b"".join(self._range(stretch.start + at, member.stored)))
        return piece

    def forget(self, member: Member) -> None:
        """Fetch its bytes anew the next time."""
        with self._lock:
            kept = [each for each in self._stretches if not each.holds(member.offset, member.offset)]
            self._stretches = deque(kept, maxlen=_STRETCHES)


class _Stretch:
    """Bytes of an archive, fetched by the first thread that needs them."""

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop
        self._lock = threading.Lock()
        self._data: memoryview | None = None

    def holds(self, start: int, stop: int) -> bool:
        """Whether these bytes are in it."""
        return self.start <= start and stop <= self.stop

    def data(self, fetch: partial[Iterator[Chunk]]) -> memoryview:
        """All of it. Raises what fetching raises; then the next thread tries again."""
        with self._lock:
            if self._data is None:
                self._data = memoryview(b"".join(fetch()))
            return self._data
