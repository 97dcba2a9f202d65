"""Requests to one bucket over S3: paths, signatures, and headers to values and back.

An ``if-match`` header stays here: Ceph RGW 16 answers 412 to every multipart object whatever its ETag is. The ETag of
each answer is compared with it instead, before a byte of the body is taken, which pins the version just as well.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError, ObjectChanged, RangeOutside, UploadNotCompleted
from jsobj.net.body import BytesSink
from jsobj.net.dates import http_epoch
from jsobj.net.request import Reauthorise, Reply, Request, Retry, Verdict
from jsobj.net.session import Session, default_verdict
from jsobj.net.sigv4 import Signer
from jsobj.store.access import S3Access
from jsobj.store.refusals import OBJECT_CHANGED
from jsobj.store.s3.errors import elsewhere
from jsobj.store.s3.verdict import Said, SentRequest, failure, said
from jsobj.store.values import DELETE_AT, ObjectInfo, PutOptions, served

GONE = frozenset({200, 204})
READ = frozenset({200, 206})
INFO = "/info"  # Swift's: never signed, or it would be a bucket's
# Ceph RGW's marks of what was uploaded in segments over Swift: the ETag looks like an MD5 of the bytes, but is not.
_SWIFTS = ("x-object-meta-static-large-object", "x-object-manifest")
_UNRESERVED = "-_.~"
_META = "x-amz-meta-"
_ENDS = re.compile(r'expiry-date="([^"]+)", rule-id="swift-object-expiration"')
# Codes in an error that comes with status 200 which no second try mends.
_LASTING = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "NoSuchUpload", "NoSuchKey", "NoSuchBucket"})
_COMPLETIONS = 3  # tries of a CompleteMultipartUpload before it is looked whether the object is there


class S3Dialect:
    """S3. Without a key nothing is signed, and only public data can be read.

    ``checks_payload``: whether the server is known to compare a signed SHA-256 with the body. Ceph RGW and Swift do,
    and are recognised by their request ids.
    """

    def __init__(self, access: S3Access) -> None:
        self.access = access
        self.signs_payload = bool(access.key.access)
        self.signer = Signer(access.key.access, access.key.secret, access.region)
        self._host = access.origin.netloc
        # What answers have shown. Each is a single value that changes once, so that threads need no lock for it.
        self._region = access.region
        self._accepted = False
        self.checks_payload = False

    def authorise(self, request: Request, payload_sha256: str) -> Mapping[str, str]:
        """The request's headers, signed; see :class:`jsobj.net.session.Dialect`."""
        headers = request.headers
        if "if-match" in headers:
            headers = {name: value for name, value in headers.items() if name != "if-match"}
        if not self.signs_payload or request.item == INFO:
            return headers
        return self.signer.headers(request.method, self._host, request.path, request.query, headers, payload_sha256)

    def observe(self, request: Request, reply: Reply) -> None:
        """Learn which server this is, that it accepts the key, and the region it expects; see ``Dialect``."""
        if not self.checks_payload and self.signs_payload:
            self.checks_payload = reply.headers.get("x-amz-request-id", "").startswith("tx")
        if not self._accepted and reply.status in request.expect and request.item != INFO:
            self._accepted = True
        if reply.status == 400 and (region := _region_of(said(reply))):
            self._region = region

    def judge(self, request: Request, reply: Reply) -> Verdict:
        """What an answer means; see :class:`jsobj.net.session.Dialect`."""
        if reply.status in request.expect:
            return self._judge_good(request, reply)
        completing = _completes(request) and reply.status >= 500
        again = default_verdict(reply)
        if again is not None and not (completing and reply.attempts >= _COMPLETIONS):
            return again
        what = said(reply)
        if again is not None:
            return _not_completed(again.reason, what)
        verdict = failure(request, reply, what, self._sent(request))
        if _region_of(what) and isinstance(verdict, JsobjError):
            return Reauthorise(verdict)
        return verdict

    def _judge_good(self, request: Request, reply: Reply) -> Verdict:
        wanted = request.headers.get("if-match", "")
        if wanted and etag_of(reply.headers) != wanted:
            context = f"its ETag is {etag_of(reply.headers)[:80]} instead of {wanted}"
            return OBJECT_CHANGED.error("s3", request.bucket, request.key, context)
        # What takes long is answered 200 before it is known how it ends. A GET's body is never judged: it is data.
        if reply.body and request.method in {"PUT", "POST"} and b"<Error" in reply.body and not _of_many(reply):
            what = said(reply)
            if what.code in _LASTING:
                return failure(request, replace(reply, status=400), what, self._sent(request))
            if _completes(request) and reply.attempts >= _COMPLETIONS:
                return _not_completed("an error came in the answer", what)
            return Retry(f"the server answered 200 and then {what.code or 'an error'}"[:200])
        return None

    def renew(self) -> None:
        """Sign for the region that the server expects."""
        self.signer = Signer(self.access.key.access, self.access.key.secret, self._region)

    def _sent(self, request: Request) -> SentRequest:
        return SentRequest(self.access, request.bucket, request.key, self._accepted, time.time())


def _region_of(what: Said) -> str:
    """The region that the server expects in signatures; "" if it does not say."""
    return what.fields.get("Region", "")[:64] if what.code == "AuthorizationHeaderMalformed" else ""


def _completes(request: Request) -> bool:
    return request.method == "POST" and any(name == "uploadId" for name, _ in request.query)


def _of_many(reply: Reply) -> bool:
    """Whether the answer is that to DeleteObjects, which has an ``<Error>`` for each object that was not deleted."""
    return b"<DeleteResult" in reply.body[:200]


def _not_completed(reason: str, what: Said) -> JsobjError:
    """What it is called where it is not settled otherwise: the parts are kept."""
    return UploadNotCompleted(
        "all parts are on the server, but it does not make the object of them",
        context=f"{reason}; {what.context}",
        hint="run the same command again: the parts are kept, and only this last step is done again",
    )


class S3Requests:
    """Requests to one bucket, and to others of the same key for copies."""

    def __init__(self, session: Session, access: S3Access, bucket: str) -> None:
        self.session = session
        self.access = access
        self.bucket = bucket
        self._path = f"/{quote(bucket, safe=_UNRESERVED)}"

    def path(self, key: str = "") -> str:
        """The path of the bucket or of an object, percent-encoded exactly once."""
        return f"{self._path}/{encoded(key)}" if key else self._path

    def send(self, method: str, key: str = "", **more: Any) -> Reply:
        """Send a request; ``more`` are fields of :class:`jsobj.net.request.Request`."""
        item = f"s3://{self.bucket}/{key}"
        return self.session.send(Request(method, self.path(key), item=item, bucket=self.bucket, key=key, **more))

    def of(self, bucket: str) -> S3Requests:
        """The same for another bucket."""
        return S3Requests(self.session, self.access, bucket)

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """What HEAD returns. Its responses have no body, so if it fails, a small GET finds the reason."""
        headers = {"if-match": etag} if etag else {}
        try:
            return info_of(self.access, key, self.send("HEAD", key, headers=headers))
        except JsobjError as error:
            if error.code is ExitCode.NETWORK or isinstance(error, ObjectChanged):
                raise
            self._ask_why(key)
        # Whatever it was has passed: the region was learnt, or the object came to be.
        return info_of(self.access, key, self.send("HEAD", key, headers=headers))

    def _ask_why(self, key: str) -> None:
        """Raise what a GET of one byte raises; an empty object has none, and is there."""
        with suppress(RangeOutside):
            self.send("GET", key, headers={"range": "bytes=0-0"}, expect=READ, sink=BytesSink(), range_size=1)

    def malformed(self, reason: str) -> JsobjError:
        """The error for an answer that is not S3's."""
        return elsewhere(self.access, reason)


def encoded(key: str) -> str:
    """A key in a path, percent-encoded once. Raises :class:`JsobjError` (usage) for one that cannot be requested."""
    if "\0" in key:
        raise JsobjError("object-name", "the name of an object contains a NUL", code=ExitCode.USAGE)
    return quote(key, safe="/-_.~", errors="surrogateescape")


def etag_of(headers: Mapping[str, str]) -> str:
    """The ETag without quotation marks; "" if the server sent none.

    That of an object in segments is made to look like what it is, in the way of Swift's s3api: with ``-N`` behind it.
    """
    etag = headers.get("etag", "").strip('"')
    return f"{etag}-N" if _in_segments(headers) and "-" not in etag else etag


def _in_segments(headers: Mapping[str, str]) -> bool:
    return any(name in headers for name in _SWIFTS)


def info_of(access: S3Access, key: str, reply: Reply) -> ObjectInfo:
    """The values in the answer to a HEAD or GET; raises :class:`JsobjError` (network) where no S3 answers so."""
    headers = reply.headers
    came = str(reply.received) if reply.received_digest else ""  # where the body was chunked
    size = headers.get("content-range", "").rpartition("/")[2] or headers.get("content-length") or came
    if not (size.isascii() and size.isdigit()) or "etag" not in headers:
        raise elsewhere(access, f"HTTP {reply.status} without a size or an ETag")
    metadata = {name[len(_META) :]: decoded(value) for name, value in headers.items() if name.startswith(_META)}
    return ObjectInfo(
        key,
        int(size),
        etag_of(headers),
        http_epoch(headers.get("last-modified", "")),
        headers.get("content-type", ""),
        headers.get("content-encoding", ""),
        metadata,
        large=_in_segments(headers) or etag_of(headers).endswith("-N"),
        version=headers.get("x-amz-version-id", "").replace("null", ""),
        served=served(headers) | ({DELETE_AT: ends} if (ends := _ends(headers)) and access.key.access else {}),
    )


def _ends(headers: Mapping[str, str]) -> str:
    """When the object is deleted for a header of Swift's that it has, as Swift tells it over S3; "" for rules."""
    match = _ENDS.fullmatch(headers.get("x-amz-expiration", ""))
    ends = http_epoch(match[1]) if match else None
    return "" if ends is None else str(int(ends))


def decoded(value: str) -> str:
    """Metadata as text: servers send UTF-8, or what RFC 2047 makes of it, or (old ones) Latin-1."""
    if value.startswith("=?") and value.endswith("?="):
        from email.errors import HeaderParseError
        from email.header import decode_header, make_header

        try:
            return str(make_header(decode_header(value)))
        except (HeaderParseError, LookupError, UnicodeError):
            return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


def encoded_text(value: str) -> str:
    """Metadata as ASCII, by RFC 2047 where need be: Swift's s3api (2.38) garbles UTF-8, and Amazon documents this."""
    if value.isascii() and not value.startswith("=?"):  # which would be decoded
        return value
    import binascii

    text = binascii.b2a_base64(value.encode("utf-8", "surrogateescape"), newline=False)
    return f"=?UTF-8?B?{text.decode()}?="


def headers_for(options: PutOptions) -> dict[str, str]:
    """The headers that keep ``options`` with an object."""
    return options.headers(_META, encoded_text)
