"""Objects in a bucket of Google's storage, over its JSON API.

What is sent is compared by MD5: that of a whole object goes before its bytes, and the server takes none that differ;
of a part the one that comes back is compared. What is read is pinned to its generation by the query of the request:
``If-Match`` compares Google's own ETag, which also changes with an object's metadata, and is documented for metadata
alone.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.net.body import BytesSource, Moved, Sink, Source, md5_of, uncounted
from jsobj.net.partial import Partial
from jsobj.net.request import Reply
from jsobj.net.retry import RetryPolicy
from jsobj.net.session import Session
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.foreign.google.listing import listing
from jsobj.store.foreign.google.parts import Parts, part_name
from jsobj.store.foreign.google.presign import signed_url
from jsobj.store.foreign.google.requests import (
    GoogleDialect,
    GoogleRequests,
    base64_of,
    generation_of,
    info_of_media,
    resource,
)
from jsobj.store.foreign.google.tokens import GoogleTokens
from jsobj.store.foreign.google.verdict import NO_OBJECT, bucket_not_found
from jsobj.store.objects import Store
from jsobj.store.refusals import OBJECT_CHANGED, UPLOAD_NOT_FOUND, VERSION_NOT_FOUND, Refusal
from jsobj.store.values import (
    PLAIN,
    Got,
    Limits,
    Listed,
    ObjectInfo,
    Part,
    PartDigest,
    PutOptions,
    StorePlace,
    Upload,
)
from jsobj.urls import Origin

_LARGEST = 5 * 1024**4
_LIMITS = Limits(smallest_part=1, largest_put=_LARGEST, largest_copy=_LARGEST, largest_object=_LARGEST)
_HELD = 1024 * 1024  # bytes up to which a source is read once and kept, rather than read twice
_NO_RANGE = Refusal(
    "copy-range",
    "Google's storage cannot copy {url} in parts by itself",
    ExitCode.REFUSED,
    "download it, and upload it under the new name",
)


class GoogleStore(Store):
    """The objects of one bucket; see :class:`jsobj.store.objects.Store`."""

    def __init__(
        self,
        origin: Origin,
        bucket: str,
        tokens: GoogleTokens,
        *,
        verify: bool | str = True,
        proxy: str = "",
        retry: RetryPolicy | None = None,
    ) -> None:
        session = Session(origin, GoogleDialect(tokens), verify=verify, proxy=proxy, retry=retry)
        super().__init__(StorePlace("gs", bucket, str(origin), tokens.login.where), session)
        self._origin = origin
        self._tokens = tokens
        self._requests = GoogleRequests(session, bucket)
        self._parts = Parts(self._requests)
        self._version = ""

    @property
    def limits(self) -> Limits:
        """What Google allows ("Quotas and limits", Cloud Storage documentation)."""
        return _LIMITS

    def _read_info(self) -> Mapping[str, Any]:
        return {}

    def kept_value(self, value: str) -> str:
        """The value of an entry of the metadata, as it is sent: any text."""
        return value

    # -- one object

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Size, generation, time and metadata."""
        with self._telling_what_is_missing():
            try:
                info = self._requests.head(key, generation=self._version)
            except JsobjError as error:
                if self._version and error.code in {ExitCode.NOT_FOUND, ExitCode.FAILURE}:
                    raise VERSION_NOT_FOUND.error("gs", self.place.bucket, key, error.context) from error
                raise
        if etag and info.etag != etag:
            context = f"its generation is {info.version} instead of {generation_of(etag)}"
            raise OBJECT_CHANGED.error("gs", self.place.bucket, key, context)
        return info

    def get(
        self,
        key: str,
        sink: Sink,
        *,
        start: int = 0,
        size: int | None = None,
        etag: str = "",
        digest: bool = True,
        moved: Moved = uncounted,
        partial: Partial | None = None,
    ) -> Got:
        """Read bytes into ``sink``; see :meth:`jsobj.store.objects.Store.get`.

        Without ``etag`` the object is looked at first: a download's answer has no metadata. A generation that is gone
        is not found, where the object has another one now it was changed.
        """
        info = None
        if not etag or size == 0 or (start and size is None):
            info = self.head(key, etag)
            etag = info.etag
            if start or size is not None:
                size = max(0, info.size - start) if size is None else size
                if not size:
                    return Got(info, 0, EMPTY_MD5)
        headers = {"range": f"bytes={start}-{start + size - 1}"} if size is not None else {}
        try:
            told, reply = self._fetch(
                key,
                etag=etag,
                headers=headers,
                sink=sink,
                digest="md5" if digest else "",
                range_start=start,
                range_size=size,
                moved=moved,
                partial=partial,
            )
        except ObjectNotFound:
            self.head(key, etag)  # raises what is true: gone, or changed
            raise
        return Got(info or told, reply.received, reply.received_digest)

    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        etag = fields.pop("etag")
        reply = self._requests.media(key, (("generation", generation_of(etag)),), **fields)
        return info_of_media(self._requests, key, etag, reply), reply

    def put(self, key: str, source: Source, options: PutOptions = PLAIN, *, moved: Moved = uncounted) -> str:
        """Write an object in one request; the server refuses bytes other than those that were read here first."""
        source, md5 = _digested(source)
        document = {**resource(options), "name": key, "md5Hash": base64_of(md5)}
        body, kind = _related(document, source, options.content_type)
        headers = {"content-type": kind}
        with self._telling_what_is_missing():
            self._requests.path(key)  # a name that cannot be one is refused here
            reply = self._requests.upload(key, "multipart", source=body, headers=headers, moved=moved)
        moved(source.size - body.size)  # what stands around the bytes is not counted
        made = self._requests.info(self._requests.read(reply))
        if made.md5 != md5:
            raise self._wrong_digest(key, f"sent {md5}, kept {made.md5 or 'nothing'}")
        return made.etag

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """Every object whose key begins with ``prefix``; see :meth:`jsobj.store.objects.Store.list`.

        Parts of what is not whole yet are left out, unless ``prefix`` names them.
        """
        return listing(self._requests, prefix, delimiter=delimiter, after=after)

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        self._requests.remove(key)

    def copy(self, bucket: str, info: ObjectInfo, key: str, options: PutOptions | None = None) -> str:
        """Server-side copy of the generation that ``info`` names; a large one takes Google several requests."""
        source = (bucket, info.key, generation_of(info.etag))
        try:
            made = self._requests.rewrite(source, key, {} if options is None else resource(options))
        except ObjectNotFound:
            now = self._requests.of(bucket).head(info.key)
            if now.etag == info.etag:
                raise bucket_not_found(self.place.bucket) from None
            raise OBJECT_CHANGED.error("gs", bucket, info.key, f"its generation is {now.version}") from None
        if (made.size, made.crc32c) != (info.size, info.crc32c or made.crc32c):
            raise OBJECT_CHANGED.error("gs", bucket, info.key, f"the copy has {made.size} bytes, CRC-32C {made.crc32c}")
        return made.etag

    # -- in parts

    def begin(self, key: str, options: PutOptions = PLAIN) -> Upload:
        """Choose the parts' names; nothing is kept at Google yet."""
        return self._parts.begin(key)

    def put_part(self, upload: Upload, number: int, source: Source, *, moved: Moved = uncounted) -> Part:
        """Send one part; its MD5, taken while it streams, must be the one in the response."""
        name = part_name(upload, number)
        query, headers = (("name", name),), {"content-type": "application/octet-stream"}

        def send() -> Reply:
            reply = self._requests.upload(
                name, "media", query, source=source, headers=headers, digest="md5", moved=moved
            )
            md5 = self._requests.info(self._requests.read(reply)).md5
            return replace(reply, headers={**reply.headers, "etag": md5})

        with self._telling_what_is_missing():
            return self._part_sent(send, upload.key, number, source, moved)

    def copy_part(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        """Raises :class:`JsobjError` (refused, ``copy-range``): Google copies whole objects."""
        raise _NO_RANGE.error("gs", bucket, info.key)

    def parts(self, upload: Upload) -> Sequence[Part]:
        """The parts that are there; not found (``upload-not-found``) where there are none."""
        found = self._parts.there(upload)
        if not found:
            raise UPLOAD_NOT_FOUND.error("gs", self.place.bucket, upload.key)
        return [Part(number, piece.size, piece.md5) for number, piece in sorted(found.items())]

    def _complete(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> str:
        """Put the parts together, compare the CRC-32C, and delete them."""
        ordered = sorted((part for part in parts if part.size), key=lambda part: part.number)
        if ordered:
            etag = self._parts.whole(upload, ordered, options).etag
        else:
            etag = self.put(upload.key, BytesSource(b""), options)
        self._parts.remove(upload)
        return etag

    def abort(self, upload: Upload) -> None:
        """Delete the parts of an upload."""
        self._parts.remove(upload)

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """The uploads that were begun by this program and are not complete. Others' are not listed by Google."""
        return self._parts.uploads(prefix)

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """The MD5 of the whole, where it is known: not of an object that was put together."""
        return (PartDigest(0, info.size, info.md5),) if info.md5 else None

    def part_size(self, info: ObjectInfo, number: int) -> int:
        """Unknown: an object that was put together has no parts any more."""
        return 0

    def at_version(self, ident: str) -> GoogleStore:
        """The same bucket, where reading an object means this generation of it."""
        pinned = copy(self)
        pinned._version = ident
        return pinned

    def presign(self, method: str, key: str, seconds: int) -> str:
        """A signed URL; see :func:`jsobj.store.foreign.google.presign.signed_url`."""
        return signed_url(self._tokens, self._origin, self.place.bucket, key, method=method, seconds=seconds)

    @contextmanager
    def _telling_what_is_missing(self) -> Iterator[None]:
        """A 404 may not say whether the object or its bucket is missing: look, where it happens."""
        try:
            yield
        except ObjectNotFound as error:
            if NO_OBJECT in error.context:
                raise
            try:
                self._requests.call("GET", self._requests.path(), query=(("maxResults", "1"), ("fields", "prefixes")))
            except JsobjError as other:
                if other.code is not ExitCode.NOT_FOUND:
                    raise error from None  # a listing may be forbidden where reading is not
                raise
            raise


@dataclass(frozen=True, slots=True)
class _Framed:
    """The bytes of a source with others before and behind them."""

    before: bytes
    inner: Source
    behind: bytes

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.before) + self.inner.size + len(self.behind)

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill ``buffer``; see :class:`jsobj.net.body.Source`."""
        if offset < len(self.before):
            chunk = self.before[offset : offset + len(buffer)]
        elif (at := offset - len(self.before)) < self.inner.size:
            return self.inner.read_into(buffer[: self.inner.size - at], at)
        else:
            at -= self.inner.size
            chunk = self.behind[at : at + len(buffer)]
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _related(document: dict[str, Any], source: Source, content_type: str) -> tuple[_Framed, str]:
    """A body of a document and an object's bytes (RFC 2387), and its type."""
    boundary = secrets.token_hex(16)  # that the bytes have it is less likely than a wrong digest
    kind = content_type or "application/octet-stream"
    if not kind.isprintable():
        raise JsobjError("header-refused", "a content type to send contains a line break", code=ExitCode.USAGE)
    before = (
        f"--{boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n{json.dumps(document)}\r\n"
        f"--{boundary}\r\ncontent-type: {kind}\r\n\r\n"
    )
    framed = _Framed(before.encode(), source, f"\r\n--{boundary}--\r\n".encode())
    return framed, f"multipart/related; boundary={boundary}"


def _digested(source: Source) -> tuple[Source, str]:
    """A source with its MD5: a small one read once and kept, a larger one read here and again when it is sent."""
    if source.size <= _HELD and not isinstance(source, BytesSource):
        data, offset = bytearray(source.size), 0
        while offset < len(data):
            offset += source.read_into(memoryview(data)[offset:], offset)
        source = BytesSource(data)
    return source, md5_of(source)
