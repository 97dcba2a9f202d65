"""What one side of a sync has under a name: a file or an object, as it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.store.values import Listed
from jsobj.transfer.local.scan import LocalFile


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or an object. ``name``: its path below the folder or the prefix; ``size`` in bytes.

    Just one of ``file`` and ``listed`` is there.
    """

    name: str
    size: int
    file: LocalFile | None = None
    listed: Listed | None = None

    @classmethod
    def of_file(cls, file: LocalFile) -> Entry:
        """A file below a folder."""
        return cls(file.relative, file.size, file=file)

    @classmethod
    def of_object(cls, listed: Listed, prefix: str) -> Entry:
        """An object below a prefix."""
        return cls(listed.key[len(prefix) :], listed.size, listed=listed)

    @property
    def time(self) -> float | None:
        """When it was last written, in seconds since 1970; None where the server does not say."""
        return self.file.mtime_ns / 10**9 if self.file is not None else self.object.modified

    @property
    def object(self) -> Listed:
        """The object, where it is one."""
        assert self.listed is not None
        return self.listed

    @property
    def tells_versions(self) -> bool:
        """Whether a change shows by more than its size: some web servers tell neither an ETag nor a time."""
        return self.file is not None or bool(self.object.etag or self.object.modified)

    @property
    def seems_empty(self) -> bool:
        """As :attr:`jsobj.store.values.Listed.seems_empty`; a file that is empty is."""
        return self.listed is not None and self.listed.seems_empty

    def may_have(self, size: int) -> bool:
        """As :meth:`jsobj.store.values.Listed.may_have`."""
        return size == self.size if self.listed is None else self.listed.may_have(size)

    def is_same(self, other: Entry | None) -> bool:
        """Whether the other is this one, not written since: of files size, times and inode, of objects size and ETag.

        An object that was written again with the same bytes is still what was planned for.
        """
        if other is None or self.size != other.size:
            return False
        if self.file is not None or other.file is not None:
            return self.file == other.file
        return self.object.etag == other.object.etag

    def to_json(self) -> dict[str, Any]:
        """As a plan keeps it."""
        if (file := self.file) is not None:
            times = {"modified_ns": file.mtime_ns, "changed_ns": file.changed_ns, "seen_ns": file.seen_ns}
            return {"size": self.size, **times, "inode": str(file.inode)}
        return {"size": self.size, "etag": self.object.etag, "modified": self.object.modified}

    @classmethod
    def of_json(cls, name: str, place: str, values: Mapping[str, Any]) -> Entry:
        """From :meth:`to_json`; ``place``: the path that opens the file, or the object's key.

        Raises :class:`KeyError`, :class:`ValueError` or :class:`TypeError` for what it did not make.
        """
        size = _whole(values["size"])
        if "etag" in values:
            modified, etag = values["modified"], values["etag"]
            if not isinstance(etag, str) or not isinstance(modified, int | float | None):
                raise TypeError("not the state of an object")
            return cls(name, size, listed=Listed(place, size, etag, modified))
        times = [_whole(values[key]) for key in ("modified_ns", "changed_ns", "seen_ns")]
        file = LocalFile(place, name, size, times[0], int(values["inode"]), times[1], times[2])
        return cls(name, size, file=file)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value
