"""Packing from beginning to end: one object of many files, sent in parts while it is made, and its index beside it.

The same files make the same bytes. So a run that was killed is continued by making them again, and sending those parts
that the server has not got with the same MD5. Nothing has the archive's name before all of it is there.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

from jsobj.errors import ExitCode, JsobjError, SourceChanged, SourceVanished, UploadNotFound
from jsobj.net.body import BytesSource
from jsobj.packing import index
from jsobj.packing.archive import read_index
from jsobj.packing.plan import PackPlan
from jsobj.packing.records import Member
from jsobj.packing.writer import ArchiveWriter
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, Part, PutOptions, Upload
from jsobj.transfer.compression import file_chunks
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.events import Done, ItemStarted, Noted, Skipped
from jsobj.transfer.job import RunContext
from jsobj.transfer.local.local_file import opened
from jsobj.transfer.local.scan import LocalFile, links_left
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.part_layout import plan_layout
from jsobj.transfer.run import announce, meter_of
from jsobj.transfer.upload.kept import missing, not_kept
from jsobj.transfer.upload.run import sweep
from jsobj.transfer.upload.send_stream import IN_FLIGHT, hashed, in_parts, send_all

TYPE = "application/zip"


def pack(job: RunContext, store: Store, key: str, plan: PackPlan) -> Result:
    """Make the archive ``key`` of some files. Raises :class:`JsobjError` for what ends it, with the journal kept."""
    sweep(job.journal, store)
    announce(job, " ".join(job.spec.sources), store.place.url(key))
    state, failures = "interrupted", tuple(each.error for each in plan.failed)
    tally = job.tally
    try:
        for left in plan.left_out:
            tally.item_left_out(left.kind)
            job.emit(left)
        if links := sum(left.kind == "link" for left in plan.left_out):
            job.emit(Noted(links_left(links), warning=True))
        for failed in plan.failed:
            tally.item_failed()
            job.emit(failed)
        if failures:
            job.emit(Noted(f"no archive was made: {_files(len(failures))} cannot go into it", warning=True))
        else:
            _Packing(job, store, key, plan).run()
        state = "failed" if failures else "done"
    except JsobjError:
        state = "failed"
        raise
    finally:
        tally.planned = True
        kept = job.journal.finish(state, began=state == "interrupted" or bool(tally.done))
        job.fingerprints.close()
        left_job = job.journal.id if kept and state != "done" else ""
        summary = tally.summary(job.spec.verb, interrupted=state == "interrupted", job=left_job)
        job.emit(summary)
    return Result.of(summary, failures)


def why_not(store: Store, key: str, plan: PackPlan, options: Options) -> str:
    """Why the archive is not made; "" where it is.

    The index of the one that is there tells its members: they are compared by SHA-256, or by name and size where
    ``options.check`` says so. It must also have the metadata that are asked for. Raises :class:`JsobjError`: local, and
    what the store raises.
    """
    info = head_or_none(store, key)
    if info is None:
        return ""
    if not options.overwrite:
        return "exists already"
    there = read_index(store, info)
    if there is None or there.compress != options.compress or missing(options.kept, info):
        return ""
    if len(there.members) != len(plan.files):
        return ""
    pairs = tuple(zip(there.members, plan.files, strict=True))
    if any(member.name != each.name or member.size != each.file.size for member, each in pairs):
        return ""
    if options.check == "size":
        return "an archive with files of the same names and sizes"
    same = all(member.sha256 == _sha256(each.file) for member, each in pairs)
    return "an archive with the same files, by their SHA-256" if same else ""


def _sha256(file: LocalFile) -> str:
    digest = hashlib.sha256()
    with opened(file) as descriptor:
        for chunk in file_chunks(descriptor, file.size):
            digest.update(chunk)
    return digest.hexdigest()


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


@dataclass(frozen=True, slots=True)
class _Packing:
    """One archive under way."""

    job: RunContext
    store: Store
    key: str
    plan: PackPlan

    @property
    def _url(self) -> str:
        return self.store.place.url(self.key)

    def run(self) -> None:
        """Send it, unless it is there."""
        job, tally, options = self.job, self.job.tally, self.job.spec.options
        reason = why_not(self.store, self.key, self.plan, options)
        compared = options.overwrite and options.check == "content"
        if reason:
            tally.item_skipped(compared=compared)
            job.emit(Skipped(self._url, reason, compared=compared))
            return
        tally.found(self.plan.size)
        job.emit(ItemStarted(self._url, self.plan.size))
        writer = ArchiveWriter(self.plan.files, options.compress, options.keep_times)
        etag, by = self._sent(writer)
        tally.found(writer.size - self.plan.size, items=0)
        members = tuple(writer.members)
        self._put_index(index.Index(writer.size, etag, options.compress, members))
        tally.item_done(writer.size, verified=True)
        job.emit(Done(self._source(members), self._url, writer.size, by, etag))
        if lost := not_kept(self.store, self.key, options.kept):
            job.emit(Noted(lost, warning=True))

    def _source(self, members: tuple[Member, ...]) -> str:
        return f"{_files(len(members))} of {', '.join(self.job.spec.sources)}"

    def _sent(self, writer: ArchiveWriter) -> tuple[str, str]:
        """The archive's ETag, and what its bytes were verified by."""
        store, moved = self.store, meter_of(self.job)
        kept = self.job.spec.options.kept
        options = replace(kept, content_type=kept.content_type or TYPE)
        size = plan_layout(self.plan.size, store.limits, self.job.spec.options.part_size).part_size
        parts = in_parts(writer.chunks(), size)
        ahead = deque(islice(parts, 2))
        if len(ahead) == 1:
            return store.put(self.key, BytesSource(ahead[0], moved.at_once), options, moved=moved), "digest"
        options = replace(options, metadata={**options.metadata, PART_SIZE: str(size)})
        return self._sent_in_parts(chain(_taken(ahead), parts), options, size, moved), "parts"

    def _sent_in_parts(self, parts: Iterator[memoryview], options: PutOptions, size: int, moved: Meter) -> str:
        store, journal, stamp = self.store, self.job.journal, self._stamp()
        whole = hashlib.md5(usedforsecurity=False) if store.keeps_md5 else None
        sources = (BytesSource(part, moved.at_once) for part in hashed(parts, whole))
        upload, known = self._begun(stamp, options, size)
        try:
            arrived = partial(journal.upload_part, self.key)
            sent = send_all(store, upload, sources, moved, IN_FLIGHT, moved.stop, known, arrived)
            etag = store.complete(upload, sent, replace(options, md5=whole.hexdigest()) if whole else options)
        except UploadNotFound as error:
            journal.upload_ended(self.key)
            message = f"{self._url}: its upload was aborted on the server while it was under way"
            raise error.reworded(message, hint="run the same command again") from error
        except JsobjError as error:
            if isinstance(error, (SourceChanged, SourceVanished)) or error.code is ExitCode.LOCAL:
                store.give_up(upload)  # its parts are of no use to another run
                journal.upload_ended(self.key)
            raise
        journal.upload_ended(self.key)
        return etag

    def _begun(self, stamp: LocalFile, options: PutOptions, size: int) -> tuple[Upload, dict[int, Part]]:
        """The upload, and the parts that the server has of it."""
        store, journal = self.store, self.job.journal
        record = journal.upload(self.key, stamp)
        if record is not None and record.upload_id and record.part_size == size:
            upload = Upload(self.key, record.upload_id)
            try:
                return upload, {part.number: part for part in store.parts(upload)}
            except JsobjError as error:
                if error.code is not ExitCode.NOT_FOUND:
                    raise
                journal.upload_ended(self.key)
        lost = record is not None and not record.upload_id  # killed before the server's answer was in the journal
        journal.intend_upload(self.key, stamp)
        sweep(journal, store)  # one of other files: nobody continues it
        upload = (self._unanswered() if lost else None) or store.begin(self.key, options)
        journal.upload_begun(self.key, stamp, upload.id, size)
        return upload, {}

    def _unanswered(self) -> Upload | None:
        """An upload of this key into which nothing was sent."""
        for upload in self.store.uploads(self.key):
            with contextlib.suppress(UploadNotFound):
                if upload.key == self.key and not self.store.parts(upload):
                    return upload
        return None

    def _stamp(self) -> LocalFile:
        """What the journal knows the archive by: other files, sizes or times are another one."""
        options = self.job.spec.options
        digest = hashlib.sha256(f"{options.compress} {options.keep_times}".encode())
        for each in self.plan.files:
            digest.update(f"{each.name}\0{each.file.size}\0{each.file.mtime_ns}\0".encode())
        number = int.from_bytes(digest.digest()[:7], "big")
        return LocalFile(self.job.spec.sources[0], self.key, self.plan.size, number, len(self.plan.files))

    def _put_index(self, made: index.Index) -> None:
        """Beside the archive; without it members are read by the central directory, which costs more requests."""
        name = self.key + index.SUFFIX
        try:
            self.store.put(name, BytesSource(index.written(made)), PutOptions("application/zstd"))
        except JsobjError as error:
            raise error.reworded(
                f"{self._url} is there and whole, and its index was not written: {error.message}",
                hint="its members can be read without; to make the index, run the same command again",
            ) from error


def _taken(ahead: deque[memoryview]) -> Iterator[memoryview]:
    """One after the other, none held for longer than it is in use."""
    while ahead:
        yield ahead.popleft()
