"""Sending files: what a worker does with one unit of an upload.

A file is looked at before, during and after: its size, time and inode must stay those that the plan saw, else nothing
of it counts. What the server stores was compared with a digest taken here, for every request.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import FileSource, source_changed
from jsobj.store.objects import MTIME, PART_SIZE, Listed, ObjectInfo, Part, PutOptions, Store, Upload
from jsobj.transfer.compare import compare, is_md5, md5_of
from jsobj.transfer.compression import compressed_already, encoder, file_chunks, through
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.options import Options
from jsobj.transfer.part_layout import Layout, Stretch, plan_layout
from jsobj.transfer.scan import LocalFile

_SQUEEZED_PART = 6 * 1024**2  # bytes; a worker that compresses holds two of these
_HEAD = 16  # bytes of a file that tell whether it is compressed already

SAME_CONTENT = "same content"


@dataclass(frozen=True, slots=True)
class Sending:
    """One file on its way to ``key``; ``remote`` is what is there under that key already."""

    file: LocalFile
    key: str
    remote: Listed | None = None


@dataclass(frozen=True, slots=True)
class SendWhole:
    """Send a file in one request; with ``Options.compress`` as one stream, whatever its size."""

    item: Sending


@dataclass(frozen=True, slots=True)
class BeginParts:
    """Begin (or go on with) a multipart upload. ``upload_id`` and ``part_size`` come from a journal, if there is one.

    ``looking``: an upload may have been begun whose id was lost; one that has only our bytes is taken over.
    """

    item: Sending
    upload_id: str = ""
    part_size: int = 0
    looking: bool = False


@dataclass(frozen=True, slots=True)
class SendPart:
    """Send one part."""

    item: Sending
    upload: Upload
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class FinishParts:
    """Make the object of its parts."""

    item: Sending
    upload: Upload
    layout: Layout
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AbandonParts:
    """Give a multipart upload up, because its source changed."""

    item: Sending
    upload: Upload
    error: JsobjError


@dataclass(frozen=True, slots=True)
class Sent:
    """The object is there and verified. ``skipped`` is the reason where nothing had to be sent.

    ``size``: the object's bytes where they are not the file's, because they were compressed.
    """

    etag: str
    verified: str
    skipped: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A multipart upload under way; ``parts`` are there and proven. ``notice``: why it starts over, if it does."""

    upload: Upload
    layout: Layout
    parts: tuple[Part, ...] = ()
    notice: str = ""


class Sender:
    """Performs the units of an upload. Shared by threads."""

    def __init__(self, store: Store, options: Options, moved: Meter) -> None:
        self._store = store
        self._options = options
        self._moved = moved

    def stop(self) -> None:
        """Cut what is under way, from another thread."""
        self._store.stop()
        self._moved.stop()

    def close(self) -> None:
        """Nothing stays open between units."""

    def __call__(self, unit: object) -> Sent | Begun | Part | None:
        """Perform one unit; raises :class:`JsobjError`."""
        if isinstance(unit, SendPart):
            return self._part(unit)
        if isinstance(unit, SendWhole):
            return self._whole(unit.item)
        if isinstance(unit, BeginParts):
            return self._begin(unit)
        if isinstance(unit, FinishParts):
            return self._finish(unit)
        assert isinstance(unit, AbandonParts)
        self._store.abort(unit.upload)
        return None

    def _whole(self, item: Sending) -> Sent:
        with opened(item.file) as descriptor:
            squeeze = self._squeezes(item.file, descriptor)
            if not squeeze and (same := self._there_already(item, descriptor)):
                return same
            if squeeze or item.file.size > self._options.part_size:
                return self._streamed(item, descriptor, self._options.compress if squeeze else "")
            source = FileSource(descriptor, 0, item.file.size, item.file.path)
            etag = self._store.put(item.key, source, self._put_options(item.file), moved=self._moved)
            require_same(item.file, descriptor)
        return Sent(etag, "digest")

    def _squeezes(self, file: LocalFile, descriptor: int) -> bool:
        """Whether a file is compressed on its way: what is compressed already is sent as it is."""
        return bool(self._options.compress) and not compressed_already(file.path, os.pread(descriptor, _HEAD, 0))

    def _streamed(self, item: Sending, descriptor: int, encoding: str) -> Sent:
        """Send a file whose number of bytes on the wire nobody knows beforehand."""
        from jsobj.transfer.upload.send_stream import send_stream  # with its thread pool it takes a while to load

        file = item.file
        chunks: Iterator[bytes | memoryview] = file_chunks(descriptor, file.size)
        if encoding:
            chunks = through(encoder(encoding), chunks)
        most = file.size + file.size // 100 + _SQUEEZED_PART  # what cannot be compressed becomes a little longer
        sent = send_stream(
            self._store,
            item.key,
            _still_same(chunks, file, descriptor),
            replace(self._put_options(file), content_encoding=encoding),
            part_size=plan_layout(most, self._store.limits, _SQUEEZED_PART).part_size,
            moved=self._moved,
            in_flight=1,
        )
        return Sent(sent.etag, sent.verified, size=sent.size)

    def _there_already(self, item: Sending, descriptor: int) -> Sent | None:
        """Whether the object has the file's bytes already: then nothing is sent."""
        remote = item.remote
        if remote is None or remote.size != item.file.size:
            return None
        if is_md5(remote.etag) and md5_of(descriptor, 0, remote.size) == remote.etag:
            return Sent(remote.etag, "md5", SAME_CONTENT)
        if is_md5(remote.etag) and self._store.place.dialect == "s3":
            return None
        return self._as_headed(item.key, descriptor, SAME_CONTENT)

    def _as_headed(self, key: str, descriptor: int, reason: str) -> Sent | None:
        try:
            info = self._store.head(key)
        except JsobjError as error:
            if error.code is ExitCode.NOT_FOUND:
                return None
            raise
        found = compare(self._store, info, descriptor)
        return Sent(info.etag, found.by, reason) if found.same else None

    def _put_options(self, file: LocalFile, part_size: int = 0) -> PutOptions:
        metadata = {}
        if self._options.keep_times:
            metadata[MTIME] = f"{file.mtime_ns // 10**9}.{file.mtime_ns % 10**9:09d}"
        if part_size:
            metadata[PART_SIZE] = str(part_size)
        return PutOptions(self._options.content_type or content_type(file.path), metadata=metadata)

    # -- in parts

    def _begin(self, unit: BeginParts) -> Begun | Sent:
        item, store = unit.item, self._store
        wanted = unit.part_size or self._options.part_size
        layout = plan_layout(item.file.size, store.limits, wanted)
        with opened(item.file) as descriptor:
            if same := self._there_already(item, descriptor):
                return same
            notice = ""
            if unit.upload_id and layout.part_size == wanted:
                found = self._resumed(Upload(item.key, unit.upload_id), layout, descriptor)
                if found is not None:
                    return found
                if finished := self._as_headed(item.key, descriptor, "was finished before"):
                    return finished
                notice = f"{item.file.path}: the earlier upload is gone from the server; starting over"
            elif unit.looking and (adopted := self._adopted(item, layout, descriptor)):
                return adopted
        upload = store.begin(item.key, self._put_options(item.file, layout.part_size))
        return Begun(upload, layout, notice=notice)

    def _resumed(self, upload: Upload, layout: Layout, descriptor: int) -> Begun | None:
        """The parts that the server has and that are these bytes; None where it does not know the upload."""
        try:
            parts = self._store.parts(upload)
        except JsobjError as error:
            if error.code is ExitCode.NOT_FOUND:
                return None
            raise
        proven = tuple(part for part in parts if _proven(part, layout, descriptor))
        return Begun(upload, layout, proven)

    def _adopted(self, item: Sending, layout: Layout, descriptor: int) -> Begun | None:
        """An upload of this key whose id was lost (a kill between the server's answer and the journal)."""
        for upload in self._store.uploads(item.key):
            if upload.key != item.key:
                continue
            with contextlib.suppress(JsobjError):
                parts = self._store.parts(upload)
                if all(_proven(part, layout, descriptor) for part in parts):
                    return Begun(upload, layout, tuple(parts))
        return None

    def _part(self, unit: SendPart) -> Part:
        with opened(unit.item.file) as descriptor:
            source = FileSource(descriptor, unit.stretch.start, unit.stretch.size, unit.item.file.path)
            part = self._store.put_part(unit.upload, unit.stretch.number, source, moved=self._moved)
            require_same(unit.item.file, descriptor)
        return part

    def _finish(self, unit: FinishParts) -> Sent:
        with opened(unit.item.file):
            options = self._put_options(unit.item.file, unit.layout.part_size)
            _require_all_parts(unit)
            etag = self._store.complete(unit.upload, unit.parts, options)
        return Sent(etag, "parts")


def _require_all_parts(unit: FinishParts) -> None:
    """Whatever went wrong before: an object is made of all parts of its file, or not at all."""
    numbers = [part.number for part in unit.parts]
    if numbers != list(range(1, unit.layout.count + 1)) or sum(part.size for part in unit.parts) != unit.item.file.size:
        raise JsobjError(
            "parts-missing",
            f"{unit.item.file.path}: not all of its parts were sent",
            code=ExitCode.INTEGRITY,
            hint="run the same command again",
        )


def _proven(part: Part, layout: Layout, descriptor: int) -> bool:
    if not 1 <= part.number <= layout.count:
        return False
    wanted = layout.part(part.number)
    return part.size == wanted.size and part.etag == md5_of(descriptor, wanted.start, wanted.size)


def _still_same(chunks: Iterator[bytes | memoryview], file: LocalFile, descriptor: int) -> Iterator[bytes | memoryview]:
    """The same chunks, and an error instead of their end where the file is not what it was: no object is made then."""
    yield from chunks
    require_same(file, descriptor)


@contextlib.contextmanager
def opened(file: LocalFile) -> Iterator[int]:
    """The file, opened and still what the plan saw. Raises :class:`JsobjError` (integrity, local, not found)."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise JsobjError(
            "source-vanished",
            f"{file.path} was there when the transfer was planned, and is gone",
            code=ExitCode.LOCAL,
            hint="if it was renamed, run the same command again",
        ) from error
    except OSError as error:
        raise unreadable(file.path, error) from error
    try:
        require_same(file, descriptor)
        yield descriptor
    except OSError as error:
        raise unreadable(file.path, error) from error
    finally:
        os.close(descriptor)


def require_same(file: LocalFile, descriptor: int) -> None:
    """Raise :class:`JsobjError` (integrity) where the open file is not, or no longer, the one that was planned."""
    now = os.fstat(descriptor)
    # Not even a program that puts the modification time back can change the time of the inode's last change.
    if (now.st_size, now.st_mtime_ns, now.st_ino, now.st_ctime_ns) != (
        file.size,
        file.mtime_ns,
        file.inode,
        file.changed_ns,
    ):
        raise source_changed(file.path)


def unreadable(path: str, error: OSError) -> JsobjError:
    """The error for a file that cannot be read."""
    return JsobjError(
        "file-unreadable",
        f"cannot read {path}",
        code=ExitCode.LOCAL,
        context=error.strerror or type(error).__name__,
        hint="check its permissions, or leave it out: --exclude",
    )


@cache
def _types() -> dict[str, str]:
    import mimetypes

    known = mimetypes.MimeTypes(())  # no system files: the same type on every machine
    return {**known.types_map[False], **known.types_map[True]}


def content_type(path: str) -> str:
    """The media type by the file name's ending; "" for none, which servers make ``application/octet-stream``."""
    dot = path.rfind(".")
    return _types().get(path[dot:].lower(), "") if dot > path.rfind("/") else ""


def info_of(listed: Listed) -> ObjectInfo:
    """What a listing tells, as far as it goes."""
    return ObjectInfo(listed.key, listed.size, listed.etag, listed.modified)
