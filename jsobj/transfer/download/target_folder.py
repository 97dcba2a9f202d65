"""Where downloads land: temporary files beside their targets, below one folder, and their renames.

A file has its final name only when it is whole. Its folders are reached as :mod:`jsobj.transfer.download.open_folders`
says, so no key and no link leads out of the target.

What is flushed when: a file of more than 1 MiB, and each of the first 64, before its rename; the other small ones all
together by :meth:`TargetFolder.sync`, before the run says that it succeeded. (One by one can take longer than their
download.) A power cut before that can leave such a file empty; the next run compares it and fetches it again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from jsobj.errors import JsobjError
from jsobj.transfer.download.disk import UnsyncedBytes, reserve, umask, write_error
from jsobj.transfer.download.open_folders import Folders, OpenFolder, flush
from jsobj.transfer.download.stale_temps import Claimed, hold, sweep
from jsobj.transfer.key_path import is_temp, temp_name
from jsobj.transfer.scan import LocalFile

_SMALL = 1024 * 1024  # bytes; above, room is taken beforehand and the file is flushed alone
_FLUSHED_ALONE = 64  # small files
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Seconds since 1970 with up to nine decimals, as rclone and swiftclient write them.
_MOMENT = re.compile(r"(\d{1,12})(?:\.(\d{1,9})\d*)?")
_LAST_SECOND = 253_402_300_799  # the end of the year 9999

# Folders that are kept open may be the cause: too many of them, or one that was removed meanwhile.
_WORTH_A_SECOND_TRY = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOENT, errno.ESTALE})

Parts = tuple[str, ...]
_T = TypeVar("_T")


class TargetFolder:
    """A target folder. It is made when the first file comes. Shared by threads and by forked children.

    With ``dry_run`` nothing is written, not even to find out how the file system treats names. ``claimed``: the names
    of temporary files that journals know; others that nobody holds are removed from each folder that is written to.
    """

    def __init__(self, root: str, *, dry_run: bool = False, claimed: Claimed = lambda: None) -> None:
        self.root = root
        self._dry_run = dry_run
        self._claimed = claimed
        self._unsynced = UnsyncedBytes()
        self._folders = Folders(root, self._unsynced)
        self._mode = 0o666 & ~umask()
        self._alone = _FLUSHED_ALONE
        self._lock = threading.Lock()

    def path(self, parts: Parts) -> str:
        """The path of a target, for people."""
        return self._folders.path(parts)

    # -- what is there

    def look(self, parts: Parts) -> LocalFile | None:
        """The regular file that is there now; None for anything else."""
        with contextlib.suppress(OSError, JsobjError), self._folders.using(parts[:-1], make=False) as folder:
            if folder is not None:
                state = os.stat(parts[-1], dir_fd=folder.descriptor, follow_symlinks=False)
                if stat.S_ISREG(state.st_mode):
                    return _local(self.path(parts), "/".join(parts), state)
        return None

    def open_existing(self, parts: Parts) -> int | None:
        """A descriptor for reading the regular file that is there; None where there is none, or none to be read."""
        with contextlib.suppress(OSError, JsobjError), self._folders.using(parts[:-1], make=False) as folder:
            if folder is not None:
                return _regular(os.open(parts[-1], os.O_RDONLY | _OLD, dir_fd=folder.descriptor))
        return None

    def folds(self) -> bool:
        """Whether the file system takes two spellings of a name (case, composed letters) for one. Looked at once."""
        with contextlib.suppress(OSError, JsobjError), self._folders.using((), make=not self._dry_run) as folder:
            if folder is not None:
                return _folds_here(folder.descriptor) if self._dry_run else _folds_written(folder.descriptor)
        return False

    # -- temporary files

    def open_temp(self, parts: Parts, size: int) -> PartialFile:
        """A new temporary file beside the target, with its folders. ``size``: the bytes that are to come.

        Raises :class:`JsobjError` (local), a full disk with numbers, and then leaves nothing behind.
        """

        def opened() -> PartialFile:
            folder = self._folders.acquire(parts[:-1], make=True)
            assert folder is not None
            try:
                if not folder.swept:
                    folder.swept = True
                    sweep(folder.descriptor, self._claimed)
                _require_replaceable(folder.descriptor, parts[-1])
                name = temp_name(parts[-1], os.urandom(8).hex())
                descriptor = os.open(name, _NEW, 0o600, dir_fd=folder.descriptor)
                if not hold(descriptor):
                    os.close(descriptor)
                    raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))  # which is tried once more
            except BaseException:
                self._folders.release(folder)
                raise
            return PartialFile(self, folder, parts, name, descriptor, size)

        temp = self._translated(lambda: self._with_second_try(opened), parts)
        if size > _SMALL:
            try:
                reserve(temp.descriptor, size)
            except OSError as error:
                refused = temp.error(error)
                temp.discard()
                raise refused from error
        return temp

    def reopen(self, parts: Parts, name: str) -> PartialFile | None:
        """The temporary file that an earlier run left; None where it is gone, or is not one of ours."""
        if not is_temp(name) or "/" in name:
            return None
        folder = self._translated(lambda: self._folders.acquire(parts[:-1], make=False), parts)
        if folder is None:
            return None
        descriptor = None
        with contextlib.suppress(OSError):
            descriptor = _regular(os.open(name, os.O_RDWR | _OLD, dir_fd=folder.descriptor))
        if descriptor is None:
            self._folders.release(folder)
            return None
        hold(descriptor)
        state = os.fstat(descriptor)
        temp = PartialFile(self, folder, parts, name, descriptor, state.st_size)
        if state.st_nlink == 1 and state.st_uid == os.geteuid():
            return temp
        temp.close()
        return None

    def sync(self) -> None:
        """Flush what was put off; after it, everything that landed survives a power cut. Raises :class:`JsobjError`."""
        self._translated(self._folders.sync, ())

    def close(self) -> None:
        """Close the folders that are open."""
        self._translated(self._folders.close, ())

    # -- what a temporary file asks for

    def finish(self, temp: PartialFile, moment: str) -> None:
        """Set mode and time of a file and flush it, at once or later. Raises :class:`OSError`."""
        os.fchmod(temp.descriptor, self._mode)
        if (time := _nanoseconds(moment)) is not None:
            with contextlib.suppress(OSError):  # a time that this file system cannot hold is not worth the file
                os.utime(temp.descriptor, ns=(time, time))
        if self._flushed_alone(temp):
            os.fsync(temp.descriptor)
        else:
            self._unsynced.add()

    def _flushed_alone(self, temp: PartialFile) -> bool:
        if temp.folder.foreign or os.fstat(temp.descriptor).st_size > _SMALL:
            return True
        with self._lock:
            self._alone -= 1
        return self._alone >= 0 or not self._unsynced.possible()

    def landed(self, folder: OpenFolder) -> None:
        """A rename was done in a folder. Raises :class:`OSError`."""
        folder.dirty = True
        if not self._unsynced.in_child:
            return
        if folder.foreign or not self._unsynced.possible():
            flush(folder)
        else:
            self._unsynced.add()

    def release(self, folder: OpenFolder) -> None:
        """A temporary file is closed."""
        self._folders.release(folder)

    def _with_second_try(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except OSError as error:
            if error.errno not in _WORTH_A_SECOND_TRY:
                raise
        self._folders.forget()
        return call()

    def _translated(self, call: Callable[[], _T], parts: Parts) -> _T:
        try:
            return call()
        except OSError as error:
            raise write_error(error, self.path(parts)) from error


class PartialFile:
    """A temporary file, open for reading and writing. Used by one thread when it ends, by any before."""

    __slots__ = ("_landing", "_over", "_parts", "descriptor", "folder", "name", "size")

    def __init__(
        self, landing: TargetFolder, folder: OpenFolder, parts: Parts, name: str, descriptor: int, size: int
    ) -> None:
        self._landing = landing
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

    def commit(self, moment: str = "") -> None:
        """Give the file its final name; a file or a symbolic link that has it is replaced.

        ``moment``: its modification time, in seconds since 1970 as a decimal number; what is none, or out of range, is
        ignored. Raises :class:`JsobjError` (local); what was there before is then untouched.
        """
        folder = self.folder.descriptor
        try:
            self._landing.finish(self, moment)
            with _still_held(self.descriptor):
                self._close_file()  # network file systems tell here that the disk is full
                os.replace(self.name, self._parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
            self._landing.landed(self.folder)
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
        self._landing.release(self.folder)

    def error(self, error: OSError) -> JsobjError:
        """What the system refused, in words: for errors of writing to :attr:`descriptor`."""
        return write_error(error, self._landing.path(self._parts), needed=self.size, folder=self.folder.descriptor)

    def _close_file(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@contextlib.contextmanager
def _still_held(descriptor: int) -> Iterator[None]:
    """Keep the lock of a file that is closed meanwhile: it is no stray before it has its final name either."""
    copy = -1
    with contextlib.suppress(OSError):  # too many are open: then without, as on file systems that have no locks
        copy = os.dup(descriptor)
    try:
        yield
    finally:
        if copy >= 0:
            os.close(copy)


def _require_replaceable(folder: int, name: str) -> None:
    """Raise :class:`OSError` where a rename would replace a folder or something special, such as ``/dev/null``."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):  # it is replaced, unless it is the name of a device, as /dev/stdout is
            mode = os.stat(name, dir_fd=folder).st_mode
            if stat.S_ISDIR(mode):
                return
    except OSError:
        return  # nothing is there, or a link to nothing
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(0, "a device, pipe or socket has this name")


def _regular(descriptor: int) -> int | None:
    """The descriptor, if it is one of a regular file; else it is closed."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def _local(path: str, relative: str, state: os.stat_result) -> LocalFile:
    return LocalFile(path, relative, state.st_size, state.st_mtime_ns, state.st_ino, state.st_dev, state.st_ctime_ns)


def _nanoseconds(moment: str) -> int | None:
    """A time of a file's metadata in nanoseconds; None for one that is no number, negative or beyond all calendars."""
    found = _MOMENT.fullmatch(moment) if moment.isascii() else None
    if found is None or int(found[1]) > _LAST_SECOND:
        return None
    return int(found[1]) * 10**9 + int((found[2] or "").ljust(9, "0"))


def _folds_here(folder: int) -> bool:
    """Whether some name that is there also answers to another case."""
    name = next((name for name in os.listdir(folder) if name.swapcase() != name), None)
    return name is not None and _same(folder, name, name.swapcase())


def _folds_written(folder: int) -> bool:
    """Whether a file that is made for a moment also answers to another case, or to decomposed letters."""
    begin = f".jsobj-{os.urandom(8).hex()}-"
    name = f"{begin}a\u00e9"
    os.close(os.open(name, _NEW, 0o600, dir_fd=folder))
    try:
        return any(_same(folder, name, begin + other) for other in ("A\u00e9", "ae\u0301"))
    finally:
        os.unlink(name, dir_fd=folder)


def _same(folder: int, name: str, other: str) -> bool:
    try:
        found = os.stat(other, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return found.st_ino == os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino
