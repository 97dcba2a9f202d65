"""A file that is being downloaded: temporary beside its target, and renamed to it once it is whole.

A file of more than 1 MiB, and each of the first 64, is flushed before its rename; the other small ones all together by
:meth:`jsobj.transfer.download.target_folder.TargetFolder.sync`, before the run reports success. (One by one can take
longer than their download.) A power cut before that can leave such a file empty; the next run compares and
refetches it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

from jsobj.errors import JsobjError
from jsobj.transfer.download.disk import UnsyncedBytes, umask, write_error
from jsobj.transfer.download.open_folders import Folders, OpenFolder, flush
from jsobj.transfer.local.kept_time import to_nanoseconds
from jsobj.transfer.local.key_path import Parts

SMALL = 1024 * 1024  # bytes; larger files get room reserved and are flushed alone
_FLUSHED_ALONE = 64  # small files
# Seconds since 1970 with up to nine decimals, as rclone and swiftclient write them.


class Publisher:
    """Sets mode and time of the files below one root, and decides when they are flushed. Shared by threads."""

    def __init__(self, folders: Folders, unsynced: UnsyncedBytes) -> None:
        self.folders = folders
        self._unsynced = unsynced
        self._mode = 0o666 & ~umask()
        self._alone = _FLUSHED_ALONE
        self._lock = threading.Lock()

    def prepare(self, descriptor: int, folder: OpenFolder, moment: str) -> None:
        """Set mode and time of a whole file and flush it, now or later. Raises :class:`OSError`."""
        os.fchmod(descriptor, self._mode)
        if (time := to_nanoseconds(moment)) is not None:
            with contextlib.suppress(OSError):  # a time that this file system cannot hold is not worth the file
                os.utime(descriptor, ns=(time, time))
        if self._flushed_alone(descriptor, folder):
            os.fsync(descriptor)
        else:
            self._unsynced.add()

    def renamed(self, folder: OpenFolder) -> None:
        """A file of a folder got its final name. Raises :class:`OSError`."""
        folder.dirty = True
        if not self._unsynced.in_child:
            return
        if folder.foreign or not self._unsynced.possible():
            flush(folder)
        else:
            self._unsynced.add()

    def _flushed_alone(self, descriptor: int, folder: OpenFolder) -> bool:
        if folder.foreign or os.fstat(descriptor).st_size > SMALL:
            return True
        with self._lock:
            self._alone -= 1
        return self._alone >= 0 or not self._unsynced.possible()


class PartialFile:
    """A temporary file, open for reading and writing; as a context manager, removed unless it was committed.

    Several threads may write to it; one ends it.
    """

    __slots__ = ("_over", "_parts", "_publisher", "descriptor", "folder", "name", "size")

    def __init__(
        self, publisher: Publisher, folder: OpenFolder, parts: Parts, name: str, descriptor: int, size: int
    ) -> None:
        self._publisher = publisher
        self._parts = parts
        self._over = False
        self.folder = folder
        self.name = name
        self.descriptor = descriptor
        self.size = size

    def __enter__(self) -> PartialFile:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Remove the file, unless it was committed. :class:`OSError` becomes :class:`JsobjError` (local)."""
        refused = self.error(error) if isinstance(error, OSError) else None
        self.discard()
        if refused is not None:
            raise refused from error

    def end_at(self, size: int) -> None:
        """Give back the room that was reserved beyond ``size`` bytes. Raises :class:`OSError`."""
        if self.size > SMALL:
            os.ftruncate(self.descriptor, size)

    def commit(self, moment: str = "") -> None:
        """Give the file its final name; a file or a symbolic link that has it is replaced.

        ``moment``: its modification time, in seconds since 1970 as a decimal number; what is not one, or out of
        range, is ignored. Raises :class:`JsobjError` (local); what was there before is then untouched.
        """
        folder = self.folder.descriptor
        try:
            self._publisher.prepare(self.descriptor, self.folder, moment)
            with _still_held(self.descriptor):
                self._close_file()  # network file systems report a full disk here
                os.replace(self.name, self._parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
            self._publisher.renamed(self.folder)
        except OSError as error:
            raise self.error(error) from error
        self.close()

    def discard(self) -> None:
        """Remove the file, and close it. After :meth:`commit` or :meth:`close` it does nothing."""
        if self._over:
            return
        with contextlib.suppress(OSError):
            os.unlink(self.name, dir_fd=self.folder.descriptor)
        self.close()

    def close(self) -> None:
        """Close the file, which stays where it is."""
        if self._over:
            return
        self._over = True
        with contextlib.suppress(OSError):
            self._close_file()
        self._publisher.folders.release(self.folder)

    def error(self, error: OSError) -> JsobjError:
        """The error for what the system refused while this file was written."""
        return write_error(
            error, self._publisher.folders.path(self._parts), needed=self.size, folder=self.folder.descriptor
        )

    @contextlib.contextmanager
    def errors_named(self) -> Iterator[None]:
        """What the system refuses in the body becomes :class:`JsobjError` (local)."""
        try:
            yield
        except OSError as error:
            raise self.error(error) from error

    def _close_file(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@contextlib.contextmanager
def _still_held(descriptor: int) -> Iterator[None]:
    """Keep the lock of a file while it is closed: until it has its final name, it must not look stale."""
    copy = -1
    with contextlib.suppress(OSError):  # too many are open: then without, as on file systems that have no locks
        copy = os.dup(descriptor)
    try:
        yield
    finally:
        if copy >= 0:
            os.close(copy)
