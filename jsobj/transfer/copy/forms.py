"""Large objects from one form into the other, on one store: Swift's segmented objects and S3's multipart objects.

What each API was seen to show of the other's (OpenStack Swift 2.38 with s3api, Ceph RGW 16.2; SLO: static, DLO: dynamic
large object of Swift; MPU: multipart object of S3):

=========================  ==================================  =====================================================
seen                       OpenStack Swift                     Ceph RGW
=========================  ==================================  =====================================================
SLO in a listing           size and ETag of the object         size of the manifest, MD5 of nothing (both APIs)
SLO, HEAD over S3          ETag ``MD5-N``                      ETag like an MD5, ``x-object-meta-static-large-object``
DLO in a listing           empty (both APIs)                   empty (both APIs)
DLO, HEAD over S3          ETag like an MD5, no mark           ETag like an MD5, ``x-object-manifest``
MPU, HEAD over Swift       an SLO, in ``BUCKET+segments``      ETag ``MD5-3``, no large object
GET, ranges                right, both ways                    right, both ways
manifest                   given out                           not given out
part of an SLO or DLO      right (UploadPartCopy, Range)       **empty** (UploadPartCopy); whole (COPY with Range)
part of an MPU             right (UploadPartCopy, Range)       right (UploadPartCopy); whole (COPY with Range)
part from a segment        right, also of ``+segments``        right
copy of an SLO             a plain object, or segments anew    a second manifest of the same segments
overwritten or deleted     S3 deletes segments with an SLO;    neither API deletes them with an SLO; an MPU's parts
                           else the segments stay              go by themselves
a segment is missing       409 from there on                   404 from there on, S3's GET hangs; HEAD is 404 where it
                                                               is the first, else right
a segment was replaced     409 from there on                   the new bytes are given out, if they are as many
=========================  ==================================  =====================================================

So on the server each segment becomes a part by UploadPartCopy, or each part of an MPU a segment by COPY (Swift only),
with the MD5 that it had as the proof. S3 wants parts of at least 5 MiB: smaller segments pass through here, and so do
the multipart objects of Ceph. What passes is compared with the MD5s of the segments, or with the ETag; parts of unknown
sizes are compared with digests that the server itself takes of stretches of the source, in an upload that is given up.
Nothing takes a source's place before that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from jsobj.errors import ExitCode, JsobjError, UploadNotFound
from jsobj.net.body import Moved
from jsobj.parallel_map import if_interrupted, parallel_map
from jsobj.store import etag as s3_etags
from jsobj.store.objects import Store
from jsobj.store.s3.store import S3Store
from jsobj.store.swift.segments import Segment, composite, is_own
from jsobj.store.swift.store import SwiftStore
from jsobj.store.values import PART_SIZE, UNEVEN, ObjectInfo, PutOptions
from jsobj.transfer.compare import PartDigests, bytes_differ, layouts
from jsobj.transfer.copy.items import CopyTerms
from jsobj.transfer.copy.pieces import copy_piece, copy_pieces, segments_as_pieces
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.part_layout import Layout, Stretch, plan_layout
from jsobj.transfer.upload.send_stream import begun_upload, send_stream

_PARTS_AT_ONCE = 8
_AS_IT_IS = 32 * 1024**2  # bytes up to which parts stay as large as they are; larger ones are not held in memory
_PROOF = 64 * 1024**2  # bytes of the stretches of which the server takes digests
_SEGMENTED, _MULTIPART = "it is in segments already", "it is a multipart object already"
NOT_LARGE = "it is no large object"
LINK = "it is a link to another object"


def one_of_each(source: Store, target: Store) -> bool:
    """Whether the two are the two dialects of which a store may speak both."""
    kinds = (SwiftStore, S3Store)
    return isinstance(source, kinds) and isinstance(target, kinds) and type(source) is not type(target)


@dataclass(frozen=True, slots=True)
class Forms:
    """Remakes large objects of one store in the form of another: ``swift://`` means segments, ``s3://`` parts."""

    source: Store
    target: Store
    terms: CopyTerms

    @staticmethod
    def is_large(info: ObjectInfo) -> bool:
        """Whether the object is large in the form of the dialect that told of it."""
        return info.large or info.parts is not None

    def why_left(self, info: ObjectInfo, there: ObjectInfo) -> str:
        """Why one object, as source and target see it, is left as it is; "" where it is to be remade."""
        over_s3, over_swift = (info, there) if isinstance(self.source, S3Store) else (there, info)
        if over_swift.link:  # the object that it leads to is remade under its own name
            return LINK
        if over_s3.parts is not None:
            return _MULTIPART if isinstance(self.target, S3Store) else ""
        if over_swift.large:
            return "" if isinstance(self.target, S3Store) else _SEGMENTED
        return NOT_LARGE

    def remade(self, info: ObjectInfo, key: str, moved: Moved, *, in_place: bool = False) -> tuple[str, str] | None:
        """Make the object in the target's form; its ETag, and what the bytes were compared by.

        None where the server cannot, and nothing is replaced: then it is copied as all others are.

        Raises :class:`JsobjError`; nothing was made then, and nothing replaced.
        """
        found = self._segments(info)
        if found is not None and self._can_copy(found):
            etag = self._on_server(info, key, found)
            if etag:
                moved(info.size)
                return etag, "manifest"
        return self._through_here(info, key, moved) if in_place else None

    def _segments(self, info: ObjectInfo) -> tuple[Segment, ...] | None:
        """What the source consists of where the server may copy it, as the Swift API tells; None if it does not."""
        if urlsplit(self.source.place.endpoint).hostname != urlsplit(self.target.place.endpoint).hostname:
            return None
        if isinstance(self.source, SwiftStore):
            with self.terms.at_source.errors():
                found = self.source.segments(info)
        else:
            found = self._seen_by_target(info)
        return None if found is None else tuple(segment for segment in found if segment.size)

    def _seen_by_target(self, info: ObjectInfo) -> tuple[Segment, ...] | None:
        """The segments of what is over Swift in the place of an object over S3, where they are those of this one."""
        assert isinstance(self.target, SwiftStore)
        bucket = self.source.place.bucket
        try:
            view = self.target.requests.of(bucket).head(info.key)
            found = self.target.segments(view, bucket)
        except JsobjError as error:
            if error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
                raise
            return None  # it is not this login's
        if info.parts is None:
            return found if view.etag == info.etag.removesuffix("-N") else None
        return found if found and s3_etags.composite(each.md5 for each in found) == info.etag else None

    def _can_copy(self, segments: Sequence[Segment]) -> bool:
        limits = self.target.limits
        sizes = [segment.size for segment in segments]
        return (
            0 < len(sizes) <= limits.parts
            and all(size >= limits.smallest_part for size in sizes[:-1])
            and max(sizes) <= limits.largest_part
        )

    def _on_server(self, info: ObjectInfo, key: str, segments: Sequence[Segment]) -> str:
        """Each segment as a part, or the other way round; the ETag, "" where the server does not give the first one.

        That may be so where two logins of one server see buckets of the same names.
        """
        options = _kept(info, [segment.size for segment in segments])
        first, *rest = segments_as_pieces(segments)
        with self.terms.at_target.errors(), begun_upload(self.target, key, options) as upload:
            try:
                made = copy_piece(self.target, upload, first)
            except JsobjError as error:
                ends = {ExitCode.NETWORK, ExitCode.AUTH, ExitCode.INTERRUPTED}
                if error.code in ends or isinstance(error, UploadNotFound):
                    raise
                self.target.abort(upload)
                return ""
            parts = (made, *copy_pieces(self.target, upload, rest))
            with self.terms.at_source.errors():
                self.source.head(info.key, info.etag)
            return self.target.complete(upload, parts, options)

    def _through_here(self, info: ObjectInfo, key: str, moved: Moved) -> tuple[str, str]:
        reading = _Reading(self.source, info)
        known = next(layouts(self.source, info), None) if info.parts else None
        wanted = known.part_size if known is not None and known.part_size <= _AS_IT_IS else self.terms.part_size
        with self.terms.at_target.errors():
            sent = send_stream(
                self.target,
                key,
                self.terms.at_source.each(reading),
                _kept(info, []),
                part_size=plan_layout(info.size, self.target.limits, wanted).part_size,
                moved=moved,
            )
        return sent.etag, reading.verified

    def forget(self, info: ObjectInfo, segments: Sequence[Segment]) -> None:
        """Delete the segments of what was remade in its place, as far as they lie below its own name.

        Not those that the new object has, nor any where the object that is there is still the old one.
        """
        if not isinstance(self.source, SwiftStore):
            return  # Swift's store deletes what it replaces, and Ceph its parts
        with self.terms.at_source.errors():
            now = self.source.head(info.key)
            used = self.source.segments(now) if now.large else ()
            if used is None:
                return
            bucket = self.source.requests.container
            self.source.drop([each for each in segments if each not in used and is_own(each, bucket, info.key)])

    def old_segments(self, info: ObjectInfo, there: ObjectInfo) -> tuple[Segment, ...]:
        """What :meth:`forget` may delete once the object was remade; nothing where old versions may need it."""
        if not isinstance(self.source, SwiftStore) or there.version or info.version:
            return ()
        with self.terms.at_source.errors():
            return self.source.segments(info) or ()

    def clear_up(self, info: ObjectInfo, there: ObjectInfo) -> None:
        """Delete segments of the same bytes that nothing uses: what a run left that was killed."""
        over_swift = self.source if isinstance(self.source, SwiftStore) else self.target
        assert isinstance(over_swift, SwiftStore)
        if there.version or info.version or not self.is_large(there):
            return
        of_etag = s3_etags.composite if isinstance(self.target, S3Store) else composite
        over_swift.drop(over_swift.twins(there, lambda md5s: of_etag(md5s) == there.etag))


def _kept(info: ObjectInfo, sizes: Sequence[int]) -> PutOptions:
    """What the object keeps, with the size of its new parts where they have one."""
    metadata = {name: value for name, value in info.metadata.items() if name != PART_SIZE}
    if sizes:
        even = set(sizes[:-1]) <= {sizes[0]} and sizes[-1] <= sizes[0]
        metadata[PART_SIZE] = str(sizes[0]) if even else UNEVEN
    return info.kept(metadata)


class _Reading:
    """The bytes of an object, which end with an error where they are not its own, or nothing proves that they are."""

    def __init__(self, store: Store, info: ObjectInfo) -> None:
        self._store = store
        self._info = info
        self.verified = ""

    def __iter__(self) -> Iterator[bytes | bytearray]:
        info, reading = self._info, ReadStream(self._store, self._info, accept_unverified=True)
        digests = PartDigests(Layout(info.size, _PROOF)) if self._is_guessed() else None
        for data in reading:
            if digests is not None:
                digests.update(data)
            yield data
        self.verified = reading.verified
        if not self.verified and digests is not None:
            self.verified = self._by_server(digests.md5s())
        if not self.verified:
            raise unproven(self._store, info)
        self._store.head(info.key, info.etag)  # it may be replaced meanwhile, and would be by what it was

    def _is_guessed(self) -> bool:
        """Whether the ETag may tell nothing, since the parts are of unknown sizes; over S3 there is another way."""
        recorded = self._info.metadata.get(PART_SIZE, UNEVEN) != UNEVEN
        return isinstance(self._store, S3Store) and self._info.parts is not None and not recorded

    def _by_server(self, md5s: Sequence[str]) -> str:
        """Compare with what the server takes for the MD5 of each stretch: the answer to a copy of it, given up then."""
        layout = Layout(self._info.size, _PROOF)
        place = self._store.place
        upload = self._store.begin(self._info.key)

        def taken(part: Stretch) -> str:
            return self._store.copy_part(upload, part.number, place.bucket, self._info, part.start, part.size).etag

        try:
            stop = if_interrupted(self._store.stop)
            all_made = tuple(parallel_map(taken, layout, _PARTS_AT_ONCE, stop=stop))
            for part, md5, made in zip(layout, md5s, all_made, strict=True):
                if made != md5:
                    seen = f"{part.size} bytes from {part.start} on came as {md5}, and the server has {made}"
                    raise bytes_differ(self._info.key, seen)
        finally:
            self._store.give_up(upload)
        return "parts"


def unproven(store: Store, info: ObjectInfo) -> JsobjError:
    """The error for an object that stays as it is, since nothing tells what its bytes are."""
    name = store.place.url(info.key)
    return JsobjError(
        "copy-unproven",
        f"nothing tells which bytes {name} consists of, so it was not replaced by a copy of them",
        code=ExitCode.INTEGRITY,
        context="its segments are not where programs put them, and this server gives no manifest out",
        hint="copy it to another key, and compare the two",
    )
