"""An archive in memory, and one of which most bytes are nothing: what a store would give of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsobj.errors import JsobjError, ObjectNotFound
from jsobj.packing.archive import Archive
from jsobj.packing.store import MemberStore
from jsobj.packing.writer import ArchiveWriter, Packed
from jsobj.store.values import Got, ObjectInfo, StorePlace
from jsobj.transfer.filters import EVERYTHING
from jsobj.transfer.local.scan import LocalFile, walk

PLACE = StorePlace("s3", "b", "http://here", "a test")


@dataclass
class HeldStore:
    """The part of :class:`jsobj.store.objects.Store` that reads. ``before``: bytes before those that are held.

    ``asked``: the ranges that were read.
    """

    data: bytes
    beside: dict[str, bytes] = field(default_factory=dict)
    before: int = 0
    etag: str = ""
    asked: list[tuple[int, int]] = field(default_factory=list)
    place: StorePlace = PLACE
    session: Any = None
    absent: JsobjError = field(default_factory=lambda: ObjectNotFound("none"))

    def __post_init__(self) -> None:
        self.etag = self.etag or hashlib.sha256(self.data).hexdigest()  # what is known of an archive is known by it

    @property
    def info(self) -> ObjectInfo:
        return ObjectInfo("a.zip", self.before + len(self.data), self.etag)

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        if key != "a.zip":
            raise self.absent
        return self.info

    def digests(self, info: ObjectInfo) -> None:
        return None

    def in_order(self, info: ObjectInfo) -> None:
        return None

    def get(self, key: str, sink: Any, *, start: int = 0, size: int | None = None, **more: Any) -> Got:
        if key != "a.zip":
            if key not in self.beside:
                raise self.absent
            data = self.beside[key]
        else:
            size = self.info.size - start if size is None else size
            self.asked.append((start, size))
            nothing = min(size, max(0, self.before - start))
            at = max(0, start - self.before)
            data = bytes(nothing) + self.data[at : at + size - nothing]
        sink.write(memoryview(data), 0)
        return Got(self.info, len(data), "")

    @property
    def members(self) -> MemberStore:
        """What is in it."""
        return MemberStore(self.archive)

    @property
    def archive(self) -> Archive:
        store: Any = self
        return Archive(store, self.info)


def files_of(folder: Path) -> list[Packed]:
    """All files below a folder, by name."""
    found = (each for each in walk([f"{folder}/"], filters=EVERYTHING) if isinstance(each, LocalFile))
    return sorted((Packed(each.relative, each) for each in found), key=lambda packed: packed.name)


def written(writer: ArchiveWriter) -> bytes:
    return b"".join(bytes(chunk) for chunk in writer.chunks())
