"""Sending files: what a worker does with one unit of an upload.

The size, time and inode of a file must be those that the plan saw, before and after it is read, else nothing of it
counts. What the server stores is compared with a digest taken here, for every request.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import FileSource, Moved
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import MTIME, PART_SIZE, PLAIN, Listed, Part, PutOptions, Upload
from jsobj.transfer.compare import compare, md5_of
from jsobj.transfer.compression import compressed_already, encoder, file_chunks, through
from jsobj.transfer.engine.parts_work import Arrived
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.store_performer import StorePerformer
from jsobj.transfer.local.kept_time import to_text
from jsobj.transfer.local.local_file import content_type, opened, require_same
from jsobj.transfer.local.scan import LocalFile
from jsobj.transfer.options import Options
from jsobj.transfer.part_layout import Layout, Stretch, plan_layout
from jsobj.transfer.upload.kept import missing, not_kept
from jsobj.transfer.upload.once_anew import once_anew

_SQUEEZED_PART = 6 * 1024**2  # bytes; a worker that compresses holds two of these
_HEAD = 16  # bytes of a file that tell whether it is compressed already

SAME_CONTENT = "same content"


@dataclass(frozen=True, slots=True)
class Sending:
    """One file on its way to ``key``; ``remote`` is the object that has this key now.

    ``unchanged``: why it is skipped without a look at its bytes, if it has the metadata that are asked for.
    """

    file: LocalFile
    key: str
    remote: Listed | None = None
    unchanged: str = ""

    @property
    def source(self) -> str:
        """The file's path."""
        return self.file.path

    @property
    def target(self) -> str:
        """The key."""
        return self.key

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.file.size


@dataclass(frozen=True, slots=True)
class SendWhole:
    """Send a file in one request; with ``Options.compress`` as one stream, whatever its size."""

    item: Sending


@dataclass(frozen=True, slots=True)
class BeginParts:
    """Begin (or continue) a multipart upload. ``upload_id`` and ``part_size`` come from a journal, if there is one.

    ``looking``: an upload may have been begun whose id was lost; one that has only our bytes is taken over.
    ``anew``: this run had begun it, and somebody aborted it meanwhile; that is done once.
    """

    item: Sending
    upload_id: str = ""
    part_size: int = 0
    looking: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class SendPart:
    """Send one part. ``anew``: as its :class:`BeginParts` was."""

    item: Sending
    upload: Upload
    stretch: Stretch
    anew: bool = False


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
class LookAtKept:
    """See what the server kept of the metadata of the first object that was sent."""

    key: str


UploadUnit: TypeAlias = SendWhole | BeginParts | SendPart | FinishParts | AbandonParts | LookAtKept


@dataclass(frozen=True, slots=True)
class UploadBegun:
    """A multipart upload under way; ``parts`` are there and proven. ``notice``: why it starts over, if it does."""

    upload: Upload
    layout: Layout
    parts: tuple[Part, ...] = ()
    notice: str = ""


class Sender(StorePerformer[UploadUnit]):
    """Performs the units of an upload. Shared by threads."""

    def __init__(self, store: Store, options: Options, moved: Meter) -> None:
        super().__init__(store, moved)
        self._options = options

    def size(self, unit: UploadUnit) -> int:
        """The bytes that a unit sends."""
        match unit:
            case SendPart():
                return unit.stretch.size
            case SendWhole():
                return unit.item.size
        return 0

    def perform(self, unit: UploadUnit) -> Arrived | UploadBegun | Part | str | None:
        """Perform one unit; raises :class:`JsobjError`."""
        match unit:
            case SendPart():
                return self._part(unit)
            case SendWhole():
                return self._whole(unit.item)
            case BeginParts():
                return self._begin(unit)
            case FinishParts():
                return self._finish(unit)
            case AbandonParts():
                self._store.abort(unit.upload)
                return None
            case LookAtKept():
                return not_kept(self._store, unit.key, self._options.kept)

    def _whole(self, item: Sending) -> Arrived:
        with opened(item.file) as descriptor:
            squeeze = self._squeezes(item.file, descriptor)
            if same := self._there_already(item, descriptor, squeeze=squeeze):
                return same
            if squeeze or item.file.size > self._options.part_size:
                return self._streamed(item, descriptor, self._options.compress if squeeze else "")
            source = FileSource(descriptor, 0, item.file.size, item.file.path, self._moved.at_once)
            try:
                etag = self._store.put(item.key, source, self._put_options(item.file), moved=self._moved)
            finally:  # a file that changes may also be why the digests differ
                require_same(item.file, descriptor)
        return Arrived(item.size, etag, "digest")

    def would_skip(self, item: Sending) -> str:
        """Why the file would not be sent once it is looked at; "" where it would. Sends nothing."""
        with opened(item.file) as descriptor:
            same = self._there_already(item, descriptor, squeeze=self._squeezes(item.file, descriptor))
        return same.skipped if same else ""

    def _squeezes(self, file: LocalFile, descriptor: int) -> bool:
        """Whether a file is compressed on its way: what is compressed already is sent as it is."""
        return bool(self._options.compress) and not compressed_already(file.path, os.pread(descriptor, _HEAD, 0))

    def _streamed(self, item: Sending, descriptor: int, encoding: str) -> Arrived:
        """Send a file whose number of bytes on the wire is not known beforehand."""
        from jsobj.transfer.upload.send_stream import Streamed, send_stream  # with its thread pool it loads slowly

        file, options = item.file, self._put_options(item.file)
        most = file.size + file.size // 100 + _SQUEEZED_PART  # what cannot be compressed becomes a little longer

        def send(moved: Moved) -> Streamed:
            chunks: Iterator[bytes | memoryview] = file_chunks(descriptor, file.size)
            if encoding:
                chunks = through(encoder(encoding), chunks)
            return send_stream(
                self._store,
                item.key,
                _still_same(chunks, file, descriptor),
                replace(options, content_encoding=encoding or options.content_encoding),
                part_size=plan_layout(most, self._store.limits, _SQUEEZED_PART).part_size,
                moved=moved,
                in_flight=1,
                at_once=self._moved.at_once,
            )

        sent = once_anew(file.path, self._moved, send)
        return Arrived(file.size, sent.etag, sent.verified, stored=sent.size)

    def _there_already(self, item: Sending, descriptor: int, *, squeeze: bool = False) -> Arrived | None:
        """Whether the object has the file's bytes already, and what is asked to be kept: then nothing is sent."""
        remote = item.remote
        if remote is None or not (item.unchanged or (remote.may_have(item.file.size) and not squeeze)):
            return None
        if self._options.kept != PLAIN:
            info = head_or_none(self._store, item.key)
            if info is None or missing(self._options.kept, info):
                return None
        if item.unchanged:
            return Arrived(item.size, remote.etag, "", item.unchanged, compared=self._options.check != "size")
        known = remote.info.whole_md5
        if known and md5_of(descriptor, 0, remote.size) == known:
            return Arrived(remote.size, remote.etag, "md5", SAME_CONTENT)
        if known and (remote.md5 or self._store.place.dialect == "s3"):
            return None
        return self._as_headed(item.key, descriptor, SAME_CONTENT)

    def _as_headed(self, key: str, descriptor: int, reason: str) -> Arrived | None:
        info = head_or_none(self._store, key)
        if info is None or missing(self._options.kept, info):
            return None
        found = compare(self._store, info, descriptor)
        return Arrived(info.size, info.etag, found.by, reason) if found.same else None

    def _put_options(self, file: LocalFile, part_size: int = 0) -> PutOptions:
        kept = self._options.kept
        metadata = dict(kept.metadata)
        if self._options.keep_times:
            metadata[MTIME] = to_text(file.mtime_ns)
        if part_size:
            metadata[PART_SIZE] = str(part_size)
        return PutOptions(kept.content_type or content_type(file.path), kept.content_encoding, metadata, kept.served)

    # -- in parts

    def _begin(self, unit: BeginParts) -> UploadBegun | Arrived:
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
                    gone = f"{item.file.path}: parts of it are gone from the server (deleted by somebody else?)"
                    return replace(found, notice=f"{gone}; sending them again") if unit.anew else found
                if finished := self._as_headed(item.key, descriptor, "was finished before"):
                    return finished
                when = "meanwhile (aborted by somebody else?)" if unit.anew else "since the earlier run"
                notice = f"{item.file.path}: its upload is gone from the server {when}; starting over"
            elif unit.looking and (adopted := self._adopted(item, layout, descriptor)):
                return adopted
        upload = store.begin(item.key, self._put_options(item.file, layout.part_size))
        return UploadBegun(upload, layout, notice=notice)

    def _resumed(self, upload: Upload, layout: Layout, descriptor: int) -> UploadBegun | None:
        """The parts that the server has and that are these bytes; None where it does not know the upload."""
        try:
            parts = self._store.parts(upload)
        except JsobjError as error:
            if error.code is ExitCode.NOT_FOUND:
                return None
            raise
        proven = tuple(part for part in parts if _proven(part, layout, descriptor))
        return UploadBegun(upload, layout, proven)

    def _adopted(self, item: Sending, layout: Layout, descriptor: int) -> UploadBegun | None:
        """An upload of this key whose id was lost (a kill between the server's answer and the journal)."""
        for upload in self._store.uploads(item.key):
            if upload.key != item.key:
                continue
            with contextlib.suppress(JsobjError):
                parts = self._store.parts(upload)
                if all(_proven(part, layout, descriptor) for part in parts):
                    return UploadBegun(upload, layout, tuple(parts))
        return None

    def _part(self, unit: SendPart) -> Part:
        with opened(unit.item.file) as descriptor:
            start, size = unit.stretch.start, unit.stretch.size
            source = FileSource(descriptor, start, size, unit.item.file.path, self._moved.at_once)
            try:
                return self._store.put_part(unit.upload, unit.stretch.number, source, moved=self._moved)
            finally:  # a file that changes may also be why the digests differ
                require_same(unit.item.file, descriptor)

    def _finish(self, unit: FinishParts) -> Arrived:
        with opened(unit.item.file) as descriptor:
            options = self._put_options(unit.item.file, unit.layout.part_size)
            _require_all_parts(unit)
            if self._store.keeps_md5:
                options = replace(options, md5=md5_of(descriptor, 0, unit.item.file.size))
            etag = self._store.complete(unit.upload, unit.parts, options)
        return Arrived(unit.item.size, etag, "parts")


def _require_all_parts(unit: FinishParts) -> None:
    """An object is made of all parts of its file, or not at all."""
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
