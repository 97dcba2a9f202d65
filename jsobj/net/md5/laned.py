"""Streams whose bytes are hashed together, in the lanes of ``lanes.c``.

What a stream is fed waits. The thread that first needs a digest hashes what waits of all streams, a piece of each,
until it has its own; threads that come meanwhile wait for it, and find most of their work done. Streams of one transfer
move at about the same pace, so at each such moment all have about as much that waits: the lanes are full although no
thread ever waits for others to have something.

The main thread takes no part in this and hashes its own streams at once: Ctrl-C may end it anywhere, also while others
wait for it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any, TypeAlias

from jsobj.net.md5.compiled import LARGEST_BATCH, Compiled, Memory, State

_ENOUGH = 4  # open streams from which on hashing together is worth waiting for each other; fewer have a core each
_ROUND = 1024 * 1024  # bytes of each stream that are hashed in one call
_BACKLOG = 32 * 1024 * 1024  # bytes that wait at most: of a file, they lie in the system's cache still


@dataclass(slots=True)
class _Piece:
    """Bytes that were fed, from ``start`` on: in memory, or (``memory`` None) of an open file."""

    size: int
    memory: Memory | None = None
    file: int = -1
    start: int = 0

    def goes_on_with(self, other: _Piece) -> bool:
        """Whether both are one stretch of a file."""
        return self.file == other.file != -1 and self.start + self.size == other.start

    def first(self) -> _Piece:
        """As much of it as is hashed in one call, taken off."""
        size = min(self.size, _ROUND)
        taken = _Piece(size, self.memory, self.file, self.start)
        self.size -= size
        self.start += size
        return taken


class Laned:
    """A stream; see :class:`jsobj.net.md5.streams.Md5`. For one thread at a time, in the process that made it."""

    __slots__ = (
        "__weakref__",
        "_crew",
        "_library",
        "_open",
        "_state",
        "address",
        "error",
        "in_hand",
        "turn",
        "waiting",
        "waits",
    )
    together = True

    def __init__(self, library: Compiled) -> None:
        self._library = library
        self._state = State()
        self.address = ctypes.addressof(self._state)
        library.begin(self.address)
        self.waits: deque[_Piece] = deque()  # fed, and in nobody's hands
        self.waiting = 0  # bytes fed and not hashed
        self.in_hand = False  # some thread hashes its bytes
        self.turn: threading.Lock | None = None  # of its own thread, while that waits for others
        self.error: Exception | None = None
        self._crew = _crew  # of this process: a child has another
        self._open = True
        self._crew.opened()

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            self._crew.dropped()

    def update(self, data: Any, /) -> None:
        """More bytes, hashed before this returns."""
        if self.waiting:
            self.feed(data)
            self.settle()
        else:
            memory = Memory(data)
            self._library.update([self.address], [memory.address], [memory.size])

    def feed(self, data: Any, /) -> None:
        """More bytes, hashed by :meth:`settle` at the latest."""
        memory = Memory(data)
        self._feed(_Piece(memory.size, memory))

    def feed_file(self, descriptor: int, start: int, size: int, /) -> None:
        """More bytes out of an open file."""
        self._feed(_Piece(size, None, descriptor, start))

    def _feed(self, piece: _Piece) -> None:
        if not piece.size:
            return
        if not self.waiting and _may_be_interrupted():
            self._alone(piece)
            return
        self._crew.feed(self, piece)
        if self.waiting > _BACKLOG:
            self.settle()

    def _alone(self, piece: _Piece) -> None:
        try:
            while piece.size:
                _hash(self._library, [(self, piece.first())])
        except BaseException as error:  # nobody knows how much of it was hashed
            self.error = error if isinstance(error, Exception) else OSError(errno.EINTR, os.strerror(errno.EINTR))
            raise
        self.settle()

    def settle(self) -> None:
        """Return when all bytes were hashed. Raises what went wrong with a file."""
        while self.waiting:
            self._crew.work(self, self._library)
        if self.error is not None:
            raise self.error

    def digest(self) -> bytes:
        """The digest of all that came."""
        self.settle()
        if self._open:
            self._open = False
            self._crew.dropped()
        return self._library.digest(self.address)

    def hexdigest(self) -> str:
        """The same as 32 hexadecimal digits."""
        return self.digest().hex()


_Batch: TypeAlias = "list[tuple[Laned, _Piece]]"


class _Crew:
    """The threads that hash, and the streams of which something waits."""

    def __init__(self) -> None:
        self._begun = 0  # streams, less those that were forgotten below
        self._dropped: deque[None] = deque()  # one for each that has ended
        self.forget_threads()

    def forget_threads(self) -> None:
        """In a child process, where they are not, and one of them may have held the lock."""
        self._lock = threading.Lock()
        self._working = 0  # threads
        # Something waits, and nobody has it in hand; oldest first. A stream that its owner drops is gone, with what
        # it held in memory: nobody will ask for its digest.
        self._behind: dict[int, weakref.ref[Laned]] = {}
        self._queue: deque[Laned] = deque()  # their threads wait until they may work

    def opened(self) -> None:
        """One more stream is under way."""
        with self._lock:
            self._begun += 1
            while self._dropped:
                self._dropped.popleft()
                self._begun -= 1

    def dropped(self) -> None:
        """One less. Takes no lock: the garbage collector may call this in a thread that holds it."""
        self._dropped.append(None)

    def _under_way(self) -> int:
        return self._begun - len(self._dropped)

    def feed(self, stream: Laned, piece: _Piece) -> None:
        """Let a piece wait; behind another of the same file it becomes one with it."""
        with self._lock:
            stream.waiting += piece.size
            last = stream.waits[-1] if stream.waits else None
            if last is not None and last.goes_on_with(piece):
                last.size += piece.size
            else:
                stream.waits.append(piece)
            if not stream.in_hand:
                self._falls_behind(stream)

    def work(self, stream: Laned, library: Compiled) -> None:
        """Hash the first piece of a stream, and of others with it; or wait until another thread has, or has room."""
        batch: _Batch = []
        with self._lock:
            turn = None
            if not stream.waiting:
                return  # meanwhile others have hashed it
            if stream.in_hand or self._working >= self._most():
                turn = stream.turn = threading.Lock()
                turn.acquire()
                if not stream.in_hand:
                    self._queue.append(stream)
            else:
                self._take(stream, batch)
        if turn is not None:
            turn.acquire()
            return
        try:
            _hash(library, batch)
        except Exception as error:
            for each, _ in batch:
                each.error = each.error or error
            raise
        finally:
            with self._lock:
                self._done(batch)

    def _most(self) -> int:
        """How many threads may hash: one for as many streams as fit into one call, where that is worth it."""
        streams = self._under_way()
        return max(1, streams) if streams < _ENOUGH else 1 + (streams - 1) // LARGEST_BATCH

    def _falls_behind(self, stream: Laned) -> None:
        self._behind[stream.address] = weakref.ref(stream)

    def _take(self, first: Laned, batch: _Batch) -> None:
        chosen = [first]
        if self._under_way() >= _ENOUGH:
            for address, behind in list(self._behind.items()):
                each = behind()
                if each is None:
                    del self._behind[address]
                elif each is not first and len(chosen) < LARGEST_BATCH:
                    chosen.append(each)
        for each in chosen:
            self._behind.pop(each.address, None)
            batch.append((each, each.waits[0].first()))
            each.in_hand = True
            if not each.waits[0].size:
                each.waits.popleft()
        self._working += 1

    def _done(self, batch: _Batch) -> None:
        self._working -= 1
        for stream, piece in batch:
            piece.memory = None  # its owner may do with it what he likes from now on
            stream.waiting -= piece.size
            stream.in_hand = False
            if stream.waits:
                self._falls_behind(stream)
            _release(stream)
        while self._queue and self._queue[0].turn is None:  # others did its work
            self._queue.popleft()
        if self._queue:
            _release(self._queue.popleft())


def _release(stream: Laned) -> None:
    """Let its thread look again, if it waits."""
    if (turn := stream.turn) is not None:
        stream.turn = None
        turn.release()


def _may_be_interrupted() -> bool:
    """Whether this is the thread in which signals raise: the main one."""
    return threading.current_thread() is threading.main_thread()


def _hash(library: Compiled, batch: _Batch) -> None:
    held = [(stream, piece, piece.memory) for stream, piece in batch if piece.memory is not None]
    if held:
        library.update(
            [stream.address for stream, _, _ in held],
            [memory.address + piece.start for _, piece, memory in held],
            [piece.size for _, piece, _ in held],
        )
    files = [(stream, piece) for stream, piece in batch if piece.memory is None]
    if files:
        errors = library.update_files(
            [stream.address for stream, _ in files],
            [piece.file for _, piece in files],
            [piece.start for _, piece in files],
            [piece.size for _, piece in files],
        )
        for (stream, _), error in zip(files, errors, strict=True):
            stream.error = stream.error or error


_crew = _Crew()


def _fresh_crew() -> None:
    """In a child process: what waits is the parent's."""
    global _crew
    _crew.forget_threads()
    _crew = _Crew()


os.register_at_fork(after_in_child=_fresh_crew)
