"""The documents that a bucket keeps over S3 (policy, CORS, lifecycle), as the texts that the server gives and takes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from jsobj.identity.command_hints import same_login
from jsobj.net.body import BytesSource
from jsobj.net.session import Session
from jsobj.store.access import S3Access
from jsobj.store.refusals import BUCKET_NOT_FOUND
from jsobj.store.s3.requests import GONE, S3Dialect, S3Requests
from jsobj.store.s3.verdict import said


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document: the word in the query, and the code of S3's error where there is none."""

    word: str
    missing: str


POLICY = Kind("policy", "NoSuchBucketPolicy")
CORS = Kind("cors", "NoSuchCORSConfiguration")
LIFECYCLE = Kind("lifecycle", "NoSuchLifecycleConfiguration")


class BucketDocuments:
    """Reads and writes documents with the owner's key. Raises :class:`jsobj.errors.JsobjError` as a store does.

    A server without such documents (Swift's) refuses: ``s3-not-implemented``.
    """

    def __init__(self, access: S3Access, *, proxy: str = "") -> None:
        self._session = Session(access.origin, S3Dialect(access), verify=access.verify, proxy=proxy)
        self.access = access

    def document(self, bucket: str, kind: Kind) -> str:
        """The document; "" where there is none. Raises bucket not found."""
        reply = self._of(bucket).send("GET", query=((kind.word, ""),), expect=frozenset({200, 404}))
        if reply.status == 200:
            return reply.text
        what = said(reply)
        if what.code == kind.missing:
            return ""
        raise BUCKET_NOT_FOUND.error("s3", bucket, context=what.context, at=same_login(profile=self.access.profile))

    def put_document(self, bucket: str, kind: Kind, text: str) -> None:
        """Set the document, or with "" delete it."""
        query = ((kind.word, ""),)
        if not text:
            self._of(bucket).send("DELETE", query=query, expect=GONE)
            return
        data = text.encode()
        # Amazon demands the digest of what it calls configurations; others compare it.
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        headers = {"content-md5": digest, "content-type": "application/json" if kind is POLICY else "application/xml"}
        self._of(bucket).send("PUT", query=query, headers=headers, source=BytesSource(data), expect=GONE)

    def headers(self, bucket: str, key: str) -> Mapping[str, str]:
        """What a HEAD of an object answers, names in small letters. Raises object not found."""
        return self._of(bucket).send("HEAD", key).headers

    def _of(self, bucket: str) -> S3Requests:
        return S3Requests(self._session, self.access, bucket)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
