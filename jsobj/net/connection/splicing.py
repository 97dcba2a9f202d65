"""The bytes of a plain connection into a file without their passing through this process (``splice``, Linux).

1 GiB from a loopback socket into a file in memory took 0.9 s of CPU time, where receiving and writing took 1.1 to 1.4.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import socket
from collections.abc import Callable
from functools import partial

from jsobj.net.connection.bodies import ended_early
from jsobj.net.connection.patience import Patience
from jsobj.net.connection.socket_state import wait_until

# Bytes of a pipe. A user's pipes may take 64 MiB in all (pipe-user-pages-soft), his other programs' included; beyond,
# a new one has 8 KiB, which is slower than by way of memory.
SIZE = 256 * 1024
_LEAST = 64 * 1024
# A line that brings less than this at once, on average over so many times, is better served by way of memory, where
# pieces are gathered: 0.085 s of CPU time for 16 MiB in pieces of 8 KiB, and 0.14 s by splice.
_WORTH_IT, _TRIED = 32 * 1024, 16
# What says that this kind of socket or file, or this system, does not splice; nothing is wrong with it.
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP})
_SET_SIZE = 1031  # F_SETPIPE_SZ and F_GETPIPE_SZ of Linux: fcntl has the names since Python 3.10, on Linux alone
_GET_SIZE = 1032


class Splice:
    """The way from one connection to files. Not for two threads at once."""

    __slots__ = ("_in", "_out", "possible")

    def __init__(self) -> None:
        self.possible = hasattr(os, "splice")
        self._out = self._in = -1

    def receive(
        self,
        connection: socket.socket,
        patience: Patience,
        size: int,
        descriptor: int,
        start: int,
        came: Callable[[int], None],
    ) -> int:
        """Up to ``size`` bytes into an open file from ``start`` on; how many: fewer where memory is the better way.

        ``came`` is called with the number of each piece that lies in the file. Raises
        :class:`jsobj.net.connection.response_head.WireError`, and :class:`OSError` for the file; then
        :meth:`close`: there may be bytes in the pipe.
        """
        done = pieces = 0
        self._open()
        while self.possible and done < size and (pieces < _TRIED or done >= pieces * _WORTH_IT):
            count = patience.receive(partial(self._take, connection), size - done)
            if count == 0:
                raise ended_early(size - done)
            if count < 0:
                break
            self._put(descriptor, start + done, count)
            done += count
            pieces += 1
            came(count)
        return done

    def _open(self) -> None:
        if self._in >= 0 or not self.possible:
            return
        try:
            self._out, self._in = os.pipe()
        except OSError:  # too many files are open
            self.possible = False
            return
        with contextlib.suppress(OSError):  # this user's pipes take what they may already
            fcntl.fcntl(self._in, _SET_SIZE, SIZE)
        if fcntl.fcntl(self._in, _GET_SIZE) < _LEAST:
            self.close()
            self.possible = False

    def _take(self, connection: socket.socket, most: int) -> int:
        """Bytes from the connection into the pipe; 0 at its end, -1 where this is not possible."""
        while True:
            try:
                return os.splice(connection.fileno(), self._in, min(most, SIZE))
            except BlockingIOError:
                wait_until(connection, select.POLLIN)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                self.possible = False
                return -1

    def _put(self, descriptor: int, start: int, size: int) -> None:
        """All that is in the pipe into the file."""
        while size and self.possible:
            try:
                count = os.splice(self._out, descriptor, size, offset_dst=start)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                self.possible = False
            else:
                start, size = start + count, size - count
        while size:
            data = os.read(self._out, size)
            size -= len(data)
            while data:
                count = os.pwrite(descriptor, data, start)
                start, data = start + count, data[count:]

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Drop the pipe and what is in it."""
        out, into = self._out, self._in
        self._out = self._in = -1
        for each in (out, into):
            if each >= 0:
                os.close(each)
