"""Blobs in a container of Azure's Blob storage.

What is sent is checked by the server against a ``Content-MD5`` that comes before the body, block by block. The MD5 of
all bytes is kept with a blob: by the server where it came in one request, else as we say it, which is what others'
tools (azcopy, rclone) compare a download with. An ETag is no digest here, it only names a version.

Tiers and access lists are neither read nor sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from itertools import groupby
from operator import itemgetter
from typing import Any
from xml.sax.saxutils import escape  # nosec B406 - writes only

from jsobj.errors import BadUsage, BytesDiffer, ExitCode, JsobjError, ObjectNotFound, UploadNotFound
from jsobj.identity.foreign.azure import AzureLogin
from jsobj.net.body import BytesSource, Moved, Source, md5_of, uncounted
from jsobj.net.request import Reply
from jsobj.net.retry import RetryPolicy
from jsobj.net.session import Session
from jsobj.store.digest_tries import TRIES
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.foreign.azure import listing
from jsobj.store.foreign.azure.names import block_id, encoded, headers_for, md5_in, new_upload, to_base64
from jsobj.store.foreign.azure.requests import CREATED, READ, AzureDialect, AzureRequests, info_of
from jsobj.store.foreign.azure.shared_key import link_query
from jsobj.store.objects import Store
from jsobj.store.refusals import UPLOAD_NOT_FOUND, Refusal
from jsobj.store.s3.requests import encoded_text
from jsobj.store.values import PLAIN, Limits, Listed, ObjectInfo, Part, PartDigest, PutOptions, StorePlace, Upload
from jsobj.urls import parse_url

_MIB = 1024 * 1024
# "Scalability and performance targets for Blob storage": blocks, and bytes of a block and of one Put Blob.
_LARGEST = 50_000 * 4000 * _MIB
_LIMITS = Limits(50_000, 1, 4000 * _MIB, 5000 * _MIB, _LARGEST, _LARGEST)
_DIGEST_OF_RANGE = 4 * _MIB  # bytes of a range up to which the server tells its MD5
_SECONDS = 180.0  # without a byte: the server looks at every block before it answers
_POLL = 1.0  # seconds between two looks at a copy
_NO_RANGE = Refusal(
    "copy-range",
    "{url} cannot be copied in parts by the server itself",
    ExitCode.REFUSED,
    "download it, and upload it under the new name",
)


class AzureStore(Store):
    """The blobs of one container; see :class:`jsobj.store.objects.Store`."""

    keeps_md5 = True

    def __init__(
        self,
        login: AzureLogin,
        container: str,
        *,
        verify: bool | str = True,
        proxy: str = "",
        retry: RetryPolicy | None = None,
    ) -> None:
        origin = parse_url(login.endpoint)[0]
        session = Session(origin, AzureDialect(login), verify=verify, proxy=proxy, retry=retry)
        super().__init__(StorePlace("az", container, login.endpoint, login.where), session)
        self._login = login
        self._requests = AzureRequests(session, login, container)

    @property
    def limits(self) -> Limits:
        """What Azure allows."""
        return _LIMITS

    def _read_info(self) -> Mapping[str, Any]:
        return {}

    def kept_value(self, value: str) -> str:
        """The value of an entry of the metadata, as it is sent: ASCII."""
        return encoded_text(value)

    # -- one blob

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Size, ETag, MD5, time and metadata."""
        return self._requests.head(key, etag)

    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        """GET. Of a range of up to 4 MiB the server is asked for its MD5, which costs nothing beside the request.

        So small reads are proven even of blobs without a digest. Larger ones are not cut for that, which would be
        slower; there TLS sees to it, and the digest of the whole where there is one.
        """
        size, moved = fields.get("range_size"), fields.get("moved") or uncounted
        if not (size and size <= _DIGEST_OF_RANGE and fields.get("digest") and fields.get("partial") is None):
            reply = self._requests.send("GET", key, expect=READ, **fields)
            return info_of(self._login, key, reply), reply
        fields["headers"] = {**fields["headers"], "x-ms-range-get-content-md5": "true"}
        for _ in range(TRIES):
            reply = self._requests.send("GET", key, expect=READ, **fields)
            told = md5_in(reply.headers.get("content-md5", ""))
            if told in {"", reply.received_digest}:
                return info_of(self._login, key, reply), reply
            moved(-reply.received)
        raise BytesDiffer(
            f"{self.place.url(key)}: the bytes that arrive do not have the digest that the server tells of them",
            context=f"fetched {TRIES} times; it tells {told}, and {reply.received_digest} came",
            hint="a proxy on the way may change data: try another network",
        )

    def put(self, key: str, source: Source, options: PutOptions = PLAIN, *, moved: Moved = uncounted) -> str:
        """Write a blob in one request; the server refuses bytes other than those that were read here first."""
        md5 = to_base64(md5_of(source))
        headers = {**headers_for(options), "x-ms-blob-type": "BlockBlob", "content-md5": md5}
        headers["x-ms-blob-content-md5"] = md5
        reply = self._requests.send("PUT", key, source=source, headers=headers, expect=CREATED, moved=moved)
        if reply.headers.get("content-md5", md5) != md5:
            raise self._wrong_digest(key, f"sent {md5}, kept {reply.headers['content-md5'][:80]}")
        return reply.etag

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """Every blob whose name begins with ``prefix``; see :meth:`jsobj.store.objects.Store.list`."""
        return listing.objects(self._requests, prefix, delimiter=delimiter, after=after)

    def delete(self, key: str) -> None:
        """Delete a blob; one that is not there is no error. One with snapshots is refused: they would go with it."""
        with suppress(ObjectNotFound):
            self._requests.send("DELETE", key, expect=frozenset({202}))

    def copy(self, bucket: str, info: ObjectInfo, key: str, options: PutOptions | None = None) -> str:
        """Copy a whole blob within the account, of any size; its ETag.

        What is not metadata is copied as it is, and then set, where ``options`` have something else.
        """
        source = self._requests.of(bucket)
        headers = {"x-ms-copy-source": source.url(info.key, source.sas)}
        if info.etag:
            headers["x-ms-source-if-match"] = info.etag
        wanted = headers_for(options) if options is not None else {}
        headers |= {name: value for name, value in wanted.items() if name.startswith("x-ms-meta-")}
        reply = self._requests.send(
            "PUT", key, headers=headers, expect=frozenset({202}), idle=_SECONDS, copy_from=(bucket, info.key)
        )
        made = self._copied(key, reply.headers)
        if options is None:
            return made.etag
        same = (made.content_type, made.content_encoding) == (options.content_type, options.content_encoding)
        if same and made.served == dict(options.served) and (options.metadata or not made.metadata):
            return made.etag
        return self._set_properties(made, options)

    def _copied(self, key: str, headers: Mapping[str, str]) -> ObjectInfo:
        """The copy, once it is whole: the server may go on with it after it has answered."""
        while headers.get("x-ms-copy-status", "success") == "pending":
            time.sleep(_POLL)
            headers = self._requests.send("HEAD", key, expect=READ).headers
        if headers.get("x-ms-copy-status", "success") != "success":
            raise JsobjError(
                "azure-failed",
                f"the server has not finished the copy {self.place.url(key)}",
                code=ExitCode.NETWORK,
                context=headers.get("x-ms-copy-status-description", "")[:200],
                hint="run the same command again",
            )
        return self.head(key)

    def _set_properties(self, made: ObjectInfo, options: PutOptions) -> str:
        """Set Blob Properties takes away what it is not told, the MD5 too; metadata are set apart."""
        wanted = headers_for(PutOptions(options.content_type, options.content_encoding, {}, options.served, made.md5))
        query = (("comp", "properties"),)
        etag = self._requests.send("PUT", made.key, query=query, headers={"if-match": made.etag, **wanted}).etag
        if made.metadata and not options.metadata:
            etag = self._requests.send("PUT", made.key, query=(("comp", "metadata"),), headers={"if-match": etag}).etag
        return etag

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """The MD5 of the whole, where the blob has one; None for others, whose ETag tells nothing."""
        return (PartDigest(0, info.size, info.md5),) if info.md5 else None

    def part_size(self, info: ObjectInfo, number: int) -> int:
        """No ETag is made of parts here."""
        return 0

    # -- in parts

    def begin(self, key: str, options: PutOptions = PLAIN) -> Upload:
        """Choose what the ids of its blocks begin with; nothing is kept anywhere yet."""
        encoded(key)  # refuses what cannot be a name before a byte is sent
        return new_upload(key)

    def put_part(self, upload: Upload, number: int, source: Source, *, moved: Moved = uncounted) -> Part:
        """Send one block, which the server compares with its MD5. An empty one is not sent: Azure takes none."""
        if not source.size:
            return Part(number, 0, EMPTY_MD5)
        part = Part(number, source.size, md5_of(source))
        headers = {"content-md5": to_base64(part.etag)}
        query = (("comp", "block"), ("blockid", block_id(upload, part)))
        reply = self._requests.send(
            "PUT", upload.key, query=query, source=source, headers=headers, expect=CREATED, moved=moved
        )
        if (told := md5_in(reply.headers.get("content-md5", ""))) not in {"", part.etag}:
            moved(-source.size)
            raise self._wrong_digest(upload.key, f"part {number}: sent {part.etag}, kept {told}")
        return part

    def copy_part(self, upload: Upload, number: int, bucket: str, info: ObjectInfo, start: int, size: int) -> Part:
        """Refused (``copy-range``): a block is named by the MD5 of its bytes, which a server's copy tells too late.

        :meth:`copy` takes blobs of any size.
        """
        raise _NO_RANGE.error("az", bucket, info.key)

    def parts(self, upload: Upload) -> Sequence[Part]:
        """The parts that the server has; not found (``upload-not-found``) where it has none."""
        found = [part for of, part in listing.parts(self._requests, upload.key) if of.id == upload.id]
        if not found:
            raise UPLOAD_NOT_FOUND.error("az", self.place.bucket, upload.key)
        return sorted(found, key=lambda part: part.number)

    def _complete(self, upload: Upload, parts: Sequence[Part], options: PutOptions) -> str:
        """Make the blob of its blocks; its ETag.

        Blocks are looked for among those that a blob has, too: when the answer of a request that was done is lost, it
        is done again and makes the same blob. Its ids are nobody else's, so what has them is ours.
        """
        ordered = sorted((part for part in parts if part.size), key=lambda part: part.number)
        if not ordered:
            return self.put(upload.key, BytesSource(b""), options)
        ids = [block_id(upload, part) for part in ordered]
        body = "".join(f"<Latest>{escape(one)}</Latest>" for one in ids)
        source = BytesSource(f'<?xml version="1.0" encoding="utf-8"?><BlockList>{body}</BlockList>'.encode())
        headers = {**headers_for(options), "content-md5": to_base64(md5_of(source))}
        query = (("comp", "blocklist"),)
        try:
            reply = self._requests.send(
                "PUT", upload.key, query=query, source=source, headers=headers, expect=CREATED, idle=_SECONDS
            )
        except JsobjError as error:
            if error.code is not ExitCode.NETWORK or not self._is_made_of(upload.key, ids):
                raise
            return self.head(upload.key).etag
        return reply.etag

    def _is_made_of(self, key: str, ids: Sequence[str]) -> bool:
        try:
            return [name for name, _ in listing.blocks(self._requests, key, "committed")] == ids
        except (ObjectNotFound, UploadNotFound):
            return False

    def abort(self, upload: Upload) -> None:
        """Nothing: Azure has no such request. Blocks that no blob has taken are removed by the server after a week.

        Or when anything else is written under the name. Doing that for their sake would replace what is there, or
        show others an empty blob.
        """

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """The uploads that this program has begun and not completed.

        An upload that is to replace a blob is found by its own name only: to look for blocks of each blob that is there
        would be a request for each.
        """
        for key in listing.unfinished(self._requests, prefix):
            with suppress(ObjectNotFound, UploadNotFound):
                found = sorted(((of.id, of) for of, _ in listing.parts(self._requests, key)), key=itemgetter(0))
                for _, same in groupby(found, key=itemgetter(0)):
                    yield next(same)[1]

    # -- others

    def at_version(self, ident: str) -> Store:
        """Refused (usage)."""
        raise BadUsage(
            "versions of blobs cannot be named with az://", hint="fetch it: az storage blob download --version-id ..."
        )

    def presign(self, method: str, key: str, seconds: int) -> str:
        """A URL with a service SAS, which takes an account's key. To PUT, ``x-ms-blob-type: BlockBlob`` goes along."""
        if not self._login.key:
            raise BadUsage(
                f"a link is signed with the account's key, and the login is another one ({self._login.where})",
                hint="export AZURE_STORAGE_ACCOUNT=NAME and AZURE_STORAGE_KEY=KEY",
            )
        ends = datetime.fromtimestamp(time.time() + seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        origin, container = parse_url(self._login.endpoint)[0], self.place.bucket
        permissions = "r" if method in {"GET", "HEAD"} else "cw"
        login, https = self._login, origin.scheme == "https"
        query = link_query(login.account, login.key, container, key, permissions, ends, https=https)
        return self._requests.url(key, query)


class AzureLink(AzureStore):
    """The blob ``key`` behind a link that is signed for it alone, so that its container cannot be listed."""

    key = ""

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """The blob alone."""
        info = self.head(self.key)
        if info.key.startswith(prefix) and info.key > after:
            yield Listed(info.key, info.size, info.etag, info.modified, md5=info.md5)
