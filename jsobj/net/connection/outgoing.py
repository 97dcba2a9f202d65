"""Requests on their way into a connection: the head, and the body from where it lies.

A large file leaves by ``sendfile`` where the connection is plain, without passing through this process; what is large
and in memory leaves from there; all else goes through the connection's buffer.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable

from jsobj.net.body import BytesSource, FileSource, Moved, Source, source_changed
from jsobj.net.connection.incoming import BUFFER
from jsobj.net.connection.patience import Patience
from jsobj.net.connection.socket_state import FromSourceError, wait_until
from jsobj.net.md5.errors import BecameShorter
from jsobj.net.md5.streams import LARGE, Md5

_MORE = getattr(socket, "MSG_MORE", 0)


class Outgoing:
    """What leaves by one connection. Not for two threads at once. ``buffer``: memory for so many bytes, up to 1 MiB."""

    __slots__ = ("_buffer", "_patience", "_sendfile")

    def __init__(self, patience: Patience, buffer: Callable[[int], memoryview]) -> None:
        self._patience = patience
        self._buffer = buffer
        self._sendfile = hasattr(os, "sendfile")

    def send(
        self,
        connection: socket.socket,
        head: bytes,
        source: Source | None,
        digest: Md5 | None,
        moved: Moved | None,
    ) -> None:
        """A request, its body hashed into ``digest``: at the latest when all of it has left, and the server works.

        Raises :class:`OSError` of the connection, :class:`FromSourceError` of the source, and
        :class:`jsobj.errors.SourceChanged` where that became shorter.
        """
        if source is None or source.size == 0:
            connection.sendall(head)
            return
        self._patience.body = True
        large = source.size >= LARGE
        try:
            if large and isinstance(source, FileSource) and type(connection) is socket.socket and self._sendfile:
                self._file(connection, head, source, digest, moved)
            elif large and isinstance(source, BytesSource):
                self._memory(connection, head, source, digest, moved)
            else:
                self._through_buffer(connection, head, source, 0, digest, moved)
        finally:
            if digest is not None:
                _settle(digest, source)

    def _through_buffer(
        self,
        connection: socket.socket,
        head: bytes,
        source: Source,
        offset: int,
        digest: Md5 | None,
        moved: Moved | None,
    ) -> None:
        """The first piece travels with the head: a small object is one system call (and one TLS record)."""
        room, size = len(head), source.size
        # TLS takes a record of 16 KiB at a time, whatever is offered: more memory would bring nothing there.
        view = self._buffer(size - offset + room if type(connection) is socket.socket else room)
        view[:room] = head
        file = source if isinstance(source, FileSource) and digest is not None and digest.together else None
        while offset < size:
            try:
                count = source.read_into(view[room : room + size - offset], offset)
            except OSError as error:
                raise FromSourceError(error) from error
            if digest is not None and file is not None:
                digest.feed_file(file.descriptor, file.start + offset, count)
            elif digest is not None:
                digest.update(view[room : room + count])
            self._all(connection, view[: room + count])
            room = 0
            offset += count
            if moved is not None:
                moved(count)

    def _memory(
        self, connection: socket.socket, head: bytes, source: BytesSource, digest: Md5 | None, moved: Moved | None
    ) -> None:
        connection.sendall(head, _MORE if type(connection) is socket.socket else 0)  # TLS takes no flags
        data, step = source.view, source.at_once or BUFFER
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            if digest is not None:
                digest.feed(piece)
            self._all(connection, piece)
            if moved is not None:
                moved(len(piece))

    def _file(
        self, connection: socket.socket, head: bytes, source: FileSource, digest: Md5 | None, moved: Moved | None
    ) -> None:
        connection.sendall(head, _MORE)
        offset, most = 0, min(source.at_once or BUFFER, BUFFER)
        while offset < source.size:
            wanted = min(most, source.size - offset)
            try:
                count = self._patience.send(_Sendfile(connection, source, offset), wanted)
            except _NotBySystemError:
                self._through_buffer(connection, b"", source, offset, digest, moved)
                return
            if not count:
                raise source_changed(source.name)
            if digest is not None:
                digest.feed_file(source.descriptor, source.start + offset, count)
            offset += count
            if moved is not None:
                moved(count)

    def _all(self, connection: socket.socket, data: memoryview) -> None:
        """Not ``sendall``: its timeout is one for all of the data, and would end a slow line on which bytes move."""
        while data:
            data = data[self._patience.send(connection.send, data) :]


class _Sendfile:
    """``send`` of a socket, for the bytes of a file from ``offset`` on."""

    __slots__ = ("_connection", "_offset", "_source")

    def __init__(self, connection: socket.socket, source: FileSource, offset: int) -> None:
        self._connection = connection
        self._source = source
        self._offset = offset

    def __call__(self, size: int) -> int:
        """How many of ``size`` bytes were taken; 0 where the file has ended."""
        connection, source = self._connection, self._source
        while True:
            try:
                return os.sendfile(connection.fileno(), source.descriptor, source.start + self._offset, size)
            except BlockingIOError:
                wait_until(connection, select.POLLOUT)
            except ConnectionError:
                raise
            except OSError as error:  # of the file or of the connection: reading and sending by hand shows which
                raise _NotBySystemError from error


class _NotBySystemError(Exception):
    """This file, or this system, or just now: not by ``sendfile``."""


def _settle(digest: Md5, source: Source) -> None:
    try:
        digest.settle()
    except BecameShorter:
        raise source_changed(getattr(source, "name", "the source")) from None
    except OSError as error:
        raise FromSourceError(error) from error
