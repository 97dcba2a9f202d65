"""The target folder of a download: what is in it, and the partial files that are to become its files.

Folders are reached as :mod:`jsobj.transfer.download.open_folders` says, so no key and no link leads out of the target.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator

from jsobj.errors import JsobjError
from jsobj.transfer.download.disk import UnsyncedBytes, reserve, write_error
from jsobj.transfer.download.open_folders import Folders
from jsobj.transfer.download.partial_file import SMALL, PartialFile, Publisher
from jsobj.transfer.download.stale_temps import Claimed, hold, sweep
from jsobj.transfer.local.key_path import Parts, is_temp, temp_name
from jsobj.transfer.local.scan import LocalFile

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# Folders that are kept open may be the cause: too many of them, or one that was removed meanwhile.
_WORTH_A_SECOND_TRY = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOENT, errno.ESTALE})


class TargetFolder:
    """A target folder, made when the first file comes. Shared by threads and by forked children.

    With ``dry_run`` nothing is written, not even to find out how the file system treats names. ``claimed``: the names
    of temporary files that journals know; others that no process holds are removed from each folder that is written to.
    """

    def __init__(self, root: str, *, dry_run: bool = False, claimed: Claimed = lambda: None) -> None:
        self.root = root
        self._dry_run = dry_run
        self._claimed = claimed
        unsynced = UnsyncedBytes()
        self._folders = Folders(root, unsynced)
        self._publisher = Publisher(self._folders, unsynced)
        self._new: set[str] = set()  # names of partial files that are made at this moment

    def path(self, parts: Parts) -> str:
        """The path of a target, for messages."""
        return self._folders.path(parts)

    # -- existing files

    def look(self, parts: Parts) -> LocalFile | None:
        """The regular file of that name; None for anything else."""
        with contextlib.suppress(OSError, JsobjError), self._folders.using(parts[:-1], make=False) as folder:
            if folder is not None:
                state = os.stat(parts[-1], dir_fd=folder.descriptor, follow_symlinks=False)
                if stat.S_ISREG(state.st_mode):
                    return _local(self.path(parts), "/".join(parts), state)
        return None

    def open_existing(self, parts: Parts) -> int | None:
        """A descriptor for reading the regular file of that name; None where there is none that can be read."""
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

    def require_possible(self) -> None:
        """Raise :class:`JsobjError` (local) where a file is in the way of the target folder itself."""
        there = self.root
        while there and not os.path.lexists(there):
            there = os.path.dirname(there)
        if there and not os.path.isdir(there):
            raise write_error(NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)), there)

    def require_free(self, parts: Parts) -> None:
        """Raise :class:`JsobjError` (local) where no file of that name could be made, as far as looking tells."""
        with self._translate_errors(parts), self._folders.using(parts[:-1], make=False) as folder:
            if folder is not None:
                _require_replaceable(folder.descriptor, parts[-1])

    def remove(self, file: LocalFile) -> bool:
        """Remove a file that :meth:`look` has shown, and folders that have nothing else; False where it has changed.

        Raises :class:`JsobjError` (local).
        """
        parts = tuple(file.relative.split("/"))
        with self._translate_errors(parts):
            if self.look(parts) != file:
                return False
            with self._folders.using(parts[:-1], make=False) as folder:
                if folder is None:
                    return False
                os.unlink(parts[-1], dir_fd=folder.descriptor)
                folder.dirty = True
            self._folders.prune(parts[:-1])
        return True

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
                    sweep(folder.descriptor, self._claimed, self._new)
                _require_replaceable(folder.descriptor, parts[-1])
                name = temp_name(parts[-1], os.urandom(8).hex())
                descriptor = self._new_file(folder.descriptor, name)
            except BaseException:
                self._folders.release(folder)
                raise
            return PartialFile(self._publisher, folder, parts, name, descriptor, size)

        with self._translate_errors(parts):
            temp = self._with_second_try(opened)
        if size > SMALL:
            try:
                reserve(temp.descriptor, size)
            except OSError as error:
                refused = temp.error(error)
                temp.discard()
                raise refused from error
        return temp

    def sweep(self, parts: Parts) -> None:
        """Remove from a folder what killed processes left, now."""
        with contextlib.suppress(OSError, JsobjError), self._folders.using(parts, make=False) as folder:
            if folder is not None:
                sweep(folder.descriptor, self._claimed, self._new)

    def _new_file(self, folder: int, name: str) -> int:
        """A new file, held. Raises :class:`OSError`."""
        self._new.add(name)  # before it exists, so that a sweep in another thread leaves it alone until it is held
        try:
            descriptor = os.open(name, _NEW, 0o600, dir_fd=folder)
            if hold(descriptor):
                return descriptor
            os.close(descriptor)
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))  # another process swept it: tried once more
        finally:
            self._new.discard(name)

    def reopen(self, parts: Parts, name: str) -> PartialFile | None:
        """The temporary file that an earlier run left; None where it is gone, or is not one of ours."""
        if not is_temp(name) or "/" in name:
            return None
        with self._translate_errors(parts):
            folder = self._folders.acquire(parts[:-1], make=False)
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
        temp = PartialFile(self._publisher, folder, parts, name, descriptor, state.st_size)
        if state.st_nlink == 1 and state.st_uid == os.geteuid():
            return temp
        temp.close()
        return None

    def sync(self) -> None:
        """Flush what was put off; after it, every committed file survives a power cut. Raises :class:`JsobjError`."""
        with self._translate_errors(()):
            self._folders.sync()

    def close(self) -> None:
        """Close the folders that are open."""
        with self._translate_errors(()):
            self._folders.forget()

    # -- errors of the system

    def _with_second_try(self, call: Callable[[], PartialFile]) -> PartialFile:
        try:
            return call()
        except OSError as error:
            if error.errno not in _WORTH_A_SECOND_TRY:
                raise
        self._folders.forget()
        return call()

    @contextlib.contextmanager
    def _translate_errors(self, parts: Parts) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise write_error(error, self.path(parts)) from error


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
    return LocalFile(path, relative, state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns)


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
