"""Multipart uploads over S3: from the first request to the one that makes the object, and what became of that one.

An object counts as made only when its ETag is that of the parts that were sent. What servers were seen to do: Ceph
RGW 16 answers the request that makes the object with an empty ETag, and answers 200 for an upload that never was, where
an object of that name is there; a request that was done but whose answer was lost is answered 404 or 500 when it is
repeated, and 500 is also what RGW answers of an upload that was aborted. So the object, and then the upload, are looked
at wherever the answer does not prove it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from jsobj.errors import (
    BucketNotFound,
    ExitCode,
    JsobjError,
    ObjectChanged,
    ObjectNotFound,
    UploadNotCompleted,
    UploadNotFound,
)
from jsobj.net.body import BytesSource, Moved, Source, uncounted
from jsobj.net.md5.streams import together
from jsobj.net.request import Reply
from jsobj.net.xml import XmlError, parse
from jsobj.store.etag import composite
from jsobj.store.objects import Store
from jsobj.store.s3 import listing
from jsobj.store.s3.requests import GONE, READ, S3Dialect, S3Requests, encoded, headers_for
from jsobj.store.values import DELETE_AT, PLAIN, ObjectInfo, Part, PutOptions, Upload

_SECONDS = 180.0  # without a byte: the server looks at every part, or copies, before it answers
_ROUNDS = 3
_BLUR = 1.0  # seconds: the resolution of servers' times
_LATE = 10.0  # seconds that a server may be behind with a request that was given up


class Multipart(Store):
    """The operations in parts of :class:`jsobj.store.s3.store.S3Store`, and copies."""

    _requests: S3Requests
    _dialect: S3Dialect
    _ceph: bool | None = None

    def begin(self, key: str, options: PutOptions = PLAIN) -> Upload:
        """Start an upload. Where that took more than one try, what an earlier one may have started is taken back."""
        began = time.monotonic()
        reply = self._requests.send("POST", key, query=(("uploads", ""),), headers=headers_for(options))
        number = _field(self._requests, reply.body, "InitiateMultipartUploadResult", "UploadId")
        if not number:
            raise self._requests.malformed("it begins an upload without an id")
        upload = Upload(key, number)
        if reply.attempts > 1:
            seconds = time.monotonic() - began
            with suppress(JsobjError):  # who may write need not be allowed to list; jsobj uploads list shows what stays
                at = next((one.started for one in listing.uploads(self._requests, key) if one.id == number), None)
                if at is not None:
                    upload = replace(upload, started=at, duplicates=(at - seconds - _BLUR, at + _LATE))
        self._abort_duplicates(upload)
        return upload

    def _abort_duplicates(self, ours: Upload) -> None:
        """Abort uploads that a retried request has begun as well: of this key, at that time, and still without parts.

        A slow server may begin a duplicate after ours, so this is done again when ours ends. The times compared are the
        server's. Another program that began to upload to the same key at that time may lose its upload by this, and
        gets an error; the last of the two would have won anyway.
        """
        if ours.duplicates is None:
            return
        since, until = ours.duplicates
        with suppress(JsobjError):
            for one in list(listing.uploads(self._requests, ours.key)):  # all of it before the first is gone
                at_that_time = one.started is not None and since <= one.started <= until
                other = one.key == ours.key and one.id != ours.id
                if other and at_that_time and not listing.parts(self._requests, one):
                    self.abort(one)

    def put_part(self, upload: Upload, number: int, source: Source, *, moved: Moved = uncounted) -> Part:
        """Send one part. Its MD5 must be the ETag in the response, or the server compares its signed SHA-256.

        Whichever is cheaper: the SHA-256 takes 0.75 s a GiB here and as much at the server, an MD5 by itself twice
        that, and several together half (:mod:`jsobj.net.md5`). What arrived wrong is sent again before it counts.
        """
        signed = self._dialect.checks_payload and not together()
        query, digest = _query(upload, number), "" if signed else "md5"
        more: dict[str, Any] = {"source": source, "digest": digest, "moved": moved, "signed": signed}
        send = partial(self._requests.send, "PUT", upload.key, query=query, **more)
        return self._part_sent(send, upload.key, number, source, moved, checked=signed)

    def copy_part(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        """One part from a stretch of another object, which must be the same before and after."""
        headers = copy_headers(bucket, info) | {"x-amz-copy-source-range": f"bytes={start}-{start + size - 1}"}
        send = partial(
            self._requests.send,
            "PUT",
            upload.key,
            query=_query(upload, number),
            idle=_SECONDS,
            copy_from=(bucket, info.key),
        )
        reply = self._named_twice(send, headers) if "%" in info.key and self._is_ceph() else send(headers=headers)
        etag = _field(self._requests, reply.body, "CopyPartResult", "ETag").strip('"')
        if etag != info.etag:  # else it is all of it
            self._requests.of(bucket).head(info.key, info.etag)
        return Part(number, size, etag)

    def _named_twice(self, send: Callable[..., Reply], headers: dict[str, str]) -> Reply:
        """Ceph RGW 16 decodes the source's name twice, in this request alone, and would take ``a b`` for ``a%20b``."""
        name = "x-amz-copy-source"
        try:
            return send(headers={**headers, name: headers[name].replace("%", "%25")})
        except ObjectNotFound:  # a later one
            return send(headers=headers)

    def _is_ceph(self) -> bool:
        """Looked up once."""
        if self._ceph is None:
            self._ceph = any(name.startswith("x-rgw-") for name in self._requests.send("HEAD").headers)
        return self._ceph

    def copy(self, bucket: str, info: ObjectInfo, key: str, options: PutOptions | None = None) -> str:
        """Copy a whole object; its ETag."""
        headers = copy_headers(bucket, info)
        if options is not None:
            headers |= {"x-amz-metadata-directive": "REPLACE", **headers_for(options)}
        reply = self._requests.send("PUT", key, headers=headers, idle=_SECONDS, copy_from=(bucket, info.key))
        etag = _field(self._requests, reply.body, "CopyObjectResult", "ETag").strip('"')
        if etag != info.etag:
            # A server may rewrite a multipart object in one part; or another version was copied.
            self._requests.of(bucket).head(info.key, info.etag)
        return etag

    def _complete(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> str:
        """Make the object of its parts; its ETag.

        Raises :class:`JsobjError`: integrity where another object is there instead, not found where the upload is gone,
        network where the server does not make it. The parts are kept.
        """
        etag = self._completed(upload, parts, options)
        self._abort_duplicates(upload)
        return etag

    def _completed(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> str:
        # Swift takes it from this request, and all else from the one that began the upload.
        headers = {name: value for name, value in options.served.items() if name == DELETE_AT}
        wanted = composite(part.etag for part in parts)
        body = BytesSource(_manifest(parts))
        for left in reversed(range(_ROUNDS)):
            try:
                reply = self._requests.send(
                    "POST",
                    upload.key,
                    query=(("uploadId", upload.id),),
                    headers=headers,
                    source=body,
                    idle=_SECONDS,
                )
            except JsobjError as error:
                if error.code not in {ExitCode.NETWORK, ExitCode.NOT_FOUND} or isinstance(error, BucketNotFound):
                    raise
                if self._holds(upload.key, wanted):
                    return wanted
                if not isinstance(error, UploadNotCompleted):
                    raise
                if self._ended_otherwise(upload, wanted):
                    return wanted
                if not left:
                    raise
                continue
            if _etag_in(reply.body) != wanted and not self._holds(upload.key, wanted):
                raise self._wrong_digest(upload.key, f"the ETag of all parts is {wanted}; {_etag_in(reply.body)[:80]}")
            return wanted
        raise AssertionError("the last round returns or raises")

    def _ended_otherwise(self, upload: Upload, wanted: str) -> bool:
        """Whether the object is there after all. Raises UploadNotFound where neither that nor the upload is."""
        try:
            self.parts(upload)
        except UploadNotFound:
            if not self._holds(upload.key, wanted):
                raise
            return True
        return False

    def abort(self, upload: Upload) -> None:
        """Give an upload up, with its parts; one that is not there is no error."""
        with suppress(UploadNotFound):
            self._requests.send("DELETE", upload.key, query=(("uploadId", upload.id),), expect=GONE)
        self._abort_duplicates(upload)

    def parts(self, upload: Upload) -> Sequence[Part]:
        """The parts that the server has."""
        return listing.parts(self._requests, upload)

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """The multipart uploads that are not complete."""
        return listing.uploads(self._requests, prefix)

    def part_size(self, info: ObjectInfo, number: int) -> int:
        """The bytes of a part; 0 where the server does not report it.

        moto answers with the part's own ETag, which looks like another version: it is none of this request to tell.
        """
        query, headers = (("partNumber", str(number)),), {"if-match": info.etag}
        try:
            reply = self._requests.send("HEAD", info.key, query=query, headers=headers, expect=READ)
        except ObjectChanged:
            return 0
        size = reply.headers.get("content-length", "")
        return int(size) if reply.status == 206 and size.isdigit() else 0


def copy_headers(bucket: str, info: ObjectInfo) -> dict[str, str]:
    """The source of a copy, pinned to one version.

    Ceph RGW 16 ignores the condition, so the ETag is compared afterwards too. Of a multipart object no condition is
    sent: that server refuses every one in GET.
    """
    source = {"x-amz-copy-source": f"/{encoded(bucket).replace('/', '%2F')}/{encoded(info.key)}"}
    if info.etag and "-" not in info.etag:
        source["x-amz-copy-source-if-match"] = f'"{info.etag}"'
    return source


def _query(upload: Upload, number: int) -> tuple[tuple[str, str], ...]:
    return (("partNumber", str(number)), ("uploadId", upload.id))


def _manifest(parts: Sequence[Part]) -> bytes:
    root, space = "CompleteMultipartUpload", "http://s3.amazonaws.com/doc/2006-03-01/"
    lines = [f'<Part><PartNumber>{part.number}</PartNumber><ETag>"{part.etag}"</ETag></Part>' for part in parts]
    return f'<{root} xmlns="{space}">{"".join(lines)}</{root}>'.encode()


def _etag_in(body: bytes) -> str:
    """The ETag in the answer; "" if it has none, or is cut off."""
    try:
        return parse(body.lstrip(), frozenset({"CompleteMultipartUploadResult"})).fields.get("ETag", "").strip('"')
    except XmlError:
        return ""


def _field(api: S3Requests, body: bytes, root: str, name: str) -> str:
    try:
        return parse(body.lstrip(), frozenset({root})).fields.get(name, "")
    except XmlError as error:
        raise api.malformed(str(error)) from error
