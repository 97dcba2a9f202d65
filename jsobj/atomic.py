"""Private files (mode 0600) that are replaced whole or not at all.

Every file of ours or of the user's that holds a secret or a setting is written through :func:`edit_private_file`: under
a lock, into a new file beside the old one, flushed, read back, and put in place by one rename. Whatever happens in
between (kill, full disk, another writer), the file has its old bytes or its new ones, and no moment shows it to others.

It does not use the system's folder for temporary files, and never writes to the target in place.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.locks import Lock, sync_folder, try_lock, unlock

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_LIMIT = 64 << 20  # bytes; far above any settings file, far below what could hurt
_ATTEMPTS = 5  # how often an edit is redone because some other program changed the file meanwhile
_BACKUPS = 3  # how many old versions are kept beside a file
_POLL = 0.02  # seconds between two looks at a lock that is taken
_TEMP = re.compile(r"\.jsobj-[0-9a-f]{32}\.tmp")

_HINTS = {
    errno.ENOSPC: "the disk is full; free some space, then run the same command again: df -h {folder}",
    errno.EDQUOT: "your disk quota is used up; free some space, then run the same command again: quota -s",
    errno.EROFS: "the file system is mounted read-only; remount it, or choose another file",
    errno.EACCES: "you lack permission there; look at who owns it: ls -ld {folder}",
    errno.EPERM: "the system forbids it, perhaps because the file is immutable; look: lsattr -d {folder}/*",
    errno.EMFILE: "too many files are open; raise the limit, then run the same command again: ulimit -n 1024",
    errno.EFBIG: "the limit on file sizes is too low; raise it, then run the same command again: ulimit -f unlimited",
    errno.EIO: "the disk reports a fault; check the system's log before you write there again",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit did. ``before`` is None when the file did not exist; ``notices`` are sentences for the user."""

    path: Path
    before: bytes | None = field(repr=False)  # secrets are in here
    after: bytes = field(repr=False)
    notices: tuple[str, ...]
    backup: Path | None

    @property
    def changed(self) -> bool:
        """Whether the bytes differ (a mode that was tightened is only in ``notices``)."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class _Seen:
    """The target as it was read: two of these are equal only if the file was not changed in between."""

    data: bytes
    inode: tuple[int, int]
    modified: int
    mode: int
    links: int


@dataclass(frozen=True, slots=True)
class _Job:
    """The arguments of an edit; ``path`` is the user's spelling, ``target`` the file behind every link."""

    path: Path
    target: Path
    edit: Callable[[bytes | None], bytes]
    check: Callable[[bytes], None] | None
    backup: bool


def edit_private_file(
    path: Path,
    edit: Callable[[bytes | None], bytes],
    *,
    check: Callable[[bytes], None] | None = None,
    backup: bool = False,
    wait: float = 10.0,
) -> Change:
    """Replace a private file's bytes by ``edit(old bytes)``, whole or not at all.

    Missing folders are made (0700). A symbolic link stays and the file behind it is edited. The result has mode 0600
    whatever the umask and whatever the mode was.

    Parameters
    ----------
    path:
        The file. It need not exist.
    edit:
        Old bytes (None: no file) to new bytes. Called under the lock, and again when another program changed the
        file meanwhile: it must have no effects, and not edit a file of the same folder (it would wait for itself).
    check:
        Called with the new bytes as they were read back from the disk; raises to veto the replacement.
    backup:
        Keep the old bytes as ``<name>.jsobj-backup`` (0600; up to 3 of them, ``-2`` and ``-3`` are older) when the
        file existed and changes.
    wait:
        Seconds to wait for another process that is editing in the same folder.

    Raises
    ------
    JsobjError
        LOCAL for everything the file system refuses, a lock not freed in time, a file of another owner, a read-only
        or special file; and whatever ``edit`` and ``check`` raise. The file keeps its old bytes, except after
        ``file-not-flushed``, which says that the new ones are in place.
    """
    if "\0" in str(path):
        raise _error("file-name-bad", "a file name cannot hold a NUL character", "", ExitCode.USAGE)
    with _translate_errors(path):
        job = _Job(path, Path(os.path.realpath(path)), edit, check, backup)
        _make_folder(job.target.parent)
        with _locked(job, wait) as folder:
            for _ in range(_ATTEMPTS):
                change = _attempt(folder, job)
                if change is not None:
                    return change
    sentence = f"{path} was changed by another program each time jsobj was about to replace it; it was left alone"
    raise _error("file-keeps-changing", sentence, "stop the program that writes to it, then run the same command again")


def write_private_file(path: Path, data: bytes, *, exclusive: bool = False) -> Change:
    """Write a whole private file, as :func:`edit_private_file` does.

    Raises ``file-exists`` (REFUSED) when ``exclusive`` and the file is already there.
    """

    def whole(before: bytes | None) -> bytes:
        if exclusive and before is not None:
            hint = "choose another name, or move that file away first"
            raise _error("file-exists", f"{path} exists already and was left alone", hint, ExitCode.REFUSED)
        return data

    return edit_private_file(path, whole)


def _attempt(folder: int, job: _Job) -> Change | None:
    """One read, edit and replace; None when the file changed meanwhile and all must be done again."""
    name = job.target.name
    seen = _look(folder, job)
    before = None if seen is None else seen.data
    after = job.edit(before)
    notices = _notices(folder, job, seen, changes=before != after)
    if seen is not None and seen.data == after:
        if seen.mode != _FILE_MODE:
            with _opened(name, folder) as descriptor:
                os.fchmod(descriptor, _FILE_MODE)
        return Change(job.path, before, after, notices, None)
    with _temp(folder, after, job.path, job.check) as temp:
        backup = _keep_backup(folder, job, seen.data) if job.backup and seen is not None else None
        if _look(folder, job) != seen:
            return None
        try:
            os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileNotFoundError:
            # Where locks do not reach (another host on the same network folder) a second jsobj may have taken our
            # temp for a stale one. Nothing is lost: do it again.
            return None
    try:
        sync_folder(folder)
    except OSError as error:
        sentence = f"{job.path} has its new content, but it could not be flushed to the disk: {error.strerror}"
        raise _error("file-not-flushed", sentence, "check the disk, then run the same command again") from error
    return Change(job.path, before, after, notices, backup)


def _notices(folder: int, job: _Job, seen: _Seen | None, *, changes: bool) -> tuple[str, ...]:
    """What the user should know about the file that was found."""
    found = []
    mode = os.fstat(folder).st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        place = job.target.parent
        found.append(f"every user of this machine can write to the folder {place}: run chmod o-w {place}")
    if seen is not None and seen.mode != _FILE_MODE:
        found.append(f"mode of {job.path} tightened from {seen.mode:04o} to {_FILE_MODE:04o}")
    if seen is not None and seen.links > 1 and changes:
        found.append(f"{job.path} was hard-linked: its other names keep the old content")
    return tuple(found)


def _make_folder(folder: Path) -> None:
    """Make each missing folder with mode 0700, whatever the umask."""
    missing = list(itertools.takewhile(lambda place: not place.exists(), (folder, *folder.parents)))
    for place in reversed(missing):
        try:
            place.mkdir(_FOLDER_MODE)
        except FileExistsError:
            continue  # another process was faster
        place.chmod(_FOLDER_MODE)  # the umask may have taken even our own bits away
        # So that the new folder survives a power cut; not possible where the parent may not be opened.
        with contextlib.suppress(OSError), _opened(place.parent) as parent:
            os.fsync(parent)


@contextlib.contextmanager
def _locked(job: _Job, wait: float) -> Iterator[int]:
    """Hold the folder's lock; yields the folder's descriptor.

    The lock is on the folder itself: no lock file is left behind, and the kernel frees it when its holder dies. All
    names are then used relative to the descriptor, so a folder that is renamed meanwhile does no harm. On a file system
    without locks, the comparison before the rename still guards the file.
    """
    deadline = time.monotonic() + wait
    with _opened(job.target.parent) as folder:
        try:
            while (lock := try_lock(folder)) is Lock.HELD:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise _error(
                        "file-locked",
                        f"{job.path} is being edited by another process, which did not finish within {wait:g} seconds",
                        "wait for the other jsobj to end, then run the same command again",
                    )
                time.sleep(min(_POLL, left))
            if lock is Lock.TAKEN:
                _remove_stale_temps(folder)
            yield folder
        finally:
            with contextlib.suppress(OSError):
                unlock(folder)


def _remove_stale_temps(folder: int) -> None:
    """Remove temps of killed runs: a live run has the lock that we hold now, so none of these is in use."""
    for name in os.listdir(folder):
        if _TEMP.fullmatch(name):
            with contextlib.suppress(OSError):  # another user's, in a shared folder
                os.unlink(name, dir_fd=folder)


def _look(folder: int, job: _Job) -> _Seen | None:
    """Read the target; None when it does not exist. Refuses what must not be replaced."""
    try:
        _refuse_unfit(job.path, os.stat(job.target.name, dir_fd=folder, follow_symlinks=False))
        with _opened(job.target.name, folder) as descriptor:
            state = os.fstat(descriptor)
            _refuse_unfit(job.path, state)
            data = _read_all(descriptor)
    except FileNotFoundError:
        return None
    inode = (state.st_dev, state.st_ino)
    return _Seen(data, inode, state.st_mtime_ns, stat.S_IMODE(state.st_mode), state.st_nlink)


def _refuse_unfit(path: Path, state: os.stat_result) -> None:
    """Raise for what is not a plain, writable file of ours."""
    command, mode = f"ls -ld {path}", state.st_mode
    if stat.S_ISLNK(mode):
        found = ("file-link-loop", "is a symbolic link that leads only to itself")
    elif stat.S_ISDIR(mode):
        found = ("file-is-folder", "is a folder, where a file is needed")
    elif not stat.S_ISREG(mode):
        found = ("file-special", "is a device, pipe or socket, where a regular file is needed")
    elif state.st_uid != os.geteuid():
        found = ("file-foreign-owner", f"belongs to another user (uid {state.st_uid})")
    elif not mode & stat.S_IWUSR:
        found = ("file-read-only", f"is read-only (mode {stat.S_IMODE(mode):04o})")
        command = f"chmod u+w {path}"
    elif state.st_size > _LIMIT:
        found = ("file-too-large", f"is larger than {_LIMIT >> 20} MiB")
    else:
        return
    reference, reason = found
    raise _error(reference, f"{path} {reason}; it was left alone", f"set it right or choose another file: {command}")


def _keep_backup(folder: int, job: _Job, data: bytes) -> Path:
    """Keep the old bytes beside the file; the oldest of a fixed number goes."""
    name = f"{job.target.name}.jsobj-backup"
    kept = [name, *(f"{name}-{number}" for number in range(2, _BACKUPS + 1))]
    for newer, older in reversed(list(itertools.pairwise(kept))):
        with contextlib.suppress(FileNotFoundError):
            os.replace(newer, older, src_dir_fd=folder, dst_dir_fd=folder)
    with _temp(folder, data, job.path) as temp:
        os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
    sync_folder(folder)
    return job.target.parent / name


@contextlib.contextmanager
def _temp(folder: int, data: bytes, path: Path, check: Callable[[bytes], None] | None = None) -> Iterator[str]:
    """A flushed, proven new file beside the target; gone at the end unless it was renamed."""
    name = f".jsobj-{secrets.token_hex(16)}.tmp"
    try:
        # Inside the try, so that Ctrl-C at any moment removes the file. With 128 random bits and O_EXCL the name cannot
        # be that of another file.
        written = _write_new(folder, name, data)
        with _opened(name, folder) as descriptor:
            # In a folder that others can write to, the name may be another file by now.
            stored = _read_all(descriptor) if os.path.samestat(os.fstat(descriptor), written) else None
        if stored != data:
            sentence = f"what was written for {path} came back different from the disk; the old file was left alone"
            raise _error("file-read-back-differs", sentence, _HINTS[errno.EIO])
        if check is not None:
            check(stored)
        yield name
    finally:
        with contextlib.suppress(OSError):  # usually it was renamed; if it cannot go, the next run removes it
            os.unlink(name, dir_fd=folder)


def _write_new(folder: int, name: str, data: bytes) -> os.stat_result:
    """Write and flush a file that must not exist yet."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, _FILE_MODE, dir_fd=folder)
    try:
        os.fchmod(descriptor, _FILE_MODE)  # the umask can only have taken bits away
        rest = memoryview(data)
        while rest:
            written = os.write(descriptor, rest)
            if written == 0:
                raise OSError(errno.EIO, "the system wrote nothing")
            rest = rest[written:]
        os.fsync(descriptor)
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)  # a network file system may report a full disk only here


@contextlib.contextmanager
def _opened(name: str | Path, folder: int | None = None) -> Iterator[int]:
    """Open for reading, never through a link, and never waiting for the other end of a pipe."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        yield descriptor
    finally:
        with contextlib.suppress(OSError):  # nothing was written through it, so nothing can be lost here
            os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, 1 << 20), b""))


@contextlib.contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Raise :class:`JsobjError` for an ``OSError``, naming the file and the cause."""
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "look at the file and its folder: ls -la {folder}")
        sentence = f"{path} cannot be written: {error.strerror or error}; its old content, if any, is untouched"
        raise _error("file-not-written", sentence, hint.replace("{folder}", str(path.parent))) from error


def _error(reference: str, sentence: str, hint: str, code: ExitCode = ExitCode.LOCAL) -> JsobjError:
    return JsobjError(reference, sentence, hint=hint, code=code)
