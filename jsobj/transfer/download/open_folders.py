"""Open folders below one root, reached without ever following a symbolic link.

Every folder is opened through its parent's descriptor, one name at a time, with O_NOFOLLOW: a link that is put in the
way, at whatever moment, is not followed. (The same as openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, as no name
here is ``..``, and it works on every system.) The last used ones are kept open: trees have many files in a folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.locks import sync_folder
from jsobj.transfer.download.disk import UnsyncedBytes
from jsobj.transfer.local.key_path import Parts

_KEPT = 64
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(slots=True)
class OpenFolder:
    """A folder that is open. ``dirty``: has entries to flush. ``foreign``: on another file system than the root.

    ``swept``: stale temporary files were removed from it.
    """

    descriptor: int
    users: int = 0
    dirty: bool = False
    foreign: bool = False
    kept: bool = True
    swept: bool = False


class Folders:
    """The folders below ``root``. Shared by threads. The root itself may be behind links: the user chose it."""

    def __init__(self, root: str, unsynced: UnsyncedBytes) -> None:
        self.root = root
        self._unsynced = unsynced
        self._lock = threading.Lock()
        self._open: OrderedDict[Parts, OpenFolder] = OrderedDict()
        self._device = 0
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = _KEPT if soft == resource.RLIM_INFINITY else max(1, min(_KEPT, soft // 8))

    @contextlib.contextmanager
    def using(self, parts: Parts, *, make: bool) -> Iterator[OpenFolder | None]:
        """As :meth:`acquire`, for the length of a block."""
        folder = self.acquire(parts, make=make)
        try:
            yield folder
        finally:
            if folder is not None:
                self.release(folder)

    def acquire(self, parts: Parts, *, make: bool) -> OpenFolder | None:
        """The folder at ``parts``, to be released; made with ``make``, else None where it does not exist.

        Raises :class:`OSError`, and :class:`JsobjError` (local) for a link or a file in the way.
        """
        with self._lock:
            folder = self._open.get(parts)
            if folder is None:
                folder = self._reach(parts, make)
                if folder is None:
                    return None
            else:
                self._open.move_to_end(parts)
            folder.users += 1
            return folder

    def release(self, folder: OpenFolder) -> None:
        """The folder is not used any more."""
        with self._lock:
            folder.users -= 1
            if not folder.kept and not folder.users:
                self._close(folder)

    def forget(self) -> None:
        """Close those not in use, and open the others again when needed: some may have been removed or moved."""
        with self._lock:
            for parts in list(self._open):
                self._drop(parts)

    def sync(self) -> None:
        """Flush everything that was put off. Raises :class:`OSError`."""
        with self._lock:
            root = self._open.get(()) or self._reach((), make=False)
            if root is not None and self._unsynced.pending:
                self._unsynced.flush(root.descriptor)
                for folder in self._open.values():
                    folder.dirty = folder.dirty and folder.foreign
            for folder in self._open.values():
                flush(folder)

    def prune(self, parts: Parts) -> None:
        """Remove the folder at ``parts`` and those around it as far as they are empty; never the root."""
        for depth in range(len(parts), 0, -1):
            with self._lock:
                if parts[:depth] in self._open:
                    self._drop(parts[:depth])
            with contextlib.suppress(OSError, JsobjError), self.using(parts[: depth - 1], make=False) as around:
                if around is not None:
                    os.rmdir(parts[depth - 1], dir_fd=around.descriptor)
                    around.dirty = True
                    continue
            return

    def path(self, parts: Parts) -> str:
        """A path for messages."""
        return os.path.join(self.root, *parts)

    # -- all below is done with the lock held

    def _reach(self, parts: Parts, make: bool) -> OpenFolder | None:
        known = len(parts)
        while known and parts[:known] not in self._open:
            known -= 1
        folder = self._open.get(parts[:known]) or self._root(make)
        for index in range(known, len(parts)):
            if folder is None:
                return None
            folder = self._child(folder, parts[: index + 1], make)
        return folder

    def _root(self, make: bool) -> OpenFolder | None:
        if make:
            os.makedirs(self.root, exist_ok=True)
        try:
            descriptor = os.open(self.root, _FLAGS)
        except FileNotFoundError:
            return None
        self._device = os.fstat(descriptor).st_dev
        folder = self._open[()] = OpenFolder(descriptor)
        return folder

    def _child(self, parent: OpenFolder, parts: Parts, make: bool) -> OpenFolder | None:
        descriptor = self._enter(parent, parts, make)
        if descriptor is None:
            return None
        folder = OpenFolder(descriptor, foreign=os.fstat(descriptor).st_dev != self._device)
        self._open[parts] = folder
        if len(self._open) > self._most:
            self._drop_oldest(folder)
        return folder

    def _enter(self, parent: OpenFolder, parts: Parts, make: bool) -> int | None:
        name = parts[-1]
        try:
            return os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=parent.descriptor)
        except FileNotFoundError:
            if not make:
                return None
        except OSError as error:
            raise self._in_the_way(parent, parts, error) from error
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.mkdir(name, dir_fd=parent.descriptor)
        parent.dirty = True
        if self._unsynced.in_child:
            self._unsynced.add()
        try:
            return os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=parent.descriptor)
        except OSError as error:
            raise self._in_the_way(parent, parts, error) from error

    def _in_the_way(self, parent: OpenFolder, parts: Parts, error: OSError) -> Exception:
        if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
            return error
        path, link = self.path(parts), False
        with contextlib.suppress(OSError):
            link = stat.S_ISLNK(os.stat(parts[-1], dir_fd=parent.descriptor, follow_symlinks=False).st_mode)
        return JsobjError(
            "target-has-link" if link else "target-blocked",
            f"{path} is a symbolic link, and a download follows none" if link else f"{path} is a file, not a folder",
            code=ExitCode.LOCAL,
            context="a folder is needed there",
            hint=f"move it away, or make the folder behind it the target: ls -ld {path}"
            if link
            else f"move it away, or choose another target: ls -l {path}",
        )

    def _drop_oldest(self, but: OpenFolder) -> None:
        for parts, folder in self._open.items():
            if not folder.users and folder is not but and parts:
                self._drop(parts)
                return

    def _drop(self, parts: Parts) -> None:
        folder = self._open.pop(parts)
        folder.kept = False
        if not folder.users:
            self._close(folder)

    def _close(self, folder: OpenFolder) -> None:
        try:
            if folder.dirty and not folder.foreign and self._unsynced.possible():
                self._unsynced.add()
            else:
                flush(folder)
        finally:
            os.close(folder.descriptor)


def flush(folder: OpenFolder) -> None:
    """Flush a folder's entries, so that renames survive a power cut. Raises :class:`OSError`."""
    if folder.dirty:
        sync_folder(folder.descriptor)
        folder.dirty = False
