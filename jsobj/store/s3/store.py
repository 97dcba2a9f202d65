"""Objects in a bucket over S3, with an EC2 key, or without one where the data are public.

What is sent is checked by the server against a digest that it gets before the body (an object with wrong bytes never
comes to be): the SHA-256 that is part of the request's signature. It costs less than half of an MD5 on processors that
have instructions for it. Small files are read once for both; of large ones a second reading from the page cache costs
next to nothing. Of servers that are not known
to compare it, only small bodies are left to it; larger ones have a ``Content-MD5``, and the parts of large objects are
compared by the MD5 that comes back. OpenStack Swift and Ceph RGW both speak this API; where they do otherwise, the
rooms below say so: :mod:`jsobj.store.s3.multipart`, :mod:`jsobj.store.s3.verdict`.
"""

from __future__ import annotations

import binascii
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from typing import Any

from jsobj.ec2_keys.server_info import limit_of, server_info
from jsobj.errors import ExitCode, JsobjError, NotObjectStore, ObjectNotFound
from jsobj.identity.command_hints import public_at, same_login
from jsobj.net.body import Moved, Source, md5_of, uncounted
from jsobj.net.md5.streams import together
from jsobj.net.request import Reply, Request
from jsobj.net.retry import RetryPolicy
from jsobj.net.session import Session
from jsobj.net.sigv4 import Signer
from jsobj.store.access import S3Access
from jsobj.store.etag import is_md5
from jsobj.store.s3 import listing
from jsobj.store.s3.delete_many import delete_many
from jsobj.store.s3.multipart import Multipart
from jsobj.store.s3.one_version import OneVersion
from jsobj.store.s3.requests import GONE, INFO, READ, S3Dialect, S3Requests, encoded_text, etag_of, headers_for, info_of
from jsobj.store.values import PLAIN, Limits, Listed, ObjectInfo, PartDigest, PutOptions, StorePlace

SIGNED_BYTES = 1024 * 1024  # up to which the session signs a body's SHA-256


class S3Store(Multipart):
    """The objects of one bucket; see :class:`jsobj.store.objects.Store`.

    ``bucket`` may be ``project:bucket`` (Ceph RGW). An ``access`` without a key reads what is public.
    """

    def __init__(self, access: S3Access, bucket: str, *, proxy: str = "", retry: RetryPolicy | None = None) -> None:
        self._dialect = S3Dialect(access)
        session = Session(access.origin, self._dialect, verify=access.verify, proxy=proxy, retry=retry)
        at = same_login(profile=access.profile) if access.key.access else public_at(str(access.origin))
        super().__init__(StorePlace("s3", bucket, str(access.origin), access.where, access.project, at=at), session)
        self._requests = S3Requests(session, access, bucket)

    def _read_info(self) -> Mapping[str, Any]:
        try:
            return server_info(self._session.send(Request("GET", INFO, item=INFO)))
        except JsobjError as error:
            if error.code is ExitCode.NETWORK and not isinstance(error, NotObjectStore):
                raise
            return {}

    @property
    def limits(self) -> Limits:
        """What the server allows: Swift reports it in ``/info`` (1000 parts by default), others do as Amazon."""
        info = self._server_info()
        parts, largest = limit_of(info, "s3api", "max_upload_part_num"), limit_of(info, "swift", "max_file_size")
        if parts is None or largest is None:
            return Limits()
        largest = min(largest, Limits().largest_part)
        return Limits(parts, Limits().smallest_part, largest, largest, largest, parts * largest)

    @property
    def requests(self) -> S3Requests:
        """Requests to the bucket, for what is not about one object: versions, totals."""
        return self._requests

    @property
    def signer(self) -> Signer:
        """Signs links to what is in the bucket."""
        return self._dialect.signer

    def kept_value(self, value: str) -> str:
        """The value of an entry of the metadata, as it is sent."""
        return encoded_text(value)

    # -- one object

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """Size, ETag, time and metadata."""
        return self._requests.head(key, etag)

    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        reply = self._requests.send("GET", key, expect=READ, **fields)
        return info_of(self._requests.access, key, reply), reply

    def put(self, key: str, source: Source, options: PutOptions = PLAIN, *, moved: Moved = uncounted) -> str:
        """Write an object in one request; the server refuses bytes other than those that were read here first."""
        headers = headers_for(options)
        md5, large = "", source.size > SIGNED_BYTES  # of less the session signs the SHA-256
        signed = large and self._dialect.checks_payload and not together()  # see `put_part` of multipart
        if not signed and (large or not self._dialect.signs_payload):
            md5 = md5_of(source)
            headers["content-md5"] = binascii.b2a_base64(bytes.fromhex(md5), newline=False).decode()
        reply = self._requests.send("PUT", key, source=source, headers=headers, moved=moved, signed=signed)
        etag = etag_of(reply.headers)
        if md5 and etag != md5:
            raise self._wrong_digest(key, f"sent {md5}, kept {etag or 'nothing'}")
        return etag

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """Every object whose key begins with ``prefix``; see :meth:`jsobj.store.objects.Store.list`."""
        return listing.objects(self._requests, prefix, delimiter=delimiter, after=after)

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        with suppress(ObjectNotFound):
            self._requests.send("DELETE", key, expect=GONE)

    def delete_many(self, keys: Sequence[str]) -> Collection[str]:
        """See :meth:`jsobj.store.objects.Store.delete_many`."""
        return delete_many(self._requests, keys)

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """The MD5 of an object that was put in one piece; None for others, whose ETag has to be recomputed."""
        return (PartDigest(0, info.size, info.etag),) if is_md5(info.etag) and not info.large else None

    def at_version(self, ident: str) -> S3Store:
        """The same bucket, where reading an object means this version of it."""
        pinned = copy(self)
        pinned._requests = OneVersion(self._requests, ident)
        return pinned

    def presign(self, method: str, key: str, seconds: int) -> str:
        """A URL for 1 s to 7 days."""
        from jsobj.store.s3.presign import presigned

        access = self._requests.access
        return presigned(self._dialect.signer, access.origin, self._requests.path(key), method=method, seconds=seconds)
