"""The disk under a download: reserving room, flushing together, and errors of the system in words."""

from __future__ import annotations

import errno
import os
from functools import cache
from mmap import mmap
from pathlib import Path
from typing import Any

from jsobj.errors import ExitCode, JsobjError, error_of
from jsobj.transfer.local.mounts import file_systems
from jsobj.units import human_bytes

_SYNC_FILE_RANGE_WRITE = 2  # linux/fs.h; glibc has the function, musl and macOS do not
_CANNOT = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})

# Reference, what is wrong, what to do. {folder} is the folder of the file.
_REFUSALS = {
    errno.ENOSPC: ("disk-full", "the disk is full", "free some space, then run the same command again: df -h {folder}"),
    errno.EDQUOT: ("disk-full", "your quota is used up", "free some space, then run the same command again: quota -s"),
    errno.EACCES: ("target-not-writable", "you lack permission there", "look at who owns it: ls -ld {folder}"),
    errno.EPERM: ("target-not-writable", "the system forbids it", "it may be immutable; look: lsattr -d {folder}"),
    errno.EROFS: ("target-not-writable", "the file system is read-only", "choose another folder"),
    errno.EMFILE: (
        "too-many-files-open",
        "too many files are open",
        "raise the limit: ulimit -n 1024; or --parallel 4",
    ),
    errno.ENFILE: ("too-many-files-open", "this machine has too many files open", "try again with --parallel 4"),
    errno.EFBIG: ("file-too-large", "the limit on file sizes is too low", "raise it: ulimit -f unlimited"),
    errno.EIO: ("disk-fault", "the disk reports a fault", "check the system's log before you write there again"),
    errno.EISDIR: ("target-is-folder", "a folder has this name", "move the folder away, or choose another target"),
    errno.EEXIST: ("target-blocked", "a file is where a folder is needed", "move it away, or choose another target"),
    errno.ENOTDIR: ("target-blocked", "a file is where a folder is needed", "move it away, or choose another target"),
    errno.ENOENT: ("target-gone", "its folder was removed meanwhile", "run the same command again"),
    errno.ENAMETOOLONG: ("target-too-long", "the name is too long for this file system", "choose another target"),
}


def write_error(error: OSError, path: str, *, needed: int = 0, folder: int | None = None) -> JsobjError:
    """The error for a file below a target folder that could not be written.

    ``needed``: bytes of the file, and ``folder`` an open descriptor on its disk, to tell a full disk with numbers.
    """
    number = error.errno or 0
    system = error.strerror or str(error)
    reference, words, hint = _REFUSALS.get(number, ("file-not-written", system, "look at the folder: ls -la {folder}"))
    context = system
    if number == errno.ENOSPC and folder is not None:
        context = f"it needs {human_bytes(needed)}, and {human_bytes(free_bytes(folder))} are free"
    where = os.path.dirname(path) or "."
    while not os.path.isdir(where):  # the folder that refuses is the last one that is there
        where = os.path.dirname(where) or "."
    return error_of(
        reference,
        f"{path} cannot be written: {words}",
        code=ExitCode.LOCAL,
        context=context,
        hint=hint.replace("{folder}", where),
    )


def free_bytes(descriptor: int) -> int:
    """Bytes that an ordinary user may still write to the disk of an open file or folder."""
    state = os.fstatvfs(descriptor)
    return state.f_bavail * state.f_frsize


def reserve(descriptor: int, size: int) -> None:
    """Make an empty open file ``size`` bytes long, with room on the disk where the file system can promise it.

    Raises :class:`OSError`: ENOSPC and EDQUOT before a byte was fetched.
    """
    # Not os.posix_fallocate: where the file system cannot, the C library writes to every block, which on a network
    # file system takes as long as the download. In memory the system clears every page that it promises, for 0.25 s a
    # GiB, and a tenth of that when the bytes come.
    call = None if _in_memory(descriptor) else _libc("fallocate64") or _libc("fallocate")
    if call is not None and (refusal := _refused(call, descriptor, size)):
        if refusal not in _CANNOT:
            raise OSError(refusal, os.strerror(refusal))
        call = None
    if call is None:
        if size > free_bytes(descriptor):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.ftruncate(descriptor, size)


def _in_memory(descriptor: int) -> bool:
    """Whether the file system of an open file lies in memory, such as ``/dev/shm``."""
    kinds = file_systems().get(os.fstat(descriptor).st_dev, set())
    return bool(kinds) and kinds <= {"tmpfs", "ramfs"}


def _refused(call: Any, descriptor: int, size: int) -> int:
    import ctypes

    while call(descriptor, 0, ctypes.c_int64(0), ctypes.c_int64(size)):
        if (number := ctypes.get_errno()) != errno.EINTR:
            return number
    return 0


def begin_flush(descriptor: int, start: int, size: int) -> None:
    """Let the disk begin with a stretch, without waiting for it: the flush at the end then has little left to do.

    0.45 s less for a file of 1 GiB, measured. It promises nothing; that is the business of the flush, as are errors.
    """
    call = _libc("sync_file_range")
    if call is not None:
        import ctypes

        call(descriptor, ctypes.c_int64(start), ctypes.c_int64(size), _SYNC_FILE_RANGE_WRITE)


@cache
def _libc(name: str) -> Any:
    """A function of the C library; None where it lacks it."""
    import ctypes

    return getattr(ctypes.CDLL(None, use_errno=True), name, None)


class UnsyncedBytes:
    """Deferred flushes, done together: far cheaper for many small files than one by one.

    The mark is in memory shared with forked children; the parent flushes for all (``syncfs``).
    """

    def __init__(self) -> None:
        self._mark = mmap(-1, 1)
        self._owner = os.getpid()

    @property
    def in_child(self) -> bool:
        """Whether this is a child process, whose parent flushes."""
        return os.getpid() != self._owner

    @staticmethod
    def possible() -> bool:
        """Whether this system can flush one whole file system (``syncfs`` of Linux)."""
        return _libc("syncfs") is not None

    @property
    def pending(self) -> bool:
        """Whether something waits for a flush."""
        return self._mark[0] != 0

    def add(self) -> None:
        """Something has to be flushed."""
        self._mark[0] = 1

    def flush(self, descriptor: int) -> None:
        """Flush the whole file system of an open folder. Raises :class:`OSError` where something was lost."""
        import ctypes

        self._mark[0] = 0
        if _libc("syncfs")(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def umask() -> int:
    """This process's umask, without changing it for a moment, which other threads would notice."""
    try:
        for line in Path("/proc/self/status").read_text(errors="replace").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    except (OSError, ValueError):
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
