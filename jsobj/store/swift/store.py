"""Objects in a container over the Swift API, with a Keystone token, or without one where the data are public.

No EC2 keys are needed: it works with every login, also with a restricted application credential. What is sent is
checked by the server against an MD5 that it gets before the body (an object with wrong bytes never comes to be), and
segments of large objects by the MD5 that comes back. Both OpenStack Swift and Ceph RGW speak this API; where RGW does
otherwise, the rooms below say so: :mod:`jsobj.store.swift.segments`, :mod:`jsobj.store.swift.listing`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import Any

from jsobj.ec2_keys.server_info import limit_of, server_info
from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.identity.command_hints import public_at, same_login
from jsobj.net.body import BytesSource, Moved, Source, md5_of, uncounted
from jsobj.net.request import Reply, Request
from jsobj.net.retry import RetryPolicy
from jsobj.net.session import Session
from jsobj.store.etag import is_md5
from jsobj.store.objects import Store
from jsobj.store.refusals import SEGMENTS_GONE, UPLOAD_NOT_FOUND
from jsobj.store.swift.bulk_delete import bulk_delete, takes
from jsobj.store.swift.link_signer import LinkSigner, link_mark, link_signer
from jsobj.store.swift.listing import listing
from jsobj.store.swift.one_version import OneVersion
from jsobj.store.swift.requests import CREATED, JSON, READ, SwiftDialect, SwiftRequests, headers_for
from jsobj.store.swift.segments import Segment, Segments, composite, manifest, new_upload, segment_name
from jsobj.store.swift.segments_there import doubtful, is_there
from jsobj.store.swift.server_copy import Copier
from jsobj.store.swift.temp_url import Level, lies_elsewhere, temporary_url
from jsobj.store.swift.token_keeper import TokenKeeper
from jsobj.store.swift.verdict import name_refused
from jsobj.store.values import PLAIN, Limits, Listed, ObjectInfo, Part, PartDigest, PutOptions, StorePlace, Upload
from jsobj.urls import parse_url

_HELD = 1024 * 1024  # bytes up to which a source is read once and kept, rather than read twice
_MANIFEST_SECONDS = 180.0  # the server looks at every segment before it answers


class SwiftStore(Store):
    """The objects of one container; see :class:`jsobj.store.objects.Store`.

    ``place.account`` is the account's URL. Without ``keeper`` only what is public can be read.
    Raises :class:`JsobjError` (usage) for a container's name that cannot be one.
    """

    def __init__(
        self,
        place: StorePlace,
        keeper: TokenKeeper | None = None,
        *,
        verify: bool | str = True,
        proxy: str = "",
        retry: RetryPolicy | None = None,
    ) -> None:
        if place.bucket in {"", ".", ".."} or "/" in place.bucket:
            raise name_refused("the name of a container", place.bucket)
        self._origin, path = parse_url(place.account)
        who = keeper.who if keeper is not None else None
        session = Session(self._origin, SwiftDialect(keeper, who), verify=verify, proxy=proxy, retry=retry)
        self._cloud = who.cloud if who is not None else ""
        at = same_login(cloud=self._cloud) if keeper is not None else public_at(place.account)
        super().__init__(replace(place, at=at), session)
        self._requests = SwiftRequests(session, path.rstrip("/"), place.bucket, public=keeper is None)
        self._segments = Segments(self._requests)
        self._copier = Copier(self._requests, self._segments)

    @property
    def limits(self) -> Limits:
        """What the server allows, from its ``/info``; Swift's defaults where it does not say."""
        info = self._server_info()
        parts = limit_of(info, "slo", "max_manifest_segments") or 1000
        largest = limit_of(info, "swift", "max_file_size") or 5 * 1024**3
        smallest = limit_of(info, "slo", "min_segment_size") or 1
        return Limits(parts, smallest, largest, largest, largest, parts * largest)

    @property
    def requests(self) -> SwiftRequests:
        """Requests to the container and others of its account, for what is not about one object."""
        return self._requests

    def _read_info(self) -> Mapping[str, Any]:
        """Swift's ``/info``, which RGW has below ``/swift``, and an operator may hide."""
        front, mark, _ = self._requests.root.partition("/v1")
        path = f"{front}/info" if mark else "/info"
        try:
            return server_info(self._session.send(Request("GET", path, headers=JSON, item="/info")))
        except JsobjError as error:
            if error.code in {ExitCode.NETWORK, ExitCode.AUTH}:
                raise
            return {}

    def kept_value(self, value: str) -> str:
        """The value of an entry of the metadata, as it is sent: UTF-8, whatever it is."""
        return value

    # -- one object

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Size, ETag, time and metadata."""
        with self._telling_what_is_missing():
            return self._requests.head(key, etag)

    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        with self._telling_what_is_missing():
            try:
                reply = self._requests.send("GET", key, expect=READ, **fields)
            except JsobjError as error:
                self._require_whole(key, error)
                raise
        return self._requests.info(key, reply), reply

    def _require_whole(self, key: str, error: JsobjError) -> None:
        """Where a body ends too early again and again, since the server comes to a segment that is gone, say so."""
        if error.reference != "store-trouble" or self._session.retry.stopped:  # it ended too early by us
            return
        info = self._requests.head_or_none(key)
        if info is not None and info.large and not self.is_whole(info):
            raise SEGMENTS_GONE.error("swift", self.place.bucket, key, error.context, self.place.at) from error

    def put(self, key: str, source: Source, options: PutOptions = PLAIN, *, moved: Moved = uncounted) -> str:
        """Write an object in one request; the server refuses bytes other than those that were read here first."""
        source, md5 = _digested(source)
        replaced = self._segments.replaced(key)
        headers = {**headers_for(options), "etag": md5}
        reply = self._requests.send("PUT", key, source=source, headers=headers, expect=CREATED, moved=moved)
        if (reply.etag or self.head(key).etag) != md5:
            raise self._wrong_digest(key, f"sent {md5}, kept {reply.etag}")
        self._segments.remove(replaced)
        return md5

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """Every object whose key begins with ``prefix``; see :meth:`jsobj.store.objects.Store.list`."""
        return listing(self._requests, prefix, delimiter=delimiter, after=after)

    def delete(self, key: str) -> None:
        """Delete an object and then its segments; one that is not there is no error.

        One by one, since RGW's ``multipart-manifest=delete`` decodes the names once more than it should: it leaves the
        segments of ``a%20b`` there, and deletes those of another object, ``a b``.
        """
        replaced = self._segments.replaced(key)
        self._requests.remove(key)
        self._segments.remove(replaced)

    def delete_many(self, keys: Sequence[str]) -> Collection[str]:
        """Where none of them can have segments; see :meth:`jsobj.store.objects.Store.delete_many`."""
        if self._requests.public or not takes(self._server_info(), len(keys)) or self._segments.may_be_replaced():
            return ()
        return bulk_delete(self._requests, keys)

    def copy(self, bucket: str, info: ObjectInfo, key: str, options: PutOptions | None = None) -> str:
        """Server-side copy of what has no :meth:`segments_to_copy`, else the two might share them."""
        with self._telling_what_is_missing(bucket):
            replaced = self._segments.replaced(key)
            etag = self._copier.whole(bucket, info, key, options)
        self._segments.remove(replaced)
        return etag

    def segments_to_copy(self, bucket: str, info: ObjectInfo) -> Sequence[Segment]:
        """The segments of a large object of ``bucket``, each of which a copy must have for itself; none where they
        cannot be known, and for a plain one."""
        with self._telling_what_is_missing(bucket):
            return self._segments.of(bucket, info) or ()

    # -- in parts

    def begin(self, key: str, options: PutOptions = PLAIN) -> Upload:
        """Choose the segments' names and see that there is a container for them; nothing else is kept anywhere."""
        upload = new_upload(key, options)
        self._segments.ensure()
        return upload

    def put_part(self, upload: Upload, number: int, source: Source, *, moved: Moved = uncounted) -> Part:
        """Send one segment; its MD5, taken while it streams, must be the ETag in the response."""
        more: dict[str, Any] = {"source": source, "digest": "md5", "expect": CREATED, "moved": moved}
        name, item = segment_name(upload, number), self.place.url(upload.key)
        send = partial(self._segments.requests.send, "PUT", name, item=item, **more)
        return self._part_sent(send, upload.key, number, source, moved)

    def copy_part(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        """One segment from a stretch of another object, server-side.

        Raises :class:`JsobjError` (refused, ``copy-range``) where the server copies no stretches (Ceph RGW) and this
        one is no segment of the source.
        """
        with self._telling_what_is_missing(bucket):
            return self._copier.stretch(upload, number, bucket, info, start, size)

    def parts(self, upload: Upload) -> Sequence[Part]:
        """The parts that the server has; not found (``upload-not-found``) where it has none."""
        found = self._segments.parts(upload)
        if not found:
            raise UPLOAD_NOT_FOUND.error("swift", self.place.bucket, upload.key)
        return found

    def _complete(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> str:
        """Put the manifest, then delete the segments that only the previous one named."""
        ordered = sorted((part for part in parts if part.size), key=lambda part: part.number)
        if not ordered:
            etag = self.put(upload.key, BytesSource(b""), options)
            self._segments.abandon(upload)
            return etag
        replaced = self._segments.replaced(upload.key)
        etag = composite(part.etag for part in ordered)
        self._put_manifest(upload, ordered, options, etag, same_before=self._holds(upload.key, etag))
        mine = {segment_name(upload, part.number) for part in ordered}
        self._segments.remove([segment for segment in replaced if segment.key not in mine])
        return etag

    def _put_manifest(
        self, upload: Upload, parts: Sequence[Part], options: PutOptions, etag: str, *, same_before: bool
    ) -> None:
        """An unclear answer is settled by what is there, unless an object of this ETag was there before.

        That one would be of other segments, which must not be deleted then.
        """
        try:
            reply = self._requests.send(
                "PUT",
                upload.key,
                query=(("multipart-manifest", "put"),),
                source=BytesSource(manifest(self._segments.requests.container, upload, parts)),
                headers=headers_for(options),
                expect=CREATED,
                idle=_MANIFEST_SECONDS,
            )
        except JsobjError as error:
            if error.code is ExitCode.NETWORK and not same_before and self._holds(upload.key, etag):
                return
            if error.code not in {ExitCode.NETWORK, ExitCode.AUTH}:
                self._require_segments(upload, parts, error)
            raise
        if reply.etag != etag and not self._holds(upload.key, etag):
            raise self._wrong_digest(upload.key, f"the ETag of all parts is {etag}, the server's {reply.etag}")

    def _require_segments(self, upload: Upload, parts: Sequence[Part], error: JsobjError) -> None:
        """Raise UploadNotFound where segments that the manifest names are not there any more."""
        there = {part.number for part in self._segments.parts(upload)}
        if any(part.number not in there for part in parts):
            raise UPLOAD_NOT_FOUND.error("swift", self.place.bucket, upload.key, error.context or "") from error

    def abort(self, upload: Upload) -> None:
        """Delete the segments of an upload. One that was completed is left alone: they are the object."""
        self._segments.abandon(upload)

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """The uploads whose segments no object uses; begun by this program, others name theirs otherwise."""
        return self._segments.uploads(prefix)

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """The MD5 of each segment, or of the whole of a plain object; None where they cannot be known."""
        if not info.large:
            return (PartDigest(0, info.size, info.etag),) if is_md5(info.etag) else None
        segments = self.segments(info)
        if segments is None:
            return None
        starts = accumulate((segment.size for segment in segments), initial=0)
        return [PartDigest(start, found.size, found.md5) for start, found in zip(starts, segments, strict=False)]

    def segments(self, info: ObjectInfo, container: str = "") -> tuple[Segment, ...] | None:
        """What a large object (of another ``container``) consists of, proven by its ETag.

        None for a plain one, and where it cannot be known.
        """
        return self._segments.named(container or self.place.bucket, info)

    def is_whole(self, info: ObjectInfo) -> bool:
        """See :class:`jsobj.store.objects.Store`: segments can be deleted, and the manifest tells of them still."""
        wanted = doubtful(self._requests, self.segments(info) or ())
        return all(is_there(self._requests, each) for each in wanted)

    def twins(self, info: ObjectInfo, fits: Callable[[Sequence[str]], bool]) -> Sequence[Segment]:
        """Segments that no object of its name uses, and that have the bytes of the object ``info``."""
        return list(self._segments.twins(info, fits)) if self._segments.may_be_replaced() else ()

    def drop(self, segments: Sequence[Segment]) -> None:
        """Delete segments that nothing names any more; in a container that keeps versions they are needed, and stay."""
        if segments and self._segments.may_be_replaced():
            self._segments.remove(segments)

    def part_size(self, info: ObjectInfo, number: int) -> int:
        """Unknown over Swift: :meth:`digests` lists the segments if there are any."""
        return 0

    def at_version(self, ident: str) -> SwiftStore:
        """The same container, where reading an object means this version of it."""
        pinned = copy(self)
        pinned._requests = OneVersion(self._requests, ident, self.place.at)
        pinned._segments = Segments(pinned._requests)
        return pinned

    def presign(self, method: str, key: str, seconds: int, *, make_key: Level | None = None) -> str:
        """A temporary URL; see :func:`jsobj.store.swift.temp_url.temporary_url`."""
        with self._telling_what_is_missing():
            return temporary_url(
                self._requests,
                self._origin,
                self._server_info(),
                key,
                method=method,
                seconds=seconds,
                make_key=make_key,
                cloud=self._cloud,
            )

    def lies_elsewhere(self, key: str) -> bool:
        """Whether bytes of an object are in other containers; see :mod:`jsobj.store.swift.temp_url`."""
        return lies_elsewhere(self._requests, key)

    def link_signer(self, level: Level = "container", *, key: str = "", fresh: bool = False) -> LinkSigner:
        """Signs links for others; see :func:`jsobj.store.swift.link_signer.link_signer`."""
        with self._telling_what_is_missing():
            info, at = self._server_info(), self.place.at
            return link_signer(self._requests, self._origin, info, level=level, key=key, fresh=fresh, at=at)

    def link_mark(self, level: Level) -> str:
        """Which key signs such links now; see :func:`jsobj.store.swift.link_signer.link_mark`."""
        with self._telling_what_is_missing():
            return link_mark(self._requests, level)

    @contextmanager
    def _telling_what_is_missing(self, source: str = "") -> Iterator[None]:
        """A 404 does not say whether the object or its container is missing, nor of a copy from the container
        ``source`` which of the two: look, where it happens."""
        try:
            yield
        except ObjectNotFound:
            for bucket in filter(None, (source, self.place.bucket)):
                self._requests.of(bucket).send("HEAD", expect=READ)  # raises BucketNotFound
            raise


def _digested(source: Source) -> tuple[Source, str]:
    """A source with its MD5: a small one read once and kept, a larger one read here and again when it is sent."""
    if source.size <= _HELD and not isinstance(source, BytesSource):
        data, offset = bytearray(source.size), 0
        while offset < len(data):
            offset += source.read_into(memoryview(data)[offset:], offset)
        source = BytesSource(data)
    return source, md5_of(source)
