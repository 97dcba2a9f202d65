"""Keeping what a sync replaces or deletes, and how it comes back.

Everything of one run is kept below a folder or prefix that has the run's id, under its own name.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from jsobj.errors import JsobjError
from jsobj.transfer.copy.items import CopyItem
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.events import Done, Failed, Skipped
from jsobj.transfer.local.kept_time import to_text
from jsobj.transfer.local.local_file import opened
from jsobj.transfer.sync.entry import Entry

_PIECE = 1024 * 1024


class Keeper(Protocol):
    """Copies single entries to another place, whole or not at all."""

    def __call__(self, entry: Entry) -> None:
        """Copy one. Raises :class:`JsobjError`."""
        ...

    def close(self) -> None:
        """Make sure that all of it survives a power cut. Raises :class:`JsobjError`."""
        ...


@dataclass(frozen=True, slots=True)
class FileKeeper:
    """Of files, into ``folder`` under their names."""

    folder: TargetFolder

    def __call__(self, entry: Entry) -> None:
        """See :class:`Keeper`."""
        assert entry.file is not None
        parts = tuple(entry.name.split("/"))
        with opened(entry.file) as source, self.folder.open_temp(parts, entry.size) as temp:
            with temp.errors_named():
                _copy(source, temp.descriptor)
            temp.commit(to_text(entry.file.mtime_ns))
            with temp.errors_named():  # who may not read the file may not read its copy
                os.chmod(self.folder.path(parts), stat.S_IMODE(os.fstat(source).st_mode))

    def close(self) -> None:
        """See :class:`Keeper`."""
        self.folder.sync()
        self.folder.close()


@dataclass(frozen=True, slots=True)
class ObjectKeeper:
    """Of objects, by a copy on the server; ``key`` makes the new key of a name."""

    copier: Callable[[CopyItem], Done | Skipped | Failed]
    key: Callable[[str], str]

    def __call__(self, entry: Entry) -> None:
        """See :class:`Keeper`."""
        ended = self.copier(CopyItem(entry.object, self.key(entry.name)))
        if isinstance(ended, Failed):
            raise ended.error

    def close(self) -> None:
        """See :class:`Keeper`. A server has done so."""


def kept(keeper: Keeper, entry: Entry) -> JsobjError | None:
    """Keep an entry before it is replaced or deleted; the error where that fails."""
    try:
        keeper(entry)
    except JsobjError as error:
        return error
    return None


def _copy(source: int, target: int) -> None:
    """All bytes; shared instead of copied where the file system can."""
    offset = 0
    if hasattr(os, "copy_file_range"):
        try:
            while count := os.copy_file_range(source, target, 1024 * _PIECE):
                offset += count
            return
        except OSError:  # other file systems, or none that can: go on from here
            pass
    os.lseek(target, offset, os.SEEK_SET)
    while data := os.pread(source, _PIECE, offset):
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        offset += len(data)
