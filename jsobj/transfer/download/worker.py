"""Fetching objects: what a worker does with one unit of a download.

Bytes go to a temporary file beside the target; it is renamed only after its digest was compared with the object's. A
part counts only if it came from the version of the object that the download began with.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jsobj.errors import BytesDiffer, ExitCode, JsobjError
from jsobj.net.body import FileSink
from jsobj.net.partial import Partial
from jsobj.store.digest_tries import until_digest_matches
from jsobj.store.etag import composite, is_md5
from jsobj.store.objects import Store
from jsobj.store.values import MTIME, Got, Listed, ObjectInfo, PartDigest
from jsobj.transfer.compare import DigestComparison, came_wrong, compare, hashed, is_damage, layouts
from jsobj.transfer.compression import compressed_already, decodable, decoder, file_chunks, through
from jsobj.transfer.download.disk import begin_flush
from jsobj.transfer.download.kept_parts import begun_parts, proven_parts
from jsobj.transfer.download.partial_file import PartialFile
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.engine.parts_work import Arrived
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.store_performer import StorePerformer
from jsobj.transfer.options import Options
from jsobj.transfer.part_layout import Layout, Stretch


@dataclass(frozen=True, slots=True)
class Fetching:
    """One object on its way to ``path`` (components below the target folder), where the plan saw a file or not."""

    remote: Listed
    path: tuple[str, ...]
    there: bool = True

    @property
    def source(self) -> str:
        """The key."""
        return self.remote.key

    @property
    def target(self) -> str:
        """The path as one text."""
        return "/".join(self.path)

    @property
    def size(self) -> int:
        """Bytes, according to the listing."""
        return self.remote.size


@dataclass(frozen=True, slots=True)
class FetchWhole:
    """Fetch an object in one request."""

    item: Fetching


@dataclass(frozen=True, slots=True)
class BeginFetch:
    """Begin (or continue) a download in parts.

    ``temp``, ``proven`` (number, MD5) and ``prefixes`` (number, bytes and MD5 of a part's beginning) are a journal's.
    """

    item: Fetching
    etag: str = ""
    temp: str = ""
    part_size: int = 0
    proven: tuple[tuple[int, str], ...] = ()
    prefixes: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FetchPart:
    """Fetch one stretch; ``md5`` is known beforehand for a Swift large object only.

    ``before``: so many of its first bytes lie in the temporary file already.
    """

    item: Fetching
    etag: str
    temp: str
    stretch: Stretch
    md5: str = ""
    before: int = 0


@dataclass(frozen=True, slots=True)
class FinishFetch:
    """Compare the digest of the whole and give the file its name. ``twice``: every part came twice alike.

    Raises :class:`BytesDiffer` where it is another; the temporary file stays then.
    """

    item: Fetching
    info: ObjectInfo
    temp: str
    md5s: tuple[str, ...]
    twice: bool = False


@dataclass(frozen=True, slots=True)
class AbandonFetch:
    """Remove the temporary file of an object that changed: no later run can continue it."""

    item: Fetching
    temp: str


DownloadUnit: TypeAlias = FetchWhole | BeginFetch | FetchPart | FinishFetch | AbandonFetch


@dataclass(frozen=True, slots=True)
class DownloadBegun:
    """A download in parts under way: what to fetch, and the parts that lie in the temporary file already."""

    info: ObjectInfo
    temp: str
    stretches: tuple[Stretch, ...]
    part_size: int
    known: tuple[str, ...]  # the MD5 of each stretch, where the server lists them
    proven: tuple[tuple[int, str], ...]
    prefixes: tuple[tuple[int, int], ...] = ()  # number, and the bytes of its beginning that lie there too


@dataclass(frozen=True, slots=True)
class PartBroken:
    """A part did not come whole: its first ``size`` bytes did."""

    size: int
    md5: str
    error: JsobjError


class Receiver(StorePerformer[DownloadUnit]):
    """Performs the units of a download. Shared by threads."""

    def __init__(self, store: Store, target: TargetFolder, options: Options, moved: Meter) -> None:
        super().__init__(store, moved)
        self._target = target
        self._options = options
        self._temps: dict[str, PartialFile] = {}
        self._lock = threading.Lock()

    def size(self, unit: DownloadUnit) -> int:
        """The bytes that a unit fetches."""
        match unit:
            case FetchPart():
                return unit.stretch.size - unit.before
            case FetchWhole():
                return unit.item.size
        return 0

    def perform(self, unit: DownloadUnit) -> Arrived | DownloadBegun | PartBroken | str | None:
        """Perform one unit; raises :class:`JsobjError`."""
        match unit:
            case FetchPart():
                return self._part(unit)
            case FetchWhole():
                return self._whole(unit.item)
            case BeginFetch():
                return self._begin(unit)
            case FinishFetch():
                return self._finish(unit)
            case AbandonFetch():
                self._remove(unit.item, unit.temp)
                return None

    # -- in one request

    def _whole(self, item: Fetching) -> Arrived:
        if same := self._there_already(item):
            return same
        seen: list[tuple[str, DigestComparison]] = []  # of each try

        def damaged() -> BytesDiffer:
            found = seen[-1][1]
            return self._damaged(item.source, found.came, acceptable=len(set(seen)) < len(seen) and found.same is None)

        return until_digest_matches(lambda _: self._try_whole(item, seen), damaged)

    def _try_whole(self, item: Fetching, seen: list[tuple[str, DigestComparison]]) -> Arrived | None:
        """Fetch an object once; None where its bytes are wrong."""
        with self._target.open_temp(item.path, item.size) as temp:
            got = self._store.get(item.source, FileSink(temp.descriptor), moved=self._moved)
            verified = self._whole_verified(
                got, temp, twice=any(md5 == got.md5 and found.same is None for md5, found in seen)
            )
            if isinstance(verified, str):
                temp.end_at(got.size)
                self._land(item, temp, got.info)
                return Arrived(got.size, got.info.etag, verified)
        seen.append((got.md5, verified))
        self._moved(-got.size)
        return None

    def _whole_verified(self, got: Got, temp: PartialFile, *, twice: bool) -> str | DigestComparison:
        """As :meth:`_judged`."""
        info = got.info
        if got.size != info.size:
            return DigestComparison(same=False, by="size")
        if got.verified or (got.md5 and got.md5 == info.whole_md5 and not info.sha256):
            return got.verified or "md5"
        if info.parts == 1:
            return "parts" if composite([got.md5]) == info.etag else DigestComparison(same=False, by="parts")
        temp.end_at(got.size)
        return self._judged(info, compare(self._store, info, temp.descriptor), twice=twice)

    def would_skip(self, item: Fetching) -> str:
        """Why the object would not be fetched once the file is looked at; "" where it would. Fetches no content.

        Raises :class:`JsobjError` (local) where its file could not be made.
        """
        self._target.require_free(item.path)
        same = self._there_already(item)
        return same.skipped if same else ""

    def _there_already(self, item: Fetching, headed: ObjectInfo | None = None) -> Arrived | None:
        """Whether the target has these bytes already."""
        descriptor = self._target.open_existing(item.path) if item.there else None
        if descriptor is None:
            return None
        try:
            size, info = os.fstat(descriptor).st_size, headed or item.remote.info
            if not (headed.size == size if headed else item.remote.may_have(size)):
                return None
            if not (info.md5 or info.metadata or (is_md5(info.etag) and self._store.place.dialect == "s3")):
                info = self._store.head(info.key)
            found = compare(self._store, info, descriptor)
            if not found.same or self._to_be_decoded(info, descriptor):
                return None
            return Arrived(info.size, info.etag, found.by, "same content")
        finally:
            os.close(descriptor)

    def _to_be_decoded(self, info: ObjectInfo, descriptor: int) -> bool:
        """Whether the same bytes are not what is wanted: an earlier ``--raw`` left them as they are stored."""
        if self._options.raw:
            return False
        encoding = info.content_encoding  # not in a listing: requested where the bytes look compressed
        if not encoding and compressed_already("", os.pread(descriptor, 16, 0)):
            encoding = self._store.head(info.key).content_encoding
        return decodable(encoding)

    # -- in parts

    def _begin(self, unit: BeginFetch) -> DownloadBegun | Arrived:
        item = unit.item
        info = self._store.head(item.source)
        if same := self._there_already(item, info):
            return same
        if not self._store.in_stretches(info):
            return self._whole(item)
        known, layout = self._layout(info, unit.part_size)
        stretches = tuple(Stretch(n, part.start, part.size) for n, part in enumerate(known, 1)) or tuple(layout)
        digests = tuple(part.md5 for part in known)
        temp = self._target.reopen(item.path, unit.temp) if unit.temp and unit.etag == info.etag else None
        proven: tuple[tuple[int, str], ...] = ()
        prefixes: tuple[tuple[int, int], ...] = ()
        if temp is not None:
            with temp.errors_named():
                proven = proven_parts(unit.proven, stretches, temp.descriptor)
                prefixes = begun_parts(unit.prefixes, stretches, temp.descriptor)
        if temp is None:
            if unit.temp:
                self._remove(item, unit.temp)  # of another version of the object
            temp = self._target.open_temp(item.path, info.size)
        with self._lock:
            self._temps[temp.name] = temp
        return DownloadBegun(info, temp.name, stretches, layout.part_size, digests, proven, prefixes)

    def _layout(self, info: ObjectInfo, part_size: int) -> tuple[Sequence[PartDigest], Layout]:
        """The stretches whose MD5s the server lists, and the layout to use otherwise."""
        known = self._store.digests(info)
        if known is not None and len(known) > 1:
            return known, Layout(info.size, max(part.size for part in known))
        if known is None and info.parts and (first := next(layouts(self._store, info), None)) is not None:
            return (), first
        return (), Layout(info.size, part_size or self._options.part_size)

    def _part(self, unit: FetchPart) -> str | PartBroken:
        temp, key = self._temp(unit.item, unit.temp), unit.item.source
        start, size = unit.stretch.start, unit.stretch.size
        with temp.errors_named():
            partial = Partial(unit.before, hashed(temp.descriptor, start, unit.before))

        def fetch(number: int) -> str | None:
            if number:
                partial.forget()
            sink = FileSink(temp.descriptor, start)
            with temp.errors_named():
                got = self._store.get(
                    key, sink, start=start, size=size, etag=unit.etag, moved=self._moved, partial=partial
                )
            if not unit.md5 or got.md5 == unit.md5:
                begin_flush(temp.descriptor, start, size)
                return got.md5
            self._moved(-size)
            return None

        try:
            return until_digest_matches(fetch, lambda: self._damaged(key))
        except JsobjError as error:
            if 0 < partial.size < size:
                with contextlib.suppress(OSError):  # what cannot be read back is not kept
                    return PartBroken(partial.size, partial.digest.hexdigest(), error)
            raise

    def _finish(self, unit: FinishFetch) -> Arrived:
        temp, info = self._temp(unit.item, unit.temp), unit.info
        verified = self._verified(unit, temp)
        if not isinstance(verified, str):
            # The file stays: parts that came twice alike need not come a third time.
            raise self._damaged(info.key, verified.came, acceptable=unit.twice and verified.same is None)
        with self._lock:
            self._temps.pop(temp.name, None)
        with temp:
            self._land(unit.item, temp, info)
        return Arrived(info.size, info.etag, verified)

    def _verified(self, unit: FinishFetch, temp: PartialFile) -> str | DigestComparison:
        info = unit.info
        if info.parts is not None and composite(unit.md5s) == info.etag:
            return "parts"
        if info.large and (known := self._store.digests(info)) and tuple(part.md5 for part in known) == unit.md5s:
            return "manifest"
        return self._judged(info, compare(self._store, info, temp.descriptor), twice=unit.twice)

    def _judged(self, info: ObjectInfo, found: DigestComparison, *, twice: bool) -> str | DigestComparison:
        """What was compared ("" if nothing could be); ``found`` where bytes are wrong, or may be and came but once."""
        if found.same is not None:
            return found.by if found.same else found
        if not found.suspicious:
            return ""
        accepted = self._options.accept_unverified
        return "" if twice and not is_damage(self._store, info, accept_unverified=accepted) else found

    def _damaged(self, key: str, came: str = "", *, acceptable: bool = False) -> BytesDiffer:
        return came_wrong(self._store.place, key, "fetched more than once", came, acceptable=acceptable)

    # -- committing

    def _land(self, item: Fetching, temp: PartialFile, info: ObjectInfo) -> None:
        moment = info.metadata.get(MTIME, "") if self._options.keep_times else ""
        if decodable(info.content_encoding) and not self._options.raw:
            self._decode(item, temp, info, moment)
            return
        temp.commit(moment)

    def _decode(self, item: Fetching, temp: PartialFile, info: ObjectInfo, moment: str) -> None:
        """The verified bytes, decoded, under the final name: a file of its own, so that a kill leaves all or none."""
        with self._target.open_temp(item.path, 0) as plain:
            codec, offset = decoder(info.content_encoding.strip().lower()), 0
            sink = FileSink(plain.descriptor)
            for chunk in through(codec, file_chunks(temp.descriptor, info.size)):
                sink.write(memoryview(chunk), offset)
                offset += len(chunk)
            plain.commit(moment)
        temp.discard()

    def _temp(self, item: Fetching, name: str) -> PartialFile:
        """The temporary file; each process opens it for itself."""
        with self._lock:
            temp = self._temps.get(name)
            if temp is None:
                temp = self._temps[name] = self._reopened(item, name)
            return temp

    def _reopened(self, item: Fetching, name: str) -> PartialFile:
        temp = self._target.reopen(item.path, name)
        if temp is None:
            sentence = f"the temporary file of {item.target} was removed while it was being filled"
            raise JsobjError("temporary-file-gone", sentence, code=ExitCode.LOCAL, hint="run the same command again")
        return temp

    def _remove(self, item: Fetching, name: str) -> None:
        """Take a temporary file away by its name. Parts that are still under way fill a file without a name."""
        stale = self._target.reopen(item.path, name)
        if stale is not None:
            stale.discard()

    def close(self) -> None:
        """Close the temporary files that are open; they stay, for the run that continues."""
        with self._lock:
            for temp in self._temps.values():
                temp.close()
            self._temps.clear()
